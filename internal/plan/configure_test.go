package plan_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
)

// TestConfigure checks which package's table counts, and what variants do.
func TestConfigure(t *testing.T) {
	manifest := func(name, extra string) string {
		return "[package]\nname = \"" + name + "\"\nversion = \"0.1.0\"\n" + extra
	}
	table := func(key string) string { return "[package.metadata.rustfile]\nprofile = \"" + key + "\"\n" }
	const workspace = "[workspace]\nmembers = [\"a\", \"b\", \"lib\"]\nresolver = \"2\"\n"
	for _, tc := range []struct {
		name  string
		files map[string]string
		request
		profile, target string
		err             string
	}{
		{name: "package of the target", files: map[string]string{"a/Cargo.toml": manifest("a", table("pa")), "b/Cargo.toml": manifest("b", table("pb"))},
			request: request{target: "b"}, profile: "pb", target: "b"},
		{name: "package of the first of bins", files: map[string]string{"a/Cargo.toml": manifest("a", table("pa")), "b/Cargo.toml": manifest("b", table("pb"))},
			request: request{file: "bins = ['b', 'a']"}, profile: "pb"},
		{name: "nothing decides", files: map[string]string{"a/Cargo.toml": manifest("a", table("pa"))}, profile: "release"},
		{name: "workspace chooses the package", files: map[string]string{"Cargo.toml": workspace + "[workspace.metadata.rustfile]\npackage = \"a\"\n",
			"a/Cargo.toml": manifest("a", table("pa"))}, profile: "pa"},
		{name: "package of a library is none", files: map[string]string{"lib/Cargo.toml": manifest("lib", table("pl"))}, request: request{target: "a"}, profile: "release", target: "a"},
		{name: "package chooses among its binaries", files: map[string]string{
			"Cargo.toml":   "[workspace]\nmembers = [\"a\", \"lib\"]\n",
			"Cargo.lock":   lock(local("a", "0.1.0"), local("lib", "0.1.0")),
			"a/Cargo.toml": manifest("a", table("pa")+"bins = [\"x\"]\n[[bin]]\nname = \"x\"\npath = \"src/main.rs\"\n[[bin]]\nname = \"y\"\npath = \"src/main.rs\"\n")}, profile: "pa"},
		{name: "package takes another's binary", files: map[string]string{"a/Cargo.toml": manifest("a", table("pa")+"bins = [\"b\"]\n")},
			request: request{target: "a"}, profile: "pa", target: "a"},
		{name: "package takes another's binary without a target", files: map[string]string{
			"Cargo.toml": workspace + "[workspace.metadata.rustfile]\nbins = [\"a\"]\n", "a/Cargo.toml": manifest("a", table("pa")+"bins = [\"b\"]\n")},
			err: "a/Cargo.toml:6:1: the options of package `a` make the image run `b` of package `b`"},
		{name: "variant of the Rustfile", files: map[string]string{"b/Cargo.toml": manifest("b", table("pb"))},
			request: request{target: "b-debug", file: "profile = 'x'\n[variants.b-debug]\nbins = ['b']\nprofile = 'dev'\n"}, profile: "dev"},
		{name: "variant of a package", files: map[string]string{"b/Cargo.toml": manifest("b", table("pb")+"[package.metadata.rustfile.variants.slow]\nprofile = \"dev\"\n")},
			request: request{target: "slow"}, profile: "dev"},
		{name: "argument over variant", request: request{target: "v", file: "[variants.v]\nbins = ['b']\nprofile = 'dev'\n", args: map[string]string{"profile": "bench"}}, profile: "bench"},
		{name: "variant with a binary's name", request: request{target: "a", file: "[variants.a]\nprofile = 'dev'\n"},
			err: "Rustfile:1:1: the variant `a` has the name of a binary of package `a`"},
		{name: "variant of two packages", files: map[string]string{
			"a/Cargo.toml": manifest("a", "[package.metadata.rustfile.variants.v]\n"), "b/Cargo.toml": manifest("b", "[package.metadata.rustfile.variants.v]\n")},
			request: request{target: "v"}, err: "the packages `a`, `b` have a variant `v` each"},
		{name: "one of the two", files: map[string]string{
			"a/Cargo.toml": manifest("a", "[package.metadata.rustfile.variants.v]\n"), "b/Cargo.toml": manifest("b", "[package.metadata.rustfile.variants.v]\nprofile = \"dev\"\n")},
			request: request{target: "v", args: map[string]string{"package": "b"}}, profile: "dev"},
		{name: "debug information", request: request{target: "b.debug", file: "profile = 'dev'\ndebug = 'split'"}, profile: "dev", target: "b"},
		{name: "debug information of a variant", request: request{target: "v.debug", file: "[variants.v]\nbins = ['b']\nprofile = 'dev'\ndebug = 'split'"}, profile: "dev"},
		{name: "debug information that is not split", request: request{target: "b.debug", file: "debug = 'keep'"},
			err: "Rustfile:1:1: key `debug`: --target b.debug asks for debug information, which is not split off"},
		{name: "variant that looks like debug information", request: request{target: "b.debug", file: "[variants.'b.debug']\nprofile = 'dev'\nbins = ['b']"}, profile: "dev"},
		{name: "unknown key of the package", files: map[string]string{"a/Cargo.toml": manifest("a", "[package.metadata.rustfile]\nprofiel = \"dev\"\n")},
			request: request{target: "a"}, err: "a/Cargo.toml:5:1: unknown key `profiel`\ndid you mean `profile`"},
		{name: "unknown key of another package", files: map[string]string{"a/Cargo.toml": manifest("a", "[package.metadata.rustfile]\nprofiel = \"dev\"\n")},
			request: request{target: "b"}, profile: "release", target: "b"},
		{name: "metadata that is no table", files: map[string]string{"a/Cargo.toml": manifest("a", "[package.metadata]\nrustfile = 1\n")},
			request: request{target: "a"}, err: "expected a table, found an integer"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o, err := options.Parse("Rustfile", []byte(tc.file), tc.args)
			if err == nil {
				err = o.SetTarget(tc.request.target)
			}
			if err != nil {
				t.Fatal(err)
			}
			files := map[string]string{
				"a/Cargo.toml": manifest("a", ""), "b/Cargo.toml": manifest("b", ""), "lib/Cargo.toml": manifest("lib", ""),
				"Cargo.lock": lock(local("a", "0.1.0"), local("b", "0.1.0"), local("lib", "0.1.0")),
			}
			maps.Copy(files, tc.files)
			ws, err := cargo.Load(project(files), cargo.LoadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := plan.Configure(ws, o)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("want %q: %v", tc.err, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.DebugTarget != strings.HasPrefix(tc.name, "debug information") {
				t.Errorf("debug information: %v", got.DebugTarget)
			}
			if got.Profile != tc.profile || got.Target != tc.target {
				t.Errorf("profile %q, target %q; want %q, %q", got.Profile, got.Target, tc.profile, tc.target)
			}
		})
	}
}
