package main

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
)

// keys gives each vertex a key that holds what its content depends on, as BuildKit's does: its members and the keys of
// the vertices it mounts. Without versions it tells what the grouping alone breaks.
func (p *partition) keys(g *graph, versions bool) []string {
	out := make([]string, len(p.Vertices))
	for v, vx := range p.Vertices {
		var parts []string
		for _, n := range vx.Nodes {
			nd := &g.Nodes[n]
			part := fmt.Sprintf("n %s %s %t", nd.Name, nd.Features, nd.Host)
			if versions {
				part += " " + nd.Version
			}
			parts = append(parts, part)
		}
		for _, d := range vx.Deps {
			parts = append(parts, "v "+out[d])
		}
		slices.Sort(parts)
		out[v] = fmt.Sprintf("%x", sha256.Sum256(fmt.Append(nil, parts)))
	}
	return out
}

// missing is the share of b's dependency compile time that a cache filled by a does not have.
func missing(a, b *graph, pa, pb *partition, versions bool) float64 {
	have := map[string]bool{}
	for _, k := range pa.keys(a, versions) {
		have[k] = true
	}
	sum := 0.0
	for v, k := range pb.keys(b, versions)[:len(pb.Vertices)-1] {
		if !have[k] {
			sum += pb.cost(b, v)
		}
	}
	return sum / b.total()
}

// subset is a second project: the same workspace with a random part of its direct dependencies, and what they need.
func (g *graph) subset(keep float64, seed uint64) *graph {
	rng := rand.New(rand.NewPCG(seed, 0))
	need := make([]bool, len(g.Nodes))
	drop := make([]bool, len(g.Nodes))
	chosen := map[string]bool{}
	for n := range g.Nodes {
		if !g.Nodes[n].Root {
			continue
		}
		for _, d := range g.Nodes[n].Deps {
			name := g.Nodes[d].Name
			if _, ok := chosen[name]; !ok && !g.Nodes[d].Root {
				chosen[name] = rng.Float64() < keep
			}
		}
	}
	for n := len(g.Nodes) - 1; n >= 0; n-- {
		need[n] = need[n] || g.Nodes[n].Root
		if !need[n] {
			drop[n] = true
			continue
		}
		for _, d := range g.Nodes[n].Deps {
			if g.Nodes[n].Root && !g.Nodes[d].Root && !chosen[g.Nodes[d].Name] {
				continue
			}
			need[d] = true
		}
	}
	place := make([]int, len(g.Nodes))
	out := &graph{Units: g.Units}
	for n := range g.Nodes {
		if drop[n] {
			continue
		}
		place[n] = len(out.Nodes)
		nd := g.Nodes[n]
		nd.Deps = nil
		for _, d := range g.Nodes[n].Deps {
			if !drop[d] && (!g.Nodes[n].Root || g.Nodes[d].Root || chosen[g.Nodes[d].Name]) {
				nd.Deps = append(nd.Deps, place[d])
			}
		}
		out.Nodes = append(out.Nodes, nd)
	}
	return out
}
