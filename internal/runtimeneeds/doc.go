// Package runtimeneeds decides what a runtime image needs so that its programs
// start: it reads what a linked program asks of the dynamic linker, looks for
// that in the file system of the base image, and takes what is missing from
// the image that the program was compiled in.
//
// It is pure: files come in as [fs.FS] (a reference of the daemon, or a
// directory in tests) and plain data goes out, [Needs], of which llbgen makes
// the image's layer. It imports the standard library and internal/rootfs, and
// runs nothing.
//
// The hard idea is to do what the dynamic linker would do in the finished
// image, without running it: follow DT_NEEDED breadth first, search in ld.so's
// order (RPATH, LD_LIBRARY_PATH, RUNPATH, ld.so.cache, the default
// directories), skip files of another machine, and compare the symbol versions
// that each object wants with those that the library found defines. A library
// that the base has is always preferred, since it fits to the base's other
// files; one that it lacks is taken from the builder with its own closure, and
// must itself be content with what the base has. The C library and its loader
// are never copied: they belong together, and a base without them, or with an
// older release or another C library, is a [Fault] that names the program, the
// library and the fix.
//
// Libraries that a program opens at run time with dlopen are not seen.
//
// https://man7.org/linux/man-pages/man8/ld.so.8.html
// https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/symversion.html
package runtimeneeds
