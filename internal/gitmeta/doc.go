// Package gitmeta reads from a git directory, or from a commit object, what
// build scripts ask git for: the commit, its branch, author and time, and the
// text of `git describe`.
//
// It reads plain files through an fs.FS and runs no program, because the
// frontend's image has none. The hard part is that the objects of a fresh clone
// are all in packs, where a commit can be stored as the difference from another;
// see pack.go. Only SHA-1 repositories are read.
//
// The package is pure and imports the standard library alone.
package gitmeta
