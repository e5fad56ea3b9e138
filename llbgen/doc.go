// Package llbgen turns a plan into an LLB graph and an image config.
//
// It is pure: no context, no client, no clock and no environment. The same
// plan and inputs give the same bytes, on every machine. What a daemon had to
// say (digests, base configs, download URLs) comes in through [Inputs].
//
// The hard idea is what a vertex's key may hold. The dependency vertex sees
// the toolchain, the closure's sources by checksum and a stub workspace, and
// nothing of the project, so it stays cached until one of those changes. Its
// output is a target directory without a trace of the stubs. The source vertex
// starts from that directory and compiles the workspace members, always from
// scratch: BuildKit ignores modification times and cargo trusts nothing else,
// so an output of a member must never outlive the vertex that made it.
//
// It imports BuildKit's client/llb and image types, and nothing of the gateway.
package llbgen
