package integration

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/llbgen"
)

// unitWork is what a build in units did: the vertices that do work and ran, dependency vertices by their names.
func unitWork(r *testenv.Result) string {
	ran := r.Ran()
	var names []string
	for _, n := range ran {
		switch {
		case strings.HasPrefix(n, "[plan] ask cargo"):
			names = append(names, "plan")
		case strings.HasPrefix(n, "[sources] manifests"):
			names = append(names, "manifests")
		case strings.HasPrefix(n, llbgen.NameMembers):
			names = append(names, "build")
		case strings.HasPrefix(n, llbgen.NameToolchain):
			names = append(names, "toolchain")
		}
	}
	slices.Sort(names)
	if units := unitVertices(ran); units != "" {
		names = append(names, units)
	}
	return strings.Join(names, " ")
}

// layered is a program with dependencies of several levels: top needs mid, and mid and side need leaf; alone stands for
// itself; maker runs on the build machine and needs words.
func layered() *graph {
	return &graph{
		name: "layered", deps: []string{"alone", "maker", "side", "top"},
		libs: []lib{
			{name: "alone"},
			{name: "leaf", manifest: "\n[features]\nloud = []\n"},
			{name: "maker", macro: true, deps: []string{"words"}},
			{name: "mid", deps: []string{"leaf"}, manifest: "\n[features]\nloud = [\"leaf/loud\"]\n"},
			{name: "side", deps: []string{"leaf"}},
			{name: "top", deps: []string{"mid"}, manifest: "\n[features]\nloud = [\"mid/loud\"]\n"},
			{name: "words"},
		},
	}
}

const (
	allLayers     = "alone 1.0.0, leaf 1.0.0, maker 1.0.0 (host), mid 1.0.0, side 1.0.0, top 1.0.0, words 1.0.0 (host)"
	layeredPrints = "alone0\nmaker0 words0\nside0 leaf0\ntop0 mid0 leaf0\n"
)

// A unitChange is what is done to the layered program after a build, and what the next build does.
type unitChange struct {
	name string
	// graph changes the libraries, do the files that are made of them.
	graph func(g *graph)
	do    func(p *project)
	args  map[string]string
	// units are the dependency vertices that run; work is what else does, "manifests plan build" by default.
	units, work string
	prints      string
}

const (
	replanned = "build manifests plan" // other crates in the lock file
	asked     = "build plan"           // another stub workspace
	linked    = "build"
	nothing   = "-"
)

var unitChanges = []unitChange{
	{name: "nothing", work: nothing, prints: layeredPrints},
	{name: "README", work: nothing, do: func(p *project) { p.write("README.md", "x") }},
	{name: "source", work: linked, prints: "edited\n",
		do: func(p *project) { p.write("src/main.rs", "fn main() {\n    println!(\"edited\");\n}\n") }},
	{name: "manifest comment", work: linked, do: func(p *project) { p.append("Cargo.toml", "\n# More.\n") }},
	{name: "lock file comment", work: linked, do: func(p *project) { p.append("Cargo.lock", "\n# More.\n") }},
	{name: "version of the program", work: linked, do: func(p *project) {
		p.replace("Cargo.toml", `version = "0.1.0"`, `version = "0.2.0"`)
		p.replace("Cargo.lock", `version = "0.1.0"`, `version = "0.2.0"`)
	}},
	{name: "leaf bumped", graph: func(g *graph) { g.lib("leaf").patch = 1 }, work: replanned,
		units: "leaf 1.0.1, mid 1.0.0, side 1.0.0, top 1.0.0", prints: "alone0\nmaker0 words0\nside0 leaf1\ntop0 mid0 leaf1\n"},
	{name: "middle bumped", graph: func(g *graph) { g.lib("mid").patch = 1 }, work: replanned,
		units: "mid 1.0.1, top 1.0.0", prints: "alone0\nmaker0 words0\nside0 leaf0\ntop0 mid1 leaf0\n"},
	{name: "root bumped", graph: func(g *graph) { g.lib("alone").patch = 1 }, work: replanned, units: "alone 1.0.1"},
	{name: "host leaf bumped", graph: func(g *graph) { g.lib("words").patch = 1 }, work: replanned,
		units: "maker 1.0.0 (host), words 1.0.1 (host)", prints: "alone0\nmaker0 words1\nside0 leaf0\ntop0 mid0 leaf0\n"},
	{name: "dependency added", work: replanned, units: "new 1.0.0",
		graph: func(g *graph) { g.libs = append(g.libs, lib{name: "new"}); g.deps = append(g.deps, "new") }},
	{name: "dependency removed", work: replanned, prints: "maker0 words0\nside0 leaf0\ntop0 mid0 leaf0\n",
		graph: func(g *graph) {
			g.deps = slices.DeleteFunc(g.deps, func(n string) bool { return n == "alone" })
			g.libs = slices.DeleteFunc(g.libs, func(l lib) bool { return l.name == "alone" })
		}},
	{name: "feature of the middle", work: asked, units: "leaf 1.0.0, mid 1.0.0, side 1.0.0, top 1.0.0",
		do: func(p *project) {
			p.replace("Cargo.toml", `top = "1.0"`, `top = { version = "1.0", features = ["loud"] }`)
		}},
	// The same units as before: it does not matter who asks for the feature.
	{name: "feature of the build", work: asked,
		do: func(p *project) { p.append("Cargo.toml", "\n[features]\nmore = [\"top/loud\"]\n") }, args: map[string]string{"features": "more"}},
	{name: "profile of one package", work: asked, units: "alone 1.0.0",
		do: func(p *project) { p.append("Cargo.toml", "\n[profile.release.package.alone]\nopt-level = 1\n") }},
	{name: "profile of a package below", work: asked, units: "leaf 1.0.0, mid 1.0.0, side 1.0.0, top 1.0.0",
		do: func(p *project) { p.append("Cargo.toml", "\n[profile.release.package.leaf]\nopt-level = 1\n") }},
	{name: "profile of the program", work: linked,
		do: func(p *project) { p.append("Cargo.toml", "\n[profile.release.package.layered]\nopt-level = 1\n") }},
	{name: "profile of the build's own code", work: asked, units: "maker 1.0.0 (host), words 1.0.0 (host)",
		do: func(p *project) { p.append("Cargo.toml", "\n[profile.release.build-override]\nopt-level = 1\n") }},
	{name: "profile", work: asked, units: allLayers,
		do: func(p *project) { p.append("Cargo.toml", "\n[profile.release]\nopt-level = 1\n") }},
	{name: "profile that is not built", work: linked,
		do: func(p *project) { p.append("Cargo.toml", "\n[profile.dev]\nopt-level = 1\n") }},
	{name: "rustflags", work: asked, units: allLayers,
		do: func(p *project) { p.append(".cargo/config.toml", "\n[build]\nrustflags = [\"-Copt-level=2\"]\n") }},
	{name: "alias", work: linked, do: func(p *project) { p.append(".cargo/config.toml", "\n[alias]\nx = \"run\"\n") }},
}

