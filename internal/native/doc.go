// Package native knows which packages of a distribution a build needs beside
// Rust: the libraries that crates link, and the tools that their build scripts
// run. What it knows is data (table.toml), which a user can extend; beside the
// table it reads [package.metadata.system-deps] of crates that are not in it,
// and the linkers that a Cargo configuration names.
//
// The hard idea is that a name is not enough. A crate with the feature
// "vendored" or "bundled" needs no package, so the decision is made from the
// features that cargo resolved. And a tool is not needed by the crate that wraps
// it, such as bindgen, but by the build scripts that depend on that, at whatever
// distance; [Table.Needs] walks the graph for it. Where features are not known
// the answer is too much, and never too little: a package that nobody needs
// costs time, and one that is missing breaks the build.
//
// The package is pure, and imports the Cargo model and internal/rootfs only.
package native
