package unitgraph

import (
	"slices"
	"testing"
)

// checkGraph checks what holds for every graph.
func checkGraph(t *testing.T, g *Graph) {
	t.Helper()
	for i, n := range g.Nodes {
		if i > 0 && compareNodes(&g.Nodes[i-1], &n) >= 0 {
			t.Errorf("node %d, %s, is not above the one before", i, title(n))
		}
		if n.Units < 1 || n.Name == "" {
			t.Errorf("node %s has %d units", title(n), n.Units)
		}
		if !slices.IsSorted(n.Features) {
			t.Errorf("the features of %s are not sorted", title(n))
		}
		for k, d := range n.Dependencies {
			if d < 0 || d >= len(g.Nodes) || d == i || k > 0 && n.Dependencies[k-1] >= d {
				t.Fatalf("node %d has dependencies %v", i, n.Dependencies)
			}
		}
	}
	state := make([]int, len(g.Nodes))
	var visit func(i int)
	visit = func(i int) {
		if state[i] == 1 {
			t.Fatalf("node %d, %s, depends on itself", i, title(g.Nodes[i]))
		}
		if state[i] == 2 {
			return
		}
		state[i] = 1
		for _, d := range g.Nodes[i].Dependencies {
			visit(d)
		}
		state[i] = 2
	}
	for i := range g.Nodes {
		visit(i)
	}
}
