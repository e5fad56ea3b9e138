// Package project makes what the benchmark builds: programs of crates.io as they were published, a published workspace
// put together again from its crates, a service and a generated workspace. It also finds, before any clock runs, the
// version changes that the bump rows make, and derives a second project that shares most crates with a first one.
//
// The hard idea is that each row changes one thing. A version change is made by `cargo update --precise` and kept only
// if Cargo.lock then differs in exactly that package and in nothing else; otherwise another package is tried. All
// states of a project are prepared texts, so that setting one is a matter of writing files, and setting the same one
// again leaves the files' times alone.
//
// It runs cargo through a function that its caller gives, and imports packages schedule and crates besides the
// standard library.
package project
