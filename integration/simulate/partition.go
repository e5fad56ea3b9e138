package main

import (
	"fmt"
	"slices"
)

// vertex is a group of nodes that one cargo compiles.
type vertex struct {
	Nodes []int // sorted
	Deps  []int // vertices, sorted
}

// partition is a project cut into vertices: dependencies before dependents, the workspace last. A node is in one
// vertex, or in several when a rule compiles light nodes wherever they are needed.
type partition struct {
	Vertices []vertex
}

// fromGroups makes a partition of a group for each node. It fails when two groups need each other.
func fromGroups(g *graph, of []int) (*partition, error) {
	members := map[int][]int{}
	var ids []int
	var root []int
	for n := range g.Nodes {
		if g.Nodes[n].Root {
			root = append(root, n)
			continue
		}
		if members[of[n]] == nil {
			ids = append(ids, of[n])
		}
		members[of[n]] = append(members[of[n]], n)
	}
	p := &partition{}
	place := map[int]int{}
	const open = -1
	var visit func(id int) error
	visit = func(id int) error {
		if at, ok := place[id]; ok {
			if at == open {
				return fmt.Errorf("group of %s needs itself", g.Nodes[members[id][0]].Name)
			}
			return nil
		}
		place[id] = open
		var deps []int
		for _, n := range members[id] {
			for _, d := range g.Nodes[n].Deps {
				if of[d] == id {
					continue
				}
				if err := visit(of[d]); err != nil {
					return err
				}
				deps = append(deps, place[of[d]])
			}
		}
		slices.Sort(deps)
		place[id] = len(p.Vertices)
		p.Vertices = append(p.Vertices, vertex{Nodes: members[id], Deps: slices.Compact(deps)})
		return nil
	}
	for _, id := range ids {
		if err := visit(id); err != nil {
			return nil, err
		}
	}
	p.close(root)
	return p, nil
}

// close adds the vertex of the workspace.
func (p *partition) close(root []int) {
	all := make([]int, len(p.Vertices))
	for i := range all {
		all[i] = i
	}
	p.Vertices = append(p.Vertices, vertex{Nodes: root, Deps: all})
}

// holder is the first vertex that compiles a node.
func (p *partition) holder(n int) int {
	for v := range p.Vertices {
		if slices.Contains(p.Vertices[v].Nodes, n) {
			return v
		}
	}
	return -1
}

// cost is what a vertex compiles, in seconds.
func (p *partition) cost(g *graph, v int) float64 {
	seen := map[int]bool{}
	sum := 0.0
	for _, n := range p.Vertices[v].Nodes {
		for _, u := range g.Nodes[n].Units {
			if !seen[u] {
				seen[u] = true
				sum += g.Units[u].Front + g.Units[u].Back
			}
		}
	}
	return sum
}

// compiled is what all vertices but the workspace compile, which is more than the project when nodes are in several.
func (p *partition) compiled(g *graph) float64 {
	sum := 0.0
	for v := range p.Vertices[:len(p.Vertices)-1] {
		sum += p.cost(g, v)
	}
	return sum
}

// bumps gives, for each package that is compiled, the share of all dependencies' compile time that a new version of
// that package alone makes compile again.
func (p *partition) bumps(g *graph) []float64 {
	last := len(p.Vertices) - 1
	users := make([][]int, last)
	costs := make([]float64, last)
	holds := map[string][]int{}
	for v, vx := range p.Vertices[:last] {
		costs[v] = p.cost(g, v)
		for _, d := range vx.Deps {
			users[d] = append(users[d], v)
		}
		for _, n := range vx.Nodes {
			id := g.Nodes[n].Name + " " + g.Nodes[n].Version
			holds[id] = append(holds[id], v)
		}
	}
	var out []float64
	total := g.total()
	for _, at := range holds {
		hit := make([]bool, last)
		var mark func(v int)
		mark = func(v int) {
			if hit[v] {
				return
			}
			hit[v] = true
			for _, u := range users[v] {
				mark(u)
			}
		}
		for _, v := range at {
			mark(v)
		}
		sum := 0.0
		for v, h := range hit {
			if h {
				sum += costs[v]
			}
		}
		out = append(out, sum/total)
	}
	slices.Sort(out)
	return out
}
