// Command bench compares rustfile with the Dockerfiles in peers/, which are how Rust images are usually built, on
// unmodified packages from crates.io:
//
//	go run ./integration/bench                                   # or: make bench
//	go run ./integration/bench -n 1 -projects hello -out -       # a quick try of the bench itself
//	go run ./integration/bench -contenders rustfile,cargo-chef -scenarios cold,edit -projects xh
//
// It prints a Markdown report and writes it to docs/bench/coarse.md. Nothing in it is asserted: times belong to a
// machine and to an hour. What is asserted is that a time belongs to its scenario: a build that should compile
// nothing and compiles something ends the run, and so does a cold one that finds a cache.
//
// The hard idea is fairness. All contenders build the same directory on the same daemon, take turns within each
// round, in an order that changes with the round, and hand over the same thing: an OCI image, exported to the client.
// Before each round everything is removed from the daemon but the base images, so every contender downloads the
// crates again. rustfile runs as users run it: its image is a container on the daemon. The Dockerfiles are built by
// the frontend that is part of the daemon.
//
// It is a program of its own, not a test: it may import what integration tests may.
package main
