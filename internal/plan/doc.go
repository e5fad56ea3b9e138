// Package plan decides what a build does and writes it down as plain data.
//
// A [Plan] says which crates are fetched, what the dependency vertex compiles
// and from which stub workspace, which files of the context reach the source
// vertex, which binaries come out and what the image's configuration is. It is
// JSON with a version, its slices are sorted, and the same workspace and
// options give the same bytes. It holds no digest of a base image and no
// contents of the user's sources: those belong to the step after it.
//
// The hard idea is the stub workspace. The dependency vertex must compile
// exactly the units of the real build without seeing the project, so every
// local package in the closure becomes a stub package: a name of our own, an
// empty version, the dependencies and features of the real one and empty
// sources that are never compiled. Nothing of the project's own is left in the
// vertex's key, and nothing the stubs leave behind can be taken for the
// project's own output.
//
// The package imports the Cargo model and the options, and nothing of BuildKit.
package plan
