package main

import "slices"

// byClosure gives each standalone node a vertex that also compiles every light node it needs and that no vertex it
// depends on has compiled already. What a vertex holds is decided by its closure alone, so it is the same in every
// project; the price is that two vertices of which neither needs the other may both compile a light node. What only
// the workspace needs comes last, in one vertex.
func byClosure(g *graph, standalone func(n int) bool) *partition {
	c := closures{g: g, place: map[int]int{}, built: newBitset(len(g.Nodes)), p: &partition{}}
	var root, left []int
	for n := range g.Nodes {
		switch {
		case g.Nodes[n].Root:
			root = append(root, n)
		case standalone(n):
			c.add([]int{n})
			c.place[n] = len(c.p.Vertices) - 1
		}
	}
	for n := range g.Nodes {
		if !g.Nodes[n].Root && !c.built.has(n) {
			left = append(left, n)
		}
	}
	if len(left) > 0 {
		c.addRest(left)
	}
	c.p.close(root)
	return c.p
}

// closures builds vertices in the order of their nodes, dependencies first.
type closures struct {
	g     *graph
	p     *partition
	place map[int]int // vertex of a standalone node
	has   []bitset    // vertex: nodes that it and all it depends on have compiled
	built bitset      // nodes that any vertex compiles
}

// add makes the vertex that compiles the given nodes and the light ones they need.
func (c *closures) add(top []int) {
	var v vertex
	have := newBitset(len(c.g.Nodes))
	seen := newBitset(len(c.g.Nodes))
	var light []int
	var visit func(n int)
	visit = func(n int) {
		if seen.has(n) {
			return
		}
		seen.add(n)
		if at, ok := c.place[n]; ok {
			v.Deps = append(v.Deps, at)
			have.union(c.has[at])
			return
		}
		light = append(light, n)
		for _, d := range c.g.Nodes[n].Deps {
			visit(d)
		}
	}
	for _, n := range top {
		visit(n)
	}
	for _, n := range light {
		if !have.has(n) {
			v.Nodes = append(v.Nodes, n)
		}
	}
	for _, n := range v.Nodes {
		have.add(n)
		c.built.add(n)
	}
	slices.Sort(v.Nodes)
	slices.Sort(v.Deps)
	c.has = append(c.has, have)
	c.p.Vertices = append(c.p.Vertices, v)
}

// addRest makes the vertex of what no other vertex has compiled. For the light nodes it needs that are compiled in
// vertices it does not need, it depends on the first of those.
func (c *closures) addRest(left []int) {
	var v vertex
	v.Nodes = left
	for _, n := range left {
		for _, d := range c.g.Nodes[n].Deps {
			if !c.built.has(d) {
				continue
			}
			at, ok := c.place[d]
			if !ok {
				at = c.p.holder(d)
			}
			v.Deps = append(v.Deps, at)
		}
	}
	slices.Sort(v.Deps)
	v.Deps = slices.Compact(v.Deps)
	c.p.Vertices = append(c.p.Vertices, v)
}

// repeated says how often each package is compiled, by name.
func (p *partition) repeated(g *graph) map[string]int {
	count := make([]int, len(g.Nodes))
	for _, v := range p.Vertices {
		for _, n := range v.Nodes {
			count[n]++
		}
	}
	out := map[string]int{}
	for n, c := range count {
		out[g.Nodes[n].Name] = max(out[g.Nodes[n].Name], c)
	}
	return out
}
