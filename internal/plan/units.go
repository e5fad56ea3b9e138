package plan

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/unitgraph"
)

// Units is the unit graph of a build, cut into vertices.
type Units struct {
	// Nodes are the libraries, each after those it depends on.
	Nodes []Node `json:"nodes"`
	// Vertices are the compile vertices, each after those it needs.
	Vertices []Vertex `json:"vertices"`
	// Profiles are the profile tables that the build uses, as in a manifest.
	Profiles map[string]any `json:"profiles,omitempty"`
	// Config is the part of the project's Cargo configuration that reaches
	// rustc or a build script.
	Config string `json:"config,omitempty"`
	// Workdir is the directory of Config, relative to the context's root; "."
	// when the configuration has no paths that are relative to it.
	Workdir string `json:"workdir"`
	// Copies are the files of the context that the configuration names.
	Copies []Copy `json:"copies,omitempty"`
}

// Node is a library, compiled for one machine with one set of
// features, and the build script that belongs to it.
type Node struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Crate is the node's index in [Sources.Crates], -1 for a git package and a
	// workspace member.
	Crate int `json:"crate"`
	// Git is the Dir of the node's source in [Sources.Git], "" for a crate.
	Git string `json:"git,omitempty"`
	// Locked is a git node's source as lock files write it, with its commit.
	Locked string `json:"locked,omitempty"`
	// Member is the directory of a workspace member, "" for a third-party node.
	Member string `json:"member,omitempty"`
	// Host is true for what runs on the build machine.
	Host     bool     `json:"host,omitempty"`
	Features []string `json:"features,omitempty"`
	// Script is true when the package has a build script.
	Script bool `json:"script,omitempty"`
	// Linked is true for a library that the linker makes, too.
	Linked bool `json:"linked,omitempty"`
	// Objects is true when link-time optimisation wants objects beside bitcode.
	Objects bool `json:"objects,omitempty"`
	// Units counts what cargo compiles or runs for the node.
	Units        int           `json:"units"`
	Dependencies []int         `json:"dependencies,omitempty"`
	Placeholders []Placeholder `json:"placeholders,omitempty"`
	// Packages are the packages of the builder image's distribution that the
	// node itself needs, and that the image lacks; sorted.
	Packages []string `json:"packages,omitempty"`
}

// Placeholder is a package that cargo has to find for a node and does not
// compile, such as one for another platform.
type Placeholder struct {
	Name     string   `json:"name"`
	Version  string   `json:"version"`
	Features []string `json:"features,omitempty"`
	// Dir is the Dir of the package's registry.
	Dir string `json:"dir"`
	// With is the name and version of the package in whose presence alone it is
	// needed, "" for always.
	With string `json:"with,omitempty"`
	// Replaces is one more than the index in [Sources.Crates] of the package
	// that it is not needed beside, 0 when there is none.
	Replaces int `json:"replaces,omitempty"`
}

// Vertex is a compile vertex.
type Vertex struct {
	// Name is what progress shows.
	Name string `json:"name"`
	// Nodes are compiled in it.
	Nodes []int `json:"nodes"`
	// Inputs are the vertices whose outputs it needs, directly or not.
	Inputs []int `json:"inputs,omitempty"`
	// Source is set for the vertex of a workspace member.
	Source *Source `json:"source,omitempty"`
	// Packages are what the nodes of its closure need, sorted: packages of the
	// builder image's distribution that the vertex gets beside those of
	// [Toolchain].
	Packages []string `json:"packages,omitempty"`
}

