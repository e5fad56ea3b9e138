// Package frontend is the BuildKit frontend: it reads a project through the
// gateway, plans its build, solves the graph and returns the image.
//
// [Build] is the same code on every route: as an image that a `# syntax=` line
// names, in-process through client.Build, and via BUILDKIT_SYNTAX. It is one
// straight line: options, read, Cargo model, plan, LLB, solve, result.
//
// This is the only package beside cmd and integration that may import
// BuildKit's gateway client and dockerui. It holds no knowledge of Cargo: what
// a project means is decided by internal/cargo and internal/plan.
package frontend
