package llbgen_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/golden"
	"github.com/rustfile/rustfile/internal/hermetic"
	"github.com/rustfile/rustfile/internal/llbtext"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/plan/plantest"
	"github.com/rustfile/rustfile/llbgen"
)

func TestGoldenZig(t *testing.T) {
	for _, tc := range []struct{ name, platform, granularity string }{
		{"build-script.glibc.unit", "linux/amd64", "unit"}, {"build-script.arm64-glibc.coarse", "linux/arm64", "coarse"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			def := marshal(t, exampleFor(t, "build-script", tc.platform, map[string]string{"granularity": tc.granularity, "glibc": "2.28"}))
			allow := func(name string) bool { return strings.HasPrefix(name, llbgen.NameToolchain) }
			if err := hermetic.Check(def, allow); err != nil {
				t.Error(err)
			}
			got, err := llbtext.Format(def)
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, filepath.Join("testdata", "cross", tc.name+".txt"), []byte(got))
		})
	}
}

// TestZigIsWhereItIsNeeded: a vertex that neither links nor compiles C for the target, and needs none that does, has the
// key that it has without zig.
func TestZigIsWhereItIsNeeded(t *testing.T) {
	check := func(t *testing.T, plain, p *plan.Plan) (shared, own int) {
		t.Helper()
		plainKeys, keys := digests(t, plain), digests(t, p)
		with := make([]bool, len(p.Units.Vertices))
		for i, v := range p.Units.Vertices {
			with[i] = p.UsesZig(i)
			for _, input := range v.Inputs {
				with[i] = with[i] || with[input]
			}
			if same := ofVertex(t, p, keys, i) == ofVertex(t, plain, plainKeys, i); same == with[i] {
				t.Errorf("vertex %s has the key of a build without zig: %v", v.Name, same)
			} else if same {
				shared++
			} else {
				own++
			}
		}
		checkSharedSources(t, plainKeys, keys)
		if sourceVertex(t, plainKeys) == sourceVertex(t, keys) {
			t.Error("the source vertex is that of a build without zig")
		}
		return shared, own
	}
	small(t, func(t *testing.T, w *plantest.Workspace, g string) {
		p, err := w.Plan(map[string]string{"granularity": g, "glibc": "2.28"})
		if err != nil {
			t.Fatal(err)
		}
		check(t, planOf(t, w, g), p)
	})
	plain := exampleFor(t, "build-script", "linux/amd64", map[string]string{"granularity": "unit"})
	p := exampleFor(t, "build-script", "linux/amd64", map[string]string{"granularity": "unit", "glibc": "2.28"})
	if shared, own := check(t, plain, p); shared == 0 || own == 0 {
		t.Errorf("%d vertices are shared and %d are not; there should be some of each", shared, own)
	}
}
