package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/native"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/unitgraph"
)

// MayNeedPackages reports whether the build may need packages of the builder
// image's distribution, so that somebody has to ask what the image has.
func MayNeedPackages(p *Plan, ws *cargo.Workspace, o *options.Options) bool {
	if len(p.Toolchain.Packages) > 0 || len(p.CrossPackages()) > 0 || len(p.linkers(ws)) > 0 {
		return true
	}
	t := table(ws, o)
	for _, name := range p.closureNames(ws) {
		if t.Knows(name) {
			return true
		}
	}
	for _, m := range slices.Concat(ws.Members, ws.PathPackages) {
		if m.Metadata["system-deps"] != nil || t.Knows(m.Name) {
			return true
		}
	}
	return false
}

// addBuildPackages adds the packages that the user wants in every vertex.
// Those that hold headers are of the target's architecture.
func (p *Plan) addBuildPackages(o *options.Options) {
	for _, name := range o.BuildPackages {
		span := o.Spans[options.KeyBuildPackages+"."+name]
		if span.File == "" {
			span = o.Spans[options.KeyBuildPackages]
		}
		if strings.HasSuffix(name, "-dev") {
			name += p.foreign(name)
		}
		p.AddPackages("`"+options.KeyBuildPackages+"`", Location{File: span.File, Line: span.Start.Line}, name)
	}
}

// linkers are the linkers that the Cargo configuration names for the target and
// for the machine that builds.
func (p *Plan) linkers(ws *cargo.Workspace) []native.Entry {
	return native.Linkers(ws.Config.Values, func(table string) bool {
		return appliesTo(table, p.Triple) || appliesTo(table, p.HostTriple())
	})
}

// closureNames are the names of the third-party packages in the closure.
func (p *Plan) closureNames(ws *cargo.Workspace) []string {
	var out []string
	for _, c := range p.Sources.Crates {
		if c.InClosure {
			out = append(out, c.Name)
		}
	}
	for _, s := range p.Sources.Git {
		if s.InClosure {
			out = append(out, s.Packages...)
		}
	}
	if len(p.Sources.Vendored) > 0 {
		for _, l := range ws.Lock.Packages {
			out = append(out, l.Name)
		}
	}
	return out
}

// AddNative gives the vertices of a coarse plan the packages that the image
// lacks: those of the linkers that the configuration names, and what the crates
// need. Without a graph, which says what features are on, this is more than
// necessary. Call it before [Refine], which then gives each vertex what its own
// closure needs; a plan that it was not called for gets no packages.
func (p *Plan) AddNative(ws *cargo.Workspace, o *options.Options, system *native.System, g *unitgraph.Graph) error {
	if p.system == nil {
		p.asked = p.Requests
	}
	p.system, p.Requests, p.Unknown = system, p.asked, nil
	for _, e := range p.linkers(ws) {
		if system.Manager == native.None {
			break // as with libraries, the image may have it
		}
		at := native.LinkerSpan(ws.Config, ws.Files, e.Name)
		p.AddPackages("the linker `"+e.Name+"`", Location{File: at.File, Line: at.Start.Line}, system.Manager.Of(e)...)
	}
	p.Toolchain.Packages = system.Missing(p.Toolchain.Packages)
	if p.Cross != nil {
		cross := *p.Cross
		cross.Packages = system.Missing(cross.Packages)
		p.Cross = &cross
	}
	stubs, err := stubsOf(ws, o)
	if err != nil {
		return err
	}
	n := newNeeds(p, ws, stubs)
	nodes := n.lockNodes(stubs.c)
	if g != nil {
		nodes = n.graphNodes(g)
	}
	packages, err := n.of(nodes)
	if err != nil {
		return err
	}
	p.Dependencies.Packages, p.Members.Packages = nil, nil
	for i, list := range packages {
		p.Members.Packages = union(p.Members.Packages, list)
		// Members that third-party packages need are compiled with those.
		if !nodes[i].local || len(stubs.c.real) > 0 {
			p.Dependencies.Packages = union(p.Dependencies.Packages, list)
		}
	}
	return nil
}

