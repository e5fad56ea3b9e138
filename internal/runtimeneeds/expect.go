package runtimeneeds

import (
	"debug/elf"
	"fmt"
)

// startVersion is the symbol version that every program wants which is linked
// with release 2.34 of the GNU C library or a later one: that release moved
// __libc_start_main, which the start of each program calls, to it.
// https://sourceware.org/git/?p=glibc.git;a=blob;f=NEWS (version 2.34)
const startVersion = glibcPrefix + "2.34"

// Expected is what is known of a program before it is linked dynamically with
// the GNU C library: its machine, its loader and the C library itself. With the
// root of the image that will link it, it is also whether it wants a C library
// that starts programs as that one does; nil is for a root that is not known.
func Expected(platform string, builder *Root) (*Object, error) {
	for m, of := range machines {
		o := &Object{Machine: m, Class: elf.ELFCLASS64, Data: elf.ELFDATA2LSB, PIE: true, Interpreter: of.loader, Needed: []string{"libc.so.6"}}
		switch m {
		case elf.EM_ARM, elf.EM_386:
			o.Class = elf.ELFCLASS32
		case elf.EM_S390:
			o.Data = elf.ELFDATA2MSB
		}
		if !o.fits(platform) {
			continue
		}
		if builder == nil {
			return o, nil
		}
		libc, err := builder.find("libc.so.6", &loaded{Object: o})
		if err == nil && libc != nil && libc.Defines[startVersion] {
			o.Versions = []VersionNeed{{Library: "libc.so.6", Version: startVersion}}
		}
		return o, err
	}
	return nil, fmt.Errorf("no program of the GNU C library runs on %s", platform)
}
