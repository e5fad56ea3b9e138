package plan_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
)

// project is a small workspace of two binaries and a library: a uses lib and
// the crate one, b uses the crate two. Files given replace or add to it; an
// empty text removes a file.
func project(files map[string]string) fstest.MapFS {
	all := map[string]string{
		"Cargo.toml":        "[workspace]\nmembers = [\"a\", \"b\", \"lib\"]\nresolver = \"2\"\n",
		"a/Cargo.toml":      "[package]\nname = \"a\"\nversion = \"1.2.3\"\nedition = \"2021\"\n[dependencies]\nlib = { path = \"../lib\" }\none = \"1\"\n[dev-dependencies]\ntest-only = \"1\"\n",
		"a/src/main.rs":     "fn main() {}\n",
		"b/Cargo.toml":      "[package]\nname = \"b\"\nversion = \"0.1.0\"\n[dependencies]\ntwo = \"2\"\n",
		"b/src/main.rs":     "fn main() {}\n",
		"lib/Cargo.toml":    "[package]\nname = \"lib\"\nversion = \"0.5.0\"\n[dependencies]\nthree = { version = \"3\", features = [\"x\"], default-features = false }\n",
		"lib/src/lib.rs":    "",
		"lib/docs/guide.md": "",
		"Cargo.lock": lock(
			local("a", "1.2.3", "lib", "one", "test-only"), local("b", "0.1.0", "two"), local("lib", "0.5.0", "three"),
			crate("one", "1.0.0", "four"), crate("two", "2.0.0"), crate("three", "3.0.0", "four"),
			crate("four", "4.0.0"), crate("test-only", "1.0.0"),
		),
	}
	maps.Copy(all, files)
	fsys := fstest.MapFS{}
	for name, text := range all {
		if text != "" || !strings.HasSuffix(name, ".toml") {
			fsys[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return fsys
}

func lock(packages ...string) string {
	slices.Sort(packages)
	return "version = 4\n" + strings.Join(packages, "")
}

func local(name, version string, deps ...string) string {
	return fmt.Sprintf("\n[[package]]\nname = %q\nversion = %q\n%s", name, version, lockDeps(deps))
}

func crate(name, version string, deps ...string) string {
	sum := strings.Repeat(fmt.Sprintf("%x", len(name)), 64)[:64]
	return fmt.Sprintf("\n[[package]]\nname = %q\nversion = %q\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = %q\n%s",
		name, version, sum, lockDeps(deps))
}

func lockDeps(deps []string) string {
	if len(deps) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("dependencies = [\n")
	for _, d := range deps {
		fmt.Fprintf(&b, " %q,\n", d)
	}
	return b.String() + "]\n"
}

// request is what a user asks for.
type request struct {
	file   string
	target string
	args   map[string]string
}

func newPlan(fsys fstest.MapFS, r request) (*plan.Plan, error) {
	o, err := options.Parse("Rustfile", []byte(r.file), r.args)
	if err != nil {
		return nil, err
	}
	if err := o.SetTarget(r.target); err != nil {
		return nil, err
	}
	ws, err := cargo.Load(fsys, cargo.LoadOptions{})
	if err != nil {
		return nil, err
	}
	if o, err = plan.Configure(ws, o); err != nil {
		return nil, err
	}
	return plan.New(ws, o, plan.Inputs{Platform: "linux/amd64", Context: fsys})
}

func mustPlan(t *testing.T, files map[string]string, r request) *plan.Plan {
	t.Helper()
	p, err := newPlan(project(files), r)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func closureOf(p *plan.Plan) string {
	var names []string
	for _, c := range p.Sources.Crates {
		if c.InClosure {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, " ")
}

func TestClosure(t *testing.T) {
	for _, tc := range []struct {
		name  string
		files map[string]string
		request
		want string
	}{
		{"of a", nil, request{target: "a"}, "four one three"},
		{"of b", nil, request{target: "b"}, "two"},
		{"first resolver keeps dev-dependencies", map[string]string{
			"Cargo.toml": "[workspace]\nmembers = [\"a\", \"b\", \"lib\"]\nresolver = \"1\"\n",
		}, request{target: "a"}, "four one test-only three"},
		{"both", nil, request{target: "a", args: map[string]string{"bins": "b"}}, "four one three two"},
		{"patched by a member", map[string]string{
			"Cargo.toml":      "[workspace]\nmembers = [\"a\", \"b\", \"lib\", \"four\"]\nresolver = \"2\"\n[patch.crates-io]\nfour = { path = \"four\" }\n",
			"four/Cargo.toml": "[package]\nname = \"four\"\nversion = \"4.0.0\"\n[dependencies]\ntwo = \"2\"\n",
			"four/src/lib.rs": "",
			"Cargo.lock": lock(
				local("a", "1.2.3", "lib", "one", "test-only"), local("b", "0.1.0", "two"), local("lib", "0.5.0", "three"),
				crate("one", "1.0.0", "four"), crate("two", "2.0.0"), crate("three", "3.0.0", "four"),
				local("four", "4.0.0", "two"), crate("test-only", "1.0.0"),
			),
		}, request{target: "a"}, "one three two"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := closureOf(mustPlan(t, tc.files, tc.request)); got != tc.want {
				t.Errorf("closure is %q, want %q", got, tc.want)
			}
		})
	}
}

// TestDependencyKey states which edits reach the dependency vertex: the rest
// must leave its part of the plan as it is.
func TestDependencyKey(t *testing.T) {
	base := mustPlan(t, nil, request{target: "a"})
	manifest := string(project(nil)["a/Cargo.toml"].Data)
	for _, tc := range []struct {
		name  string
		files map[string]string
		same  bool
	}{
		{"source", map[string]string{"a/src/main.rs": "fn main() { todo!() }"}, true},
		{"description and authors", map[string]string{
			"a/Cargo.toml": strings.Replace(manifest, "edition", "description = \"x\"\nauthors = [\"y\"]\nedition", 1)}, true},
		{"comment", map[string]string{"a/Cargo.toml": "# hello\n" + manifest}, true},
		{"lints", map[string]string{"a/Cargo.toml": manifest + "[lints.rust]\nunsafe_code = \"forbid\"\n"}, true},
		{"order of tables", map[string]string{
			"a/Cargo.toml": strings.Replace(manifest, "lib = { path = \"../lib\" }\none = \"1\"", "one = \"1\"\nlib = { path = \"../lib\" }", 1)}, true},
		{"edition", map[string]string{"a/Cargo.toml": strings.Replace(manifest, "2021", "2018", 1)}, true},
		{"version", map[string]string{
			"a/Cargo.toml": strings.Replace(manifest, "1.2.3", "1.2.4", 1),
			"Cargo.lock":   strings.Replace(string(project(nil)["Cargo.lock"].Data), "1.2.3", "1.2.4", 1)}, true},
		{"dependency of b", map[string]string{
			"b/Cargo.toml": "[package]\nname = \"b\"\nversion = \"0.1.0\"\n[dependencies]\ntwo = { version = \"2\", features = [\"y\"] }\n"}, true},
		{"profile override of b's dependency", map[string]string{
			"Cargo.toml": "[workspace]\nmembers = [\"a\", \"b\", \"lib\"]\nresolver = \"2\"\n[profile.release.package.two]\nopt-level = 1\n"}, true},
		{"feature of a dependency", map[string]string{
			"a/Cargo.toml": strings.Replace(manifest, "one = \"1\"", "one = { version = \"1\", features = [\"z\"] }", 1)}, false},
		{"profile", map[string]string{
			"Cargo.toml": "[workspace]\nmembers = [\"a\", \"b\", \"lib\"]\nresolver = \"2\"\n[profile.release]\nlto = true\n"}, false},
		{"profile that is not built", map[string]string{
			"Cargo.toml": "[workspace]\nmembers = [\"a\", \"b\", \"lib\"]\nresolver = \"2\"\n[profile.dev]\nopt-level = 1\n"}, true},
		{"rustflags", map[string]string{".cargo/config.toml": "[build]\nrustflags = [\"-Copt-level=1\"]\n"}, false},
		{"alias", map[string]string{".cargo/config.toml": "[alias]\nb = \"build\"\n"}, true},
		{"own feature", map[string]string{"a/Cargo.toml": manifest + "[features]\nextra = [\"one/std\"]\n"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := mustPlan(t, tc.files, request{target: "a"})
			if same := equal(p.Dependencies, base.Dependencies); same != tc.same {
				t.Errorf("the dependency vertex is the same: %v, want %v\n%+v", same, tc.same, p.Dependencies.Files)
			}
		})
	}
}

// equal compares what is in the vertex's key; the line that a failure points at
// is not.
func equal(a, b plan.Dependencies) bool {
	a.Location, b.Location = plan.Location{}, plan.Location{}
	return fmt.Sprint(a) == fmt.Sprint(b)
}

// TestStubHoldsNothingOfTheProject: nothing that a project's author wrote is
// left in the dependency vertex but what reaches third-party units.
func TestStubHoldsNothingOfTheProject(t *testing.T) {
	p := mustPlan(t, nil, request{target: "a"})
	for _, f := range p.Dependencies.Files {
		for _, own := range []string{"1.2.3", "0.5.0", "\"a\"", "'a'", "2021", "test-only", "two"} {
			if strings.Contains(f.Content, own) || strings.Contains(f.Path, own) {
				t.Errorf("%s holds %q:\n%s", f.Path, own, f.Content)
			}
		}
	}
}

func TestSourcesOfMembers(t *testing.T) {
	p := mustPlan(t, map[string]string{"lib/src/lib.rs": `#![doc = include_str!("../docs/guide.md")]`}, request{target: "a"})
	if got := strings.Join(p.Members.Placeholders, " "); got != "b/src/main.rs" {
		t.Errorf("placeholders are %q", got)
	}
	if got := strings.Join(p.Members.Unused, " "); got != "b" {
		t.Errorf("unused packages are %q", got)
	}
	for _, c := range p.Members.Copies {
		if c.Path == "lib" && (slices.Contains(c.Exclude, "docs") || slices.Contains(c.Exclude, "*.md")) {
			t.Errorf("the documentation that lib.rs includes is left out: %q", c.Exclude)
		}
		if c.Path == "." && !slices.Contains(c.Exclude, "b") {
			t.Errorf("the package that a does not use is copied: %q", c.Exclude)
		}
	}
	p = mustPlan(t, nil, request{target: "a"})
	for _, c := range p.Members.Copies {
		if c.Path == "lib" && !slices.Contains(c.Exclude, "docs") {
			t.Errorf("documentation that nothing includes is copied: %q", c.Exclude)
		}
	}
}

func TestFaults(t *testing.T) {
	two := map[string]string{
		"b/Cargo.toml": "[package]\nname = \"b\"\nversion = \"0.1.0\"\n[[bin]]\nname = \"a\"\npath = \"src/main.rs\"\n[dependencies]\ntwo = \"2\"\n",
	}
	for _, tc := range []struct {
		name  string
		files map[string]string
		request
		place, message string
	}{
		{"which binary", nil, request{}, "Cargo.toml:1:1", "several binaries"},
		{"unknown target", nil, request{target: "c"}, "Cargo.toml:1:1", "binaries: a, b"},
		{"unknown package", nil, request{args: map[string]string{"package": "z"}}, "Cargo.toml:1:1", "members: a, b, lib"},
		{"same name twice", two, request{target: "a"}, "a/Cargo.toml:1:1", "2 packages have a binary called `a`"},
		{"library only", nil, request{args: map[string]string{"package": "lib"}}, "Cargo.toml:1:1", "no binary target"},
		{"required feature", map[string]string{
			"b/Cargo.toml": "[package]\nname = \"b\"\nversion = \"0.1.0\"\n[features]\nf = []\n[[bin]]\nname = \"b\"\npath = \"src/main.rs\"\nrequired-features = [\"f\"]\n[dependencies]\ntwo = \"2\"\n",
		}, request{target: "b"}, "b/Cargo.toml:6:1", "--build-arg features=f"},
		{"channel", map[string]string{"rust-toolchain.toml": "[toolchain]\nchannel = \"weird\"\n"}, request{target: "a"}, "rust-toolchain.toml:2", "weird"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := newPlan(project(tc.files), tc.request)
			var fault *cargo.Error
			if !errors.As(err, &fault) {
				t.Fatalf("error is %v", err)
			}
			if !strings.HasPrefix(fault.Span.String(), tc.place) || !strings.Contains(fault.Error(), tc.message) {
				t.Errorf("error is %q, want it at %s with %q", fault.Error(), tc.place, tc.message)
			}
		})
	}
}

func TestDefaultBinary(t *testing.T) {
	for _, tc := range []struct {
		name  string
		files map[string]string
		request
		want string
	}{
		{"default member", map[string]string{
			"Cargo.toml": "[workspace]\nmembers = [\"a\", \"b\", \"lib\"]\ndefault-members = [\"b\"]\nresolver = \"2\"\n"}, request{}, "b"},
		{"default-run", map[string]string{
			"b/Cargo.toml": "[package]\nname = \"b\"\nversion = \"0.1.0\"\ndefault-run = \"b\"\n[dependencies]\ntwo = \"2\"\n"}, request{}, "b"},
		{"package", nil, request{args: map[string]string{"package": "b"}}, "b"},
		{"package and version", nil, request{args: map[string]string{"package": "a@1.2.3"}}, "a"},
		{"only one that can be built", map[string]string{
			"b/Cargo.toml": "[package]\nname = \"b\"\nversion = \"0.1.0\"\n[features]\nf = []\n[[bin]]\nname = \"b\"\npath = \"src/main.rs\"\nrequired-features = [\"f\"]\n[dependencies]\ntwo = \"2\"\n",
		}, request{}, "a"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := mustPlan(t, tc.files, tc.request).Binaries[0].Name; got != tc.want {
				t.Errorf("the image is for %s, want %s", got, tc.want)
			}
		})
	}
}

func TestToolchains(t *testing.T) {
	for _, tc := range []struct{ channel, image, install string }{
		{"1.95", "docker.io/library/rust:1.95-bookworm", ""},
		{"1.95.0", "docker.io/library/rust:1.95.0-bookworm", ""},
		{"stable", "docker.io/library/rust:" + plan.StableRust + "-bookworm", ""},
		{"nightly-2026-01-02", "docker.io/library/rust:" + plan.StableRust + "-bookworm", "nightly-2026-01-02"},
	} {
		p := mustPlan(t, map[string]string{
			"rust-toolchain.toml": "[toolchain]\nchannel = \"" + tc.channel + "\"\ncomponents = [\"clippy\", \"rust-src\"]\n",
		}, request{target: "a"})
		if p.Toolchain.Image != tc.image || p.Toolchain.Install != tc.install {
			t.Errorf("channel %s gives %+v", tc.channel, p.Toolchain)
		}
		if got := strings.Join(p.Toolchain.Components, " "); got != "rust-src" {
			t.Errorf("components are %q, want what a build can read", got)
		}
	}
}

// TestRegistries: a crate comes from where the lock file and the configuration
// say, and a vendored directory is left to cargo.
func TestRegistries(t *testing.T) {
	mirror := "[source.crates-io]\nreplace-with = \"mirror\"\n[source.mirror]\nregistry = \"sparse+https://mirror.example/index/\"\n"
	p := mustPlan(t, map[string]string{".cargo/config.toml": mirror}, request{target: "a"})
	if r := p.Sources.Registries[0]; r.Index != "https://mirror.example/index" || r.URL != plan.CratesIO {
		t.Errorf("registry is %+v", r)
	}
	vendored := "[source.crates-io]\nreplace-with = \"vendored-sources\"\n[source.vendored-sources]\ndirectory = \"vendor\"\n"
	p = mustPlan(t, map[string]string{".cargo/config.toml": vendored}, request{target: "a"})
	if len(p.Sources.Crates) != 0 || !slices.Equal(p.Sources.Vendored, []string{"vendor"}) {
		t.Errorf("sources are %+v", p.Sources)
	}
}
