// Package rootfs reads the root file system of an image: where a path of it
// leads ([Resolve]), which distribution it is of ([ReadRelease]), and what its
// package manager notes about packages ([Paragraphs]).
//
// The hard idea is that links of an image mean something inside of it alone: an
// absolute one starts at the image's root, and ".." of the root is the root. So
// none is followed by the file system that is read, or by the machine that
// reads; each part of a path is looked up on its own.
//
// The package is pure and imports the standard library alone.
package rootfs
