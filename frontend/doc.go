// Package frontend is the BuildKit frontend: it reads a project through the
// gateway, plans its build, solves the graph and returns the image.
//
// [Build] is the same code on every route: as an image that a `# syntax=` line
// names, in-process through client.Build, and via BUILDKIT_SYNTAX. It is one
// straight line: options, read, Cargo model, plan, LLB, solve, result.
//
// A build solves twice: first the planner vertex, for cargo's unit graph, then
// the graph of the plan that is cut by it (units.go). When a vertex shows that
// something cannot be compiled apart, the next coarser plan is solved instead,
// with a warning; the last of them is the coarse plan, which always can be
// built if the project can. Requests such as the plan, the outline and the
// targets solve nothing beyond reading the project, and answer from the coarse
// plan.
//
// The finished image is tested (tests.go) before Build returns it, and so before
// anything is exported.
//
// After the build the report (report.go) says of each unit what went into it
// and whether this build compiled it: the source vertex notes when each vertex
// ended, and what ended before the request came was reused.
//
// This is the only package beside cmd and integration that may import
// BuildKit's gateway client and dockerui. It holds no knowledge of Cargo: what
// a project means is decided by internal/cargo, internal/unitgraph and
// internal/plan.
package frontend
