package project

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rustfile/rustfile/integration/bench/schedule"
)

const testLock = `version = 4

[[package]]
name = "app"
version = "1.0.0"
dependencies = [
 "itoa 1.0.15",
 "ryu",
]

[[package]]
name = "itoa"
version = "0.4.8"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "aaaa"

[[package]]
name = "itoa"
version = "1.0.15"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "bbbb"

[[package]]
name = "ryu"
version = "1.0.20"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "cccc"
dependencies = [
 "itoa 0.4.8",
]
`

func TestBumpChangesOnePackage(t *testing.T) {
	b := &Bump{Name: "itoa", From: "1.0.15", To: "1.0.14", Checksum: "dddd"}
	lock, err := b.apply([]byte(testLock))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("1.0.15", "1.0.14", "bbbb", "dddd").Replace(testLock)
	if string(lock) != want {
		t.Errorf("the lock file is\n%s", lock)
	}
	if _, err := b.apply(lock); err == nil {
		t.Error("a version that is not there was changed")
	}
}

func TestOnlyChange(t *testing.T) {
	replace := func(old ...string) string { return strings.NewReplacer(old...).Replace(testLock) }
	for _, tc := range []struct {
		name, after string
		ok          bool
	}{
		{"the version alone", replace("1.0.15", "1.0.16", "bbbb", "dddd"), true},
		{"nothing", testLock, false},
		{"another version", replace("1.0.15", "1.0.17", "bbbb", "dddd"), false},
		{"another package too", replace("1.0.15", "1.0.16", "bbbb", "dddd", "1.0.20", "1.0.21", "cccc", "eeee"), false},
		{"a new package", replace("1.0.15", "1.0.16", "bbbb", "dddd") + "\n[[package]]\nname = \"new\"\nversion = \"0.1.0\"\n", false},
		{"a new dependency", replace("1.0.15", "1.0.16", "bbbb\"", "dddd\"\ndependencies = [\n \"ryu\",\n]"), false},
		{"a checksum of another package", replace("1.0.15", "1.0.16", "bbbb", "dddd", "cccc", "eeee"), false},
	} {
		if err := onlyChange(testLock, tc.after, "itoa", "1.0.15", "1.0.16"); (err == nil) != tc.ok {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

func TestVersions(t *testing.T) {
	for from, want := range map[string]string{
		"1.0.15": "1.0.14 1.0.16 1.0.13 1.0.17", "0.3.0": "0.3.1 0.3.2", "0.3.1": "0.3.0 0.3.2 0.3.3",
		"1.0.0-rc.1": "", "0.9.8+spec-1.1.0": "", "2.0": "",
	} {
		if got := strings.Join(versions(from), " "); got != want {
			t.Errorf("the neighbours of %s are %q, want %q", from, got, want)
		}
	}
}

func TestAssembledManifests(t *testing.T) {
	manifest := "[package]\nname = \"a\"\n\n[dependencies.b]\nversion = \"1\"\n\n[dependencies.bb]\nversion = \"1\"\n\n[dev-dependencies.c]\nversion = \"1\"\n\n[[test]]\nname = \"t\"\n\n[lints.rust]\nx = \"warn\"\n"
	got := withoutTests(byPath(manifest, []string{"b", "c"}, "../"))
	want := "[package]\nname = \"a\"\n\n[dependencies.b]\npath = \"../b\"\nversion = \"1\"\n\n[dependencies.bb]\nversion = \"1\"\n\n[lints.rust]\nx = \"warn\"\n"
	if got != want {
		t.Errorf("the manifest is\n%s", got)
	}
	lock, err := localised(testLock, []string{"ryu"})
	if err != nil {
		t.Fatal(err)
	}
	if l := ParseLock(lock); l["ryu 1.0.20"].Source != "" || l["ryu 1.0.20"].Checksum != "" || l["itoa 1.0.15"].Checksum != "bbbb" ||
		!strings.Contains(lock, "version = \"1.0.20\"\ndependencies = [\n \"itoa 0.4.8\",\n]") {
		t.Errorf("the lock file is\n%s", lock)
	}
	if _, err := localised(testLock, []string{"serde"}); err == nil {
		t.Error("a package that is not in the lock file was found")
	}
}

// testGraph is app -> client -> core, app -> other -> core, core -> (build) tool, app -> (dev) tests, app -> member -> client.
func testGraph(t *testing.T) *graph {
	t.Helper()
	normal, build, dev := `[{"kind":null}]`, `[{"kind":"build"}]`, `[{"kind":"dev"}]`
	dep := func(name, kinds string) string {
		return `{"name":"` + name + `","pkg":"` + name + `","dep_kinds":` + kinds + `}`
	}
	node := func(id string, deps ...string) string {
		return `{"id":"` + id + `","deps":[` + strings.Join(deps, ",") + `]}`
	}
	var packages []string
	for _, name := range []string{"app", "member", "client", "other", "core", "tool", "tests", "unused"} {
		source := `"registry+x"`
		if name == "app" || name == "member" {
			source = "null"
		}
		packages = append(packages, `{"id":"`+name+`","name":"`+name+`","version":"1.0.0","source":`+source+`,"targets":[{"kind":["lib"]}]}`)
	}
	text := `{"packages":[` + strings.Join(packages, ",") + `],"workspace_members":["app","member"],"resolve":{"nodes":[` + strings.Join([]string{
		node("app", dep("client", normal), dep("other", normal), dep("tests", dev), dep("member", normal), dep("unused", normal)),
		node("member", dep("client", normal)), node("client", dep("core", normal)), node("other", dep("core", normal)),
		node("core", dep("tool", build)), node("tool"), node("tests"), node("unused"),
	}, ",") + `]}}`
	var m metadata
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	tree := "app v1.0.0 (/x)\nclient v1.0.0\ncore v1.0.0\ntool v1.0.0 (proc-macro)\nother v1.0.0\nmember v1.0.0 (/x/member)\ntests v1.0.0\n"
	g, err := m.graph("app", treePackages(tree))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestGraph(t *testing.T) {
	g := testGraph(t)
	if got := strings.Join(g.closure, " "); got != "app client core member other tool" {
		t.Errorf("the closure is %s", got)
	}
	if got := strings.Join(g.thirdParty(), " "); got != "client core other tool" {
		t.Errorf("third-party are %s", got)
	}
	// client and other are needed by no library; client's member counts as a dependent, not as a library.
	if got := strings.Join(g.leaves(), " "); got != "client other" || g.dependents["client"] != 2 || g.libraries["client"] != 0 {
		t.Errorf("the leaves are %s, the dependents %v", got, g.dependents)
	}
	// client has 2 dependents of 6 packages: a third is the nearest to midShare.
	if got := g.middles(); got[0] != "client" {
		t.Errorf("the middles are %v", got)
	}
	a, b := g.shuffled(1), g.shuffled(1)
	if !slices.Equal(a, b) || len(a) != 4 {
		t.Errorf("the same seed gave %v and %v", a, b)
	}
	if _, err := (&metadata{}).graph("app", nil); err == nil {
		t.Error("a workspace without the package was accepted")
	}
}

func TestSecondManifest(t *testing.T) {
	tree := "0|app v1.0.0 (/x)|default\n1|client v1.0.0|a,b\n2|core v1.0.0|\n1|member v1.0.0 (/x/member)|\n2|derive v0.2.0 (proc-macro)|\n" +
		"2|client v1.0.0|a,b\n1|other v1.0.0|\n2|core v1.0.0|std\n"
	deps := directDependencies(tree)
	var names []string
	for _, d := range deps {
		names = append(names, fmt.Sprint(d.Alias, d.Version, d.Features))
	}
	if got := strings.Join(names, " "); got != "dep_client1.0.0[a b] dep_derive0.2.0[] dep_other1.0.0[]" {
		t.Fatalf("the direct dependencies are %s", got)
	}
	g := testGraph(t)
	// Of two that bring as much, the first goes.
	if i := g.dropped(deps); i != 0 {
		t.Errorf("number %d is dropped", i)
	}
	line := dependency{Alias: "dep_x", Package: "x", Version: "1.2.3", NoDefault: true, Features: []string{"a", "b"}}.line()
	if line != "dep_x = { package = \"x\", version = \"=1.2.3\", default-features = false, features = [\"a\", \"b\"] }\n" {
		t.Errorf("the entry is %s", line)
	}
}

func TestProfiles(t *testing.T) {
	manifest := "[package]\nname = \"a\"\n\n[profile.release]\nlto = true\n\n[profile.release.package.b]\nopt-level = 1\n\n[lints.rust]\nx = \"warn\"\n[profile.dev]\nopt-level = 1\n"
	want := "[profile.release]\nlto = true\n\n[profile.release.package.b]\nopt-level = 1\n\n[profile.dev]\nopt-level = 1\n"
	if got := profiles(manifest); got != want {
		t.Errorf("the profiles are\n%s", got)
	}
}

// TestWorkspaceMembers checks the shape that the member row relies on.
func TestWorkspaceMembers(t *testing.T) {
	members := workspaceMembers()
	if len(members) != 30 {
		t.Fatalf("there are %d members", len(members))
	}
	needed := map[string]bool{}
	for i, m := range members {
		seen := map[string]bool{}
		for _, n := range m.Needs {
			if at := slices.Index(memberNames, n); at < 0 || at >= i || seen[n] {
				t.Errorf("%s needs %s, which is the member %d of %d", m.Name, n, at, i)
			}
			needed[n], seen[n] = true, true
		}
		if (m.Layer == "base") != (len(m.Needs) == 0) {
			t.Errorf("%s of the %s layer needs %v", m.Name, m.Layer, m.Needs)
		}
	}
	for _, m := range members {
		if needed[m.Name] == (m.Layer == "top") {
			t.Errorf("%s of the %s layer: needed is %t", m.Name, m.Layer, needed[m.Name])
		}
	}
	i := slices.IndexFunc(Catalogue, func(d Def) bool { return d.Name == "workspace" })
	if !strings.HasPrefix(Catalogue[i].MemberFile, "members/"+members[len(members)-1].Name+"/") || members[len(members)-1].Layer != "top" {
		t.Errorf("the edited member is that of %s", Catalogue[i].MemberFile)
	}
}

// TestWorkspaceIsTheSameForAll checks that the generator and the lock file belong together.
func TestWorkspaceIsTheSameForAll(t *testing.T) {
	dir := t.TempDir()
	if err := WriteWorkspace(dir); err != nil {
		t.Fatal(err)
	}
	lock, err := os.ReadFile(filepath.Join(dir, "Cargo.lock"))
	if err != nil {
		t.Fatal(err)
	}
	all := ParseLock(string(lock))
	for _, name := range append([]string{"api", "worker"}, memberNames...) {
		l, ok := all[name+" "+workspaceVersion]
		if !ok || l.Source != "" {
			t.Errorf("the lock file's entry of %s is %+v", name, l)
		}
		at := filepath.Join(dir, "members", name)
		if name == "api" || name == "worker" {
			at = filepath.Join(dir, "apps", name)
		}
		manifest, err := os.ReadFile(filepath.Join(at, "Cargo.toml"))
		if err != nil || strings.Contains(string(manifest), "<no value>") {
			t.Errorf("the manifest of %s (%v) is\n%s", name, err, manifest)
		}
	}
}

func TestStates(t *testing.T) {
	d := Def{EditFile: "src/main.rs", MemberFile: "m/lib.rs", Package: "app", Bin: "app", Version: "1.0.0"}
	p := &Project{Def: d, Dir: t.TempDir(), SecondDir: "second"}
	for file, text := range map[string]string{"Cargo.lock": testLock, "src/main.rs": "fn main() {}\n", "m/lib.rs": "// m\n"} {
		if err := os.MkdirAll(filepath.Dir(p.path(file)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p.path(file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.read(); err != nil {
		t.Fatal(err)
	}
	b := &Bump{Name: "itoa", From: "1.0.15", To: "1.0.14", Checksum: "dddd"}
	var err error
	if b.Lock, err = b.apply(p.lock); err != nil {
		t.Fatal(err)
	}
	p.Leaf, p.Random = b, []*Bump{b}
	read := func(file string) string {
		text, err := os.ReadFile(p.path(file))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	set := func(s schedule.State) {
		t.Helper()
		if err := p.Set(s); err != nil {
			t.Fatal(err)
		}
	}
	set(schedule.State{Edit: 2, Member: 3})
	if !strings.Contains(read("src/main.rs"), "BENCH_EDIT_2") || !strings.Contains(read("m/lib.rs"), "BENCH_EDIT_3") || read("Cargo.lock") != testLock {
		t.Error("the edits are not there, or the lock file changed")
	}
	set(schedule.State{Edit: 2, Bump: schedule.Leaf})
	if read("Cargo.lock") != string(b.Lock) || read("m/lib.rs") != "// m\n" {
		t.Error("the bump is not there, or the member is still edited")
	}
	old := time.Unix(1e9, 0)
	if err := os.Chtimes(p.path("src/main.rs"), old, old); err != nil {
		t.Fatal(err)
	}
	set(schedule.State{Edit: 2, Bump: schedule.Random})
	if st, err := os.Stat(p.path("src/main.rs")); err != nil || !st.ModTime().Equal(old) {
		t.Errorf("a file that stays the same was written: %v", err)
	}
	if err := p.Set(schedule.State{Bump: schedule.Random, Sample: 1}); err == nil {
		t.Error("a bump that there is not was set")
	}
	set(schedule.State{})
	if read("src/main.rs") != "fn main() {}\n" || read("Cargo.lock") != testLock {
		t.Error("the project is not as it was")
	}
	all, third := p.Count(schedule.State{Bump: schedule.Leaf}, []string{"app 1.0.0", "itoa 1.0.14", "itoa 1.0.14", "ryu 1.0.20", "stub 0.0.0", "itoa 1.0.15"})
	if all != 3 || third != 2 {
		t.Errorf("%d crates, %d of others, want 3 and 2", all, third)
	}
}
