package options

import "testing"

// The cases of names marked "cargo" are those of cargo's own tests or were
// tried with cargo 1.95.
func TestNames(t *testing.T) {
	for _, tc := range []struct {
		what  string
		check func(string) error
		good  []string
		bad   []string
	}{
		{"feature (cargo)", checkFeature,
			[]string{"c++17", "128bit", "_foo", "feat-name", "feat_name", "foo.bar", "pkg/feat", "dep?/feat", "é", "a+"},
			[]string{"", "+foo", "-foo", ".foo", "dep:bar", "foo:bar", "foo?", "?foo", "ⒶⒷⒸ", "a¼", "a/b/c", "/a", "a/", "a/-b", "-a/b", "a b", "a\x00", "a\n", `x"y`, "??/a", "1a/b"}},
		{"profile (cargo)", checkProfile,
			[]string{"release", "dev", "test", "bench", "dist", "1a", "é", "a-b_c"},
			[]string{"", "debug", "DEBUG", "doc", "build", "rust", "cargo-x", "a.b", "a/b", "-x", "a b", "build-override"}},
		{"package (cargo)", checkPackageSpec,
			[]string{"cc", "cc@0.1.0", "cc:1.2", "cc@1", "a-b_c", "é", "cc@1.2.3-rc.1+b", "cc@1.0.0-alpha"},
			[]string{"", "-x", "1a", "c c", "../x", "cc*", "cc[ab]", "cc@", "cc@x", "cc@1.x", "cc@1..2", "cc@1.2.3.4", "cc@1.2.3-é", "a::b", "path+file:///x#cc@0.1.0", "https://example.com/cc", "a\nb"}},
		{"binary", checkBinName,
			[]string{"server", "my-bin", "foo.bar", "$(id)", "é", "build"},
			[]string{"", "-rf", "../x", "a/b", `a\b`, ".", "..", "a b", "a,b", "*", "a?", "[a]", "a\x00", "a\x7f", "\xff"}},
		{"manifest path", checkManifestPath,
			[]string{"Cargo.toml", "./Cargo.toml", "a/b/Cargo.toml", "a/../Cargo.toml", "a b/Cargo.toml"},
			[]string{"", "/Cargo.toml", "../Cargo.toml", "a/../../Cargo.toml", "Cargo.lock", "a", "a/", "Cargo.toml/", `a\Cargo.toml`, "-a/Cargo.toml", "./-a/Cargo.toml", "a\x00/Cargo.toml"}},
		{"tag part", func(s string) error { return checkTagPart("suite", s) },
			[]string{"bookworm", "1.95.0", "nightly-2026-01-02", "1.95-x86_64-unknown-linux-gnu"},
			[]string{"", "-x", ".x", "a/b", "a:b", "a b", "é", "a\n", "a@b"}},
	} {
		for _, name := range tc.good {
			if err := tc.check(name); err != nil {
				t.Errorf("%s %q: %v", tc.what, name, err)
			}
		}
		for _, name := range tc.bad {
			if tc.check(name) == nil {
				t.Errorf("%s %q is accepted", tc.what, name)
			}
		}
	}
}
