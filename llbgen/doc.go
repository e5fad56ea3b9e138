// Package llbgen turns a plan into an LLB graph and an image config.
//
// It is pure: no context, no client, no clock and no environment. The same
// plan and inputs give the same bytes, on every machine. What a daemon had to
// say (digests, base configs, download URLs) comes in through [Inputs].
//
// The hard idea is what a vertex's key may hold. A compile vertex of a plan
// with units sees the toolchain, the archives of the crates that it compiles by
// checksum, the outputs of the vertices it needs, and a stub that comes with
// the command's arguments; of the project only the configuration that reaches
// the compiler. So it stays cached until one of those changes, in every project
// that has it. Its output is what cargo made, without a trace of the stub, and
// of the crates' sources what cargo looks at to find that fresh. The vertex of
// a workspace member sees the member's files, too. In a coarse plan one
// dependency vertex has the stub workspace and all sources instead.
//
// BuildKit ignores modification times, and cargo trusts nothing else for what
// is not from a registry. All sources get one time and all outputs a later one,
// so that cargo takes every output for fresh, and whether it belongs to the
// sources is decided by the key alone: an output of a member must never outlive
// the vertex that made it, unless that vertex's key holds all that the member
// reads.
//
// Outputs are merged once and not in steps, and merges are not exported: each
// would list the layers of its inputs again in a remote cache. Compile vertices
// are exported always, and take turns by locks in a cache mount that all builds
// of a daemon share.
//
// [Planner] is a graph by itself: its output is what cargo says about the stub
// workspace, by which internal/plan cuts a plan. The scripts tell by exit codes
// (75, 76, 77) that another plan may do; package frontend acts on them.
//
// It imports BuildKit's client/llb and image types, and nothing of the gateway.
package llbgen
