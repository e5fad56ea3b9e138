package plan_test

import (
	"strings"
	"testing"
)

// TestUnknownProfilesAndFeatures: what cargo would refuse inside of a vertex is refused here, and nothing else is.
func TestUnknownProfilesAndFeatures(t *testing.T) {
	manifest := string(project(nil)["a/Cargo.toml"].Data) + "[features]\nfast = []\nsmall = []\n"
	lib := string(project(nil)["lib/Cargo.toml"].Data) + "[features]\nextra = []\n"
	root := string(project(nil)["Cargo.toml"].Data) + "[profile.tiny]\ninherits = \"release\"\n"
	files := map[string]string{
		"a/Cargo.toml": manifest, "lib/Cargo.toml": lib, "Cargo.toml": root,
		".cargo/config.toml": "[profile.configured]\ninherits = \"dev\"\n",
	}
	for _, tc := range []struct{ key, value, want string }{
		{"profile", "release", ""},
		{"profile", "bench", ""},
		{"profile", "tiny", ""},
		{"profile", "configured", ""},
		{"profile", "tni", "profile `tni` is not defined\nprofiles: bench, configured, dev, release, test, tiny; define another in a [profile.tni] table of Cargo.toml"},
		{"features", "fast,small", ""},
		{"features", "default", ""},
		{"features", "lib/extra", ""},
		{"features", "one/std", ""},
		{"features", "fats", "package `a` has no feature `fats`\nfeatures: fast, small"},
		{"features", "lib/fast", "package `lib` has no feature `fast`\nfeatures: extra"},
		{"features", "b/x", "package `b` has no feature `x`\nthe package has no features; leave features away"},
	} {
		t.Run(tc.key+"="+tc.value, func(t *testing.T) {
			_, err := newPlan(project(files), request{target: "a", args: map[string]string{tc.key: tc.value}})
			switch {
			case tc.want == "" && err != nil:
				t.Error(err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("the error is %v, want %q", err, tc.want)
			}
		})
	}
}
