package plan

import (
	"fmt"
	"maps"
	"slices"
)

// cut groups nodes into vertices. It looks at nothing but the graph's shape and
// the packages' names, so that a version bump that keeps the shape keeps the
// groups.
func cut(nodes []Node, mode Mode) []Vertex {
	group := make([]int, len(nodes)) // the node whose vertex compiles it
	dependents := make([][]int, len(nodes))
	for i, n := range nodes {
		group[i] = i
		for _, d := range n.Dependencies {
			dependents[d] = append(dependents[d], i)
		}
	}
	if mode == Group {
		// From the top, so that a chain ends in one vertex.
		for i := len(nodes) - 1; i >= 0; i-- {
			if into := onlyGroup(group, dependents[i]); into >= 0 && folds(nodes, i, into) {
				group[i] = into
			}
		}
	}
	return vertices(nodes, group)
}

// onlyGroup is the one group that all of dependents are in, -1 when there are
// none or several.
func onlyGroup(group, dependents []int) int {
	into := -1
	for _, d := range dependents {
		if into >= 0 && group[d] != into {
			return -1
		}
		into = group[d]
	}
	return into
}

// folds reports whether node i is better compiled in the vertex of node into.
func folds(nodes []Node, i, into int) bool {
	return true
}

// vertices makes the vertices of a grouping, each after those it needs.
func vertices(nodes []Node, group []int) []Vertex {
	at := map[int]int{}
	var out []Vertex
	closures := []map[int]bool{}
	for i := range nodes {
		if group[i] != i {
			continue
		}
		v := Vertex{}
		needs := map[int]bool{}
		for j := range nodes {
			if group[j] != i {
				continue
			}
			v.Nodes = append(v.Nodes, j)
			for _, d := range nodes[j].Dependencies {
				if to := group[d]; to != i {
					needs[at[to]] = true
					maps.Copy(needs, closures[at[to]])
				}
			}
		}
		v.Inputs = slices.Sorted(maps.Keys(needs))
		v.Name = vertexName(nodes, i, len(v.Nodes))
		at[i] = len(out)
		closures = append(closures, needs)
		out = append(out, v)
	}
	return out
}

func vertexName(nodes []Node, i, size int) string {
	n := nodes[i]
	name := n.Name + " " + n.Version
	if n.Host {
		name += " (host)"
	}
	if size > 1 {
		name += fmt.Sprintf(" and %d more", size-1)
	}
	return name
}
