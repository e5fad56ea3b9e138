package main

import (
	"slices"
)

// table is what the recommended rule knows about packages, by name alone.
type table struct {
	Light map[string]bool // compiled wherever they are needed
	Heavy map[string]bool // measured, and always a vertex
}

// weightOf is the longest time that a name took on either side in any project.
func weightOf(graphs []*graph) map[string]float64 {
	out := map[string]float64{}
	for _, g := range graphs {
		for i := range g.Nodes {
			if n := &g.Nodes[i]; !n.Root {
				out[n.Name] = max(out[n.Name], n.Own)
			}
		}
	}
	return out
}

// newTable calls a name light when it took no more than most seconds, and when compiling it repeatedly costs less than
// a vertex does in each of the projects.
func newTable(most, vertexCost float64, graphs ...*graph) table {
	weight := weightOf(graphs)
	t := table{Light: map[string]bool{}, Heavy: map[string]bool{}}
	for name, w := range weight {
		if w <= most {
			t.Light[name] = true
		} else {
			t.Heavy[name] = true
		}
	}
	for grew := true; grew; {
		grew = false
		for _, g := range graphs {
			if name := t.dearest(g, weight, vertexCost); name != "" {
				delete(t.Light, name)
				t.Heavy[name] = true
				grew = true
			}
		}
	}
	return t
}

// dearest is the light name whose repeated compiles cost most in one project, or none when no cost is over the limit.
func (t table) dearest(g *graph, weight map[string]float64, limit float64) string {
	best := ""
	copies := byClosure(g, t.alone(g, 0)).repeated(g)
	names := make([]string, 0, len(copies))
	for name := range copies {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if cost := weight[name] * float64(copies[name]-1); t.Light[name] && cost > limit {
			best, limit = name, cost
		}
	}
	return best
}

// alone says which nodes are vertices: all but light ones, and, of the names that the table does not have, but those
// that only few others need. What the workspace itself needs stays a vertex: there is no other it could go to but the
// one of all that is left, which would grow without bound.
func (t table) alone(g *graph, few int) func(n int) bool {
	users := g.dependents()
	return func(n int) bool {
		name := g.Nodes[n].Name
		if t.Light[name] || t.Heavy[name] {
			return t.Heavy[name]
		}
		direct := slices.ContainsFunc(users[n], func(u int) bool { return g.Nodes[u].Root })
		return direct || len(users[n]) > few
	}
}

// group is the recommended rule: vertices by closure, and fewer of them, names that the table does not have first,
// when there would be more than limit.
func (t table) group(g *graph, limit int) *partition {
	p := byClosure(g, t.alone(g, 0))
	for few := 1; len(p.Vertices) > limit && few <= 4; few++ {
		p = byClosure(g, t.alone(g, few))
	}
	return p
}

// bySize is the rule that needs no table: a node is light when it has little source and builds no native code, which
// shows in its dependencies. Only its own package decides, so a bump that changes a class changes no vertex but those
// that the bump makes compile again anyway.
func bySize(g *graph, most int64) *partition {
	return byClosure(g, func(n int) bool { return g.Nodes[n].Source > most || g.buildsNative(n) })
}

// groupBySize is the rule with the table for the names it has, and by source size for the others.
func (t table) groupBySize(g *graph, most int64) *partition {
	return byClosure(g, func(n int) bool {
		name := g.Nodes[n].Name
		if t.Light[name] || t.Heavy[name] {
			return t.Heavy[name]
		}
		return g.Nodes[n].Source > most || g.buildsNative(n)
	})
}

// buildsNative says whether a node's build script has a tool for native code.
func (g *graph) buildsNative(n int) bool {
	return slices.ContainsFunc(g.Nodes[n].Deps, func(d int) bool {
		return g.Nodes[d].Host && slices.Contains([]string{"cc", "cmake", "bindgen", "autotools"}, g.Nodes[d].Name)
	})
}
