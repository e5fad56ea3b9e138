package plan

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/unitgraph"
)

// Compiled are the packages that a build compiles, for people and for those
// who look for known faults in them.
type Compiled struct {
	// Exact is true when cargo's unit graph says what is compiled. Otherwise
	// the packages are those that the lock file allows: some may be for other
	// platforms or features, and not all that only run while compiling are told
	// apart.
	Exact bool `json:"exact,omitempty"`
	// Packages are sorted by name, version and source.
	Packages []Package `json:"packages"`
}

// Package is a package of one version from one source.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Source is the package's source as lock files write it, "" for a local one.
	Source string `json:"source,omitempty"`
	// SHA256 is the checksum of the .crate file in lower-case hex, "" when the
	// source has none.
	SHA256 string `json:"sha256,omitempty"`
	// License is the license that the package's manifest declares, "" when it
	// declares none or the manifest was not read.
	License string `json:"license,omitempty"`
	// Build is true for what only runs while the binaries are compiled: build
	// scripts, procedural macros and what only they need.
	Build bool `json:"build,omitempty"`
	// Dependencies are the packages that are linked with this one,
	// BuildDependencies those that run when it is compiled. They are sorted
	// indexes into the packages, and no package is in both.
	Dependencies      []int `json:"dependencies,omitempty"`
	BuildDependencies []int `json:"buildDependencies,omitempty"`
}

// Root is the index in [Compiled] of the package that a binary belongs
// to, -1 when it is not there.
func (p *Plan) Root(b Binary) int {
	return slices.IndexFunc(p.Compiled.Packages, func(q Package) bool { return q.Source == "" && q.Name == b.Package })
}

// Resolved is a plan with the packages that cargo's unit graph of its stub
// workspace says are compiled.
func Resolved(p *Plan, ws *cargo.Workspace, o *options.Options, g *unitgraph.Graph) (*Plan, error) {
	names, err := stubsOf(ws, o)
	if err != nil {
		return nil, err
	}
	stubs := map[string]*cargo.Package{}
	for local := range names.index {
		stubs[names.name(local)] = local
	}
	l := packageList{}
	at := make([]int, len(g.Nodes))
	for i, n := range g.Nodes {
		at[i] = l.add(nodePackage(ws, stubs, n))
		l.list[at[i]].Build = l.list[at[i]].Build && n.Host
	}
	for i, n := range g.Nodes {
		for _, d := range n.Dependencies {
			l.edge(at[i], at[d], n.Host || g.Nodes[d].Host)
		}
	}
	out := *p
	out.Compiled = Compiled{Exact: true, Packages: l.sorted()}
	return &out, nil
}

// nodePackage is the package that a node of the unit graph belongs to.
func nodePackage(ws *cargo.Workspace, stubs map[string]*cargo.Package, n unitgraph.Node) Package {
	if n.Source != "" {
		return Package{Name: n.Name, Version: n.Version, Source: n.Source, License: n.License, SHA256: lockedChecksum(ws.Lock, n), Build: true}
	}
	if p := stubs[n.Name]; p != nil {
		return localPackage(p)
	}
	for _, p := range localPackages(ws) {
		if p.Name == n.Name && p.Version == n.Version {
			return localPackage(p)
		}
	}
	return Package{Name: n.Name, Version: n.Version, License: n.License, Build: true}
}

func localPackage(p *cargo.Package) Package {
	return Package{Name: p.Name, Version: p.Version, License: p.License, Build: true}
}

// lockedChecksum finds a package in the lock file. Cargo may write the source
// of a registry in two ways, so a package that is there once is the one.
func lockedChecksum(lock *cargo.Lock, n unitgraph.Node) string {
	var found []cargo.LockPackage
	for _, p := range lock.Packages {
		if p.Name == n.Name && p.Version == n.Version && p.Source != "" {
			if p.Source == n.Source {
				return p.Checksum
			}
			found = append(found, p)
		}
	}
	if len(found) == 1 {
		return found[0].Checksum
	}
	return ""
}

