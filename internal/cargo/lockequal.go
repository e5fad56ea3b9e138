package cargo

import "slices"

// Equal reports whether two lock files say the same. Comments, the order of
// packages and the version of the format do not matter, as they do not to
// cargo's --locked.
func (l *Lock) Equal(m *Lock) bool {
	a, b := l.entries(), m.entries()
	return slices.EqualFunc(a, b, slices.Equal[[]string])
}

// entries are the packages in a form that can be compared, sorted.
func (l *Lock) entries() [][]string {
	id := func(p LockPackage) string {
		source := sourceKey(p.Source)
		if parsed, err := ParseSourceID(p.Source); err == nil {
			source += " " + parsed.Commit
		}
		return p.Name + " " + p.Version + " " + source
	}
	var all [][]string
	for _, p := range l.Packages {
		var needs []string
		for _, d := range p.Dependencies {
			needs = append(needs, id(l.Packages[d]))
		}
		slices.Sort(needs)
		all = append(all, append([]string{id(p), p.Checksum}, needs...))
	}
	slices.SortFunc(all, slices.Compare[[]string])
	return all
}