// TestWhatAChangeRunsInUnits holds the caching promises of unit mode: after each change of a project whose build is
// cached, exactly these vertices run. The other tests are here for the sake of the daemon, which knows nothing at first.
func TestWhatAChangeRunsInUnits(t *testing.T) {
	f := newFakeRegistry(t)
	b := inProcess(testenv.FreshDaemon(t, testenv.DaemonOptions{}))
	p := layered().project(t, f, nil)
	r := buildUnits(t, b, testenv.BuildOptions{Context: p.Dir})
	if got, want := unitVertices(r.Ran()), allLayers; got != want {
		t.Fatalf("the first build ran %q, want %q", got, want)
	}
	checkFresh(t, r)
	for _, c := range unitChanges {
		t.Run(c.name, func(t *testing.T) { c.check(t, f, b) })
	}
	t.Run("two projects", func(t *testing.T) { testTwoProjects(t, b) })
	for seed := range uint64(3) {
		t.Run(fmt.Sprintf("graph %d", seed), func(t *testing.T) { testBump(t, b, seed) })
	}
}

func (c unitChange) check(t *testing.T, f *fakeRegistry, b *testenv.Builder) {
	g := layered()
	if c.graph != nil {
		c.graph(g)
	}
	p := g.project(t, f, nil)
	if c.do != nil {
		c.do(p)
	}
	r := buildUnits(t, b, testenv.BuildOptions{Context: p.Dir, BuildArgs: c.args})
	want := c.work
	if want == nothing {
		want = ""
	}
	if c.units != "" {
		want += " " + c.units
	}
	if got := unitWork(r); got != want {
		t.Errorf("vertices that ran: %q, want %q", got, want)
	}
	for _, n := range r.Ran() {
		if c.work == nothing && !strings.HasPrefix(n, "[internal] ") && !strings.HasPrefix(n, "[crate] ") &&
			!strings.HasPrefix(n, "[base] ") && !strings.HasPrefix(n, "[context ") && !strings.HasPrefix(n, "exporting ") {
			t.Errorf("%s ran", n)
		}
	}
	if c.prints != "" {
		if got := r.Run(t); got != c.prints {
			t.Errorf("the program prints %q, want %q", got, c.prints)
		}
	}
}

// digests maps the names of a build's dependency vertices to their digests.
func digests(r *testenv.Result) map[string]string {
	m := map[string]string{}
	for _, v := range r.Vertices {
		if strings.HasPrefix(v.Name, llbgen.NameDependencies) {
			m[strings.TrimPrefix(v.Name, llbgen.NameDependencies)] = string(v.Digest)
		}
	}
	return m
}

