package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ordered sorts nodes, each after its dependencies, by the length of the
// longest chain below them and then by what they are. Of two nodes it is known
// from their closures alone which is first, so whatever lists nodes or vertices
// in this order lists those of a closure in the same order in every project.
func ordered(nodes []Node) []Node {
	height, order := make([]int, len(nodes)), make([]int, len(nodes))
	for i, n := range nodes {
		order[i] = i
		for _, d := range n.Dependencies {
			height[i] = max(height[i], height[d]+1)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := nodes[a], nodes[b]
		return cmp.Or(
			cmp.Compare(height[a], height[b]), strings.Compare(x.Name, y.Name), strings.Compare(x.Version, y.Version),
			cmp.Compare(x.Crate, y.Crate), strings.Compare(x.Git, y.Git), strings.Compare(x.Member, y.Member),
			strings.Compare(machine(x), machine(y)), slices.Compare(x.Features, y.Features),
		)
	})
	at := make([]int, len(nodes))
	for to, from := range order {
		at[from] = to
	}
	out := make([]Node, len(nodes))
	for to, from := range order {
		n := nodes[from]
		deps := make([]int, len(n.Dependencies))
		for i, d := range n.Dependencies {
			deps[i] = at[d]
		}
		slices.Sort(deps)
		n.Dependencies = deps
		out[to] = n
	}
	return out
}

// maxRest is how many nodes that no other vertex needs share one. The list of
// archives is one argument of a process, which Linux limits to 128 KiB.
const maxRest = 500

// cut groups nodes, each after its dependencies, into vertices. A node that is
// not light has a vertex of its own, which also compiles the light nodes that
// it needs and that no vertex below it has compiled. A workspace member has a
// vertex of its own, and such light nodes another: an edit of the member
// compiles none of them. So what a vertex holds follows from its closure alone,
// and the same closure gives the same vertex in every project, and for every
// binary of a workspace; two vertices of which neither needs the other may
// compile the same light node. Light nodes that no other vertex needs share the
// last, or as many as they take.
//
// Folding nodes into their only dependent gives as few vertices, but who
// depends on a package is a fact about a project: see docs/granularity.md.
func cut(nodes []Node, light func(Node) bool) []Vertex {
	c := &cutter{nodes: nodes, vertexOf: map[int]int{}, built: map[int]int{}, packages: map[string]int{}}
	for i, n := range nodes {
		if n.Member == "" && !light(n) {
			c.vertexOf[i] = c.add([]int{i}, nodeName(n), nil)
		}
	}
	for i, n := range nodes {
		if n.Member != "" {
			c.member(i)
		}
	}
	var rest []int
	for i := range nodes {
		if _, ok := c.built[i]; !ok {
			rest = append(rest, i)
		}
	}
	for some := range slices.Chunk(rest, maxRest) {
		name := nodeName(nodes[some[0]])
		if len(some) > 1 {
			name = "other packages"
		}
		if some[0] != rest[0] {
			name += " from " + nodeName(nodes[some[0]])
		}
		c.add(some, name, c.builders(some))
	}
	return c.out
}

type cutter struct {
	nodes []Node
	out   []Vertex
	// vertexOf maps a node that is not light to its vertex.
	vertexOf map[int]int
	// built maps a node to the first vertex that compiles it.
	built map[int]int
	// packages maps light nodes that a member needs to the vertex that has them.
	packages map[string]int
	// have holds for each vertex the nodes that it and its inputs compile.
	have []map[int]bool
}

// needs lists what nodes are made of: the vertices of those that have one, and
// the light ones above these, each after those it needs.
func (c *cutter) needs(top []int) (vertices, light []int) {
	seen := map[int]bool{}
	var visit func(n int)
	visit = func(n int) {
		if seen[n] {
			return
		}
		seen[n] = true
		if v, ok := c.vertexOf[n]; ok {
			vertices = append(vertices, v)
			return
		}
		for _, d := range c.nodes[n].Dependencies {
			visit(d)
		}
		light = append(light, n)
	}
	for _, n := range top {
		visit(n)
	}
	return vertices, light
}

// builders are the vertices that compile light nodes which the rest needs. Being
// last, it may take what the project has; all else follows from closures.
func (c *cutter) builders(rest []int) []int {
	var out []int
	_, light := c.needs(rest)
	for _, n := range light {
		if v, ok := c.built[n]; ok {
			out = append(out, v)
		}
	}
	return out
}

// member adds the vertex of a workspace member, and before it that of the light
// nodes which no vertex below it compiles.
func (c *cutter) member(i int) {
	vertices, light := c.needs([]int{i})
	_, have := c.union(vertices)
	missing := slices.DeleteFunc(light, func(n int) bool { return n == i || have[n] })
	var inputs []int
	if len(missing) > 0 {
		key := fmt.Sprint(missing)
		at, ok := c.packages[key]
		if !ok {
			at = c.add(missing, c.listed(missing), nil)
			c.packages[key] = at
		}
		inputs = []int{at}
	}
	c.vertexOf[i] = c.add([]int{i}, nodeName(c.nodes[i]), inputs)
}

// maxListed is how many nodes the name of a vertex for several lists.
const maxListed = 2

// listed names a vertex by what is in it, and not by the member it is for:
// another workspace may have one that needs the same.
func (c *cutter) listed(nodes []int) string {
	var names []string
	for _, n := range nodes[:min(len(nodes), maxListed)] {
		names = append(names, nodeName(c.nodes[n]))
	}
	name := strings.Join(names, ", ")
	if more := len(nodes) - maxListed; more > 0 {
		name += fmt.Sprintf(" and %d more", more)
	}
	return name
}

// union is the vertices with all that they need, and the nodes that these compile.
func (c *cutter) union(vertices []int) (inputs, have map[int]bool) {
	inputs, have = map[int]bool{}, map[int]bool{}
	for _, v := range vertices {
		if inputs[v] {
			continue
		}
		inputs[v] = true
		for _, i := range c.out[v].Inputs {
			inputs[i] = true
		}
		maps.Copy(have, c.have[v])
	}
	return inputs, have
}

// add makes the vertex that compiles the nodes of top and the light ones that
// they need and that neither the vertices below them nor those of more compile,
// and returns its index.
func (c *cutter) add(top []int, name string, more []int) int {
	at := len(c.out)
	vertices, light := c.needs(top)
	inputs, have := c.union(append(vertices, more...))
	var missing []int
	for _, n := range light {
		if have[n] {
			continue
		}
		missing = append(missing, n)
		have[n] = true
		if _, ok := c.built[n]; !ok {
			c.built[n] = at
		}
	}
	slices.Sort(missing)
	if more := len(missing) - len(top); more > 0 {
		name += fmt.Sprintf(" and %d more", more)
	}
	c.out = append(c.out, Vertex{Name: name, Nodes: missing, Inputs: slices.Sorted(maps.Keys(inputs))})
	c.have = append(c.have, have)
	return at
}

// nodeName is what progress shows for a node.
func nodeName(n Node) string { return n.Name + " " + n.Version + machine(n) }

func machine(n Node) string {
	if n.Host {
		return " (host)"
	}
	return ""
}
