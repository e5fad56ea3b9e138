// Package plan decides what a build does and writes it down as plain data.
//
// A [Plan] says which crates are fetched, what the dependency vertices compile
// and from which stub workspaces, which files of the context reach which
// vertex, which binaries come out and what the image's configuration is. It is
// JSON with a version, its slices are sorted, and the same workspace and
// options give the same bytes. It holds no digest of a base image and no
// contents of the user's sources: those belong to the step after it.
//
// [New] makes a coarse plan, with one vertex for all dependencies. [Refine]
// cuts it by cargo's unit graph. A [Node] is a library for one machine with one
// set of features; a [Vertex] compiles one node, or one and the light ones that
// it needs (cut.go, weight.go), and takes the rest of its closure from its
// inputs.
//
// The hard idea is the stub workspace. A vertex must compile exactly the units
// of the real build without seeing the project. In a coarse plan every local
// package in the closure becomes a stub package: a name of our own, an empty
// version, the dependencies and features of the real one and empty sources that
// are never compiled. In a refined plan each vertex has a stub of its own
// ([UnitStub]): a program that depends on every node of the vertex's closure
// with exactly that node's features. The features have to be listed, because
// those of the real build are what the whole workspace asks for. What cargo
// resolves and never compiles, such as packages for other platforms, is a
// [Placeholder] with the lowest version that is allowed, so that no locked
// version is in the key which the vertex does not compile. Nothing of the
// project's own is left in a dependency vertex's key, and nothing the stubs
// leave behind can be taken for the project's own output.
//
// The vertex of a workspace member (memberunits.go) sees the members of its
// closure under their own names and in their own places, with manifests
// without what others do not compile ([Source]). A member that may read more
// than that is left to the source vertex.
//
// The package imports the Cargo model, the options, the unit graph, what is
// known of native libraries and of a commit, and nothing of BuildKit.
package plan
