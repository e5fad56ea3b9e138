// Package cargo is a model of a Cargo project, read from an [io/fs.FS]: the
// manifests of every local package, the lock file, the toolchain file and the
// Cargo configuration, each value with the place it was written at.
//
// It reads what cargo reads and decides what cargo decides before it resolves
// or compiles anything: which packages belong to the workspace, which targets
// they have, what they inherit, and which locked package each dependency means.
// It never resolves versions: Cargo.lock has done that, and a project without
// one is refused. `cargo metadata --locked` is the reference it is tested
// against.
//
// The package imports the standard library and a TOML parser, and nothing of
// BuildKit: a daemon is not needed to use it. All paths are slash-separated
// and relative to the root of the FS, which is the build context.
package cargo