// testTwoProjects builds two projects that have nothing in common but libraries: names, members, places, the order
// of their lock files and what else they depend on differ. The second compiles none of what it shares with the first.
func testTwoProjects(t *testing.T, b *testenv.Builder) {
	f := newFakeRegistry(t)
	profile := "\n[profile.release]\nopt-level = 1\n"
	flags := "\n[build]\nrustflags = [\"--cfg\", \"shared\"]\n"
	first := layered()
	first.tables, first.config = profile, flags
	one := buildUnits(t, b, testenv.BuildOptions{Context: first.project(t, f, nil).Dir})

	second := layered()
	second.name, second.deps = "other", []string{"aaa", "mid", "side", "maker"}
	second.libs = slices.DeleteFunc(second.libs, func(l lib) bool { return l.name == "top" })
	second.libs = append(second.libs, lib{name: "aaa", deps: []string{"alone"}})
	slices.Reverse(second.libs)
	second.config = flags
	p := second.inWorkspace(t, f, profile)
	two := buildUnits(t, b, testenv.BuildOptions{Context: p.Dir, BuildArgs: map[string]string{"manifest-path": "code/Cargo.toml"}})
	if got, want := two.Run(t), "aaa0 alone0\nmid0 leaf0\nside0 leaf0\nmaker0 words0\n"; got != want {
		t.Errorf("the program prints %q, want %q", got, want)
	}
	if got, want := unitVertices(two.Ran()), "aaa 1.0.0"; got != want {
		t.Errorf("the second project compiled %q, want %q", got, want)
	}
	before := digests(one)
	for name, digest := range digests(two) {
		if known, ok := before[name]; ok && known != digest {
			t.Errorf("%s has the digests %s and %s", name, known, digest)
		}
	}
}

// inWorkspace writes the graph as the member of a workspace in the directory code, with another member beside it.
func (g *graph) inWorkspace(t testing.TB, f *fakeRegistry, profile string) *project {
	p := &project{t: t, Dir: t.TempDir()}
	member := g.project(t, f, nil)
	p.write("Rustfile", member.read("Rustfile"))
	p.write("code/Cargo.toml", "[workspace]\nresolver = \"2\"\nmembers = [\"programs/*\"]\n"+profile)
	p.write("code/Cargo.lock", member.read("Cargo.lock")+"\n[[package]]\nname = \"second\"\nversion = \"0.1.0\"\ndependencies = [\n \"leaf\",\n]\n")
	p.write("code/.cargo/config.toml", member.read(".cargo/config.toml"))
	p.write("code/programs/other/Cargo.toml", member.read("Cargo.toml"))
	p.write("code/programs/other/src/main.rs", member.read("src/main.rs"))
	p.write("code/programs/second/Cargo.toml", "[package]\nname = \"second\"\nversion = \"0.1.0\"\n[dependencies]\nleaf = { version = \"1.0\", features = [\"loud\"] }\n")
	p.write("code/programs/second/src/lib.rs", "")
	return p
}

// randomGraph makes libraries each of which depends on up to three earlier ones; some are needed by build scripts.
func randomGraph(rng *rand.Rand, size int) *graph {
	g := &graph{name: "random"}
	used := map[string]bool{}
	for i := range size {
		l := lib{name: fmt.Sprintf("lib-%c", 'a'+i)}
		for _, k := range rng.Perm(i)[:min(i, rng.IntN(4))] {
			l.deps = append(l.deps, g.libs[k].name)
			used[g.libs[k].name] = true
		}
		slices.Sort(l.deps)
		g.libs = append(g.libs, l)
	}
	for _, l := range g.libs {
		if !used[l.name] {
			g.deps = append(g.deps, l.name)
		}
	}
	return g
}

// dependents are the libraries that need one, itself included, as their vertices are named.
func (g *graph) dependents(name string) string {
	hit := map[string]bool{name: true}
	var names []string
	for _, l := range g.libs { // each after those it needs
		for _, d := range l.deps {
			hit[l.name] = hit[l.name] || hit[d]
		}
		if hit[l.name] {
			names = append(names, l.name+" "+l.version())
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// testBump changes one library of a generated graph: what depends on it has a new digest and runs, and the rest has the
// digest that it had.
func testBump(t *testing.T, b *testenv.Builder, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 0))
	f := newFakeRegistry(t)
	g := randomGraph(rng, 7)
	before := digests(buildUnits(t, b, testenv.BuildOptions{Context: g.project(t, f, nil).Dir, Output: testenv.OutputNone}))
	name := g.libs[rng.IntN(len(g.libs))].name
	bumped := g.clone()
	bumped.lib(name).patch = 1 + int(seed)
	r := buildUnits(t, b, testenv.BuildOptions{Context: bumped.project(t, f, nil).Dir, Output: testenv.OutputNone})
	var changed []string
	for vertex, digest := range digests(r) {
		if before[vertex] != digest {
			changed = append(changed, vertex)
		}
	}
	slices.Sort(changed)
	want := bumped.dependents(name)
	if got := strings.Join(changed, ", "); got != want {
		t.Errorf("after a bump of %s these have new digests: %q, want %q", name, got, want)
	}
	if got := unitVertices(r.Ran()); got != want {
		t.Errorf("after a bump of %s these ran: %q, want %q", name, got, want)
	}
}
