package main

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// unit is one job of cargo's.
type unit struct {
	Front, Back float64 // seconds until dependents can start, and after that
	Links       bool    // waits for the whole of its dependencies, not for their metadata alone
	Early       bool    // dependents that do not link can start when Front is over
	Deps        []int
}

// node is what a vertex is made of: one package as built for one side with one set of features, that is its library
// and, if it has one, the compile and the run of its build script.
type node struct {
	Name, Version string
	Host          bool
	Features      string
	Root          bool  // a workspace member: compiled in the last vertex, never grouped
	Units         []int // indices of graph.Units, sorted
	Deps          []int // indices of graph.Nodes, sorted
	Own           float64
	Source        int64 // bytes of Rust source of its library
}

// graph is one project's build.
type graph struct {
	Units []unit
	Nodes []node // dependencies before dependents
}

// newGraph joins the unit graph and the times. Cargo numbers the units of both alike; the names are compared because
// nothing promises that.
func newGraph(units []cargoUnit, times []timing) (*graph, error) {
	g := &graph{Units: make([]unit, len(units))}
	seen := make([]bool, len(units))
	for _, t := range times {
		if t.Index >= len(units) {
			return nil, fmt.Errorf("timings name unit %d of %d: not of the same build", t.Index, len(units))
		}
		n, v := nameVersion(units[t.Index].PkgID)
		if n != t.Name || v != t.Version {
			return nil, fmt.Errorf("timings: unit %d is %s %s, in the unit graph %s %s", t.Index, t.Name, t.Version, n, v)
		}
		u := &g.Units[t.Index]
		u.Front = t.Duration
		for _, s := range t.Sections {
			if s.Name == "codegen" {
				u.Front, u.Back = s.Start, t.Duration-s.Start
			}
		}
		seen[t.Index] = true
	}
	if i := slices.Index(seen, false); i >= 0 {
		return nil, fmt.Errorf("no time for unit %d (%s): was the target directory fresh?", i, units[i].PkgID)
	}
	for i, u := range units {
		kind := u.Target.Kind[0]
		g.Units[i].Links = kind == "bin" || kind == "proc-macro" || kind == "custom-build" && u.Mode == "build" || kind == "cdylib" || kind == "dylib"
		g.Units[i].Early = u.Mode == "build" && !g.Units[i].Links
		for _, d := range u.Dependencies {
			g.Units[i].Deps = append(g.Units[i].Deps, d.Index)
		}
	}
	g.addNodes(units)
	return g, nil
}

// identity is what makes two units the same node.
type identity struct {
	pkg, features string
	host          bool
}

func (g *graph) addNodes(units []cargoUnit) {
	index := map[identity]int{}
	owners := make([][]int, len(units)) // nodes of each unit; a build script can serve both sides
	add := func(u cargoUnit) int {
		id := identity{u.PkgID, strings.Join(u.Features, ","), u.Platform == nil}
		if n, ok := index[id]; ok {
			return n
		}
		name, version := nameVersion(u.PkgID)
		index[id] = len(g.Nodes)
		g.Nodes = append(g.Nodes, node{Name: name, Version: version, Host: id.host, Features: id.features,
			Root: strings.HasPrefix(u.PkgID, "path+")})
		return index[id]
	}
	script := func(u cargoUnit) bool { return u.Target.Kind[0] == "custom-build" && u.Mode == "build" }
	for i, u := range units {
		if !script(u) {
			owners[i] = []int{add(u)}
		}
	}
	for i, u := range units {
		for _, d := range u.Dependencies {
			if script(units[d.Index]) {
				owners[d.Index] = append(owners[d.Index], owners[i]...)
			}
		}
	}
	for i, u := range units {
		for _, o := range owners[i] {
			n := &g.Nodes[o]
			n.Units = append(n.Units, i)
			n.Own += g.Units[i].Front + g.Units[i].Back
			if u.Target.Kind[0] != "custom-build" && !n.Root {
				n.Source = rustBytes(u.Target.Path)
			}
			for _, d := range u.Dependencies {
				if !slices.Contains(owners[d.Index], o) {
					n.Deps = append(n.Deps, owners[d.Index]...)
				}
			}
		}
	}
	g.sortNodes()
}

// sortNodes puts dependencies before dependents, in an order that only names and shape decide.
func (g *graph) sortNodes() {
	order := make([]int, 0, len(g.Nodes))
	byName := make([]int, len(g.Nodes))
	for i := range byName {
		byName[i] = i
	}
	sort.SliceStable(byName, func(a, b int) bool { return g.Nodes[byName[a]].less(&g.Nodes[byName[b]]) })
	done := make([]bool, len(g.Nodes))
	var visit func(int)
	visit = func(n int) {
		if done[n] {
			return
		}
		done[n] = true
		deps := slices.Clone(g.Nodes[n].Deps)
		sort.Slice(deps, func(a, b int) bool { return g.Nodes[deps[a]].less(&g.Nodes[deps[b]]) })
		for _, d := range deps {
			visit(d)
		}
		order = append(order, n)
	}
	for _, n := range byName {
		visit(n)
	}
	place := make([]int, len(order))
	for i, n := range order {
		place[n] = i
	}
	nodes := make([]node, len(order))
	for i, n := range order {
		nodes[i] = g.Nodes[n]
		for j, d := range nodes[i].Deps {
			nodes[i].Deps[j] = place[d]
		}
		slices.Sort(nodes[i].Deps)
		nodes[i].Deps = slices.Compact(nodes[i].Deps)
	}
	g.Nodes = nodes
}

// less orders nodes by what a version bump leaves alone, and by version at last for two versions of one package.
func (n *node) less(o *node) bool {
	switch {
	case n.Name != o.Name:
		return n.Name < o.Name
	case n.Host != o.Host:
		return n.Host
	case n.Features != o.Features:
		return n.Features < o.Features
	}
	return n.Version < o.Version
}

// dependents lists, for each node, the nodes that depend on it.
func (g *graph) dependents() [][]int {
	out := make([][]int, len(g.Nodes))
	for i := range g.Nodes {
		for _, d := range g.Nodes[i].Deps {
			out[d] = append(out[d], i)
		}
	}
	return out
}

// total is the compile time of everything but the workspace members.
func (g *graph) total() float64 {
	sum := 0.0
	for i := range g.Nodes {
		if !g.Nodes[i].Root {
			sum += g.Nodes[i].Own
		}
	}
	return sum
}
