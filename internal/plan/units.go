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
	// Nodes are the third-party libraries, each after those it depends on.
	Nodes []Node `json:"nodes"`
	// Vertices are the compile vertices, each after those it needs.
	Vertices []Vertex `json:"vertices"`
	// Profiles are the profile tables that the build uses, as in a manifest.
	Profiles map[string]any `json:"profiles,omitempty"`
	// Config is the part of the project's Cargo configuration that reaches
	// rustc or a build script.
	Config string `json:"config,omitempty"`
	// Workdir is the directory of Config, relative to the context's root; "."
	// when there is no configuration.
	Workdir string `json:"workdir"`
	// Copies are the files of the context that the configuration names.
	Copies []Copy `json:"copies,omitempty"`
}

// Node is a third-party library, compiled for one machine with one set of
// features, and the build script that belongs to it.
type Node struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Crate is the node's index in [Sources.Crates], -1 for a git package.
	Crate int `json:"crate"`
	// Git is the Dir of the node's source in [Sources.Git], "" for a crate.
	Git string `json:"git,omitempty"`
	// Host is true for what runs on the build machine.
	Host     bool     `json:"host,omitempty"`
	Features []string `json:"features,omitempty"`
	// Objects is true when link-time optimisation wants objects beside bitcode.
	Objects bool `json:"objects,omitempty"`
	// Units counts what cargo compiles or runs for the node.
	Units        int           `json:"units"`
	Dependencies []int         `json:"dependencies,omitempty"`
	Placeholders []Placeholder `json:"placeholders,omitempty"`
}

// Placeholder is a package that cargo has to find for a node and does not
// compile, such as one for another platform.
type Placeholder struct {
	Name     string   `json:"name"`
	Version  string   `json:"version"`
	Features []string `json:"features,omitempty"`
	// Dir is the Dir of the package's registry or git source.
	Dir string `json:"dir"`
	Git bool   `json:"git,omitempty"`
}

// Vertex is a compile vertex.
type Vertex struct {
	// Name is what progress shows.
	Name string `json:"name"`
	// Nodes are compiled in it.
	Nodes []int `json:"nodes"`
	// Inputs are the vertices whose outputs it needs, directly or not.
	Inputs []int `json:"inputs,omitempty"`
}

// Refine cuts a coarse plan's dependency vertex into vertices by the unit graph
// of its stub workspace. It fails when a unit cannot be compiled by itself; the
// coarse plan then stays as it is.
func Refine(p *Plan, ws *cargo.Workspace, o *options.Options, g *unitgraph.Graph) (*Plan, error) {
	units, err := planUnits(p, g)
	if err != nil {
		return nil, err
	}
	s, err := selectBinaries(ws, o)
	if err != nil {
		return nil, err
	}
	c, err := newClosure(ws, s)
	if err != nil {
		return nil, err
	}
	units.Profiles = (&stubs{ws: ws, o: o, c: c}).profiles()
	units.Workdir = "."
	config, err := configFile(ws, nil)
	if err != nil {
		return nil, err
	}
	if config != nil {
		units.Config, units.Workdir = config.Content, ws.Root
		for _, f := range configFiles(ws) {
			units.Copies = append(units.Copies, Copy{Path: f, File: true})
		}
	}
	mode := Group
	if o.Granularity == options.GranularityUnit {
		mode = Unit
	}
	units.Vertices = cut(units.Nodes, mode)
	refined := *p
	refined.Mode, refined.Units = mode, units
	return &refined, nil
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

// planUnits keeps the third-party nodes, in the order that they are compiled.
func planUnits(p *Plan, g *unitgraph.Graph) (*Units, error) {
	sources := newSourceIndex(p)
	u := &Units{}
	at := make([]int, len(g.Nodes))
	for i := range at {
		at[i] = -1
	}
	var visit func(i int) error
	visit = func(i int) error {
		n := g.Nodes[i]
		if at[i] >= 0 {
			return nil
		}
		var deps []int
		for _, d := range n.Dependencies {
			if n.Source != "" && g.Nodes[d].Source == "" {
				return fmt.Errorf("%s %s depends on the local package %s", n.Name, n.Version, g.Nodes[d].Name)
			}
			if err := visit(d); err != nil {
				return err
			}
			if at[d] >= 0 {
				deps = append(deps, at[d])
			}
		}
		if n.Source == "" {
			return nil
		}
		node, err := sources.node(n)
		if err != nil {
			return err
		}
		slices.Sort(deps)
		node.Dependencies = deps
		at[i] = len(u.Nodes)
		u.Nodes = append(u.Nodes, node)
		return nil
	}
	for i := range g.Nodes {
		if err := visit(i); err != nil {
			return nil, err
		}
	}
	return u, nil
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
		Name: n.Name, Version: n.Version, Crate: -1, Host: n.Host, Features: n.Features, Objects: n.Objects, Units: n.Units,
	}
	id, err := cargo.ParseSourceID(n.Source)
	if err != nil {
		return node, err
	}
	if id.Kind == cargo.SourceGit {
		node.Git = gitDir(id)
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
		to := Placeholder{Name: q.Name, Version: q.Version, Features: q.Features, Git: id.Kind == cargo.SourceGit}
		if to.Git {
			// Its commit is not known here, and its repository is in the closure.
			continue
		}
		for _, r := range s.plan.Sources.Registries {
			if r.URL == s.registry(id.URL) {
				to.Dir = r.Dir
			}
		}
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

// Dir is the directory of a crate below the directory source of its registry.
func (c Crate) Dir() string { return c.Name + "-" + c.Version }

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
func (p *Plan) CrateDir(c Crate) string { return path.Join(p.registryDir(c.Registry), c.Dir()) }
