// Package frontendimage makes the image of the frontend (what a `# syntax=rustfile/rustfile:1` line names) as an
// OCI layout, with a Go compiler and nothing else: no docker, nothing pulled.
//
// The image is what the Dockerfile at the top of the checkout describes: scratch, one static program, two labels.
// The labels matter: buildkitd refuses to run a frontend for a build with named contexts or a call (`--check`)
// when its label does not list those capabilities, and the other one takes the frontend's network away.
// The same sources and the same Go version give the same bytes.
//
// It imports go-containerregistry and the standard library.
package frontendimage
