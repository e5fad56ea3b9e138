package runtimeneeds_test

import (
	"debug/elf"
	"encoding/binary"
	"os"
	"path"
	"slices"
	"testing"

	"github.com/rustfile/rustfile/internal/runtimeneeds"
)

// forOther makes an ELF file one for another machine.
func forOther(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	binary.NativeEndian.PutUint16(data[18:], uint16(elf.EM_MIPS)) // e_machine
	if err := os.WriteFile(file, data, 0o755); err != nil {
		t.Fatal(err)
	}
}

// TestSearchOrder puts a library where the dynamic linker looks, and only there, in bases: each must have it.
func TestSearchOrder(t *testing.T) {
	tuple := hostTuple(t)
	for _, tc := range []struct {
		name string
		dir  string // of the library in the base
		args []string
		env  []string
		base func(tree)
		has  bool
	}{
		{name: "system", dir: "lib", has: true},
		{name: "multiarch", dir: "usr/lib/" + tuple, has: true},
		{name: "nowhere", dir: "opt/lib"},
		{name: "LD_LIBRARY_PATH", dir: "opt/lib", env: []string{"PATH=/bin", "LD_LIBRARY_PATH=/srv:/opt/lib"}, has: true},
		{name: "RUNPATH", dir: "opt/lib", args: []string{"-Wl,--enable-new-dtags,-rpath,/opt/lib"}, has: true},
		{name: "RPATH", dir: "opt/lib", args: []string{"-Wl,--disable-new-dtags,-rpath,/opt/lib"}, has: true},
		{name: "origin", dir: "usr/local/lib", args: []string{"-Wl,-rpath,$ORIGIN/../lib"}, has: true},
		{name: "origin in braces", dir: "usr/local/lib", args: []string{"-Wl,-rpath,${ORIGIN}/../lib"}, has: true},
		{name: "library directory", dir: "opt/lib/" + tuple, args: []string{"-Wl,-rpath,/opt/$LIB"}, has: true},
		{name: "link of a directory", dir: "usr/lib", base: func(b tree) { b.link("lib", "usr/lib") }, has: true},
		{name: "link out of the root", dir: "usr/lib", base: func(b tree) { b.link("srv/lib", "/../../../usr/lib") },
			args: []string{"-Wl,-rpath,/srv/lib"}, has: true},
		{name: "loop of links", dir: "opt/lib", base: func(b tree) { b.link("srv", "srv") }, args: []string{"-Wl,-rpath,/srv"}},
		{name: "library of another machine before it", dir: "usr/lib", has: true, args: []string{"-Wl,-rpath,/opt/lib"}, base: func(b tree) {
			b.copyHost(b.path("usr/lib/libone.so.1"), "opt/lib/libone.so.1")
			forOther(b.t, b.path("opt/lib/libone.so.1"))
		}},
		{name: "only for another machine", dir: "usr/lib", base: func(b tree) { forOther(b.t, b.path("usr/lib/libone.so.1")) }},
		{name: "text before it", dir: "usr/lib", has: true, args: []string{"-Wl,-rpath,/opt/lib"},
			base: func(b tree) { b.write("opt/lib/libone.so.1", "INPUT(/usr/lib/libone.so.1)\n") }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			program, builder := chain(t, "usr/lib", tc.args...)
			base := newTree(t)
			base.copyHost(builder.path("usr/lib/libone.so.1"), path.Join(tc.dir, "libone.so.1"))
			if tc.base != nil {
				tc.base(base)
			}
			base.withLibc()
			base.copyHost(builder.path("usr/lib/libtwo.so.2"), "usr/lib/libtwo.so.2")
			q := ask(t, program, base, builder)
			q.Base = base.root(tc.env...)
			needs, err := runtimeneeds.Decide(q)
			if err != nil {
				t.Fatal(err)
			}
			var copied []string
			for _, l := range needs.Libraries {
				copied = append(copied, l.Name)
			}
			if has := !slices.Contains(copied, "libone.so.1"); has != tc.has {
				t.Errorf("the base has the library: %v, want %v; copied are %q", has, tc.has, copied)
			}
		})
	}
}
