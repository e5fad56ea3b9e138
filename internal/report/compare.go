package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxRoots is how many dependencies a unit's reasons list; the rest is counted.
const maxRoots = 3

// Compare fills Why of every compiled unit of the current report with what
// changed since the previous one. Without a previous report it does nothing.
func Compare(previous, current *Report) {
	if previous == nil || current == nil {
		return
	}
	c := newComparison(previous, current)
	for i := range current.Units {
		u := &current.Units[i]
		u.Why = nil
		if u.Status == StatusCompiled {
			u.Why = c.why(u)
		}
	}
}

// comparison is the two reports and what is known of their difference so far.
type comparison struct {
	current *Report
	units   map[string]*Unit // this build's by ID
	old     map[string]*Unit // the last build's by ID
	was     map[string]*Unit // by this build's ID, the same unit in the last
	is      map[string]*Unit // by the last build's ID, the same unit in this
	found   map[string]map[Cause]bool
}

func newComparison(previous, current *Report) *comparison {
	c := &comparison{
		current: current, units: byID(current.Units), old: byID(previous.Units),
		was: match(previous.Units, current.Units), is: map[string]*Unit{}, found: map[string]map[Cause]bool{},
	}
	for id, p := range c.was {
		c.is[p.ID] = c.units[id]
	}
	return c
}

func byID(units []Unit) map[string]*Unit {
	m := make(map[string]*Unit, len(units))
	for i := range units {
		m[units[i].ID] = &units[i]
	}
	return m
}

// why returns the reasons of a compiled unit.
func (c *comparison) why(u *Unit) []Cause {
	if own := c.own(u); len(own) > 0 {
		return own
	}
	p := c.was[u.ID]
	if u.Key != "" && u.Key == p.Key {
		if group := c.group(u); len(group) > 0 {
			return group
		}
		return []Cause{{Input: CauseCache}}
	}
	if roots := shorten(CauseDependency, c.roots(u)); len(roots) > 0 {
		return roots
	}
	if u.Key == p.Key {
		return []Cause{{Input: CauseCache}}
	}
	return []Cause{{Input: CauseKey, Was: p.Key, Is: u.Key}}
}

// own returns what changed of the unit itself.
func (c *comparison) own(u *Unit) []Cause {
	p := c.was[u.ID]
	if p == nil {
		return []Cause{{Input: CauseNew}}
	}
	if u.Key != "" && u.Key == p.Key {
		return nil
	}
	var causes []Cause
	if p.Version != u.Version {
		causes = append(causes, Cause{Input: CauseVersion, Was: p.Version, Is: u.Version})
	}
	for _, input := range inputNames(p, u) {
		was, is := p.Inputs[input], u.Inputs[input]
		if input == InputFeatures && !slices.Equal(p.Features, u.Features) {
			// The lists say more than the digest of one.
			was, is = strings.Join(p.Features, ","), strings.Join(u.Features, ",")
		}
		// Another version has another source; that is one reason, not two.
		if was == is || input == InputSource && p.Version != u.Version {
			continue
		}
		causes = append(causes, Cause{Input: input, Was: was, Is: is})
	}
	return causes
}

// inputNames returns the inputs of both units, the telling ones first.
func inputNames(p, u *Unit) []string {
	names := []string{InputSource, InputFeatures, InputProfile, InputConfig, InputToolchain, InputTarget}
	var others []string
	for _, inputs := range []map[string]string{p.Inputs, u.Inputs} {
		for name := range inputs {
			if !slices.Contains(names, name) {
				others = append(others, name)
			}
		}
	}
	slices.Sort(others)
	return append(names, slices.Compact(others)...)
}

// changed tells whether anything of the unit or below it changed.
func (c *comparison) changed(u *Unit) bool {
	p := c.was[u.ID]
	return p == nil || u.Key != p.Key || len(c.own(u)) > 0
}

// roots returns the reasons at the far end of the unit's changed dependencies.
func (c *comparison) roots(u *Unit) map[Cause]bool {
	if roots, ok := c.found[u.ID]; ok {
		return roots // or what is known of them yet, in a cycle
	}
	roots := map[Cause]bool{}
	c.found[u.ID] = roots
	p := c.was[u.ID]
	for _, id := range u.Dependencies {
		d := c.units[id]
		switch {
		case d == nil:
		case !c.changed(d):
			if w := c.was[id]; p != nil && !slices.Contains(p.Dependencies, w.ID) {
				roots[Cause{Input: CauseDependency, Unit: id, Is: "added"}] = true
			}
		case len(c.own(d)) > 0:
			roots[c.describe(CauseDependency, d)] = true
		default:
			maps.Copy(roots, c.roots(d))
		}
	}
	if p == nil {
		return roots
	}
	for _, id := range p.Dependencies {
		d := c.is[id]
		if c.old[id] != nil && (d == nil || !slices.Contains(u.Dependencies, d.ID)) {
			roots[Cause{Input: CauseDependency, Unit: id, Is: "removed"}] = true
		}
	}
	return roots
}

// describe is the reason that another unit's change is.
func (c *comparison) describe(input string, d *Unit) Cause {
	cause := Cause{Input: input, Unit: d.ID}
	own := c.own(d)
	var names []string
	for _, o := range own {
		names = append(names, o.Input)
	}
	switch {
	case len(own) == 0:
		cause.Is = "dependencies changed"
	case own[0].Input == CauseNew:
		cause.Is = "new"
	case own[0].Input == CauseVersion:
		cause.Was, cause.Is = own[0].Was, own[0].Is
	default:
		cause.Is = strings.Join(names, ", ") + " changed"
	}
	return cause
}

// group returns the changed units that are compiled by the same vertex. In unit
// mode a vertex has one unit, and two of a name are two vertices.
func (c *comparison) group(u *Unit) []Cause {
	if c.current.Granularity == GranularityUnit || u.Vertex == "" {
		return nil
	}
	changed := map[Cause]bool{}
	for i := range c.current.Units {
		d := &c.current.Units[i]
		if d.Vertex == u.Vertex && c.changed(d) {
			changed[c.describe(CauseGroup, d)] = true
		}
	}
	return shorten(CauseGroup, changed)
}

// shorten sorts causes and replaces the ones past [maxRoots] with their number.
func shorten(input string, set map[Cause]bool) []Cause {
	causes := slices.SortedFunc(maps.Keys(set), func(a, b Cause) int {
		return cmp.Or(strings.Compare(a.Unit, b.Unit), strings.Compare(a.Is, b.Is), strings.Compare(a.Was, b.Was))
	})
	// One more line says as much as "1 more".
	if n := len(causes) - maxRoots; n > 1 {
		causes = append(causes[:maxRoots], Cause{Input: input, Is: fmt.Sprintf("%d more", n)})
	}
	return causes
}
