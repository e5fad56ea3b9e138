package runtimeneeds_test

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/runtimeneeds"
)

// TestExpected: what is expected of a program is true of one that the host's compiler links.
func TestExpected(t *testing.T) {
	program := filepath.Join(t.TempDir(), "server")
	cc(t, hello, program)
	real := scan(t, program)
	host := tree{t, "/"}
	o, err := runtimeneeds.Expected(hostPlatform(), host.root())
	if err != nil {
		t.Fatal(err)
	}
	if o.Machine != real.Machine || o.Class != real.Class || o.Data != real.Data || o.PIE != real.PIE || o.Interpreter != real.Interpreter || !reflect.DeepEqual(o.Needed, real.Needed) {
		t.Errorf("expected %+v, linked %+v", o, real)
	}
	for _, v := range o.Versions {
		if !slices.Contains(real.Versions, v) {
			t.Errorf("expected that it wants %+v; linked %+v", v, real.Versions)
		}
	}
}

// TestExpectedOfPlatforms: each platform that programs of the GNU C library are built for has an expectation.
func TestExpectedOfPlatforms(t *testing.T) {
	for _, platform := range []string{"linux/amd64", "linux/arm64", "linux/arm/v7", "linux/386", "linux/ppc64le", "linux/riscv64", "linux/s390x"} {
		o, err := runtimeneeds.Expected(platform, nil)
		if err != nil || !strings.HasPrefix(o.Interpreter, "/lib") || len(o.Versions) > 0 {
			t.Errorf("%s: %+v, %v", platform, o, err)
		}
	}
	if _, err := runtimeneeds.Expected("linux/mips", nil); err == nil {
		t.Error("something is expected of a platform that nobody knows")
	}
}

// TestExpectedFaults: what cannot start is known before it is linked, in the same words.
func TestExpectedFaults(t *testing.T) {
	host := tree{t, "/"}
	for _, tc := range []struct {
		name string
		base func(b tree)
		want string
	}{
		{"scratch", nil, "server is linked dynamically: it needs the loader " + hostLoader(t) + " and libc.so.6, and scratch has nothing"},
		{"no C library", func(b tree) { b.write("etc/passwd", "") }, "the base example/base:1 has no C library"},
		{"musl", func(b tree) { b.write("lib/ld-musl-x86_64.so.1", "") }, "the base example/base:1 has the musl C library"},
		{"older", func(b tree) { oldLibc(t, b) }, "needs GLIBC_2.34 of libc.so.6, and the base example/base:1 has it up to GLIBC_2.10"},
		{"the same", func(b tree) { b.withLibc() }, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o, err := runtimeneeds.Expected(hostPlatform(), host.root())
			if err != nil {
				t.Fatal(err)
			}
			q := runtimeneeds.Question{
				Platform: hostPlatform(), Programs: []runtimeneeds.Program{{Name: "server", Path: "/usr/local/bin/server"}}, Files: []*runtimeneeds.Object{o},
				Base: runtimeneeds.NewRoot(nil, nil), BaseName: "example/base:1", Libraries: runtimeneeds.None,
			}
			if tc.base != nil {
				base := newTree(t)
				tc.base(base)
				q.Base = base.root()
			}
			_, err = runtimeneeds.Decide(q)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}