// Refine cuts a coarse plan's dependency vertex into vertices by the unit graph
// of its stub workspace, and the libraries of workspace members out of its
// source vertex when members is true. It fails when a unit cannot be compiled
// by itself; the coarse plan then stays as it is.
func Refine(p *Plan, ws *cargo.Workspace, o *options.Options, answer Answer, members bool) (*Plan, error) {
	stubs, err := stubsOf(ws, o)
	if err != nil {
		return nil, err
	}
	refined := *p
	refined.Units = &Units{Profiles: stubs.profiles(), Workdir: "."}
	config, err := configFile(ws, nil)
	if err != nil {
		return nil, err
	}
	if config != nil {
		refined.Units.Config = config.Content
		for _, f := range configFiles(ws) {
			refined.Units.Copies = append(refined.Units.Copies, Copy{Path: f, File: true})
		}
		// Elsewhere the place of the workspace does not matter, and must not be
		// in the keys.
		if len(refined.Units.Copies) > 0 || relativeEnvironment(ws.Config) {
			refined.Units.Workdir = ws.Root
		}
	}
	var local *memberUnits
	if members {
		local = newMemberUnits(&refined, ws, stubs)
	}
	needs := newNeeds(&refined, ws, stubs)
	if err := refined.nodes(answer.Graph, local, needs); err != nil {
		return nil, err
	}
	if err := refined.granularity(o, answer.Sizes); err != nil {
		return nil, err
	}
	refined.vertexPackages()
	return &refined, refined.memberSources(local)
}

// Answer is what the planner vertex found out.
type Answer struct {
	Graph *unitgraph.Graph
	// Sizes are the sizes of the crates' archives in bytes, by [Plan.CrateDir].
	Sizes map[string]int64
}

// memberSources gives the vertices of members what they see of the workspace.
func (p *Plan) memberSources(local *memberUnits) error {
	for i := range p.Units.Vertices {
		v := &p.Units.Vertices[i]
		if p.Units.Nodes[v.Nodes[len(v.Nodes)-1]].Member == "" {
			continue
		}
		var dirs []string
		names, objects := map[string]bool{}, false
		for _, n := range p.Units.closureOf(*v) {
			names[p.Units.Nodes[n].Name] = true
			objects = objects || p.Units.Nodes[n].Objects
			if dir := p.Units.Nodes[n].Member; dir != "" {
				dirs = append(dirs, dir)
			}
		}
		var err error
		if v.Source, err = local.source(dirs, names, objects); err != nil {
			return err
		}
	}
	return nil
}

// Unsplittable says why a build's dependencies have to be compiled in one
// vertex, "" when they need not.
func Unsplittable(p *Plan, ws *cargo.Workspace, o *options.Options) string {
	switch build, _ := ws.Config.Values["build"].(map[string]any); {
	case o.Granularity == options.GranularityCoarse:
		return "granularity is coarse"
	case p.Dependencies.Empty:
		return "there are no dependencies"
	case len(p.Sources.Vendored) > 0:
		return "the Cargo configuration takes sources from " + p.Sources.Vendored[0]
	case len(p.Dependencies.Copies) > len(configFiles(ws)):
		return "third-party packages depend on local ones through [patch]"
	case build["rustc-wrapper"] != nil || build["rustc-workspace-wrapper"] != nil:
		return "the Cargo configuration wraps rustc"
	}
	return ""
}

// nodes keeps the nodes that get a vertex, in the order that they are compiled.
func (p *Plan) nodes(g *unitgraph.Graph, local *memberUnits, needs *needs) error {
	w := &nodeWalk{graph: g, sources: newSourceIndex(p), local: local, at: make([]int, len(g.Nodes))}
	var err error
	if w.packages, err = needs.ofGraph(g); err != nil {
		return err
	}
	for i := range g.Nodes {
		if err := w.visit(i); err != nil {
			return err
		}
	}
	p.Units.Nodes = ordered(w.out)
	return nil
}

type nodeWalk struct {
	graph   *unitgraph.Graph
	sources *sourceIndex
	local   *memberUnits
	// at is one more than a node's index in out, 0 when it was not visited and
	// -1 when it has no vertex.
	at  []int
	out []Node
	// packages are what each node of the graph needs.
	packages [][]string
}

