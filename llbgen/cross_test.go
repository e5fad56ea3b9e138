package llbgen_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/containerd/platforms"
	digest "github.com/opencontainers/go-digest"
	"github.com/rustfile/rustfile/integration/examples"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/golden"
	"github.com/rustfile/rustfile/internal/hermetic"
	"github.com/rustfile/rustfile/internal/llbtext"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/plan/plantest"
	"github.com/rustfile/rustfile/llbgen"
)

// targets are some that linux/amd64 compiles for.
var targets = []struct{ platform, libc string }{
	{"linux/arm64", "gnu"}, {"linux/amd64", "musl"}, {"linux/arm64", "musl"}, {"linux/arm/v7", "gnu"},
}

// exampleFor plans an example for a platform on linux/amd64, cut by the unit
// graph that was recorded of it.
func exampleFor(t *testing.T, name, platform string, args map[string]string) *plan.Plan {
	t.Helper()
	root, err := examples.RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	fsys := os.DirFS(filepath.Join(root, "examples", name))
	o, err := options.Parse("Rustfile", nil, args)
	if err != nil {
		t.Fatal(err)
	}
	ws, err := cargo.Load(fsys, cargo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.New(ws, o, plan.Inputs{Platform: platform, BuildPlatform: "linux/amd64", Context: fsys})
	if err != nil {
		t.Fatal(err)
	}
	if o.Granularity == options.GranularityCoarse {
		return p
	}
	data, err := os.ReadFile(filepath.Join(root, "internal/plan/testdata/graphs", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var answer plan.Answer
	if err := json.Unmarshal(data, &answer); err != nil {
		t.Fatal(err)
	}
	if p, err = plan.Refine(p, ws, o, answer, true); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestGoldenCross(t *testing.T) {
	for _, tc := range []struct {
		name, example, platform string
		args                    map[string]string
	}{
		{"build-script.arm64.unit", "build-script", "linux/arm64", map[string]string{"granularity": "unit"}},
		{"build-script.amd64-musl.unit", "build-script", "linux/amd64", map[string]string{"granularity": "unit", "libc": "musl"}},
		{"hello.arm64-musl.coarse", "hello", "linux/arm64", map[string]string{"granularity": "coarse", "libc": "musl"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			def := marshal(t, exampleFor(t, tc.example, tc.platform, tc.args))
			allow := func(name string) bool { return strings.HasPrefix(name, llbgen.NameToolchain) }
			if err := hermetic.Check(def, allow); err != nil {
				t.Error(err)
			}
			if err := hermetic.CheckPlatform(def, amd64); err != nil {
				t.Error(err)
			}
			if err := hermetic.CheckPlatform(def, platforms.MustParse("linux/s390x")); err == nil {
				t.Error("no command of the graph is for the machine that builds")
			}
			got, err := llbtext.Format(def)
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, filepath.Join("testdata", "cross", tc.name+".txt"), []byte(got))
		})
	}
}

// TestNativeIsNotCross: naming the machine that builds changes nothing.
func TestNativeIsNotCross(t *testing.T) {
	for _, granularity := range []string{"unit", "group"} {
		p := exampleFor(t, "web", "linux/amd64", map[string]string{"granularity": granularity})
		want, err := os.ReadFile(filepath.Join("testdata", "units", "web."+granularity+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := llbtext.Format(marshal(t, p))
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("the graph of %s is not that of a build without a platform", granularity)
		}
	}
}

// TestHostVerticesAreShared: what is compiled for the machine that builds has
// the same key whatever the target is, and what is compiled for the target
// another one for each.
func TestHostVerticesAreShared(t *testing.T) {
	small(t, func(t *testing.T, w *plantest.Workspace, g string) {
		native := planOf(t, w, g)
		nativeKeys := digests(t, native)
		for _, target := range targets {
			p, err := w.PlanFor(target.platform, map[string]string{"granularity": g, "libc": target.libc})
			if err != nil {
				t.Fatal(err)
			}
			keys := digests(t, p)
			for i, v := range p.Units.Vertices {
				host := p.OnHost(i)
				if host != !slices.ContainsFunc(p.Units.Vertices[i].Nodes, func(n int) bool { return !p.Units.Nodes[n].Host }) {
					continue // a vertex of light nodes that needs one of the target's
				}
				if got := ofVertex(t, p, keys, i) == ofVertex(t, native, nativeKeys, i); got != host {
					t.Errorf("%v: vertex %s is shared: %v, want %v", target, v.Name, got, host)
				}
			}
			checkSharedSources(t, nativeKeys, keys)
			if sourceVertex(t, nativeKeys) == sourceVertex(t, keys) {
				t.Errorf("%v has the source vertex of linux/amd64", target)
			}
		}
	})
}

// checkSharedSources fails the test when a vertex that fetches or unpacks
// differs.
func checkSharedSources(t *testing.T, a, b map[string]digest.Digest) {
	t.Helper()
	shared := 0
	for name, d := range b {
		if strings.HasPrefix(name, "[sources] ") || strings.HasPrefix(name, "[crate] ") {
			shared++
			if a[name] != d {
				t.Errorf("vertex %s is not shared", name)
			}
		}
	}
	if shared == 0 {
		t.Error("no vertex is about sources")
	}
}

// TestTwoPlatforms counts the vertices of one build for two platforms.
func TestTwoPlatforms(t *testing.T) {
	args := map[string]string{"granularity": "unit"}
	plans := []*plan.Plan{exampleFor(t, "web", "linux/amd64", args), exampleFor(t, "web", "linux/arm64", args)}
	names, compiled := map[digest.Digest]string{}, map[bool]int{}
	host, target := 0, 0
	for i := range plans[0].Units.Vertices {
		if plans[0].OnHost(i) {
			host++
		} else {
			target++
		}
	}
	for _, p := range plans {
		in := inputs(p)
		in.MultiPlatform = true
		res, err := llbgen.Build(p, in)
		if err != nil {
			t.Fatal(err)
		}
		def, err := res.State.Marshal(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		vertices, err := llbtext.Vertices(def)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range vertices {
			if v.Op.GetExec() == nil || !strings.Contains(v.Name, llbgen.NameDependencies) && !strings.Contains(v.Name, llbgen.NameMembers) {
				continue
			}
			if before, ok := names[v.Digest]; ok && before != v.Name {
				t.Errorf("one vertex is called %q and %q", before, v.Name)
			}
			if _, ok := names[v.Digest]; !ok {
				compiled[strings.HasPrefix(v.Name, "[linux/")]++
			}
			names[v.Digest] = v.Name
		}
	}
	if host == 0 || target == 0 {
		t.Fatalf("%d vertices for the machine that builds, %d for the target", host, target)
	}
	// Each platform has a source vertex of its own.
	if compiled[false] != host || compiled[true] != 2*(target+1) {
		t.Errorf("%v vertices, want %d that both platforms share and two times %d", compiled, host, target+1)
	}
}
