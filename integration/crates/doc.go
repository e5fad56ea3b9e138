// Package crates fetches packages of crates.io for tests and benchmarks, as
// they are and pinned by checksum, and keeps them in the user's cache.
package crates
