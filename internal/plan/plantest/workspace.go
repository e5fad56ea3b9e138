package plantest

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing/fstest"

	"github.com/rustfile/rustfile/internal/native"
)

// Workspace is a made-up workspace.
type Workspace struct {
	// Root is its directory in the build context.
	Root string
	// Crates are the third-party packages, each after those it needs.
	Crates []Crate
	// Members are the workspace's packages, each after those it needs.
	Members []Member
	// Builds is the name of the member whose first binary is built, "" for the
	// last member.
	Builds string
	// Tables is text for the end of the root manifest.
	Tables string
	// Order is a seed for the order of what has none: the tables of manifests
	// and the nodes of the graph.
	Order uint64
	// System is what the builder image has, nil for one that lacks nothing.
	System *native.System
	// Files replace or add to the workspace's, relative to Root.
	Files map[string]string
}

// Crate is a third-party package.
type Crate struct {
	Name, Version, Checksum string
	// Needs and BuildNeeds are indexes of crates.
	Needs, BuildNeeds []int
	// Features are those on the target, HostFeatures on the build machine.
	Features, HostFeatures []string
	// Script is true for a build script, Macro for a procedural macro.
	Script, Macro bool
	// Absent are packages that cargo has to find and does not compile.
	Absent []string
	// Size is that of its archive in bytes, 0 when it is not known.
	Size int64
}

// Member is a package of the workspace.
type Member struct {
	Name, Dir string
	// Needs are indexes of crates, Members of members.
	Needs, Members []int
	// Bins are the names of its programs; a member without is a library.
	Bins []string
}

const registry = "registry+https://github.com/rust-lang/crates.io-index"

// FS is the build context.
func (w *Workspace) FS() fstest.MapFS {
	files := map[string]string{"Cargo.toml": w.rootManifest(), "Cargo.lock": w.lock()}
	for i, m := range w.Members {
		files[path.Join(m.Dir, "Cargo.toml")] = w.manifest(i)
		for _, bin := range m.Bins {
			files[path.Join(m.Dir, "src/bin", bin+".rs")] = "fn main() {}\n"
		}
		if len(m.Bins) == 0 {
			files[path.Join(m.Dir, "src/lib.rs")] = ""
		}
	}
	for name, text := range w.Files {
		files[name] = text
	}
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[path.Join(w.Root, name)] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func (w *Workspace) rootManifest() string {
	var dirs []string
	for _, m := range w.Members {
		dirs = append(dirs, fmt.Sprintf("%q", m.Dir))
	}
	shuffle(dirs, w.Order)
	return "[workspace]\nresolver = \"2\"\nmembers = [" + strings.Join(dirs, ", ") + "]\n" + w.Tables
}

func (w *Workspace) manifest(i int) string {
	m := w.Members[i]
	var deps []string
	for _, k := range m.Needs {
		c := w.Crates[k]
		key, rename := c.Name, ""
		if w.twice(c.Name) {
			key, rename = c.Name+"-"+major(c.Version), fmt.Sprintf("package = %q, ", c.Name)
		}
		deps = append(deps, fmt.Sprintf("%s = { %sversion = %q }\n", key, rename, major(c.Version)))
	}
	for _, k := range m.Members {
		to := w.Members[k]
		deps = append(deps, fmt.Sprintf("%s = { path = %q }\n", to.Name, strings.Repeat("../", strings.Count(m.Dir, "/")+1)+to.Dir))
	}
	shuffle(deps, w.Order)
	return fmt.Sprintf("[package]\nname = %q\nversion = \"0.7.0\"\nedition = \"2021\"\n[dependencies]\n%s", m.Name, strings.Join(deps, ""))
}

func major(version string) string {
	out, _, _ := strings.Cut(version, ".")
	return out
}

func (w *Workspace) twice(name string) bool {
	n := 0
	for _, c := range w.Crates {
		if c.Name == name {
			n++
		}
	}
	return n > 1
}

// ref is how the lock file names a crate.
func (w *Workspace) ref(i int) string {
	c := w.Crates[i]
	if w.twice(c.Name) {
		return c.Name + " " + c.Version
	}
	return c.Name
}

func (w *Workspace) lock() string {
	var entries []string
	for _, c := range w.Crates {
		entries = append(entries, fmt.Sprintf("\n[[package]]\nname = %q\nversion = %q\nsource = %q\nchecksum = %q\n%s",
			c.Name, c.Version, registry, c.Checksum, w.lockNeeds(slices.Concat(c.Needs, c.BuildNeeds), nil)))
	}
	for _, m := range w.Members {
		entries = append(entries, fmt.Sprintf("\n[[package]]\nname = %q\nversion = \"0.7.0\"\n%s", m.Name, w.lockNeeds(m.Needs, m.Members)))
	}
	shuffle(entries, w.Order)
	return "version = 4\n" + strings.Join(entries, "")
}

func (w *Workspace) lockNeeds(crates, members []int) string {
	var refs []string
	for _, i := range crates {
		refs = append(refs, w.ref(i))
	}
	for _, i := range members {
		refs = append(refs, w.Members[i].Name)
	}
	slices.Sort(refs)
	refs = slices.Compact(refs)
	if len(refs) == 0 {
		return ""
	}
	return "dependencies = [\n \"" + strings.Join(refs, "\",\n \"") + "\",\n]\n"
}
