package runtimeneeds

import (
	"debug/elf"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
)

// Newer are the symbols of the GNU C library that a program wants, and that a
// release of it, such as "2.28", does not have: each as "NAME@GLIBC_VERSION",
// the newest version first. There are none in a program that starts with that
// release. A symbol that may be absent does not count.
func Newer(fsys fs.FS, name string, o *Object, release string) ([]string, error) {
	var versions []string
	for _, v := range o.Versions {
		if of := releaseOf(v.Version); of != "" && !v.Weak && older(release, of) {
			versions = append(versions, v.Version)
		}
	}
	if versions == nil {
		return nil, nil
	}
	slices.SortFunc(versions, func(a, b string) int {
		if older(releaseOf(b), releaseOf(a)) {
			return -1
		}
		return 1
	})
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	at, ok := f.(io.ReaderAt)
	if !ok {
		return nil, fmt.Errorf("%s cannot be read at an offset", name)
	}
	file, err := elf.NewFile(at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	symbols, err := file.ImportedSymbols()
	if err != nil {
		symbols = nil // without section headers the versions alone are known
	}
	var out []string
	for _, version := range slices.Compact(versions) {
		some := false
		for _, s := range symbols {
			if s.Version == version {
				out, some = append(out, s.Name+"@"+version), true
			}
		}
		if !some {
			out = append(out, version)
		}
	}
	return out, nil
}

// releaseOf is the release that a symbol version came with, "" for a version of
// another library.
func releaseOf(version string) string {
	release, ok := strings.CutPrefix(version, glibcPrefix)
	switch {
	case !ok:
		return ""
	case release == "ABI_DT_RELR":
		return "2.36" // https://sourceware.org/glibc/wiki/Release/2.36
	case !isRelease(release):
		return "" // GLIBC_PRIVATE
	}
	return release
}
