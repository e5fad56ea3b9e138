package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/plan/plantest"
)

// household is a workspace whose program needs two libraries, of which util
// needs core. Files replace or add to its own.
func household(files map[string]string) *plantest.Workspace {
	sum := strings.Repeat("a", 64)
	w := &plantest.Workspace{
		Root: ".", Files: files,
		Crates: []plantest.Crate{
			{Name: "made-one", Version: "1.2.0", Checksum: sum}, {Name: "made-two", Version: "2.0.0", Checksum: sum},
			{Name: "made-tool", Version: "0.3.1", Checksum: sum},
		},
		Members: []plantest.Member{
			{Name: "core", Dir: "libs/core", Needs: []int{0}},
			{Name: "util", Dir: "libs/util", Needs: []int{1}, Members: []int{0}},
			{Name: "app", Dir: "app", Bins: []string{"app"}, Members: []int{0, 1}},
		},
	}
	return w
}

// sourceOf is what the vertex of a member sees, with its generated manifests
// as tables.
func sourceOf(t *testing.T, p *plan.Plan, member string) (*plan.Source, map[string]map[string]any) {
	t.Helper()
	for _, v := range p.Units.Vertices {
		if v.Source == nil || !strings.HasPrefix(v.Name, member+" ") {
			continue
		}
		tables := map[string]map[string]any{}
		for _, f := range v.Source.Files {
			if strings.HasSuffix(f.Path, ".toml") {
				var table map[string]any
				if err := toml.Unmarshal([]byte(f.Content), &table); err != nil {
					t.Fatalf("%s: %v\n%s", f.Path, err, f.Content)
				}
				tables[f.Path] = table
			}
		}
		return v.Source, tables
	}
	t.Fatalf("%s has no vertex", member)
	return nil, nil
}

// at finds a value in tables by the keys to it, nil when there is none.
func at(table map[string]any, keys ...string) any {
	var value any = table
	for _, key := range keys {
		next, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = next[key]
	}
	return value
}

// has is a value that a generated manifest must hold, or with a nil want must
// not.
type has struct {
	file string
	keys string
	want any
}