func (w *nodeWalk) visit(i int) error {
	n := w.graph.Nodes[i]
	if w.at[i] != 0 {
		return nil
	}
	var deps []int
	whole := true
	for _, d := range n.Dependencies {
		if n.Source != "" && w.graph.Nodes[d].Source == "" {
			return fmt.Errorf("%s %s depends on the local package %s", n.Name, n.Version, w.graph.Nodes[d].Name)
		}
		if err := w.visit(d); err != nil {
			return err
		}
		if w.at[d] < 0 {
			whole = false
			continue
		}
		deps = append(deps, w.at[d]-1)
	}
	node, ok, err := w.node(n, whole)
	if err != nil {
		return err
	}
	if !ok {
		w.at[i] = -1
		return nil
	}
	slices.Sort(deps)
	node.Dependencies, node.Packages = deps, w.packages[i]
	w.out = append(w.out, node)
	w.at[i] = len(w.out)
	return nil
}

// node is the plan's node for one of the graph's, false when it gets no vertex;
// whole says that all its dependencies have one.
func (w *nodeWalk) node(n unitgraph.Node, whole bool) (Node, bool, error) {
	if n.Source != "" {
		node, err := w.sources.node(n)
		return node, true, err
	}
	if w.local == nil || !whole {
		return Node{}, false, nil
	}
	node, ok := w.local.node(n)
	return node, ok, nil
}

// sourceIndex finds the sources of the plan by what cargo calls them.
type sourceIndex struct {
	plan   *Plan
	crates map[string]int
}

func newSourceIndex(p *Plan) *sourceIndex {
	s := &sourceIndex{plan: p, crates: map[string]int{}}
	for i, c := range p.Sources.Crates {
		s.crates[c.Name+" "+c.Version+" "+c.Registry] = i
	}
	return s
}

func (s *sourceIndex) node(n unitgraph.Node) (Node, error) {
	node := Node{
		Name: n.Name, Version: n.Version, Crate: -1, Host: n.Host, Features: n.Features, Script: n.Script, Linked: n.Linked, Objects: n.Objects, Units: n.Units,
	}
	id, err := cargo.ParseSourceID(n.Source)
	if err != nil {
		return node, err
	}
	if id.Kind == cargo.SourceGit {
		node.Git, node.Locked = gitDir(id), n.Source
	} else {
		i, ok := s.crates[n.Name+" "+n.Version+" "+s.registry(id.URL)]
		if !ok {
			return node, fmt.Errorf("cargo wants %s %s from %s, which the lock file does not have", n.Name, n.Version, n.Source)
		}
		node.Crate = i
	}
	for _, q := range n.Placeholders {
		id, err := cargo.ParseSourceID(q.Source)
		if err != nil {
			return node, err
		}
		if id.Kind == cargo.SourceGit {
			// Its commit is not known here, and its repository is in the closure.
			continue
		}
		to := Placeholder{Name: q.Name, Version: q.Version, Features: q.Features, With: q.With, Dir: s.plan.registryDir(s.registry(id.URL))}
		if to.Dir == "" {
			return node, fmt.Errorf("%s %s depends on %s from %s, which the lock file does not name", n.Name, n.Version, q.Name, q.Source)
		}
		node.Placeholders = append(node.Placeholders, to)
	}
	return node, nil
}

// registry is the URL under which the plan lists a registry.
func (s *sourceIndex) registry(url string) string {
	for _, r := range s.plan.Sources.Registries {
		if r.URL == url || strings.TrimPrefix(r.URL, "sparse+") == strings.TrimPrefix(url, "sparse+") {
			return r.URL
		}
	}
	return url
}

// closureOf lists the nodes that a vertex compiles and needs, sorted.
func (u *Units) closureOf(v Vertex) []int {
	seen := map[int]bool{}
	for _, n := range v.Nodes {
		seen[n] = true
	}
	for _, i := range v.Inputs {
		for _, n := range u.Vertices[i].Nodes {
			seen[n] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// registryDir is the directory of a crate's registry.
func (p *Plan) registryDir(url string) string {
	for _, r := range p.Sources.Registries {
		if r.URL == url {
			return r.Dir
		}
	}
	return ""
}

// CrateDir is the directory of a crate below that of all crates.
func (p *Plan) CrateDir(c Crate) string {
	return path.Join(p.registryDir(c.Registry), c.Name+"-"+c.Version)
}
