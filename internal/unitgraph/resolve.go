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
	features                  map[string][]string
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
			ID: p.ID, Name: p.Name, Version: p.Version, Source: p.Source, features: p.Features, declared: p.Dependencies,
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
// resolve and that the node does not depend on.
func (b *builder) placeholders() error {
	for n := range b.list {
		node := &b.list[n]
		if node.Source == "" {
			continue
		}
		p := b.packages.byID[b.units.Units[b.unitsOf[n][0]].PackageID]
		compiled := map[string]bool{}
		for _, d := range node.Dependencies {
			compiled[b.units.Units[b.unitsOf[d][0]].PackageID] = true
		}
		a := activate(p, node.Features)
		for _, d := range p.declared {
			if d.Kind == "dev" || d.Optional && !a.optional[d.key()] {
				continue
			}
			if to := b.packages.chosen(p, d); to != nil && compiled[to.ID] {
				continue
			}
			version, err := cargo.LowestVersion(d.Requirement)
			if err != nil {
				return fmt.Errorf("%s %s depends on %s: %w", p.Name, p.Version, d.Name, err)
			}
			features := slices.Concat(d.Features, a.features[d.key()])
			slices.Sort(features)
			node.Placeholders = append(node.Placeholders, Placeholder{
				Name: d.Name, Version: version, Source: d.Source, Features: slices.Compact(features),
			})
		}
		node.Placeholders = united(node.Placeholders)
	}
	return nil
}

// united sorts placeholders, and makes one of those that tables of different
// targets declare with different features.
func united(list []Placeholder) []Placeholder {
	order := func(x, y Placeholder) int {
		return cmp.Or(strings.Compare(x.Name, y.Name), strings.Compare(x.Version, y.Version), strings.Compare(x.Source, y.Source))
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
