// Command simulate decides by measurement how units are grouped into vertices:
//
//	cargo build --release --timings --target T                                    # in a fresh target directory
//	RUSTC_BOOTSTRAP=1 cargo build --release --target T --unit-graph -Z unstable-options > NAME.units.json
//	cp target/cargo-timings/cargo-timing.html NAME.html; cp Cargo.lock NAME.lock
//	go run ./integration/simulate -data DIR -projects NAME,NAME          # the comparison, as Markdown
//	go run ./integration/simulate -data DIR -projects NAME -teach NAME   # the tables learn from more than is tested
//	go run ./integration/simulate -data DIR -projects NAME,NAME -table FILE
//
// A rule turns a project's graph of nodes (a package as built for one side with one set of features: its library, and
// its build script's compile and run) into vertices. Rules see shape and package names, never versions or the times
// of the project itself: a bump that keeps the shape must keep the vertices. What they know of times comes from tables
// of names, and the report shows each rule twice, with tables that have seen the project and with tables that have
// not.
//
// For each rule the report gives what a random one-package bump compiles again, what a cold build takes compared with
// plain cargo on 2 to 64 cores, how many compilers run at once, and what a second project misses in a cache that the
// first one filled. The second project is the first with a random 80 % of its direct dependencies, so all that it
// misses is the fault of the grouping; its features are those of the first.
//
// The hard idea is that a cold build wants few vertices and a shared cache wants vertices that do not depend on the
// project. Folding a package into its only dependent saves vertices, but who depends on it is a fact about the
// project, and one fold that differs changes the keys of all that is downstream. closure.go has the rule that needs no
// such fact.
//
// The model: the CPU is shared fairly by what runs; a vertex costs a fixed CPU time and then schedules its units as
// cargo does, its dependents wait for all of it, code generation uses up to four threads. It leaves out disk, memory
// and the last vertex's link beyond what cargo's own report has.
//
// It imports nothing but the standard library.
package main
