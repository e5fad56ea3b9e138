package native

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Node is a library, a program or a build script with its package, compiled for
// one machine.
type Node struct {
	Name, Version string
	// Host is true for what runs on the build machine.
	Host bool
	// Script is true when the package has a build script.
	Script bool
	// Features are those that are on; nil when they are not known.
	Features []string
	// Libraries are the names by which the package asks pkg-config for libraries,
	// as [Libraries] finds them.
	Libraries []string
	// Dependencies are nodes, as indexes.
	Dependencies []int
}

// Need is a package that a node needs.
type Need struct {
	// Package is the name of a package, or of a library that pkg-config is asked
	// for when no package is known.
	Package string
	// Unknown is true when Package is such a library.
	Unknown bool
	// Library is true for a library of the machine that the node is compiled
	// for, and false for a program.
	Library bool
	// Entry is what asks for it.
	Entry Entry
	// Crate is the node whose package asks for it, as an index.
	Crate int
}

// Needs returns what each node itself needs, sorted by package: the libraries
// of its own package, and the tools of the packages that it depends on. What a
// node needs is needed, too, by the nodes that depend on it: when those are
// linked, or when cargo looks at the files that a build script watches.
func (t *Table) Needs(nodes []Node, m Manager) [][]Need {
	w := &walk{table: t, nodes: nodes, manager: m, tools: make([]map[string][]Need, len(nodes))}
	out := make([][]Need, len(nodes))
	for i, n := range nodes {
		needs := w.own(i, false)
		// A library for the build machine hands tools on to those who call it; if
		// it has a build script, that may use them as well. What wraps a tool is
		// compiled without it, and is shared with those that have another.
		if (!n.Host || n.Script) && len(w.own(i, true)) == 0 {
			for _, tools := range w.inherited(i) {
				needs = append(needs, tools...)
			}
		}
		out[i] = sorted(needs)
	}
	return out
}

type walk struct {
	table   *Table
	nodes   []Node
	manager Manager
	// tools are what those need who call a node, by the crate that wraps each;
	// nil when that was not worked out yet.
	tools []map[string][]Need
}

// own are the packages of a node's own entries, tools or libraries.
func (w *walk) own(i int, tool bool) []Need {
	var out []Need
	n := w.nodes[i]
	entries := w.table.matching(n)
	for _, e := range entries {
		if e.Tool != tool {
			continue
		}
		for _, p := range w.manager.Of(e) {
			// What compiles a copy of a library runs on the build machine.
			out = append(out, Need{Package: p, Library: !tool && isLibrary(p), Entry: e, Crate: i})
		}
	}
	if tool || w.table.Knows(n.Name) {
		return out
	}
	for _, name := range n.Libraries {
		e, known := w.table.libraries[name]
		packages := w.manager.Of(e)
		if !known || len(packages) == 0 {
			if w.manager != Apk {
				out = append(out, Need{Package: name, Unknown: true, Library: true, Crate: i})
				continue
			}
			// https://wiki.alpinelinux.org/wiki/Package_management#Search_for_packages
			packages = []string{"pc:" + name}
		}
		for _, p := range packages {
			out = append(out, Need{Package: p, Library: true, Entry: Entry{Name: n.Name}, Crate: i})
		}
	}
	return out
}

// isLibrary tells the libraries of a crate from the tools that it needs to
// compile a copy: headers are in packages of that name.
func isLibrary(name string) bool {
	return strings.HasSuffix(name, "-dev") || strings.HasSuffix(name, "-static")
}

// inherited are the tools that a node gets from those it depends on.
func (w *walk) inherited(i int) map[string][]Need {
	out := map[string][]Need{}
	var without []string
	for _, e := range w.table.matching(w.nodes[i]) {
		// When features are not known it may use them after all.
		if w.nodes[i].Features != nil || len(e.With)+len(e.Unless) == 0 {
			without = append(without, e.Ignores...)
		}
	}
	for _, d := range w.nodes[i].Dependencies {
		if !w.nodes[d].Host {
			continue
		}
		maps.Copy(out, w.toolsOf(d))
		for _, e := range w.table.matching(w.nodes[d]) {
			without = append(without, e.Replaces...)
		}
	}
	for _, name := range without {
		delete(out, name)
	}
	return out
}

func (w *walk) toolsOf(i int) map[string][]Need {
	if w.tools[i] == nil {
		// The lock file's edges can go in circles: those of tests are among them.
		w.tools[i] = map[string][]Need{}
		tools := w.inherited(i)
		if own := w.own(i, true); len(own) > 0 {
			tools[w.nodes[i].Name] = own
		}
		w.tools[i] = tools
	}
	return w.tools[i]
}

func sorted(needs []Need) []Need {
	slices.SortFunc(needs, func(a, b Need) int {
		return cmp.Or(strings.Compare(a.Package, b.Package), cmp.Compare(a.Crate, b.Crate))
	})
	return slices.CompactFunc(needs, func(a, b Need) bool { return a.Package == b.Package && a.Crate == b.Crate })
}
