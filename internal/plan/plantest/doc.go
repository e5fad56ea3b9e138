// Package plantest makes up workspaces for tests: their files, and the unit
// graph that cargo would give for them, without cargo and without crates. It is
// imported by tests only, and imports packages cargo, native, options, plan and
// unitgraph.
//
// What is hard is to make graphs that look like those of real projects: a few
// packages that nearly everything needs, chains of facades above them, and
// packages that exist twice, for the build machine and for the target. See
// [Random].
package plantest
