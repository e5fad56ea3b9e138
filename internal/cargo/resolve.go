package cargo

import (
	"slices"
	"strings"
)

// Replacement returns the package that the lock file says replaces package i,
// by the older [replace] mechanism.
func (l *Lock) Replacement(i int) (int, bool) {
	to, ok := l.replaced[i]
	return to, ok
}

// LockEntry returns the index of a local package in the lock file.
func (w *Workspace) LockEntry(p *Package) (int, bool) {
	if w.Lock == nil {
		return 0, false
	}
	for _, i := range w.Lock.named(p.Name) {
		if locked := w.Lock.Packages[i]; locked.Version == p.Version && locked.Source == "" {
			return i, true
		}
	}
	return 0, false
}

// named returns the packages of a name.
func (l *Lock) named(name string) []int {
	if l.byName != nil {
		return l.byName[name]
	}
	var found []int
	for i, p := range l.Packages {
		if p.Name == name {
			found = append(found, i)
		}
	}
	return found
}

// Resolve returns the index of the locked package that dependency d of the
// locked package from means. A version requirement must always hold; between
// several packages that satisfy it, the one from the source that d names is
// meant. A package from another source is accepted when it is the only one,
// because [patch] and [replace] put it there.
func (l *Lock) Resolve(from int, d Dependency) (int, bool) {
	i, _, ok := l.resolve(from, d, nil)
	return i, ok
}

// resolve also tells whether the package is from the source that d names.
func (l *Lock) resolve(from int, d Dependency, config *Config) (index int, sameSource, ok bool) {
	if from < 0 || from >= len(l.Packages) {
		return 0, false, false
	}
	// Without a requirement any version will do; "*" is one, and refuses
	// pre-releases.
	anyVersion := d.Requirement == ""
	req, err := parseRequirement(d.Requirement)
	if err != nil && !anyVersion {
		return 0, false, false
	}
	var fromSource, elsewhere []int
	for _, i := range l.named(d.Package) {
		if _, depends := slices.BinarySearch(l.Packages[from].Dependencies, i); !depends {
			continue
		}
		v, err := parseVersion(l.Packages[i].Version)
		if err != nil || !anyVersion && !req.matches(v) {
			continue
		}
		if l.isFrom(i, d, config) {
			fromSource = append(fromSource, i)
		} else {
			elsewhere = append(elsewhere, i)
		}
	}
	list := fromSource
	if len(list) == 0 {
		list = elsewhere
	}
	if len(list) == 0 {
		return 0, false, false
	}
	index = l.newest(list)
	if to, replaced := l.replaced[index]; replaced {
		return to, true, true
	}
	return index, len(fromSource) > 0, true
}

// newest picks the greatest version: cargo's resolver prefers it, and two
// versions can both satisfy a requirement.
func (l *Lock) newest(list []int) int {
	best := list[0]
	for _, i := range list[1:] {
		a, _ := parseVersion(l.Packages[i].Version)
		b, _ := parseVersion(l.Packages[best].Version)
		if a.compare(b) > 0 {
			best = i
		}
	}
	return best
}

func (v version) compare(o version) int {
	for _, pair := range [][2]uint64{{v.major, o.major}, {v.minor, o.minor}, {v.patch, o.patch}} {
		if pair[0] != pair[1] {
			if pair[0] < pair[1] {
				return -1
			}
			return 1
		}
	}
	return comparePre(v.pre, o.pre)
}

// isFrom reports whether locked package i comes from where d says.
func (l *Lock) isFrom(i int, d Dependency, config *Config) bool {
	pkg := &l.Packages[i]
	id, err := ParseSourceID(pkg.Source)
	if err != nil {
		return false
	}
	switch {
	case d.Path != "":
		at, known := l.local[d.Path]
		return id.Kind == SourceLocal && (!known || at == pkg.Version)
	case d.Git != nil:
		return id.Kind == SourceGit && sameURL(id.URL, d.Git.URL) && l.sameReference(id, *d.Git)
	case id.Kind != SourceRegistry:
		return false
	case d.RegistryIndex != "":
		return sameURL(id.URL, d.RegistryIndex)
	case d.Registry == "" || d.Registry == "crates-io":
		return id.IsCratesIO()
	}
	index := config.registryIndex(d.Registry)
	return index == "" && !id.IsCratesIO() || index != "" && sameURL(id.URL, index)
}

// sameReference compares git references. Lock files before version 4 wrote
// them without encoding, so that a plus sign reads as a space, and those before
// version 3 took the branch master for the default one.
func (l *Lock) sameReference(id SourceID, git GitReference) bool {
	if l.Version < 3 {
		id.Branch, git.Branch = withoutMaster(id.Branch), withoutMaster(git.Branch)
	}
	same := func(locked, written string) bool {
		return locked == written || l.Version < 4 && locked == strings.ReplaceAll(written, "+", " ")
	}
	return same(id.Branch, git.Branch) && same(id.Tag, git.Tag) && same(id.Rev, git.Rev)
}

func withoutMaster(branch string) string {
	if branch == "master" {
		return ""
	}
	return branch
}
