package runtimeneeds_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/runtimeneeds"
)

const hello = "#include <stdio.h>\nint main(void){puts(\"hello\");return 0;}"

func TestScanPrograms(t *testing.T) {
	for _, tc := range []struct {
		name        string
		args        []string
		static, pie bool
	}{
		{"PIE", []string{"-fPIE", "-pie"}, false, true},
		{"fixed address", []string{"-fno-PIE", "-no-pie"}, false, false},
		{"static", []string{"-static", "-fno-PIE", "-no-pie"}, true, false},
		{"static PIE", []string{"-static-pie", "-fPIE"}, true, true},
		{"stripped", []string{"-s", "-fPIE", "-pie"}, false, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "program")
			cc(t, hello, file, tc.args...)
			o := scan(t, file)
			if o.Static() != tc.static || o.PIE != tc.pie {
				t.Errorf("static %v, PIE %v; want %v, %v", o.Static(), o.PIE, tc.static, tc.pie)
			}
			if tc.static {
				return
			}
			if !slices.Equal(o.Needed, []string{"libc.so.6"}) || !filepath.IsAbs(o.Interpreter) {
				t.Errorf("needs %q, interpreter %q", o.Needed, o.Interpreter)
			}
			wants := slices.ContainsFunc(o.Versions, func(v runtimeneeds.VersionNeed) bool {
				return v.Library == "libc.so.6" && strings.HasPrefix(v.Version, "GLIBC_2.") && !v.Weak
			})
			if !wants {
				t.Errorf("wants the versions %v", o.Versions)
			}
		})
	}
}

// TestScanWithoutSections: what the loader does not need is not needed here.
func TestScanWithoutSections(t *testing.T) {
	file := filepath.Join(t.TempDir(), "program")
	cc(t, hello, file)
	want := scan(t, file)
	stripSections(t, file)
	got := scan(t, file)
	if !slices.Equal(got.Needed, want.Needed) || !slices.Equal(got.Versions, want.Versions) || got.Interpreter != want.Interpreter {
		t.Errorf("without section headers: %+v, with: %+v", got, want)
	}
}

func TestScanLibrary(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "versions")
	if err := os.WriteFile(script, []byte("ONE_1.0 { global: one; local: *; };\nONE_1.10 { global: two; } ONE_1.0;\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	lib := filepath.Join(dir, "libone.so.1")
	cc(t, "int one(void){return 1;}\nint two(void){return 2;}", lib, "-shared", "-fPIC", "-Wl,-soname,libone.so.1", "-Wl,--version-script="+script,
		"-Wl,--enable-new-dtags,-rpath,$ORIGIN/more:/opt/lib")
	o := scan(t, lib)
	if o.Soname != "libone.so.1" || !o.Versioned || !o.Defines["ONE_1.0"] || !o.Defines["ONE_1.10"] || o.Defines["ONE_2"] {
		t.Errorf("soname %q, defines %v", o.Soname, o.Defines)
	}
	if !slices.Equal(o.RunPath, []string{"$ORIGIN/more", "/opt/lib"}) || o.RPath != nil {
		t.Errorf("RUNPATH %q, RPATH %q", o.RunPath, o.RPath)
	}
	program := filepath.Join(dir, "program")
	cc(t, "int one(void);int two(void) __attribute__((weak));int main(void){return one()+(two?two():0);}", program, lib, "-Wl,--disable-new-dtags,-rpath,/opt/lib")
	p := scan(t, program)
	if !slices.Equal(p.RPath, []string{"/opt/lib"}) || p.RunPath != nil {
		t.Errorf("RUNPATH %q, RPATH %q", p.RunPath, p.RPath)
	}
	if weakly(p)["ONE_1.0"] || weakly(p)["ONE_1.10"] {
		t.Errorf("wants weakly: %v", p.Versions)
	}
	setWeak(t, program, "ONE_1.10")
	if w := weakly(scan(t, program)); w["ONE_1.0"] || !w["ONE_1.10"] {
		t.Errorf("wants weakly: %v", w)
	}
}

func weakly(o *runtimeneeds.Object) map[string]bool {
	weak := map[string]bool{}
	for _, v := range o.Versions {
		weak[v.Version] = v.Weak
	}
	return weak
}

// setWeak marks a wanted version as weak, as newer linkers do when only weak
// symbols are of it.
func setWeak(t *testing.T, file, version string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var hash uint32
	for _, c := range []byte(version) { // the System V hash
		hash = hash<<4 + uint32(c)
		if high := hash & 0xf0000000; high != 0 {
			hash ^= high>>24 ^ high
		}
	}
	at := bytes.Index(data, binary.NativeEndian.AppendUint32(nil, hash))
	if at < 0 {
		t.Fatalf("%s does not want %s", file, version)
	}
	binary.NativeEndian.PutUint16(data[at+4:], uint16(elf.VER_FLG_WEAK))
	if err := os.WriteFile(file, data, 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestScanOthers(t *testing.T) {
	for name, data := range map[string]string{
		"empty": "", "script": "#!/bin/sh\nexit 0\n", "linker script": "GROUP ( /lib/libc.so.6 )\n", "cut": "\x7fELF\x02\x01\x01", "magic alone": "\x7fELF",
	} {
		if _, err := runtimeneeds.Scan(strings.NewReader(data)); !errors.Is(err, runtimeneeds.ErrNotELF) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzScan: a damaged file gives an error, and neither a panic nor much memory.
func FuzzScan(f *testing.F) {
	if data, err := os.ReadFile("/bin/true"); err == nil {
		f.Add(data)
	}
	f.Add([]byte("\x7fELF"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = runtimeneeds.Scan(bytes.NewReader(data)) // any error will do
	})
}
