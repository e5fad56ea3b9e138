package cargo

import "fmt"

// LowestVersion returns the lowest release that satisfies a version
// requirement in cargo's grammar, or the lowest pre-release when the
// requirement names one. An error says that the requirement is malformed or
// that no version satisfies it.
func LowestVersion(text string) (string, error) {
	req, err := parseRequirement(text)
	if err != nil {
		return "", err
	}
	candidates := []version{{}}
	for _, c := range req {
		v := c.version
		candidates = append(candidates, v)
		if c.op == ">" {
			// The next after 1.2.3 is 1.2.4, and after all of 1.2 it is 1.3.0.
			next := version{major: v.major, minor: v.minor, patch: v.patch + 1}
			switch c.parts {
			case 1:
				next = version{major: v.major + 1}
			case 2:
				next = version{major: v.major, minor: v.minor + 1}
			}
			candidates = append(candidates, next)
		}
	}
	best, found := version{}, false
	for _, v := range candidates {
		if req.matches(v) && (!found || less(v, best)) {
			best, found = v, true
		}
	}
	if !found {
		return "", fmt.Errorf("no version satisfies `%s`", text)
	}
	return best.String(), nil
}

// less orders versions.
func less(a, b version) bool {
	for _, pair := range [][2]uint64{{a.major, b.major}, {a.minor, b.minor}, {a.patch, b.patch}} {
		if pair[0] != pair[1] {
			return pair[0] < pair[1]
		}
	}
	return comparePre(a.pre, b.pre) < 0
}

// String writes the version as manifests do.
func (v version) String() string {
	s := fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch)
	if v.pre != "" {
		s += "-" + v.pre
	}
	return s
}

// Matches reports whether a version satisfies a requirement; malformed ones
// match nothing.
func Matches(requirement, version string) bool {
	req, err := parseRequirement(requirement)
	if err != nil {
		return false
	}
	v, err := parseVersion(version)
	return err == nil && req.matches(v)
}
