package runtimeneeds

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// glibcPrefix begins the names of the GNU C library's symbol versions.
const glibcPrefix = "GLIBC_"

// versions checks that every library defines the symbol versions that those who
// load it want.
func (d *decision) versions(p *Program, all []*loaded, seen map[string]*loaded) error {
	for _, v := range all[0].Versions {
		if release, ok := strings.CutPrefix(v.Version, glibcPrefix); ok && !v.Weak && older(p.Glibc, release) {
			p.Glibc = release
		}
	}
	for _, l := range all {
		lacks := map[*loaded][]string{}
		for _, v := range l.Versions {
			of := seen[v.Library]
			if of == nil || !of.Versioned || v.Weak || of.Defines[v.Version] {
				continue
			}
			lacks[of] = append(lacks[of], v.Version)
		}
		// The libraries in the order of their names, so that it is always the same fault.
		for _, of := range inOrder(seen) {
			if len(lacks[of]) > 0 {
				return d.tooOld(p, l, of, lacks[of])
			}
		}
	}
	return nil
}

// inOrder are the objects in the order of their names.
func inOrder(seen map[string]*loaded) []*loaded {
	var out []*loaded
	for _, l := range seen {
		if !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b *loaded) int { return strings.Compare(a.name, b.name) })
	return out
}

// tooOld is the fault of a library of the base that lacks versions.
func (d *decision) tooOld(p *Program, by, of *loaded, lacks []string) error {
	slices.SortFunc(lacks, func(a, b string) int {
		if older(a, b) {
			return -1
		}
		return 1
	})
	want := lacks[len(lacks)-1]
	who := "the program " + p.Name
	if by.by != nil {
		who = fmt.Sprintf("the library %s, which the program %s needs,", by.name, p.Name)
	}
	prefix := want[:strings.LastIndexByte(want, '_')+1]
	newest := ""
	for v := range of.Defines {
		if release, ok := strings.CutPrefix(v, prefix); ok && isRelease(release) && older(newest, release) {
			newest = release
		}
	}
	fault := &Fault{Program: p.Name, Message: fmt.Sprintf("%s needs %s of %s, and the base %s has it up to %s%s", who, want, of.name, d.BaseName, prefix, newest)}
	if newest == "" {
		fault.Message = fmt.Sprintf("%s needs %s of %s, and that of the base %s has no such version", who, want, of.name, d.BaseName)
	}
	fault.Fix = "use a newer base: one of the release that the builder image is of, or later; or compile in an older image, with the keys suite or builder in [images]"
	if strings.HasPrefix(want, glibcPrefix) && ofGlibc(of.name) {
		fault.Fix = fmt.Sprintf("use a base with glibc %s or newer, compile in an image as old as the base (the keys suite and builder in [images]), or make the program static with libc = \"musl\"",
			strings.TrimPrefix(want, glibcPrefix))
		if by.by == nil && newest != "" {
			fault.Fix = fmt.Sprintf("link for the base with glibc = %q, or ", newest) + fault.Fix
		}
	}
	return fault
}

func isRelease(s string) bool {
	return s != "" && strings.Trim(s, "0123456789.") == ""
}

// older reports whether release a is before b; "" is before all. The numbers in
// them are compared as numbers.
func older(a, b string) bool {
	as, bs := strings.FieldsFunc(a, isBreak), strings.FieldsFunc(b, isBreak)
	for i := range min(len(as), len(bs)) {
		x, errX := strconv.Atoi(as[i])
		y, errY := strconv.Atoi(bs[i])
		switch {
		case errX == nil && errY == nil && x != y:
			return x < y
		case (errX != nil || errY != nil) && as[i] != bs[i]:
			return as[i] < bs[i]
		}
	}
	return len(as) < len(bs)
}

func isBreak(r rune) bool { return r == '.' || r == '_' }
