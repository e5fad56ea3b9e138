package report

import (
	"fmt"
	"strings"
)

// likeness are the rounds of [match]: in each, units are paired whose strings
// are equal, the closest likeness first. An empty string pairs with none.
var likeness = []func(*Unit) string{
	func(u *Unit) string { return u.Key },
	func(u *Unit) string { return join("v", u.Kind, u.Version, features(u)) },
	func(u *Unit) string { return join("v", u.Version) },
	func(u *Unit) string { return join("c", compatible(u.Version), features(u)) },
	func(u *Unit) string { return join("c", compatible(u.Version)) },
	func(u *Unit) string { return join("f", features(u)) },
	func(*Unit) string { return "any" },
}

// match returns, by the ID of a current unit, the unit of the last build that
// it takes the place of. Only units of one name and side are the same, and a
// binary is never the library of its name.
func match(previous, current []Unit) map[string]*Unit {
	was := map[string]*Unit{}
	taken := map[string]bool{}
	for _, like := range likeness {
		free := map[string][]*Unit{}
		for i := range previous {
			if p := &previous[i]; !taken[p.ID] {
				if l := like(p); l != "" {
					free[join(identity(p), l)] = append(free[join(identity(p), l)], p)
				}
			}
		}
		for i := range current {
			u := &current[i]
			if was[u.ID] != nil {
				continue
			}
			l := join(identity(u), like(u))
			if candidates := free[l]; like(u) != "" && len(candidates) > 0 {
				was[u.ID], taken[candidates[0].ID] = candidates[0], true
				free[l] = candidates[1:]
			}
		}
	}
	return was
}

func identity(u *Unit) string {
	return fmt.Sprintf("%s\x00%t\x00%t", u.Name, u.Host, u.Kind == KindBinary)
}

func features(u *Unit) string { return strings.Join(u.Features, ",") }

func join(parts ...string) string { return strings.Join(parts, "\x00") }

// compatible is the part of a version that cargo's default requirement keeps:
// the first that is not zero and what is before it.
func compatible(version string) string {
	var kept []string
	for _, part := range strings.Split(version, ".") {
		kept = append(kept, part)
		if part != "0" {
			break
		}
	}
	return strings.Join(kept, ".")
}
