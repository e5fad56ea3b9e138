package project

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// Cargo runs cargo in a directory and returns what it writes to standard output.
type Cargo func(ctx context.Context, dir string, args ...string) ([]byte, error)

// metadata is the part of `cargo metadata` that is of use here.
type metadata struct {
	Packages []pkg
	Resolve  struct{ Nodes []node }
	Members  []string `json:"workspace_members"`
}

type pkg struct {
	ID, Name, Version, Source string
}

type node struct {
	ID   string
	Deps []edge
}

type edge struct {
	Name  string // of the library, as code names it
	Pkg   string
	Kinds []struct{ Kind string } `json:"dep_kinds"`
}

// triple is the host's target triple, which images are built for.
func triple() string {
	arch := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	if arch == "" {
		arch = runtime.GOARCH
	}
	return arch + "-unknown-linux-gnu"
}

// graph is what is compiled for a package: itself and its normal and build dependencies, with all that they need.
type graph struct {
	packages map[string]pkg  // by id
	nodes    map[string]node // by id
	root     string
	// closure are the ids of all packages that root needs, itself included, sorted.
	closure []string
	// dependents are, for each package, how many others of the closure need it, near or far; libraries are those of
	// them that come from crates.io.
	dependents, libraries map[string]int
}

// readGraph asks cargo what a package needs.
func readGraph(ctx context.Context, cargo Cargo, dir, root string) (*graph, error) {
	text, err := cargo(ctx, dir, "metadata", "--locked", "--format-version=1", "--filter-platform="+triple())
	if err != nil {
		return nil, err
	}
	var m metadata
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("cargo metadata: %w", err)
	}
	tree, err := cargo(ctx, dir, "tree", "--locked", "--package="+root, "--edges=normal,build", "--target="+triple(),
		"--prefix=none", "--no-dedupe", "--format={p}")
	if err != nil {
		return nil, err
	}
	return m.graph(root, treePackages(string(tree)))
}

// treePackages are the "name version" of what `cargo tree` lists. The dependencies in `cargo metadata` know nothing of
// the features that only other targets or kinds ask for, those of `cargo tree` do.
func treePackages(text string) map[string]bool {
	all := map[string]bool{}
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) >= 2 {
			all[f[0]+" "+strings.TrimPrefix(f[1], "v")] = true
		}
	}
	return all
}

// graph is the part of the dependency graph that a package needs; compiled are the "name version" of what is built.
func (m *metadata) graph(root string, compiled map[string]bool) (*graph, error) {
	g := &graph{packages: map[string]pkg{}, nodes: map[string]node{}, dependents: map[string]int{}, libraries: map[string]int{}}
	for _, p := range m.Packages {
		g.packages[p.ID] = p
		if p.Name == root && slices.Contains(m.Members, p.ID) {
			g.root = p.ID
		}
	}
	if g.root == "" {
		return nil, fmt.Errorf("the workspace has no member %s", root)
	}
	for _, n := range m.Resolve.Nodes {
		n.Deps = slices.DeleteFunc(n.Deps, func(e edge) bool {
			p := g.packages[e.Pkg]
			return !e.compiled() || !compiled[p.Name+" "+p.Version]
		})
		g.nodes[n.ID] = n
	}
	reached := g.needs(g.root)
	for id := range reached {
		g.closure = append(g.closure, id)
		for need := range g.needs(id) {
			if need == id {
				continue
			}
			g.dependents[need]++
			if g.packages[id].fromRegistry() {
				g.libraries[need]++
			}
		}
	}
	slices.Sort(g.closure)
	return g, nil
}

// needs are all packages that one needs, itself included.
func (g *graph) needs(id string) map[string]bool {
	seen := map[string]bool{id: true}
	for todo := []string{id}; len(todo) > 0; {
		n := g.nodes[todo[0]]
		todo = todo[1:]
		for _, d := range n.Deps {
			if !seen[d.Pkg] {
				seen[d.Pkg] = true
				todo = append(todo, d.Pkg)
			}
		}
	}
	return seen
}

// compiled tells that the dependency is not for tests alone.
func (e edge) compiled() bool {
	return slices.ContainsFunc(e.Kinds, func(k struct{ Kind string }) bool { return k.Kind != "dev" })
}

// fromRegistry tells that the package is one of crates.io.
func (p pkg) fromRegistry() bool { return strings.HasPrefix(p.Source, "registry+") }

// thirdParty are the ids of the closure that come from crates.io, sorted.
func (g *graph) thirdParty() []string {
	return slices.DeleteFunc(slices.Clone(g.closure), func(id string) bool { return !g.packages[id].fromRegistry() })
}
