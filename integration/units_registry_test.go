package integration

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
)

// lib is a small library of a fake registry. Its function says() gives its name, its version's last number and what the
// libraries it depends on say.
type lib struct {
	name string
	// patch is the last number of the version 1.0.x.
	patch int
	// deps are normal dependencies, scriptDeps those of the build script.
	deps, scriptDeps []string
	// macro makes it a procedural macro, say!(), that expands to what the function would give.
	macro bool
	// manifest is appended to its manifest, whose last table is [package].
	manifest string
	// files are added to the package or replace what is made for it. With a build.rs it has a build script.
	files map[string]string
}

func (l lib) version() string { return fmt.Sprintf("1.0.%d", l.patch) }

// ident is the library's name in Rust.
func (l lib) ident() string { return strings.ReplaceAll(l.name, "-", "_") }

// package files, by name.
func (l lib) all() map[string]string {
	manifest := fmt.Sprintf("[package]\nname = %q\nversion = %q\nedition = \"2021\"\n%s\n", l.name, l.version(), l.manifest)
	for table, deps := range map[string][]string{"dependencies": l.deps, "build-dependencies": l.scriptDeps} {
		for _, d := range deps {
			manifest += fmt.Sprintf("\n[%s.%s]\nversion = \"1.0\"\n", table, d)
		}
	}
	body := fmt.Sprintf("String::from(\"%s%d\")", l.name, l.patch)
	for _, d := range l.deps {
		body += fmt.Sprintf(" + \" \" + &%s::says()", strings.ReplaceAll(d, "-", "_"))
	}
	source := "pub fn says() -> String {\n    " + body + "\n}\n"
	if l.macro {
		manifest += "\n[lib]\nproc-macro = true\n"
		source = "#[proc_macro]\npub fn say(_: proc_macro::TokenStream) -> proc_macro::TokenStream {\n" +
			"    format!(\"{:?}\", says()).parse().unwrap()\n}\n" + strings.TrimPrefix(source, "pub ")
	}
	files := map[string]string{"Cargo.toml": manifest, "src/lib.rs": source}
	maps.Copy(files, l.files)
	return files
}

// archive is the library as a .crate file.
func (l lib) archive(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	files := l.all()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h := tar.Header{Name: l.name + "-" + l.version() + "/" + name, Mode: 0o644, Typeflag: tar.TypeReg, Size: int64(len(files[name]))}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[name]); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []io.Closer{w, z} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

const cratesIO = "registry+https://github.com/rust-lang/crates.io-index"

// lockLibs publishes libraries and returns their entries of a lock file, in the order given.
func (f *fakeRegistry) lockLibs(t testing.TB, source string, libs []lib) string {
	t.Helper()
	lock := ""
	for _, l := range libs {
		archive := l.archive(t)
		f.mu.Lock()
		f.archives[l.name+"/"+l.version()] = archive
		f.mu.Unlock()
		lock += fmt.Sprintf("\n[[package]]\nname = %q\nversion = %q\nsource = %q\nchecksum = \"%x\"\n", l.name, l.version(), source, sha256.Sum256(archive))
		deps := slices.Concat(l.deps, l.scriptDeps)
		slices.Sort(deps)
		lock += lockedDependencies(slices.Compact(deps))
	}
	return lock
}

func lockedDependencies(names []string) string {
	if len(names) == 0 {
		return ""
	}
	list := "dependencies = [\n"
	for _, n := range names {
		list += fmt.Sprintf(" %q,\n", n)
	}
	return list + "]\n"
}

// cratesIOConfig makes the registry take the place of crates.io.
func (f *fakeRegistry) cratesIOConfig() string {
	return "[source.crates-io]\nreplace-with = \"local\"\n\n[source.local]\nregistry = \"sparse+http://" + f.address + "/index/\"\n"
}

// graph is a program and the libraries in its lock file. The program prints what those it depends on say.
type graph struct {
	name string
	// deps are its dependencies: those that are macros are called as such.
	deps []string
	libs []lib
	// tables is appended to the manifest after [dependencies], whose lines it may continue.
	tables string
	// config is appended to the Cargo configuration.
	config string
	// script is a build script of the program's own, and main replaces its source.
	script, main string
}

// lib returns a library to change.
func (g *graph) lib(name string) *lib {
	for i := range g.libs {
		if g.libs[i].name == name {
			return &g.libs[i]
		}
	}
	panic("no library " + name)
}

// clone is a copy whose libraries can be changed.
func (g *graph) clone() *graph {
	c := *g
	c.libs, c.deps = slices.Clone(g.libs), slices.Clone(g.deps)
	return &c
}

// project writes the graph as a package; of an earlier one, it replaces the files.
func (g *graph) project(t testing.TB, f *fakeRegistry, p *project) *project {
	t.Helper()
	if p == nil {
		p = &project{t: t, Dir: t.TempDir()}
	}
	manifest := fmt.Sprintf("[package]\nname = %q\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\n", g.name)
	body := ""
	for _, d := range g.deps {
		manifest += fmt.Sprintf("%s = \"1.0\"\n", d)
		if l := g.lib(d); l.macro {
			body += fmt.Sprintf("    println!(\"{}\", %s::say!());\n", l.ident())
		} else {
			body += fmt.Sprintf("    println!(\"{}\", %s::says());\n", l.ident())
		}
	}
	p.write("Rustfile", "# syntax=rustfile/rustfile:1\n")
	p.write("Cargo.toml", manifest+g.tables)
	deps := slices.Clone(g.deps)
	slices.Sort(deps)
	p.write("Cargo.lock", fmt.Sprintf("version = 4\n\n[[package]]\nname = %q\nversion = \"0.1.0\"\n", g.name)+lockedDependencies(deps)+f.lockLibs(t, cratesIO, g.libs))
	p.write("src/main.rs", "fn main() {\n"+body+"}\n")
	if g.main != "" {
		p.write("src/main.rs", g.main)
	}
	if g.script != "" {
		p.write("build.rs", g.script)
	}
	p.write(".cargo/config.toml", f.cratesIOConfig()+"\n[term]\nverbose = true\n"+g.config)
	return p
}
