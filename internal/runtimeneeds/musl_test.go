package runtimeneeds_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/runtimeneeds"
)

// muslProgram is linked as with the musl C library, whose loader is the library
// itself: with a library of that name and one more.
func muslProgram(t *testing.T) (program string, builder tree) {
	t.Helper()
	builder = newTree(t)
	libc, extra := builder.path("lib/libc.so"), builder.path("opt/lib/libextra.so.1")
	cc(t, "int getpid(void){return 1;}", libc, "-shared", "-fPIC", "-nostdlib", "-Wl,-soname,libc.so")
	cc(t, "int getpid(void);int extra(void){return getpid();}", extra, "-shared", "-fPIC", "-nostdlib", "-Wl,-soname,libextra.so.1", libc)
	builder.link("lib/ld-musl-x86_64.so.1", "libc.so")
	builder.write("etc/ld-musl-x86_64.path", "/lib\n/opt/lib\n")
	program = filepath.Join(t.TempDir(), "server")
	cc(t, "int extra(void);void _start(void){extra();}", program, "-nostdlib", "-fPIE", "-pie", "-Wl,-dynamic-linker,/lib/ld-musl-x86_64.so.1", extra, libc)
	return program, builder
}

func TestMuslLibraries(t *testing.T) {
	program, builder := muslProgram(t)
	base := newTree(t)
	base.copyHost(builder.path("lib/libc.so"), "lib/ld-musl-x86_64.so.1") // as in Alpine, which has no libc.so
	needs, err := runtimeneeds.Decide(ask(t, program, base, builder))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(needs.Libraries), []string{"/opt/lib/libextra.so.1 > /lib/libextra.so.1"}; !slices.Equal(got, want) {
		t.Errorf("copies %q, want %q", got, want)
	}
	if needs.Programs[0].Glibc != "" {
		t.Errorf("the program is %+v", needs.Programs[0])
	}
	// A base that lists other directories has the library there.
	base.copyHost(builder.path("opt/lib/libextra.so.1"), "usr/local/lib64/libextra.so.1")
	base.write("etc/ld-musl-x86_64.path", "/lib:/usr/local/lib64\n")
	if needs, err = runtimeneeds.Decide(ask(t, program, base, tree{})); err != nil || len(needs.Libraries) > 0 {
		t.Errorf("needs %+v, %v", needs.Libraries, err)
	}
}

func TestMuslOnGlibc(t *testing.T) {
	program, _ := muslProgram(t)
	_, err := runtimeneeds.Decide(ask(t, program, newTree(t).withLibc(), tree{}))
	if err == nil || !strings.Contains(err.Error(), "is linked with the musl C library, and the base example/base:1 has the GNU C library") {
		t.Errorf("error %v", err)
	}
}
