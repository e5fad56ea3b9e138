package main

import "fmt"

// rule is one way to group.
type rule struct {
	Name string
	Make func(g *graph, k knowledge) (*partition, error)
}

// knowledge is what rules may know besides the graph: what was measured on some projects.
type knowledge struct {
	Weights weights
	Graphs  []*graph
}

// learned makes the knowledge of a set of projects.
func learned(graphs []*graph) knowledge { return knowledge{Weights: learn(graphs...), Graphs: graphs} }

func grouped(of func(g *graph, w weights) []int) func(*graph, knowledge) (*partition, error) {
	return func(g *graph, k knowledge) (*partition, error) { return fromGroups(g, of(g, k.Weights)) }
}

func lighter(w weights, than float64) func(*node) bool {
	return func(n *node) bool { return w.of(n) <= than }
}

func lightGroup(g *graph, w weights, than float64) func([]int) bool {
	return func(members []int) bool {
		sum := 0.0
		for _, n := range members {
			sum += w.of(&g.Nodes[n])
		}
		return sum <= than
	}
}

// rules lists what is compared.
func rules() []rule {
	out := []rule{
		{"one vertex per node", grouped(func(g *graph, _ weights) []int { return single(g) })},
		{"fold all", grouped(func(g *graph, _ weights) []int {
			return fold(g, single(g), func(*node) bool { return true })
		})},
	}
	for _, t := range []float64{1, 2, 4} {
		out = append(out, rule{fmt.Sprintf("fold <= %g s", t), grouped(func(g *graph, w weights) []int {
			return fold(g, single(g), lighter(w, t))
		})})
	}
	for _, t := range []float64{2, 4} {
		out = append(out, rule{fmt.Sprintf("fold and twins <= %g s", t), grouped(func(g *graph, w weights) []int {
			return twins(g, fold(g, single(g), lighter(w, t)), lightGroup(g, w, t))
		})})
	}
	for _, n := range []int{200, 150, 100, 64, 32} {
		out = append(out, rule{fmt.Sprintf("cheapest joins to %d", n), grouped(func(g *graph, w weights) []int {
			return fewest(g, w, single(g), n)
		})})
	}
	for _, t := range []float64{1, 2, 4} {
		out = append(out, rule{fmt.Sprintf("heavy dependents > %g s", t), grouped(func(g *graph, w weights) []int {
			return byHeavyDependents(g, func(n *node) bool { return w.of(n) > t })
		})})
	}
	for _, t := range []float64{0.5, 1, 1.3, 2} {
		out = append(out, rule{fmt.Sprintf("closure, light <= %g s", t), func(g *graph, k knowledge) (*partition, error) {
			return newTable(t, repeatCost, k.Graphs...).group(g, maxVertices), nil
		}})
	}
	for _, kb := range []int64{60, 120} {
		out = append(out, rule{fmt.Sprintf("closure, source <= %d kB", kb), func(g *graph, _ knowledge) (*partition, error) {
			return bySize(g, kb*1000), nil
		}})
	}
	for _, t := range []float64{1, 1.3} {
		out = append(out, rule{fmt.Sprintf("closure, light <= %g s, unknown <= 120 kB", t), func(g *graph, k knowledge) (*partition, error) {
			return newTable(t, repeatCost, k.Graphs...).groupBySize(g, unknownBytes), nil
		}})
	}
	return out
}

// unknownBytes is the Rust source up to which a name that no table has is light: of 166 measured packages without
// native code that had less than 80 kB none took more than 1.2 s.
const unknownBytes = 120_000

// repeatCost is how many seconds of repeated compiles make a name a vertex: about what two vertices cost.
const repeatCost = 0.5

// maxVertices keeps the remote cache's config under the limit that BuildKit imports.
const maxVertices = 250