func TestManifestsOfMembers(t *testing.T) {
	const coreHead = "[package]\nname = \"core\"\nversion = \"0.7.0\"\nedition = \"2021\"\n"
	const members = "[workspace]\nmembers = [\"libs/*\", \"app\"]\nresolver = \"2\"\n"
	for _, tc := range []struct {
		name   string
		files  map[string]string
		member string
		want   []has
	}{
		{"as it is", nil, "util", []has{
			{"Cargo.toml", "workspace members", []any{"rustfile-stub-0", "libs/core", "libs/util"}},
			{"Cargo.toml", "workspace resolver", "2"},
			{"Cargo.toml", "profile", nil},
			{"libs/core/Cargo.toml", "dependencies made-one version", "1"},
			{"libs/util/Cargo.toml", "dependencies core path", "../../libs/core"},
			{"app/Cargo.toml", "", nil},
		}},
		{"without what it does not need", nil, "core", []has{
			{"Cargo.toml", "workspace members", []any{"rustfile-stub-0", "libs/core"}},
			{"libs/util/Cargo.toml", "", nil},
		}},
		{"inheritance", map[string]string{
			"Cargo.toml": members + "exclude = [\"x\"]\ndefault-members = [\"app\"]\n[workspace.package]\nversion = \"0.7.0\"\nedition = \"2021\"\n" +
				"[workspace.metadata.x]\ny = 1\n[workspace.dependencies]\nmade-one = { version = \"1\", features = [\"f\"] }\nmade-two = \"2\"\n[workspace.lints.rust]\nunsafe_code = \"forbid\"\n",
			"libs/core/Cargo.toml": "[package]\nname = \"core\"\nversion.workspace = true\nedition.workspace = true\n[dependencies]\nmade-one.workspace = true\n[lints]\nworkspace = true\n",
		}, "core", []has{
			{"libs/core/Cargo.toml", "package version workspace", true},
			{"libs/core/Cargo.toml", "dependencies made-one workspace", true},
			{"libs/core/Cargo.toml", "lints workspace", true},
			{"Cargo.toml", "workspace package version", "0.7.0"},
			{"Cargo.toml", "workspace dependencies made-one version", "1"},
			{"Cargo.toml", "workspace dependencies made-two", nil},
			{"Cargo.toml", "workspace lints rust unsafe_code", "forbid"},
			{"Cargo.toml", "workspace exclude", nil},
			{"Cargo.toml", "workspace default-members", nil},
			{"Cargo.toml", "workspace metadata", nil},
		}},
		{"what only tests need", map[string]string{
			"libs/core/Cargo.toml": coreHead + "default-run = \"x\"\n[dependencies]\nmade-one = \"1\"\n[dev-dependencies]\nmade-tool = \"0.3\"\n" +
				"[target.'cfg(unix)'.dev-dependencies]\nmade-tool = \"0.3\"\n[target.'cfg(unix)'.dependencies]\nmade-two = \"2\"\n" +
				"[target.'cfg(unix)'.build-dependencies]\nmade-two = \"2\"\n[[bin]]\nname = \"x\"\npath = \"x.rs\"\n[[test]]\nname = \"t\"\n[[bench]]\nname = \"b\"\nharness = false\n" +
				"[[example]]\nname = \"e\"\n[lib]\nname = \"kernel\"\n[features]\nf = [\"made-two/std\"]\n[badges]\nx = { y = \"z\" }\n",
			"libs/core/x.rs": "", "libs/core/tests/t.rs": "", "libs/core/benches/b.rs": "", "libs/core/examples/e.rs": "",
			"Cargo.lock": strings.Replace(string(household(nil).FS()["Cargo.lock"].Data), "dependencies = [\n \"made-one\",", "dependencies = [\n \"made-one\", \"made-tool\", \"made-two\",", 1),
		}, "core", []has{
			{"libs/core/Cargo.toml", "dependencies made-one", "1"},
			{"libs/core/Cargo.toml", "dev-dependencies", nil},
			{"libs/core/Cargo.toml", "target cfg(unix) dev-dependencies", nil},
			{"libs/core/Cargo.toml", "target cfg(unix) dependencies made-two", "2"},
			{"libs/core/Cargo.toml", "target cfg(unix) build-dependencies made-two", "2"},
			{"libs/core/Cargo.toml", "bin", nil},
			{"libs/core/Cargo.toml", "test", nil},
			{"libs/core/Cargo.toml", "bench", nil},
			{"libs/core/Cargo.toml", "example", nil},
			{"libs/core/Cargo.toml", "badges", nil},
			{"libs/core/Cargo.toml", "package default-run", nil},
			{"libs/core/Cargo.toml", "package autobins", false},
			{"libs/core/Cargo.toml", "lib name", "kernel"},
			{"libs/core/Cargo.toml", "features f", []any{"made-two/std"}},
		}},
		{"overrides of profiles", map[string]string{
			"Cargo.toml": members + "[profile.release]\nlto = \"thin\"\n[profile.release.package.core]\nopt-level = 1\n[profile.release.package.util]\nopt-level = 2\n" +
				"[profile.release.package.made-one]\nopt-level = 3\n[profile.release.package.made-two]\nopt-level = \"s\"\n[profile.dev.package.core]\nopt-level = 1\n",
		}, "core", []has{
			{"Cargo.toml", "profile release lto", "thin"},
			{"Cargo.toml", "profile release package core opt-level", int64(1)},
			{"Cargo.toml", "profile release package made-one opt-level", int64(3)},
			{"Cargo.toml", "profile release package util", nil},
			{"Cargo.toml", "profile release package made-two", nil},
			{"Cargo.toml", "profile dev", nil},
		}},
		{"an override of the member alone", map[string]string{
			"Cargo.toml": members + "[profile.release.package.core]\nopt-level = 1\n",
		}, "util", []has{{"Cargo.toml", "profile release package core opt-level", int64(1)}}},
		{"an override of another member alone", map[string]string{
			"Cargo.toml": members + "[profile.release.package.app]\nopt-level = 1\n",
		}, "util", []has{{"Cargo.toml", "profile", nil}}},
		{"patches of what is not there", map[string]string{
			"Cargo.toml": members + "[patch.crates-io]\nunknown = { git = \"https://host.example/unknown.git\" }\n",
		}, "core", []has{{"Cargo.toml", "patch", nil}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := cutBy(t, household(tc.files), options.GranularityUnit)
			_, tables := sourceOf(t, p, tc.member)
			for _, h := range tc.want {
				table, present := tables[h.file]
				if h.keys == "" {
					if present {
						t.Errorf("there is a %s: %v", h.file, table)
					}
					continue
				}
				if got := at(table, strings.Fields(h.keys)...); !same(got, h.want) {
					t.Errorf("%s of %s is %v, want %v", h.keys, h.file, got, h.want)
				}
			}
		})
	}
}

