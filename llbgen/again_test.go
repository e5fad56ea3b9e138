package llbgen_test

import (
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/plan/plantest"
	"github.com/rustfile/rustfile/llbgen"
)

// TestAgainToTheEnd: whatever is made of a vertex that runs again is made again, or BuildKit would take what was made of
// the vertex's last result.
func TestAgainToTheEnd(t *testing.T) {
	small(t, func(t *testing.T, w *plantest.Workspace, granularity string) {
		p := planOf(t, w, granularity)
		p.AddPackages("a test", plan.Location{}, "mold")
		for _, ignored := range []string{"deps", "build", "packages"} {
			in := inputs(p)
			in.IgnoreCache = func(name string) bool { return name == ignored }
			res, err := llbgen.Build(p, in)
			if err != nil {
				t.Fatal(err)
			}
			def, err := res.State.Marshal(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if n := againBelow(t, def); n == 0 {
				t.Errorf("with %s, nothing runs again", ignored)
			}
		}
	})
}

// againBelow counts the vertices that ignore the cache, and checks those that they are inputs of.
func againBelow(t *testing.T, def *llb.Definition) int {
	t.Helper()
	again := 0
	for _, data := range def.Def {
		var op pb.Op
		if err := op.UnmarshalVT(data); err != nil {
			t.Fatal(err)
		}
		md := def.Metadata[digest.FromBytes(data)]
		if md.IgnoreCache {
			again++
			continue
		}
		for _, in := range op.Inputs {
			if from := def.Metadata[digest.Digest(in.Digest)]; from.IgnoreCache && op.Op != nil {
				t.Errorf("%q is taken from the cache, and %q below it is not", md.Description["llb.customname"], from.Description["llb.customname"])
			}
		}
	}
	return again
}
