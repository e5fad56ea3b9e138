// Package hermetic checks a finished LLB definition before it is solved: that
// nothing in it can reach the network while it compiles, runs privileged, or
// takes bytes that no checksum or commit names.
//
// The generator is written so that this holds; the check does not trust it. It
// looks at the operations that BuildKit will get, all of them, and refuses what
// it does not know, so that the promise rests on a few lines that can be read
// in a minute. What the user handed in, such as a build context from a git
// branch or a named context built elsewhere, is not the generator's and is
// passed by digest.
//
// The package imports BuildKit's client/llb and solver/pb and this module's
// internal/llbtext, and nothing that talks to a daemon.
package hermetic
