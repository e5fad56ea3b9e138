// Command bench compares rustfile with the Dockerfiles in peers/, which are how Rust images are usually built, and with
// plain cargo, which none of them can beat:
//
//	go run ./integration/bench                                     # or: make bench
//	go run ./integration/bench -projects hyperfine -rounds 1 -bumps 2 -out /tmp/bench   # a quick try
//	go run ./integration/bench -contenders rustfile,cargo-chef -rows cold,edit -projects xh -add
//
// It writes a Markdown table, charts and the raw figures to docs/bench, after every build, so that a run that is
// interrupted leaves what it measured. docs/bench/README.md says how to read them. Nothing in it is asserted: times
// belong to a machine and to an hour. What is asserted is that a time belongs to its row: a build that should compile
// nothing and compiles something is noted as a failure, and so is a cold one that finds a cache.
//
// The hard idea is fairness. All contenders build the same directory on the same daemon, take turns within each row, in
// an order that changes with the round, and hand over the same thing: an OCI image, exported to the client. What is
// measured when is decided beforehand by package schedule; packages project, results and chart make what is built and
// the report. rustfile runs as users run it: its image is a container on the daemon. The Dockerfiles are built by the
// frontend that is part of the daemon. Plain cargo runs in one container of the same builder image.
//
// It is a program of its own, not a test: it may import what integration tests may.
package main
