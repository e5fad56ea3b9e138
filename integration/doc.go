// Package integration holds the tests that need a real BuildKit: examples, routes to the frontend, build contexts, real
// packages from crates.io, caching promises, bad input, and the programs around the frontend.
//
// The tests may import everything; nothing may import this package. The hard idea is to share one daemon per worker,
// so that crates are compiled once in a run, and still to see that a vertex ran when its log is what a test is about: such
// a build is told to run that one vertex again.
package integration