// needs finds out what packages nodes need, and that the image lacks.
type needs struct {
	plan  *Plan
	ws    *cargo.Workspace
	stubs *stubs
}

func newNeeds(p *Plan, ws *cargo.Workspace, s *stubs) *needs {
	return &needs{plan: p, ws: ws, stubs: s}
}

// nativeNode is a node with what an error says about it.
type nativeNode struct {
	native.Node
	local bool
	// both is true when it is not known for which machine it is compiled.
	both bool
	at   Location
}

// ofGraph is what each node of a graph needs.
func (n *needs) ofGraph(g *unitgraph.Graph) ([][]string, error) { return n.of(n.graphNodes(g)) }

// of is what each node needs and the image lacks, sorted.
func (n *needs) of(nodes []nativeNode) ([][]string, error) {
	out := make([][]string, len(nodes))
	// An image without a package manager may have what is needed all the same.
	if n.plan.system == nil || n.plan.system.Manager == native.None {
		return out, nil
	}
	plain := make([]native.Node, len(nodes))
	for i := range nodes {
		plain[i] = nodes[i].Node
	}
	for i, list := range table(n.ws, n.stubs.o).Needs(plain, n.plan.system.Manager) {
		for _, need := range list {
			asks := nodes[need.Crate]
			if need.Unknown {
				n.plan.Unknown = noted(n.plan.Unknown, fmt.Sprintf("crate %s %s", asks.Name, asks.Version), asks.at, need.Package)
				continue
			}
			names, err := n.names(need, asks)
			if err != nil {
				return nil, err
			}
			out[i] = append(out[i], names...)
			by, at := fmt.Sprintf("crate %s %s", asks.Name, asks.Version), asks.at
			if asks.local {
				by = "package " + asks.Name
			}
			if need.Entry.By != "" {
				by, at = need.Entry.By, Location{File: need.Entry.At.File, Line: need.Entry.At.Start.Line}
			}
			n.plan.request(by, at, names...)
		}
		slices.Sort(out[i])
		out[i] = slices.Compact(out[i])
	}
	return out, nil
}

// names are the packages that a need comes to and that the image lacks.
func (n *needs) names(need native.Need, asks nativeNode) ([]string, error) {
	var names []string
	if !need.Library || asks.Host || asks.both {
		names = append(names, need.Package)
	}
	if need.Library && (!asks.Host || asks.both) && artifactOf(n.plan.Triple) == nil { // of which Debian has no libraries
		if err := n.checkLibc(need, asks); err != nil {
			return nil, err
		}
		names = union(names, []string{need.Package + n.plan.foreign(need.Package)})
	}
	return slices.DeleteFunc(names, func(name string) bool {
		return n.plan.system.Installed(name) || slices.Contains(n.plan.Toolchain.Packages, name)
	}), nil
}

// foreign is what the name of a package gets when it is of another machine
// than the builder image.
func (p *Plan) foreign(name string) string {
	if strings.Contains(name, ":") || p.BuildPlatform() == p.Platform || architectures[p.Platform].debian == "" {
		return ""
	}
	return ":" + architectures[p.Platform].debian
}

// checkLibc refuses a library of Debian for a target of musl.
func (n *needs) checkLibc(need native.Need, asks nativeNode) error {
	if n.plan.system.Manager != native.Apt || asks.both || !strings.Contains(n.plan.Triple, "musl") {
		return nil
	}
	fix := "build in an Alpine image (images.builder)"
	if len(need.Entry.Unless) > 0 {
		fix = fmt.Sprintf("enable the feature `%s` of %s, or %s", need.Entry.Unless[0], asks.Name, fix)
	}
	at := cargo.Position{Line: asks.at.Line, Column: 1}
	return &cargo.Error{
		Span:    cargo.Span{File: asks.at.File, Start: at, End: at},
		Message: fmt.Sprintf("%s links %s, which Debian has for glibc only, and the target %s has musl", asks.Name, need.Package, n.plan.Triple),
		Fix:     fix,
	}
}

