package cargo

import (
	"fmt"
	"strconv"
	"strings"
)

// version is a semantic version. Build metadata does not take part in
// requirements and is not kept.
type version struct {
	major, minor, patch uint64
	pre                 string
}

func parseNumber(s string) (uint64, error) {
	if s == "" || len(s) > 1 && s[0] == '0' {
		return 0, fmt.Errorf("invalid number `%s`", s)
	}
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("invalid number `%s`", s)
		}
	}
	return strconv.ParseUint(s, 10, 64)
}

// checkIdentifiers validates the dot-separated identifiers of a pre-release or
// of build metadata.
func checkIdentifiers(s string, numeric bool) error {
	for _, id := range strings.Split(s, ".") {
		if id == "" {
			return fmt.Errorf("empty identifier segment")
		}
		digits := true
		for _, c := range id {
			if c < '0' || c > '9' {
				digits = false
			}
			if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-') {
				return fmt.Errorf("unexpected character `%c`", c)
			}
		}
		if numeric && digits && len(id) > 1 && id[0] == '0' {
			return fmt.Errorf("invalid leading zero in pre-release identifier")
		}
	}
	return nil
}

// cutSuffixes cuts pre-release and build metadata off a version.
func cutSuffixes(s string) (numbers, pre string, err error) {
	s, build, hasBuild := strings.Cut(s, "+")
	if hasBuild {
		if err := checkIdentifiers(build, false); err != nil {
			return "", "", err
		}
	}
	numbers, pre, hasPre := strings.Cut(s, "-")
	if hasPre {
		if err := checkIdentifiers(pre, true); err != nil {
			return "", "", err
		}
	}
	return numbers, pre, nil
}

func parseVersion(s string) (version, error) {
	numbers, pre, err := cutSuffixes(s)
	if err != nil {
		return version{}, err
	}
	parts := strings.Split(numbers, ".")
	if len(parts) != 3 {
		return version{}, fmt.Errorf("`%s` is not major.minor.patch", s)
	}
	v := version{pre: pre}
	for i, to := range []*uint64{&v.major, &v.minor, &v.patch} {
		if *to, err = parseNumber(parts[i]); err != nil {
			return version{}, err
		}
	}
	return v, nil
}

func isNumeric(s string) bool {
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil
}

// comparePre orders pre-releases; none is the greatest.
func comparePre(a, b string) int {
	if a == "" || b == "" {
		return compareBool(a == "", b == "")
	}
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := 0; i < len(as) && i < len(bs); i++ {
		x, y := as[i], bs[i]
		switch {
		case x == y:
			continue
		case isNumeric(x) && isNumeric(y):
			if len(x) != len(y) {
				return compareInt(len(x), len(y))
			}
			return strings.Compare(x, y)
		case isNumeric(x) != isNumeric(y):
			return compareBool(isNumeric(y), isNumeric(x))
		}
		return strings.Compare(x, y)
	}
	return compareInt(len(as), len(bs))
}