func same(a, b any) bool {
	x, ok := a.([]any)
	y, both := b.([]any)
	if ok && both {
		return slices.Equal(x, y)
	}
	return ok == both && a == b
}

// TestAbsentMembers: a member that another could depend on and does not is
// there as a manifest, and as a library that must not be compiled.
func TestAbsentMembers(t *testing.T) {
	w := household(nil)
	w.Members[1].Members = nil
	w.Files = map[string]string{
		"libs/core/Cargo.toml": "[package]\nname = \"core\"\nversion = \"0.7.0\"\n[features]\nfast = [\"dep:made-one\"]\n[dependencies]\nmade-one = { version = \"1\", optional = true }\n",
		"libs/util/Cargo.toml": "[package]\nname = \"util\"\nversion = \"0.7.0\"\n[dependencies]\nmade-two = \"2\"\ncore = { path = \"../core\", optional = true, features = [\"fast\"] }\n",
		"Cargo.lock": strings.Replace(string(w.FS()["Cargo.lock"].Data),
			"name = \"util\"\nversion = \"0.7.0\"\ndependencies = [\n", "name = \"util\"\nversion = \"0.7.0\"\ndependencies = [\n \"core\",\n", 1),
	}
	p := cutBy(t, w, options.GranularityUnit)
	source, tables := sourceOf(t, p, "util")
	core := tables["libs/core/Cargo.toml"]
	if at(core, "package", "name") != "core" || at(core, "features", "fast") == nil || at(core, "dependencies") != nil {
		t.Errorf("core is %v", core)
	}
	for _, c := range source.Copies {
		if c.Path == "libs/core" {
			t.Error("the sources of core are copied")
		}
	}
	if members := at(tables["Cargo.toml"], "workspace", "members"); !same(members, []any{"rustfile-stub-0", "libs/util"}) {
		t.Errorf("members are %v", members)
	}
	i := slices.IndexFunc(source.Files, func(f plan.File) bool { return f.Path == "libs/core/rustfile-absent.rs" })
	if i < 0 || !strings.Contains(source.Files[i].Content, "compile_error!") {
		t.Errorf("files are %v", source.Files)
	}
}

// TestRootPackage: the workspace's root can be a package, and is in the
// manifest of those that need it and not of others.
func TestRootPackage(t *testing.T) {
	w := household(nil)
	w.Members[1] = plantest.Member{Name: "util", Dir: ".", Needs: []int{1}, Members: []int{0}}
	w.Files = map[string]string{
		"Cargo.toml": "[package]\nname = \"util\"\nversion = \"0.7.0\"\nedition = \"2021\"\n[dependencies]\nmade-two = \"2\"\ncore = { path = \"libs/core\" }\n" +
			"[dev-dependencies]\nmade-two = \"2\"\n[workspace]\nmembers = [\"libs/*\", \"app\"]\n",
		"app/Cargo.toml": "[package]\nname = \"app\"\nversion = \"0.7.0\"\nedition = \"2021\"\n[dependencies]\ncore = { path = \"../libs/core\" }\nutil = { path = \"..\" }\n",
	}
	p := cutBy(t, w, options.GranularityUnit)
	source, tables := sourceOf(t, p, "util")
	root := tables["Cargo.toml"]
	if at(root, "package", "name") != "util" || at(root, "dependencies", "made-two") != "2" || at(root, "dev-dependencies") != nil {
		t.Errorf("the root is %v", root)
	}
	if members := at(root, "workspace", "members"); !same(members, []any{"rustfile-stub-0", "libs/core"}) {
		t.Errorf("members are %v", members)
	}
	for _, c := range source.Copies {
		if c.Path == "." && !slices.Contains(c.Exclude, "app") {
			t.Errorf("the copy of the root holds other members: %v", c.Exclude)
		}
	}
	_, tables = sourceOf(t, p, "core")
	if root := tables["Cargo.toml"]; at(root, "package") != nil || at(root, "dependencies") != nil {
		t.Errorf("the root beside core is %v", root)
	}
}