// lockedPackages lists the closure by the lock file alone. Its edges do not say
// what they are for; the manifests of local packages do.
func lockedPackages(ws *cargo.Workspace, c *closure) Compiled {
	l := packageList{}
	at := map[int]int{}
	for i, p := range ws.Lock.Packages {
		if !c.locked[i] {
			continue
		}
		q := Package{Name: p.Name, Version: p.Version, Source: p.Source, SHA256: p.Checksum, Build: true}
		if local := (&closureWalk{ws: ws}).localOf(i); local != nil {
			q = localPackage(local)
		}
		at[i] = l.add(q)
	}
	for _, i := range slices.Sorted(maps.Keys(at)) {
		local := (&closureWalk{ws: ws}).localOf(i)
		if local == nil {
			for _, d := range ws.Lock.Packages[i].Dependencies {
				if to, ok := at[d]; ok {
					l.edge(at[i], to, false)
				}
			}
			continue
		}
		for _, d := range local.Dependencies {
			to, found := ws.Lock.Resolve(i, d)
			if q := ws.PackageAt(d.Path); d.Path != "" && q != nil {
				to, found = ws.LockEntry(q)
			}
			if j, ok := at[to]; found && ok && d.Kind != cargo.DevDependency {
				l.edge(at[i], j, d.Kind == cargo.BuildDependency || isMacro(ws, to))
			}
		}
	}
	for _, p := range c.selected {
		if i, ok := ws.LockEntry(p); ok {
			l.link(at[i])
		}
	}
	return Compiled{Packages: l.sorted()}
}

// isMacro reports whether a locked package is a local procedural macro.
func isMacro(ws *cargo.Workspace, i int) bool {
	p := (&closureWalk{ws: ws}).localOf(i)
	return p != nil && slices.ContainsFunc(p.Targets, func(t cargo.Target) bool {
		return t.Kind == cargo.KindLib && slices.Contains(t.CrateTypes, "proc-macro")
	})
}

// packageList collects packages and what they need.
type packageList struct{ list []Package }

// add returns the index of a package, which is added when it is not there.
func (l *packageList) add(p Package) int {
	i := slices.IndexFunc(l.list, func(q Package) bool { return comparePackages(p, q) == 0 })
	if i < 0 {
		i = len(l.list)
		l.list = append(l.list, p)
	}
	return i
}

func comparePackages(a, b Package) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version), strings.Compare(a.Source, b.Source))
}

// edge notes that a package needs another. A package's programs need its own
// library, which says nothing.
func (l *packageList) edge(from, to int, build bool) {
	p := &l.list[from]
	switch {
	case from == to:
	case build:
		p.BuildDependencies = append(p.BuildDependencies, to)
	default:
		p.Dependencies = append(p.Dependencies, to)
	}
}

// link marks what is linked with a package as no mere tool of the build.
func (l *packageList) link(i int) {
	if !l.list[i].Build {
		return
	}
	l.list[i].Build = false
	for _, d := range l.list[i].Dependencies {
		l.link(d)
	}
}

// sorted is the list in its order.
func (l *packageList) sorted() []Package {
	order := make([]int, len(l.list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return comparePackages(l.list[a], l.list[b]) })
	at := make([]int, len(order))
	for to, from := range order {
		at[from] = to
	}
	out := make([]Package, len(order))
	for to, from := range order {
		p := l.list[from]
		p.Dependencies = moved(p.Dependencies, at)
		p.BuildDependencies = slices.DeleteFunc(moved(p.BuildDependencies, at), func(d int) bool {
			return slices.Contains(p.Dependencies, d)
		})
		if len(p.BuildDependencies) == 0 {
			p.BuildDependencies = nil
		}
		out[to] = p
	}
	return out
}

// moved are indexes after a change of order, sorted and each once.
func moved(indexes, at []int) []int {
	var out []int
	for _, i := range indexes {
		out = append(out, at[i])
	}
	slices.Sort(out)
	return slices.Compact(out)
}
