package unitgraph

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Graph is the units of a build as nodes.
type Graph struct {
	// Nodes are sorted by name, version, source, machine and features.
	Nodes []Node
}

// Node is a library of a package, compiled for one machine with one set of
// features, and the build script that belongs to it; or a package's programs.
type Node struct {
	Name    string
	Version string
	// Source is the package's source as lock files write it, "" for a local
	// package.
	Source string
	// License is what the package's manifest declares, "" when it declares none.
	License string
	// Host is true for what runs on the build machine: build scripts,
	// procedural macros and what they depend on.
	Host bool
	// Bin is true for programs.
	Bin bool
	// Features are sorted.
	Features []string
	// Objects is true when link-time optimisation wants objects beside bitcode.
	// What only a dylib needs gets objects alone under such optimisation; no
	// field says so, and cargo compiles it again for the programs.
	Objects bool
	// Script is true when the package has a build script.
	Script bool
	// Linked is true for a library that the linker makes, too: a cdylib or dylib.
	Linked bool
	// Units counts what cargo compiles or runs for the node.
	Units int
	// Dependencies are the nodes that are compiled before, as sorted indexes.
	Dependencies []int
	// Placeholders are the packages that cargo has to find and does not compile.
	Placeholders []Placeholder
	// SystemDeps is the package's table [package.metadata.system-deps], which
	// names the libraries that it asks pkg-config for; nil without one.
	SystemDeps map[string]any `json:",omitempty"`
}

// Placeholder stands for a package that cargo resolves and never compiles.
type Placeholder struct {
	Name string
	// Version is the lowest that the dependents allow, so that it does not
	// change with the lock file.
	Version string
	// Source is as in [Node].
	Source string
	// Features are those that dependents ask for, sorted.
	Features []string
	// With is the name and version of the package in whose presence alone it is
	// needed, "" for always.
	With string
}

// New reads the output of cargo build --unit-graph and of cargo metadata for
// the same workspace. The metadata must be that of all features of the
// workspace's packages, or of those that the build has: cargo leaves out the
// packages that no feature needs. An error says why the graph cannot be used.
func New(unitGraph, packages []byte) (*Graph, error) {
	g, err := parseUnits(unitGraph)
	if err != nil {
		return nil, err
	}
	var m metadata
	if err := json.Unmarshal(packages, &m); err != nil {
		return nil, fmt.Errorf("cargo's metadata is not valid JSON: %w", err)
	}
	b := &builder{units: g, modes: ltoModes(g), packages: newResolver(&m), nodeOf: make([]int, len(g.Units)), firstOf: map[*resolved]int{}}
	if err := b.nodes(); err != nil {
		return nil, err
	}
	for i := range b.list {
		b.connect(i)
	}
	if err := b.acyclic(); err != nil {
		return nil, err
	}
	if err := b.placeholders(); err != nil {
		return nil, err
	}
	return b.sorted()
}

type builder struct {
	units    *units
	modes    []lto
	packages *resolver
	list     []Node
	// nodeOf maps units to nodes, unitsOf nodes to units.
	nodeOf  []int
	unitsOf [][]int
	// firstOf maps a package to the first of its nodes.
	firstOf map[*resolved]int
}

// identity tells nodes apart.
type identity struct {
	id, features string
	host, bin    bool
}

func (b *builder) identity(i int) identity {
	u := &b.units.Units[i]
	return identity{u.PackageID, strings.Join(slices.Sorted(slices.Values(u.Features)), ","), u.host(), u.bin()}
}

