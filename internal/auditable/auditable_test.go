package auditable

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/rustfile/rustfile/internal/plan"
)

const crates = "registry+" + plan.CratesIO

// sample is a workspace of two programs: server needs shared at run time,
// macros while it is compiled; shared needs bytes both ways.
var sample = []plan.Package{
	{Name: "bytes", Version: "1.0.0", Source: crates},
	{Name: "bytes", Version: "1.0.0", Source: "git+https://example.com/bytes#0123456789012345678901234567890123456789", Build: true},
	{Name: "macros", Version: "0.1.0", Build: true, BuildDependencies: []int{1, 5}},
	{Name: "server", Version: "2.0.0", Dependencies: []int{4}, BuildDependencies: []int{2}},
	{Name: "shared", Version: "0.1.0", Source: "sparse+https://registry.example.com/", Dependencies: []int{0}},
	{Name: "syn", Version: "2.0.0", Source: "sparse+https://index.crates.io/", Build: true},
	{Name: "worker", Version: "1.0.0", Dependencies: []int{0}},
}

func TestEncode(t *testing.T) {
	for _, tc := range []struct {
		name string
		root int
		want []Package
	}{
		{"all kinds of sources and needs", 3, []Package{
			{Name: "bytes", Version: "1.0.0", Source: "crates.io"},
			{Name: "bytes", Version: "1.0.0", Source: "git", Kind: "build"},
			{Name: "macros", Version: "0.1.0", Source: "local", Kind: "build", Dependencies: []int{1, 5}},
			{Name: "server", Version: "2.0.0", Source: "local", Dependencies: []int{2, 4}, Root: true},
			{Name: "shared", Version: "0.1.0", Source: "registry", Dependencies: []int{0}},
			{Name: "syn", Version: "2.0.0", Source: "crates.io", Kind: "build"},
		}},
		{"nothing of the other program", 6, []Package{
			{Name: "bytes", Version: "1.0.0", Source: "crates.io"},
			{Name: "worker", Version: "1.0.0", Source: "local", Dependencies: []int{0}, Root: true},
		}},
		// What a tool of the build needs at its own run is a tool of the build.
		{"a tool is a root of its own", 2, []Package{
			{Name: "bytes", Version: "1.0.0", Source: "git", Kind: "build"},
			{Name: "macros", Version: "0.1.0", Source: "local", Dependencies: []int{0, 2}, Root: true},
			{Name: "syn", Version: "2.0.0", Source: "crates.io", Kind: "build"},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			data, err := Encode(sample, tc.root)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Decode(data)
			if err != nil {
				t.Fatal(err)
			}
			if want := (&Info{Packages: tc.want, Format: 1}); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			again, err := Encode(sample, tc.root)
			if err != nil || !bytes.Equal(data, again) {
				t.Errorf("the same list gives other bytes: %v", err)
			}
		})
	}
	if _, err := Encode(sample, -1); err == nil {
		t.Error("a program without a package is accepted")
	}
}

func TestDecodeRefuses(t *testing.T) {
	good, err := Encode(sample, 3)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"nothing": nil, "no zlib": []byte("{}"), "cut": good[:len(good)-6]} {
		if _, err := Decode(data); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// TestSectionOfProgram adds a section to a real program as the source vertex
// does, strips the program and reads the section back.
func TestSectionOfProgram(t *testing.T) {
	for _, tool := range []string{"objcopy", "strip"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("there is no " + tool)
		}
	}
	source, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := Encode(sample, 3)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	list, program := filepath.Join(dir, "list"), filepath.Join(dir, "program")
	if err := os.WriteFile(list, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("objcopy", "--add-section", Section+"="+list, source, program).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := exec.Command("strip", program).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f, err := os.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := Read(f)
	if err != nil || got == nil || len(got.Packages) != 6 {
		t.Fatalf("read %+v, %v", got, err)
	}
	original, err := os.Open(source)
	if err != nil {
		t.Fatal(err)
	}
	defer original.Close()
	if none, err := Read(original); none != nil || err != nil {
		t.Errorf("a program without the section gives %+v, %v", none, err)
	}
	if _, err := Read(bytes.NewReader([]byte("#!/bin/sh\n"))); err == nil {
		t.Error("a script is accepted")
	}
}
