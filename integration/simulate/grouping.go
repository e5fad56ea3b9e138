package main

import (
	"slices"
	"strconv"
	"strings"
)

// weights says how many seconds a package is taken to compile, by name alone: a version or a time that changes must
// not move a node to another group.
type weights struct {
	Table   map[string]float64 // by name, and by name + "/host" for the other side
	Default float64
}

// of is the weight of a node.
func (w weights) of(n *node) float64 {
	key := n.Name
	if n.Host {
		key += "/host"
	}
	if s, ok := w.Table[key]; ok {
		return s
	}
	return w.Default
}

// learn makes a table of measured projects: the longest time that any of them saw for a name.
func learn(graphs ...*graph) weights {
	w := weights{Table: map[string]float64{}, Default: 0.5}
	for _, g := range graphs {
		for i := range g.Nodes {
			n := &g.Nodes[i]
			key := n.Name
			if n.Host {
				key += "/host"
			}
			w.Table[key] = max(w.Table[key], n.Own)
		}
	}
	return w
}

// single puts each node into a group of its own.
func single(g *graph) []int {
	of := make([]int, len(g.Nodes))
	for i := range of {
		of[i] = i
		if g.Nodes[i].Root {
			of[i] = -1
		}
	}
	return of
}

// fold moves each node that may be folded into the group that alone needs it, the workspace aside. Nodes are taken
// dependents first, so a chain folds as a whole, and the result does not depend on any other order.
func fold(g *graph, of []int, may func(n *node) bool) []int {
	users := g.dependents()
	for n := len(g.Nodes) - 1; n >= 0; n-- {
		if g.Nodes[n].Root || of[n] != n || !may(&g.Nodes[n]) {
			continue
		}
		into := soleGroup(of, users[n])
		if into >= 0 {
			of[n] = into
		}
	}
	return of
}

// soleGroup is the group that all users are in, or -1.
func soleGroup(of, users []int) int {
	into := -1
	for i, u := range users {
		if of[u] < 0 || i > 0 && of[u] != into {
			return -1
		}
		into = of[u]
	}
	return into
}

// twins joins groups whose dependent groups are the same. Light says what may be joined at all.
func twins(g *graph, of []int, light func(members []int) bool) []int {
	users := g.dependents()
	for {
		members := map[int][]int{}
		for n, id := range of {
			if id >= 0 {
				members[id] = append(members[id], n)
			}
		}
		first := map[string]int{}
		changed := false
		for n := range g.Nodes {
			id := of[n]
			if id < 0 || members[id] == nil || members[id][0] != n || !light(members[id]) {
				continue
			}
			key := groupSet(of, users, members[id])
			if at, ok := first[key]; ok {
				for _, m := range members[id] {
					of[m] = at
				}
				changed = true
				break
			}
			first[key] = id
		}
		if !changed {
			return of
		}
	}
}

// groupSet names the groups that depend on one group.
func groupSet(of []int, users [][]int, members []int) string {
	var ids []int
	for _, m := range members {
		for _, u := range users[m] {
			if of[u] != of[m] {
				ids = append(ids, of[u])
			}
		}
	}
	slices.Sort(ids)
	var b strings.Builder
	for _, id := range slices.Compact(ids) {
		b.WriteString(strconv.Itoa(id) + ",")
	}
	return b.String()
}

// byHeavyDependents groups light nodes that the same set of heavy nodes needs.
func byHeavyDependents(g *graph, heavy func(n *node) bool) []int {
	users := g.dependents()
	sets := make([]bitset, len(g.Nodes))
	of := make([]int, len(g.Nodes))
	first := map[string]int{}
	for n := len(g.Nodes) - 1; n >= 0; n-- {
		sets[n] = newBitset(len(g.Nodes))
		if g.Nodes[n].Root {
			of[n] = -1
			continue
		}
		for _, u := range users[n] {
			sets[n].union(sets[u])
			if !g.Nodes[u].Root && heavy(&g.Nodes[u]) {
				sets[n].add(u)
			}
		}
		of[n] = n
		if heavy(&g.Nodes[n]) {
			continue
		}
		key := sets[n].text()
		if at, ok := first[key]; ok {
			of[n] = at
		} else {
			first[key] = n
		}
	}
	return of
}
