package plan_test

import (
	"strings"
	"testing"
)

// TestLikelyCertificates: a project that usually looks for the system's certificates has a crate that does, which the
// binary may need.
func TestLikelyCertificates(t *testing.T) {
	probed := map[string]string{"Cargo.lock": lock(
		local("a", "1.2.3", "lib", "one", "test-only"), local("b", "0.1.0", "two"), local("lib", "0.5.0", "three"),
		crate("one", "1.0.0", "openssl-probe"), crate("two", "2.0.0"), crate("three", "3.0.0"), crate("openssl-probe", "0.1.0"), crate("test-only", "1.0.0"),
	)}
	for _, tc := range []struct {
		name    string
		files   map[string]string
		request request
		want    bool
	}{
		{"no such crate", nil, request{target: "a"}, false},
		{"a crate", probed, request{target: "a"}, true},
		{"a crate of another binary", probed, request{target: "b"}, false},
		{"a package", nil, request{target: "a", file: "packages.runtime = ['curl']"}, true},
		{"always", nil, request{target: "a", file: "ca-certificates = true"}, true},
		{"never", probed, request{target: "a", file: "ca-certificates = false"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := mustPlan(t, tc.files, tc.request)
			if got := p.LikelyCertificates(); got != tc.want {
				t.Errorf("likely: %v, want %v of %s", got, tc.want, strings.TrimSpace(closureOf(p)))
			}
		})
	}
}
