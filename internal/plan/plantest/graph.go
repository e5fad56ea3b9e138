package plantest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/unitgraph"
)

// Plan plans the workspace for linux/amd64 and cuts the plan, with vertices for
// its members. The arguments are build arguments.
func (w *Workspace) Plan(args map[string]string) (*plan.Plan, error) {
	return w.PlanFor("linux/amd64", args)
}

// PlanFor is Plan for another platform, on a machine that is linux/amd64.
func (w *Workspace) PlanFor(platform string, args map[string]string) (*plan.Plan, error) {
	with := map[string]string{"manifest-path": strings.TrimPrefix(w.Root+"/Cargo.toml", "./")}
	for k, v := range args {
		with[k] = v
	}
	o, err := options.Parse("Rustfile", nil, with)
	if err != nil {
		return nil, err
	}
	if err := o.SetTarget(w.Members[w.built()].Bins[0]); err != nil {
		return nil, err
	}
	fsys := w.FS()
	ws, err := cargo.Load(fsys, cargo.LoadOptions{ManifestPath: o.ManifestPath})
	if err != nil {
		return nil, err
	}
	p, err := plan.New(ws, o, plan.Inputs{Platform: platform, BuildPlatform: "linux/amd64", Context: fsys})
	if err != nil {
		return nil, err
	}
	if w.System != nil {
		if err := p.AddNative(ws, o, w.System, w.Answer().Graph); err != nil {
			return nil, err
		}
	}
	return plan.Refine(p, ws, o, w.Answer(), true)
}

// built is the index of the member whose binary is built.
func (w *Workspace) built() int {
	if i := slices.IndexFunc(w.Members, func(m Member) bool { return m.Name == w.Builds }); i >= 0 {
		return i
	}
	return len(w.Members) - 1
}

// Answer is what the planner vertex would say of the workspace.
func (w *Workspace) Answer() plan.Answer {
	a := plan.Answer{Graph: w.graph(), Sizes: map[string]int64{}}
	for _, c := range w.Crates {
		if c.Size > 0 {
			a.Sizes["crates-io/"+c.Name+"-"+c.Version] = c.Size
		}
	}
	return a
}

// graph is the unit graph of the stub workspace.
func (w *Workspace) graph() *unitgraph.Graph {
	g := &grapher{w: w, at: map[nodeKey]int{}, graph: &unitgraph.Graph{}}
	last := w.built()
	used := map[int]bool{}
	var use func(i int)
	use = func(i int) {
		if !used[i] {
			used[i] = true
			for _, k := range w.Members[i].Members {
				use(k)
			}
		}
	}
	use(last)
	var closure []int
	for i := range w.Members {
		if used[i] {
			closure = append(closure, i)
		}
	}
	// The stubs are numbered as the plan does.
	slices.SortFunc(closure, func(a, b int) int {
		return cmp.Or(strings.Compare(w.Members[a].Name, w.Members[b].Name), strings.Compare(w.Members[a].Dir, w.Members[b].Dir))
	})
	g.stub = map[int]string{}
	for k, i := range closure {
		g.stub[i] = fmt.Sprintf("rustfile-stub-%d", k)
	}
	g.member(last)
	return shuffled(g.graph, w.Order)
}

type nodeKey struct {
	member, crate int
	host          bool
}

type grapher struct {
	w     *Workspace
	at    map[nodeKey]int
	stub  map[int]string
	graph *unitgraph.Graph
}

func (g *grapher) add(key nodeKey, n unitgraph.Node) int {
	slices.Sort(n.Dependencies)
	n.Dependencies = slices.Compact(n.Dependencies)
	g.graph.Nodes = append(g.graph.Nodes, n)
	g.at[key] = len(g.graph.Nodes) - 1
	return g.at[key]
}

func (g *grapher) member(i int) int {
	key := nodeKey{member: i, crate: -1}
	if at, ok := g.at[key]; ok {
		return at
	}
	m := g.w.Members[i]
	n := unitgraph.Node{Name: g.stub[i], Version: "0.0.0", Bin: len(m.Bins) > 0, Units: 1}
	for _, k := range m.Needs {
		n.Dependencies = append(n.Dependencies, g.crate(k, false))
	}
	for _, k := range m.Members {
		n.Dependencies = append(n.Dependencies, g.member(k))
	}
	return g.add(key, n)
}

func (g *grapher) crate(i int, host bool) int {
	c := g.w.Crates[i]
	host = host || c.Macro
	key := nodeKey{crate: i, host: host}
	if at, ok := g.at[key]; ok {
		return at
	}
	n := unitgraph.Node{Name: c.Name, Version: c.Version, Source: registry, Host: host, Features: c.Features, Script: c.Script, Units: 1}
	if host && c.HostFeatures != nil {
		n.Features = c.HostFeatures
	}
	if c.Script {
		n.Units += 2
	}
	for _, k := range c.Needs {
		n.Dependencies = append(n.Dependencies, g.crate(k, host))
	}
	for _, k := range c.BuildNeeds {
		n.Dependencies = append(n.Dependencies, g.crate(k, true))
	}
	for _, name := range c.Absent {
		n.Placeholders = append(n.Placeholders, unitgraph.Placeholder{Name: name, Version: "0.1.0", Source: registry, Features: []string{"f"}})
	}
	return g.add(key, n)
}

// shuffled puts a graph's nodes into another order. That of package unitgraph
// is fixed; a plan must not need it.
func shuffled(g *unitgraph.Graph, seed uint64) *unitgraph.Graph {
	order := make([]int, len(g.Nodes))
	for i := range order {
		order[i] = i
	}
	if seed == 0 {
		slices.SortFunc(order, func(a, b int) int {
			x, y := g.Nodes[a], g.Nodes[b]
			return cmp.Or(strings.Compare(x.Name, y.Name), strings.Compare(x.Version, y.Version), cmp.Compare(a, b))
		})
	}
	shuffle(order, seed)
	at := make([]int, len(order))
	for to, from := range order {
		at[from] = to
	}
	out := &unitgraph.Graph{}
	for _, from := range order {
		n := g.Nodes[from]
		deps := make([]int, len(n.Dependencies))
		for i, d := range n.Dependencies {
			deps[i] = at[d]
		}
		slices.Sort(deps)
		n.Dependencies = deps
		out.Nodes = append(out.Nodes, n)
	}
	return out
}
