// Package unitgraph reads what cargo says about a build it has not run: the
// unit graph (cargo build --unit-graph) and the resolved packages (cargo
// metadata). It turns them into nodes, one for each library that cargo
// compiles for one machine with one set of features, together with the build
// script that belongs to it.
//
// Two things are in neither output and are worked out here as cargo does it:
// whether link-time optimisation wants objects beside bitcode in a library
// (lto.go), and which packages cargo must be able to resolve for a node though
// it never compiles them, such as those of other platforms (resolve.go).
//
// The package is pure: it knows neither BuildKit nor files.
package unitgraph
