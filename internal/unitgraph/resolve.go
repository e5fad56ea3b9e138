package unitgraph

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
)

// resolver knows the packages that cargo resolved.
type resolver struct {
	byID map[string]*resolved
}

type resolved struct {
	ID, Name, Version, Source string
	license                   string
	features                  map[string][]string
	systemDeps                map[string]any
	declared                  []dependency
	// choices are the packages that cargo chose for those it needs; known tells
	// that cargo has chosen.
	choices []choice
	known   bool
}

func newResolver(m *metadata) *resolver {
	r := &resolver{byID: make(map[string]*resolved, len(m.Packages))}
	for _, p := range m.Packages {
		r.byID[p.ID] = &resolved{
			ID: p.ID, Name: p.Name, Version: p.Version, Source: p.Source, license: p.License, features: p.Features, declared: p.Dependencies,
			systemDeps: p.systemDeps(),
		}
	}
	for _, n := range m.Resolve.Nodes {
		if p := r.byID[n.ID]; p != nil {
			p.choices, p.known = n.Dependencies, true
		}
	}
	return r
}

// chosen is the package that cargo resolved a declared dependency of p to, nil
// when it did not have to. A table can have a package twice, under two names.
func (r *resolver) chosen(p *resolved, d dependency) *resolved {
	var found *resolved
	for _, c := range p.choices {
		to := r.byID[c.Package]
		if to == nil || to.Name != d.Name || !slices.Contains(c.Tables, tableName{d.Kind, d.Target}) || !satisfies(d, to) {
			continue
		}
		if found == nil || c.Name == strings.ReplaceAll(d.key(), "-", "_") {
			found = to
		}
	}
	return found
}

// satisfies reports whether a package has a version that a dependency allows.
// A path or git dependency without a version allows pre-releases too, and is
// written like any version.
func satisfies(d dependency, p *resolved) bool {
	return d.Requirement == "*" || cargo.Matches(d.Requirement, p.Version)
}

// activation is what a set of features makes of a package's dependencies.
type activation struct {
	// optional holds the optional dependencies that are on, by key.
	optional map[string]bool
	// features holds what is asked of dependencies, by key.
	features map[string][]string
}

// activate reads the feature table for features that are already closed under
// what they enable, as a unit's are.
// https://doc.rust-lang.org/cargo/reference/features.html
func activate(p *resolved, features []string) activation {
	a := activation{optional: map[string]bool{}, features: map[string][]string{}}
	for _, f := range features {
		for _, value := range p.features[f] {
			if name, ok := strings.CutPrefix(value, "dep:"); ok {
				a.optional[name] = true
				continue
			}
			name, feature, ok := strings.Cut(value, "/")
			if !ok {
				continue // a feature, which is in the set itself
			}
			// A weak one, "name?/feature", does not compile the dependency, but
			// cargo's resolver wants to find it all the same.
			name = strings.TrimSuffix(name, "?")
			a.features[name] = append(a.features[name], feature)
			a.optional[name] = true
		}
	}
	return a
}

// placeholders finds for each third-party node the packages that cargo must
// resolve and that nothing in the node's closure compiles for it.
func (b *builder) placeholders() error {
	for n := range b.list {
		if b.list[n].Source == "" {
			continue
		}
		c := &collector{builder: b, seen: map[string]bool{}}
		if err := c.visit(n, b.list[n].Features); err != nil {
			return err
		}
		b.list[n].Placeholders = united(c.found)
	}
	return nil
}

// collector collects the placeholders of a node.
type collector struct {
	*builder
	found []Placeholder
	seen  map[string]bool
	// with is the package that what is found is needed for, nil for the node.
	with *resolved
}

// packageOf is the package of a node.
func (b *builder) packageOf(n int) *resolved {
	return b.packages.byID[b.units.Units[b.unitsOf[n][0]].PackageID]
}