// graphNodes are the nodes of a graph, with the real names of local packages.
func (n *needs) graphNodes(g *unitgraph.Graph) []nativeNode {
	packages := map[string]*cargo.Package{}
	for p := range n.stubs.index {
		packages[n.stubs.name(p)] = p
	}
	lines := n.lines()
	out := make([]nativeNode, len(g.Nodes))
	for i, u := range g.Nodes {
		features := u.Features
		if features == nil {
			features = []string{}
		}
		node := native.Node{
			Name: u.Name, Version: u.Version, Host: u.Host, Script: u.Script, Features: features, Dependencies: u.Dependencies,
			Libraries: native.Libraries(u.SystemDeps, features),
		}
		out[i] = nativeNode{Node: node, at: Location{File: n.plan.Sources.Lock, Line: lines[u.Name+" "+u.Version]}}
		if p := packages[u.Name]; u.Source == "" && p != nil {
			out[i].described(p)
		}
	}
	return out
}

// described makes a node one of a local package.
func (n *nativeNode) described(p *cargo.Package) {
	n.Name, n.Version, n.local = p.Name, p.Version, true
	n.Script = n.Script || p.Build != ""
	deps, _ := p.Metadata["system-deps"].(map[string]any)
	n.Libraries = native.Libraries(deps, n.Features)
	n.at = Location{File: p.Manifest, Line: max(p.Span("package.name").Start.Line, 1)}
}

// lockNodes are the packages of the closure, each with all that it may be: for
// both machines, with any features. What crates say about themselves is not
// known, as their manifests were not read.
func (n *needs) lockNodes(c *closure) []nativeNode {
	var out []nativeNode
	at := map[int]int{}
	for i, l := range n.ws.Lock.Packages {
		if !c.locked[i] && len(n.plan.Sources.Vendored) == 0 {
			continue
		}
		at[i] = len(out)
		out = append(out, nativeNode{
			Node: native.Node{Name: l.Name, Version: l.Version, Host: true, Script: true},
			both: true, at: Location{File: n.plan.Sources.Lock, Line: l.Span.Start.Line},
		})
	}
	local := map[int]*cargo.Package{}
	for _, p := range c.local {
		if i, ok := n.ws.LockEntry(p); ok {
			local[i] = p
		}
	}
	for i, k := range at {
		for _, d := range n.ws.Lock.Packages[i].Dependencies {
			if to, ok := at[d]; ok {
				out[k].Dependencies = append(out[k].Dependencies, to)
			}
		}
		if p := local[i]; p != nil {
			out[k].described(p)
		}
	}
	return out
}

// lines are the lines of packages in the lock file, by name and version.
func (n *needs) lines() map[string]int {
	out := map[string]int{}
	for _, l := range n.ws.Lock.Packages {
		out[l.Name+" "+l.Version] = l.Span.Start.Line
	}
	return out
}

// maxPackageSets is how many different sets of packages the vertices of a plan
// may have; each is installed in a vertex of its own.
const maxPackageSets = 4

// vertexPackages gives each vertex what its closure needs, so that its key
// depends on nothing else. In a plan with more sets than are worth it, all
// vertices that need anything get everything.
func (p *Plan) vertexPackages() {
	sets, all := map[string]bool{}, []string(nil)
	for i := range p.Units.Vertices {
		v := &p.Units.Vertices[i]
		v.Packages = nil
		for _, n := range p.Units.closureOf(*v) {
			v.Packages = union(v.Packages, p.Units.Nodes[n].Packages)
		}
		if len(v.Packages) > 0 {
			sets[strings.Join(v.Packages, " ")] = true
			all = union(all, v.Packages)
		}
	}
	if len(sets) <= maxPackageSets {
		return
	}
	for i := range p.Units.Vertices {
		if len(p.Units.Vertices[i].Packages) > 0 {
			p.Units.Vertices[i].Packages = all
		}
	}
}

// table is what is known of crates, with what the user says about them and the
// variables that build scripts see.
func table(ws *cargo.Workspace, o *options.Options) *native.Table {
	configured, _ := ws.Config.Values["env"].(map[string]any)
	env := slices.Concat(slices.Collect(maps.Keys(configured)), slices.Collect(maps.Keys(o.Build.DependencyEnv)))
	return native.Default().With(o.Build.Native, env)
}