func compareInt(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// comparator is one part of a requirement. parts counts the numbers written.
type comparator struct {
	op string // "=", ">", ">=", "<", "<=", "~", "^", "*"
	version
	parts int
}

// requirement is a list of comparators that must all hold; none means any.
type requirement []comparator

// parseRequirement parses a version requirement with cargo's grammar, in which
// a bare version is a caret requirement.
func parseRequirement(s string) (requirement, error) {
	s = strings.TrimSpace(s)
	if s == "*" || s == "x" || s == "X" {
		return nil, nil
	}
	var req requirement
	for _, part := range strings.Split(s, ",") {
		c, err := parseComparator(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		req = append(req, c)
	}
	return req, nil
}

func parseComparator(s string) (comparator, error) {
	c := comparator{op: "^"}
	explicit := false
	for _, op := range []string{">=", "<=", "=", ">", "<", "~", "^"} {
		if rest, ok := strings.CutPrefix(s, op); ok {
			c.op, s, explicit = op, strings.TrimSpace(rest), true
			break
		}
	}
	numbers, pre, err := cutSuffixes(s)
	if err != nil {
		return c, err
	}
	c.pre = pre
	parts := strings.Split(numbers, ".")
	if len(parts) > 3 || pre != "" && len(parts) != 3 {
		return c, fmt.Errorf("unexpected `%s`", s)
	}
	wildcard := false
	for i, to := range []*uint64{&c.major, &c.minor, &c.patch}[:len(parts)] {
		if i > 0 && (parts[i] == "*" || parts[i] == "x" || parts[i] == "X") {
			wildcard = true
			continue
		}
		if wildcard {
			return c, fmt.Errorf("unexpected `%s` after a wildcard", parts[i])
		}
		if *to, err = parseNumber(parts[i]); err != nil {
			return c, err
		}
		c.parts++
	}
	if wildcard && !explicit {
		c.op = "*"
	}
	if wildcard && pre != "" {
		return c, fmt.Errorf("unexpected pre-release after a wildcard")
	}
	return c, nil
}

// matches reports whether a version satisfies the requirement.
func (r requirement) matches(v version) bool {
	for _, c := range r {
		if !c.matches(v) {
			return false
		}
	}
	if v.pre == "" {
		return true
	}
	// A pre-release is chosen only by a comparator that names one of its version.
	for _, c := range r {
		if c.parts == 3 && c.pre != "" && c.major == v.major && c.minor == v.minor && c.patch == v.patch {
			return true
		}
	}
	return false
}

func (c comparator) matches(v version) bool {
	order, exact := c.compare(v)
	switch c.op {
	case "=", "*":
		return exact
	case ">":
		return order > 0
	case ">=":
		return exact || order > 0
	case "<":
		return order < 0
	case "<=":
		return exact || order < 0
	case "~":
		return c.tilde(v)
	}
	return c.caret(v)
}

// compare orders v against the numbers written; exact means that these agree,
// and order is then 0.
func (c comparator) compare(v version) (order int, exact bool) {
	written := []uint64{c.major, c.minor, c.patch}[:c.parts]
	for i, n := range []uint64{v.major, v.minor, v.patch}[:c.parts] {
		if n != written[i] {
			if n < written[i] {
				return -1, false
			}
			return 1, false
		}
	}
	if c.parts < 3 {
		return 0, v.pre == ""
	}
	order = comparePre(v.pre, c.pre)
	return order, order == 0
}

func (c comparator) tilde(v version) bool {
	switch {
	case v.major != c.major, c.parts > 1 && v.minor != c.minor:
		return false
	case c.parts < 3:
		return true
	case v.patch != c.patch:
		return v.patch > c.patch
	}
	return comparePre(v.pre, c.pre) >= 0
}

func (c comparator) caret(v version) bool {
	switch {
	case v.major != c.major:
		return false
	case c.parts == 1:
		return true
	case c.major > 0 && v.minor != c.minor:
		return v.minor > c.minor
	case v.minor != c.minor:
		return false
	case c.parts == 2:
		return true
	case (c.major > 0 || c.minor > 0) && v.patch != c.patch:
		return v.patch > c.patch
	case v.patch != c.patch:
		return false
	}
	return comparePre(v.pre, c.pre) >= 0
}

// NormalizeRequirement renders a version requirement as cargo prints it, with
// every operator written: "1.2" becomes "^1.2". An empty one becomes "*".
func NormalizeRequirement(s string) (string, error) {
	if s == "" {
		return "*", nil
	}
	req, err := parseRequirement(s)
	if err != nil {
		return "", fmt.Errorf("failed to parse the version requirement `%s`: %w", s, err)
	}
	if len(req) == 0 {
		return "*", nil
	}
	parts := make([]string, len(req))
	for i, c := range req {
		parts[i] = c.String()
	}
	return strings.Join(parts, ", "), nil
}

// String renders a comparator with its operator.
func (c comparator) String() string {
	numbers := []string{}
	for _, n := range []uint64{c.major, c.minor, c.patch}[:c.parts] {
		numbers = append(numbers, strconv.FormatUint(n, 10))
	}
	text := strings.Join(numbers, ".")
	if c.op == "*" {
		return text + ".*"
	}
	if c.pre != "" {
		text += "-" + c.pre
	}
	return c.op + text
}