// visit adds what node n, with the given features, wants to find. Cargo chooses
// versions for all platforms at once, so a table for another platform can ask a
// dependency for features that it is not compiled with; what these want must be
// found as well.
func (c *collector) visit(n int, features []string) error {
	p, compiled := c.packageOf(n), map[string]int{}
	for _, d := range c.list[n].Dependencies {
		compiled[c.packageOf(d).ID] = d
	}
	a := activate(p, features)
	for _, d := range p.declared {
		if d.Kind == "dev" || d.Optional && !a.optional[d.key()] {
			continue
		}
		asked := slices.Concat(d.Features, a.features[d.key()])
		to, at, ok := c.packages.chosen(p, d), 0, false
		if to != nil {
			at, ok = compiled[to.ID]
		}
		if !ok {
			if err := c.add(p, d, slices.Clone(asked)); err != nil {
				return err
			}
			if at, ok = c.elsewhere(to); !ok {
				continue
			}
		}
		if d.DefaultFeatures {
			asked = append(asked, "default")
		}
		if err := c.ask(at, asked, compiled); err != nil {
			return err
		}
	}
	return nil
}

// elsewhere finds a node of a package that the node in hand does not depend on.
// In a vertex that has both, cargo gives the package to the node as well.
func (c *collector) elsewhere(p *resolved) (int, bool) {
	if p == nil || p.Source == "" {
		return 0, false
	}
	n, ok := c.firstOf[p]
	return n, ok
}

// ask adds what node n wants to find when it is asked for features; compiled
// are the packages that the asking node depends on.
func (c *collector) ask(n int, features []string, compiled map[string]int) error {
	to := c.packageOf(n)
	more := beyond(to, c.list[n].Features, features)
	with := c.with
	if _, ok := compiled[to.ID]; !ok && with == nil {
		with = to
	}
	key := fmt.Sprint(n, more)
	if with != nil {
		key += " " + with.ID
	}
	if len(more) == 0 || c.seen[key] {
		return nil
	}
	c.seen[key] = true
	outer := c.with
	c.with = with
	defer func() { c.with = outer }()
	return c.visit(n, slices.Concat(c.list[n].Features, more))
}

// add adds the placeholder for a dependency that p declares.
func (c *collector) add(p *resolved, d dependency, features []string) error {
	version, err := cargo.LowestVersion(d.Requirement)
	if err != nil {
		return fmt.Errorf("%s %s depends on %s: %w", p.Name, p.Version, d.Name, err)
	}
	slices.Sort(features)
	found := Placeholder{Name: d.Name, Version: version, Source: d.Source, Features: slices.Compact(features)}
	if c.with != nil {
		found.With = c.with.Name + " " + c.with.Version
	}
	c.found = append(c.found, found)
	return nil
}

// beyond lists, sorted, the features of p that asked enables and that are not
// among those it is compiled with.
func beyond(p *resolved, compiled, asked []string) []string {
	var more []string
	for len(asked) > 0 {
		f := asked[0]
		asked = asked[1:]
		enables, ok := p.features[f]
		if !ok || slices.Contains(compiled, f) || slices.Contains(more, f) {
			continue
		}
		more = append(more, f)
		for _, value := range enables {
			if !strings.Contains(value, "/") && !strings.HasPrefix(value, "dep:") {
				asked = append(asked, value)
			}
		}
	}
	slices.Sort(more)
	return more
}

// united sorts placeholders, and makes one of those that tables of different
// targets declare with different features.
func united(list []Placeholder) []Placeholder {
	order := func(x, y Placeholder) int {
		return cmp.Or(strings.Compare(x.Name, y.Name), strings.Compare(x.Version, y.Version), strings.Compare(x.Source, y.Source), strings.Compare(x.With, y.With))
	}
	slices.SortStableFunc(list, order)
	var out []Placeholder
	for _, p := range list {
		last := len(out) - 1
		if last < 0 || order(out[last], p) != 0 {
			out = append(out, p)
			continue
		}
		features := slices.Concat(out[last].Features, p.Features)
		slices.Sort(features)
		out[last].Features = slices.Compact(features)
	}
	return out
}
