package auditable

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/plan"
)

// Section is the name of the ELF section.
// https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md
const Section = ".dep-v0"

// format is the revision of the data: procedural macros and what they need are
// build dependencies.
const format = 1

// kindBuild marks what only runs while the program is compiled; an absent kind
// stands for what is linked into it.
const kindBuild = "build"

// Info is the list of a program's packages.
// https://github.com/rust-secure-code/cargo-auditable/blob/master/cargo-auditable.schema.json
type Info struct {
	// Packages are sorted by name, version and source.
	Packages []Package `json:"packages"`
	Format   int       `json:"format,omitempty"`
}

// Package is a package of the list.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Source is "crates.io", "registry", "git" or "local"; URLs are left out.
	Source string `json:"source"`
	// Kind is "build" for what only runs while the program is compiled, else "".
	Kind string `json:"kind,omitempty"`
	// Dependencies are sorted indexes into the list.
	Dependencies []int `json:"dependencies,omitempty"`
	// Root is true for the package that the program belongs to.
	Root bool `json:"root,omitempty"`
}

// Encode makes the contents of the section for a program of the package at
// index root.
func Encode(list []plan.Package, root int) ([]byte, error) {
	if root < 0 || root >= len(list) {
		return nil, fmt.Errorf("the program's package is not among the %d packages of the build", len(list))
	}
	data, err := json.Marshal(describe(list, root))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, zlib.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// describe lists the packages that the one at index root needs.
func describe(list []plan.Package, root int) Info {
	linked, needed := map[int]bool{}, map[int]bool{}
	visit(list, root, linked, func(p plan.Package) []int { return p.Dependencies })
	visit(list, root, needed, func(p plan.Package) []int { return slices.Concat(p.Dependencies, p.BuildDependencies) })
	at := map[int]int{}
	for i, from := range slices.Sorted(maps.Keys(needed)) {
		at[from] = i
	}
	info := Info{Packages: make([]Package, len(at)), Format: format}
	for from, to := range at {
		p := list[from]
		q := Package{Name: p.Name, Version: p.Version, Source: source(p.Source), Root: from == root}
		if !linked[from] {
			q.Kind = kindBuild
		}
		for _, d := range slices.Concat(p.Dependencies, p.BuildDependencies) {
			q.Dependencies = append(q.Dependencies, at[d])
		}
		slices.Sort(q.Dependencies)
		info.Packages[to] = q
	}
	return info
}

// visit marks a package and those that it needs.
func visit(list []plan.Package, i int, seen map[int]bool, needs func(plan.Package) []int) {
	if seen[i] {
		return
	}
	seen[i] = true
	for _, d := range needs(list[i]) {
		visit(list, d, seen, needs)
	}
}

// source is a lock file's source in the words of the format.
func source(locked string) string {
	kind, url, _ := strings.Cut(locked, "+")
	switch {
	case locked == "":
		return "local"
	case kind == "git":
		return "git"
	case url == plan.CratesIO || strings.HasPrefix(locked, "sparse+https://index.crates.io/"):
		return "crates.io"
	}
	return "registry"
}
