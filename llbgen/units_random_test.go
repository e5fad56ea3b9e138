package llbgen_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	digest "github.com/opencontainers/go-digest"
	"github.com/rustfile/rustfile/internal/hermetic"
	"github.com/rustfile/rustfile/internal/llbtext"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/plan/plantest"
	"github.com/rustfile/rustfile/llbgen"
)

var granularities = []string{options.GranularityUnit, options.GranularityGroup}

func planOf(t testing.TB, w *plantest.Workspace, granularity string) *plan.Plan {
	t.Helper()
	p, err := w.Plan(map[string]string{"granularity": granularity})
	if err != nil {
		t.Fatal(err)
	}
	if string(p.Mode) != granularity {
		t.Fatalf("the plan is cut by %s, want %s", p.Mode, granularity)
	}
	return p
}

// digests are those of a plan's named vertices.
func digests(t *testing.T, p *plan.Plan) map[string]digest.Digest {
	t.Helper()
	out, err := llbtext.Digest(marshal(t, p))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// ofVertex is the digest of vertex i of a plan.
func ofVertex(t *testing.T, p *plan.Plan, all map[string]digest.Digest, i int) digest.Digest {
	t.Helper()
	v := p.Units.Vertices[i]
	prefix := llbgen.NameDependencies
	if v.Source != nil {
		prefix = llbgen.NameMembers
	}
	d, ok := all[prefix+v.Name]
	if !ok {
		t.Fatalf("no vertex is called %s%s", prefix, v.Name)
	}
	return d
}

// small are workspaces of the size that a person could draw.
func small(t *testing.T, check func(t *testing.T, w *plantest.Workspace, granularity string)) {
	for seed := range uint64(8) {
		for _, g := range granularities {
			t.Run(fmt.Sprintf("%d/%s", seed, g), func(t *testing.T) {
				check(t, plantest.Random(seed, 10+4*int(seed), 3), g)
			})
		}
	}
}

// TestOrderDoesNotMatter: the order of what has none, in manifests, in the
// lock file and in cargo's answer, reaches no key.
func TestOrderDoesNotMatter(t *testing.T) {
	small(t, func(t *testing.T, w *plantest.Workspace, g string) {
		want := head(t, marshal(t, planOf(t, w, g)))
		for order := range uint64(3) {
			w.Order = order
			if got := head(t, marshal(t, planOf(t, w, g))); got != want {
				t.Errorf("in order %d the graph's digest is %s, and was %s", order, got, want)
			}
		}
	})
}

// TestBump: a new version of one crate changes the keys of the vertices that
// compile or need it and that of the source vertex, and no other's.
func TestBump(t *testing.T) {
	small(t, func(t *testing.T, w *plantest.Workspace, g string) {
		before := planOf(t, w, g)
		keys := digests(t, before)
		for i := 0; i < len(w.Crates); i += 1 + len(w.Crates)/6 {
			bumped := *w
			bumped.Crates = slices.Clone(w.Crates)
			c := &bumped.Crates[i]
			c.Version, c.Checksum = c.Version+"1", strings.Repeat("f", 64)
			after := planOf(t, &bumped, g)
			newKeys := digests(t, after)
			if len(before.Units.Vertices) != len(after.Units.Vertices) {
				t.Fatalf("%d vertices, and %d after a bump of %s", len(before.Units.Vertices), len(after.Units.Vertices), c.Name)
			}
			for k, v := range before.Units.Vertices {
				if !slices.Equal(v.Nodes, after.Units.Vertices[k].Nodes) || !slices.Equal(v.Inputs, after.Units.Vertices[k].Inputs) {
					t.Errorf("a bump of %s moved the nodes of %s", c.Name, v.Name)
				}
				want := needs(before, k, w.Crates[i])
				if got := ofVertex(t, before, keys, k) != ofVertex(t, after, newKeys, k); got != want {
					t.Errorf("a bump of %s changed %s: %v, want %v", c.Name, v.Name, got, want)
				}
			}
			if source := sourceVertex(t, keys); source == sourceVertex(t, newKeys) {
				t.Errorf("a bump of %s did not change the source vertex", c.Name)
			}
		}
	})
}

// needs reports whether a vertex compiles a crate or something that needs it.
func needs(p *plan.Plan, vertex int, c plantest.Crate) bool {
	var all []int
	for _, i := range append(slices.Clone(p.Units.Vertices[vertex].Inputs), vertex) {
		all = append(all, p.Units.Vertices[i].Nodes...)
	}
	return slices.ContainsFunc(all, func(n int) bool {
		return p.Units.Nodes[n].Name == c.Name && p.Units.Nodes[n].Version == c.Version
	})
}

func sourceVertex(t *testing.T, keys map[string]digest.Digest) digest.Digest {
	t.Helper()
	for name, d := range keys {
		if strings.HasPrefix(name, llbgen.NameMembers+"cargo ") {
			return d
		}
	}
	t.Fatal("there is no source vertex")
	return ""
}

// elsewhere is another project that uses some of the crates of w: it has
// another place, other members and crates of its own, whose names come first.
func elsewhere(w *plantest.Workspace) *plantest.Workspace {
	out := &plantest.Workspace{Root: "zebra/crossing", Order: 99}
	const own = 5
	for i := range own {
		out.Crates = append(out.Crates, plantest.Crate{
			Name: fmt.Sprintf("a-%d", i), Version: "1.0.0", Checksum: strings.Repeat(fmt.Sprint(i), 64), Size: 1 << (14 + i),
		})
	}
	shift := func(list []int) []int {
		var to []int
		for _, k := range list {
			to = append(to, k+own)
		}
		return to
	}
	for _, c := range w.Crates {
		c.Needs, c.BuildNeeds = shift(c.Needs), shift(c.BuildNeeds)
		out.Crates = append(out.Crates, c)
	}
	for i := range own {
		// Those above, which make a walk of the graph meet it in another order.
		out.Crates = append(out.Crates, plantest.Crate{
			Name: fmt.Sprintf("aa-%d", i), Version: "3.0.0", Checksum: strings.Repeat(fmt.Sprint(i), 64),
			Needs: []int{i, own + (len(w.Crates)-1)*(own-i)/own}, Size: 1 << 18,
		})
	}
	lib := plantest.Member{Name: "zebra-lib", Dir: "zebra-lib"}
	app := plantest.Member{Name: "zebra", Dir: "zebra-bin", Bins: []string{"zebra-app"}, Members: []int{0}}
	for i := range out.Crates {
		if i%3 != 0 {
			app.Needs = append(app.Needs, i)
		} else {
			lib.Needs = append(lib.Needs, i)
		}
	}
	out.Members = []plantest.Member{lib, app}
	return out
}

// TestOtherProjectSameKeys: what has the same closure in two projects has the
// same key in both, and nothing of a project is in it.
func TestOtherProjectSameKeys(t *testing.T) {
	small(t, func(t *testing.T, w *plantest.Workspace, g string) {
		here, there := planOf(t, w, g), planOf(t, elsewhere(w), g)
		want, got := digests(t, here), digests(t, there)
		shared := 0
		for i, v := range here.Units.Vertices {
			if v.Source != nil || restOf(here, i) || forMember(here, i) {
				continue
			}
			shared++
			if d := got[llbgen.NameDependencies+v.Name]; d != ofVertex(t, here, want, i) {
				t.Errorf("%s has another key (%q) in another project", v.Name, d)
			}
		}
		if shared == 0 {
			t.Error("the projects share no vertex")
		}
		nothingOfProject(t, marshal(t, there), "zebra", "crossing")
	})
}

// restOf reports whether a vertex is for the light nodes that no other needs,
// which are together because of the project.
func restOf(p *plan.Plan, i int) bool {
	return p.Mode == plan.Group && i+1 == len(p.Units.Vertices)
}

// forMember reports whether a vertex has the light nodes that a member needs.
func forMember(p *plan.Plan, i int) bool {
	after := p.Units.Vertices[i+1]
	return p.Mode == plan.Group && after.Source != nil && slices.Contains(after.Inputs, i)
}

// nothingOfProject checks the processes of dependency vertices, and what they
// see.
func nothingOfProject(t *testing.T, def *llb.Definition, words ...string) {
	t.Helper()
	if err := hermetic.Check(def, nil); err != nil {
		t.Error(err)
	}
	vertices, err := llbtext.Vertices(def)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vertices {
		op := v.Op.GetExec()
		if op == nil || !strings.HasPrefix(v.Name, llbgen.NameDependencies) {
			continue
		}
		text := strings.Join(slices.Concat(op.Meta.Args, op.Meta.Env, []string{op.Meta.Cwd}), "\n")
		for _, m := range op.Mounts {
			text += m.Dest + "\n"
		}
		for _, word := range words {
			if strings.Contains(text, word) {
				t.Errorf("%s holds %q of the project:\n%s", v.Name, word, text)
			}
		}
	}
}

// TestThousandPackages is about what has a limit somewhere: messages, the
// arguments of a process, and the configuration of a remote cache.
func TestThousandPackages(t *testing.T) {
	for _, tc := range []struct {
		granularity string
		crates      int
		mode        plan.Mode
	}{
		{options.GranularityUnit, 400, plan.Unit},
		{options.GranularityUnit, 1000, plan.Group},
		{options.GranularityAuto, 1000, plan.Group},
		{options.GranularityAuto, 1400, plan.Group},
	} {
		t.Run(fmt.Sprintf("%s/%d", tc.granularity, tc.crates), func(t *testing.T) {
			p, err := plantest.Random(3, tc.crates, 5).Plan(map[string]string{"granularity": tc.granularity})
			if err != nil {
				t.Fatal(err)
			}
			if p.Mode != tc.mode {
				t.Errorf("the plan is cut by %s, want %s", p.Mode, tc.mode)
			}
			def := marshal(t, p)
			size := 0
			for _, data := range def.Def {
				size += len(data)
			}
			config := len(cacheConfig(t, def))
			t.Logf("%s: %d nodes, %d compile vertices of %d, %d bytes of LLB, %d of cache configuration, estimated %d",
				p.Mode, len(p.Units.Nodes), len(p.Units.Vertices), len(def.Def), size, config, p.CacheConfig())
			if size > 8<<20 {
				t.Errorf("%d bytes of LLB", size)
			}
			if n := len(p.Units.Vertices); n > 600 {
				t.Errorf("%d compile vertices", n)
			}
			if config > 1<<19 {
				t.Errorf("%d bytes of cache configuration, so two platforms are more than BuildKit imports", config)
			}
			checkArguments(t, def)
		})
	}
}

// checkArguments checks what Linux passes to a process, and what people read.
func checkArguments(t *testing.T, def *llb.Definition) {
	t.Helper()
	vertices, err := llbtext.Vertices(def)
	if err != nil {
		t.Fatal(err)
	}
	longest, most := 0, 0
	for _, v := range vertices {
		if len(v.Name) > 200 {
			t.Errorf("a vertex is called %s", v.Name)
		}
		all := 0
		for _, arg := range v.Op.GetExec().GetMeta().GetArgs() {
			longest = max(longest, len(arg))
			all += len(arg) + 1
		}
		most = max(most, all)
	}
	t.Logf("the longest argument has %d bytes, the most are %d", longest, most)
	if longest >= 128<<10 {
		t.Errorf("an argument of %d bytes", longest)
	}
	if most >= 2<<20 {
		t.Errorf("arguments of %d bytes", most)
	}
}

// TestCacheConfigEstimate: the plan's estimate is not below what BuildKit's
// code makes of the graph, and not far above.
func TestCacheConfigEstimate(t *testing.T) {
	for _, crates := range []int{20, 60, 150, 300} {
		for _, g := range granularities {
			p, err := plantest.Random(uint64(crates), crates, 4).Plan(map[string]string{"granularity": g})
			if err != nil {
				t.Fatal(err)
			}
			estimate, got := p.CacheConfig(), len(cacheConfig(t, marshal(t, p)))
			t.Logf("%d crates, %s: %d vertices, %d bytes, estimated %d", crates, p.Mode, len(p.Units.Vertices), got, estimate)
			if estimate < got || estimate > got*3/2+10_000 {
				t.Errorf("%d crates, %s: the configuration has %d bytes, and %d by the plan", crates, p.Mode, got, estimate)
			}
		}
	}
}

// TestKeysOfProfiles: an override reaches the vertices that have its package
// in their closure, and rustflags reach all.
func TestKeysOfProfiles(t *testing.T) {
	w := plantest.Random(7, 30, 2)
	before := planOf(t, w, options.GranularityUnit)
	keys := digests(t, before)
	c := w.Crates[10]
	for _, tc := range []struct {
		name   string
		change func(w *plantest.Workspace)
		want   func(vertex int) bool
	}{
		{"override of a package", func(w *plantest.Workspace) { w.Tables = "[profile.release.package." + c.Name + "]\nopt-level = 1\n" },
			func(v int) bool {
				return slices.ContainsFunc(w.Crates, func(other plantest.Crate) bool { return other.Name == c.Name && needs(before, v, other) })
			}},
		{"override of no package", func(w *plantest.Workspace) { w.Tables = "[profile.release.package.unknown]\nopt-level = 1\n" }, func(int) bool { return false }},
		{"another profile", func(w *plantest.Workspace) { w.Tables = "[profile.dev]\nopt-level = 1\n" }, func(int) bool { return false }},
		{"the profile", func(w *plantest.Workspace) { w.Tables = "[profile.release]\nlto = \"thin\"\n" }, func(int) bool { return true }},
		{"rustflags", func(w *plantest.Workspace) {
			w.Files = map[string]string{".cargo/config.toml": "[build]\nrustflags = [\"-Ctarget-cpu=native\"]\n"}
		}, func(int) bool { return true }},
		{"alias", func(w *plantest.Workspace) {
			w.Files = map[string]string{".cargo/config.toml": "[alias]\nb = \"build\"\n"}
		}, func(int) bool { return false }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			changed := *w
			tc.change(&changed)
			after := planOf(t, &changed, options.GranularityUnit)
			newKeys := digests(t, after)
			for i, v := range before.Units.Vertices {
				if got := ofVertex(t, before, keys, i) != ofVertex(t, after, newKeys, i); got != tc.want(i) {
					t.Errorf("%s changed: %v, want %v", v.Name, got, tc.want(i))
				}
			}
		})
	}
}

func BenchmarkThousandPackages(b *testing.B) {
	p, err := plantest.Random(3, 1000, 5).Plan(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		res, err := llbgen.Build(p, inputs(p))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := res.State.Marshal(b.Context(), llb.Platform(amd64)); err != nil {
			b.Fatal(err)
		}
	}
}