// nodes makes a node for each library and for each package's programs, and
// finds the scripts that belong to them.
func (b *builder) nodes() error {
	known := map[identity]int{}
	for i := range b.units.Units {
		u := &b.units.Units[i]
		b.nodeOf[i] = -1
		if u.script() {
			continue
		}
		id := b.identity(i)
		n, ok := known[id]
		if ok && !id.bin {
			return fmt.Errorf("cargo compiles the library of %s twice with the same features", u.PackageID)
		}
		if !ok {
			p, found := b.packages.byID[u.PackageID]
			if !found {
				return fmt.Errorf("cargo's metadata has no package %s", u.PackageID)
			}
			if !p.known {
				return fmt.Errorf("cargo's metadata has not resolved package %s", u.PackageID)
			}
			n = len(b.list)
			known[id] = n
			if _, ok := b.firstOf[p]; !ok {
				b.firstOf[p] = n
			}
			b.list = append(b.list, Node{
				Name: p.Name, Version: p.Version, Source: p.Source, License: p.license, Host: u.host(), Bin: u.bin(),
				Features: slices.Sorted(slices.Values(u.Features)), SystemDeps: p.systemDeps,
			})
			b.unitsOf = append(b.unitsOf, nil)
		}
		b.nodeOf[i] = n
		b.unitsOf[n] = append(b.unitsOf[n], i)
		b.list[n].Units++
		b.list[n].Linked = b.list[n].Linked || u.linked()
		b.list[n].Objects = b.list[n].Objects || b.modes[i] == ltoObjectAndBitcode && u.Profile.LTO != "false" && !u.host()
	}
	return nil
}

// connect finds the nodes that node n needs, through the units of its own
// build script.
func (b *builder) connect(n int) {
	seen := map[int]bool{}
	own := b.units.Units[b.unitsOf[n][0]].PackageID
	var deps []int
	var visit func(i int)
	visit = func(i int) {
		for _, d := range b.units.Units[i].Dependencies {
			to := &b.units.Units[d.Index]
			if !to.script() {
				if at := b.nodeOf[d.Index]; at != n {
					deps = append(deps, at)
				}
				continue
			}
			if to.PackageID != own || seen[d.Index] {
				// The run of another package's script, for its links key; the
				// package is a dependency itself.
				continue
			}
			seen[d.Index] = true
			b.list[n].Script = true
			b.list[n].Units++
			visit(d.Index)
		}
	}
	for _, i := range b.unitsOf[n] {
		visit(i)
	}
	slices.Sort(deps)
	b.list[n].Dependencies = slices.Compact(deps)
}

// acyclic makes sure that nodes can be compiled one after the other: those who
// walk a graph rely on it.
func (b *builder) acyclic() error {
	dependents := make([]int, len(b.list))
	for _, n := range b.list {
		for _, d := range n.Dependencies {
			dependents[d]++
		}
	}
	var ready []int
	for i, count := range dependents {
		if count == 0 {
			ready = append(ready, i)
		}
	}
	for done := 0; done < len(ready); done++ {
		for _, d := range b.list[ready[done]].Dependencies {
			if dependents[d]--; dependents[d] == 0 {
				ready = append(ready, d)
			}
		}
	}
	for i, count := range dependents {
		if count > 0 {
			return fmt.Errorf("cargo's unit graph has a cycle that %s %s is in or leads to", b.list[i].Name, b.list[i].Version)
		}
	}
	return nil
}

// sorted puts the nodes into an order that does not follow cargo's.
func (b *builder) sorted() (*Graph, error) {
	order := make([]int, len(b.list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int { return compareNodes(&b.list[x], &b.list[y]) })
	at := make([]int, len(order))
	for to, from := range order {
		at[from] = to
	}
	g := &Graph{Nodes: make([]Node, len(order))}
	for to, from := range order {
		n := b.list[from]
		if to > 0 && compareNodes(&b.list[order[to-1]], &n) == 0 {
			return nil, fmt.Errorf("cargo's unit graph has two packages %s %s from one source", n.Name, n.Version)
		}
		for i, d := range n.Dependencies {
			n.Dependencies[i] = at[d]
		}
		slices.Sort(n.Dependencies)
		g.Nodes[to] = n
	}
	return g, nil
}

func compareNodes(a, b *Node) int {
	return cmp.Or(
		strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version), strings.Compare(a.Source, b.Source),
		compareBools(a.Host, b.Host), compareBools(a.Bin, b.Bin), slices.Compare(a.Features, b.Features),
	)
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
