package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
)

// closure is what the requested binaries may need: a superset of what cargo
// will compile, because the lock file's edges do not say for which platform or
// feature they are. Only the dev-dependencies that cannot matter are left out.
type closure struct {
	selected []*cargo.Package
	// local are the local packages, sorted by directory.
	local []*cargo.Package
	// real are the local packages that a third-party package depends on, by
	// [patch], and the local packages those depend on. They are compiled with
	// the third-party packages, from their own sources.
	real map[*cargo.Package]bool
	// locked marks the lock's packages, local and third-party.
	locked map[int]bool
}

// newClosure walks the dependencies of the selected packages.
func newClosure(ws *cargo.Workspace, s *selection) (*closure, error) {
	w := closureWalk{ws: ws, seen: map[*cargo.Package]bool{}, c: &closure{
		selected: s.packages(), real: map[*cargo.Package]bool{}, locked: map[int]bool{},
	}}
	for _, p := range w.c.selected {
		w.local(p, false)
	}
	// Local packages that third-party packages reach make more packages real,
	// and those can reach further third-party packages.
	for changed := true; changed; {
		changed = false
		for i := range ws.Lock.Packages {
			p := w.localOf(i)
			if p != nil && w.c.locked[i] && w.viaThirdParty[i] && !w.c.real[p] {
				w.local(p, true)
				changed = true
			}
		}
	}
	for p := range w.seen {
		w.c.local = append(w.c.local, p)
	}
	slices.SortFunc(w.c.local, func(a, b *cargo.Package) int { return strings.Compare(a.Dir, b.Dir) })
	return w.c, nil
}

type closureWalk struct {
	ws            *cargo.Workspace
	c             *closure
	seen          map[*cargo.Package]bool
	viaThirdParty map[int]bool
}

// local visits a local package; real says that a third-party package needs it.
func (w *closureWalk) local(p *cargo.Package, real bool) {
	if w.seen[p] && (!real || w.c.real[p]) {
		return
	}
	w.seen[p] = true
	if real {
		w.c.real[p] = true
	}
	entry, ok := w.ws.LockEntry(p)
	if ok {
		w.c.locked[entry] = true
	}
	for _, d := range p.Dependencies {
		if !w.follows(p, d) {
			continue
		}
		if d.Path != "" {
			if dep := w.ws.PackageAt(d.Path); dep != nil {
				w.local(dep, real)
				continue
			}
		}
		if !ok {
			continue
		}
		if i, found := w.ws.Lock.Resolve(entry, d); found {
			w.thirdParty(i, p, real)
		}
	}
}

// follows reports whether a dependency can matter to the build of a binary.
// The first resolver unifies features with the dev-dependencies of the
// packages that are built, so they stay.
// https://doc.rust-lang.org/cargo/reference/resolver.html#features
func (w *closureWalk) follows(p *cargo.Package, d cargo.Dependency) bool {
	return d.Kind != cargo.DevDependency || keepsDevDependencies(w.ws, w.c.selected, p)
}

func keepsDevDependencies(ws *cargo.Workspace, selected []*cargo.Package, p *cargo.Package) bool {
	return ws.Resolver == "1" && slices.Contains(selected, p)
}

// thirdParty visits a locked package that is not known to be local.
func (w *closureWalk) thirdParty(i int, from *cargo.Package, real bool) {
	if p := w.localOf(i); p != nil {
		// A dependency on a registry package that [patch] replaces by a local one.
		w.local(p, real)
		return
	}
	if w.c.locked[i] {
		return
	}
	w.c.locked[i] = true
	for _, d := range w.ws.Lock.Packages[i].Dependencies {
		if w.localOf(d) != nil {
			if w.viaThirdParty == nil {
				w.viaThirdParty = map[int]bool{}
			}
			w.viaThirdParty[d] = true
			w.c.locked[d] = true
			continue
		}
		w.thirdParty(d, from, false)
	}
}

// localOf is the local package that a lock entry stands for, nil for a
// third-party one.
func (w *closureWalk) localOf(i int) *cargo.Package {
	entry := w.ws.Lock.Packages[i]
	if entry.Source != "" {
		return nil
	}
	for _, p := range localPackages(w.ws) {
		if p.Name == entry.Name && p.Version == entry.Version {
			return p
		}
	}
	return nil
}

// hasThirdParty reports whether anything but local packages is in the closure.
func (c *closure) hasThirdParty(lock *cargo.Lock) bool {
	for i := range c.locked {
		if lock.Packages[i].Source != "" {
			return true
		}
	}
	return false
}

// planSources lists the crates and git repositories of the whole lock file,
// those of the closure marked.
func planSources(ws *cargo.Workspace, o *options.Options, c *closure) (Sources, error) {
	s := Sources{Lock: ws.Lock.Path}
	registries := map[string]*Registry{}
	git := map[string]*GitSource{}
	for i, p := range ws.Lock.Packages {
		if p.Source == "" {
			continue
		}
		id, err := cargo.ParseSourceID(p.Source)
		if err != nil {
			return Sources{}, &cargo.Error{Span: p.Span, Message: err.Error(), Err: err}
		}
		if dir := vendoredDir(ws.Config, id); dir != "" {
			if !slices.Contains(s.Vendored, dir) {
				s.Vendored = append(s.Vendored, dir)
			}
			continue
		}
		if id.Kind == cargo.SourceGit {
			addGit(git, id, p, c.locked[i])
			continue
		}
		registry, err := registryOf(ws, registries, id.URL, p.Span)
		if err != nil {
			return Sources{}, err
		}
		s.Crates = append(s.Crates, Crate{
			Name: p.Name, Version: p.Version, SHA256: p.Checksum,
			Registry: registry.URL, InClosure: c.locked[i], Line: p.Span.Start.Line,
		})
	}
	slices.SortFunc(s.Crates, func(a, b Crate) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version),
			strings.Compare(a.Registry, b.Registry))
	})
	for _, r := range registries {
		s.Registries = append(s.Registries, *r)
	}
	slices.SortFunc(s.Registries, func(a, b Registry) int { return strings.Compare(a.URL, b.URL) })
	for _, g := range git {
		slices.Sort(g.Packages)
		s.Git = append(s.Git, *g)
	}
	slices.SortFunc(s.Git, func(a, b GitSource) int { return strings.Compare(a.Dir, b.Dir) })
	err := s.trustServers(ws, o)
	return s, err
}

func addGit(git map[string]*GitSource, id cargo.SourceID, p cargo.LockPackage, inClosure bool) {
	key := id.String()
	g := git[key]
	if g == nil {
		g = &GitSource{
			URL: id.URL, Branch: id.Branch, Tag: id.Tag, Rev: id.Rev, Commit: id.Commit,
			Dir: gitDir(id), Line: p.Span.Start.Line,
		}
		git[key] = g
	}
	g.Packages = append(g.Packages, p.Name)
	g.InClosure = g.InClosure || inClosure
}

// gitDir names the directory of a git source after the repository, the
// reference and the commit, so that two references to one commit, which are
// two sources to cargo, do not share one.
func gitDir(id cargo.SourceID) string {
	name := strings.TrimSuffix(id.URL[strings.LastIndexByte(id.URL, '/')+1:], ".git")
	ref := cmp.Or(id.Branch, id.Tag, id.Rev)
	commit := id.Commit
	if len(commit) > 12 {
		commit = commit[:12]
	}
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' {
			return r
		}
		return '-'
	}, strings.Trim(name+"-"+commit+"-"+ref, "-"))
}
