package cargo

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// files is a project: contents by path.
type files map[string]string

func (f files) fs() fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, content := range f {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return fsys
}

// with returns a copy with further files; an empty name is skipped.
func (f files) with(more files) files {
	all := files{}
	for _, list := range []files{f, more} {
		for name, content := range list {
			all[name] = content
		}
	}
	return all
}

const header = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"

// app is a package named app with the given rest of a manifest, a main.rs, and
// a lock file that holds app with the given dependencies.
func app(rest string, lock ...string) files {
	return files{
		"Cargo.toml":  header + rest,
		"src/main.rs": "fn main() {}\n",
		"Cargo.lock":  lockFile(lock...),
	}
}

const cratesSource = "registry+https://github.com/rust-lang/crates.io-index"

var sum = strings.Repeat("0123456789abcdef", 4)

// lockFile writes a lock file of version 4. Each line is "name version" of a
// local package, or "name version source", followed by " -> dep, dep". With no
// line it holds the package app.
func lockFile(lines ...string) string {
	if len(lines) == 0 {
		lines = []string{"app 0.1.0"}
	}
	var b strings.Builder
	b.WriteString("version = 4\n")
	for _, line := range lines {
		id, deps, _ := strings.Cut(line, " -> ")
		parts := strings.SplitN(id, " ", 3)
		fmt.Fprintf(&b, "\n[[package]]\nname = %q\nversion = %q\n", parts[0], parts[1])
		if len(parts) == 3 {
			source := parts[2]
			if source == "crates" {
				source = cratesSource
			}
			fmt.Fprintf(&b, "source = %q\n", source)
			if !strings.HasPrefix(source, "git+") {
				fmt.Fprintf(&b, "checksum = %q\n", sum)
			}
		}
		if deps != "" {
			b.WriteString("dependencies = [\n")
			for _, dep := range strings.Split(deps, ", ") {
				fmt.Fprintf(&b, " %q,\n", dep)
			}
			b.WriteString("]\n")
		}
	}
	return b.String()
}

func mustLoad(t *testing.T, f files) *Workspace {
	t.Helper()
	ws, err := Load(f.fs(), LoadOptions{})
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return ws
}

// wantFault checks place and text of a fault. at is "file:line".
func wantFault(t *testing.T, err error, at, message string) *Error {
	t.Helper()
	var fault *Error
	if !errors.As(err, &fault) {
		t.Fatalf("got error %v (%T), want *Error", err, err)
	}
	place := fault.Span.File
	if fault.Span.Start.Line > 0 {
		place = fmt.Sprintf("%s:%d", fault.Span.File, fault.Span.Start.Line)
	}
	if place != at {
		t.Errorf("fault at %s, want %s: %v", place, at, err)
	}
	if !strings.Contains(err.Error(), message) {
		t.Errorf("fault is\n  %v\nwant it to contain\n  %s", err, message)
	}
	return fault
}

func names(list []*Package) string {
	var all []string
	for _, p := range list {
		all = append(all, p.Dir)
	}
	return strings.Join(all, " ")
}
