// Command rustfile builds container images from Rust projects without docker:
// it runs the frontend in its own process against any BuildKit, and starts a
// private one when there is none.
//
// Every command is a file of its own; the flags of "rustfile build" are in
// flags.go and have the names and meanings of "docker buildx build". The hard
// part of a build is in solve.go: parse everything before anything is
// connected, so that a typing error costs nothing, then one client.Build with
// the frontend in-process.
//
// The package may import everything of this module; of BuildKit's gateway only
// inprocess.go needs a name.
package main
