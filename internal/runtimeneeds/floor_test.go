package runtimeneeds_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rustfile/rustfile/internal/runtimeneeds"
)

// TestNewer links programs with a library that has the name and the symbol versions of the GNU C library's.
func TestNewer(t *testing.T) {
	dir := t.TempDir()
	libc, versions := filepath.Join(dir, "libc.so.6"), filepath.Join(dir, "versions")
	script := "GLIBC_2.2.5 { global: first; };\nGLIBC_2.17 { global: second; };\nGLIBC_2.34 { global: third; };\nGLIBC_2.38 { global: fourth; };\nGLIBC_PRIVATE { global: own; };\n"
	if err := os.WriteFile(versions, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	cc(t, "int first(void){return 1;}int second(void){return 2;}int third(void){return 3;}int fourth(void){return 4;}int own(void){return 5;}",
		libc, "-shared", "-fPIC", "-nostdlib", "-Wl,-soname,libc.so.6", "-Wl,--version-script="+versions)
	for _, tc := range []struct {
		name, source, release string
		want                  []string
	}{
		{"older ones", "int first(void);int second(void);void _start(void){first();second();}", "2.17", nil},
		{"newer ones", "int first(void);int second(void);int third(void);int fourth(void);void _start(void){first();second();third();fourth();}", "2.17",
			[]string{"fourth@GLIBC_2.38", "third@GLIBC_2.34"}},
		{"one that is newer", "int third(void);int fourth(void);void _start(void){third();fourth();}", "2.34", []string{"fourth@GLIBC_2.38"}},
		{"numbers are compared", "int second(void);void _start(void){second();}", "2.9", []string{"second@GLIBC_2.17"}},
		{"one that may be absent", "int third(void) __attribute__((weak));void _start(void){if(third)third();}", "2.17", nil},
		{"no release", "int own(void);void _start(void){own();}", "2.17", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			program := filepath.Join(t.TempDir(), "program")
			cc(t, tc.source, program, "-nostdlib", "-fPIE", "-pie", libc)
			got, err := runtimeneeds.Newer(os.DirFS(filepath.Dir(program)), "program", scan(t, program), tc.release)
			if err != nil || !slices.Equal(got, tc.want) {
				t.Errorf("newer than %s are %q, %v; want %q", tc.release, got, err, tc.want)
			}
		})
	}
}
