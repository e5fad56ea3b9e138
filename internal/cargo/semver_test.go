package cargo

import (
	"strings"
	"testing"
)

// TestRequirement follows the tables of the Cargo book and the tests of the
// semver crate.
func TestRequirement(t *testing.T) {
	for _, tc := range []struct{ req, yes, no string }{
		{"1.2.3", "1.2.3 1.2.4 1.9.0", "1.2.2 2.0.0 0.9.0 1.2.3-a 1.3.0-a"},
		{"1.2", "1.2.0 1.9.9", "1.1.9 2.0.0"},
		{"1", "1.0.0 1.9.9", "2.0.0 0.9.9"},
		{"0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0 1.0.0"},
		{"0.2", "0.2.0 0.2.9", "0.3.0 0.1.9"},
		{"0.0.3", "0.0.3", "0.0.2 0.0.4"},
		{"0.0", "0.0.0 0.0.9", "0.1.0"},
		{"0", "0.0.0 0.9.9", "1.0.0"},
		{"^1.2.3-beta", "1.2.3-beta 1.2.3-beta.2 1.2.3 1.3.0", "1.2.3-alpha 1.3.0-beta"},
		{"~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2"},
		{"~1.2", "1.2.0 1.2.9", "1.3.0"},
		{"~1", "1.0.0 1.9.0", "2.0.0"},
		{"*", "0.0.0 9.9.9", "1.0.0-a"},
		{"1.*", "1.0.0 1.9.0", "2.0.0 1.0.0-a"},
		{"1.2.*", "1.2.0 1.2.9", "1.3.0"},
		{">= 1.2.0", "1.2.0 2.0.0", "1.1.9"},
		{"> 1", "2.0.0", "1.0.0 1.9.9"},
		{"< 2", "1.9.9 0.0.1", "2.0.0"},
		{"<=1.2", "1.2.9 1.0.0", "1.3.0"},
		{"= 1.2.3", "1.2.3 1.2.3+build", "1.2.4"},
		{"=1.2", "1.2.0 1.2.9", "1.3.0"},
		{">=1.2, <1.5", "1.2.0 1.4.9", "1.5.0 1.1.0"},
		{"=1.0.0-rc.1", "1.0.0-rc.1", "1.0.0 1.0.0-rc.2"},
		{">1.0.0-alpha.2", "1.0.0-alpha.10 1.0.0-beta 1.0.0", "1.0.0-alpha.1 1.0.0-1"},
	} {
		req, err := parseRequirement(tc.req)
		if err != nil {
			t.Errorf("%q: %v", tc.req, err)
			continue
		}
		for want, list := range map[bool]string{true: tc.yes, false: tc.no} {
			for _, s := range strings.Fields(list) {
				v, err := parseVersion(s)
				if err != nil {
					t.Fatal(err)
				}
				if req.matches(v) != want {
					t.Errorf("%q matches %s: %v, want %v", tc.req, s, !want, want)
				}
			}
		}
	}
	for _, bad := range []string{"", "a", "1.", "1.2.3.4", "1,", "^", "1.-a", "1.*.2", "01", "1.2.3-", ">=1.2.3-é", "1 2", "99999999999999999999"} {
		if _, err := parseRequirement(bad); err == nil {
			t.Errorf("requirement %q is accepted", bad)
		}
	}
	for _, bad := range []string{"", "1", "1.2", "1.2.3.4", "1.2.x", "01.2.3", "1.2.3-01", "1.2.3-", "1.2.3+", "1.2.3-a..b", "v1.2.3"} {
		if _, err := parseVersion(bad); err == nil {
			t.Errorf("version %q is accepted", bad)
		}
	}
}

func TestNormalizeRequirement(t *testing.T) {
	for in, want := range map[string]string{"": "*", "*": "*", "1.2": "^1.2", "= 1.0.0": "=1.0.0", ">=1, <2": ">=1, <2", "1.*": "1.*", "~1.2.3-a": "~1.2.3-a"} {
		if got, err := NormalizeRequirement(in); err != nil || got != want {
			t.Errorf("NormalizeRequirement(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
}
