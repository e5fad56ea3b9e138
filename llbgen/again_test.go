package llbgen_test

import (
	"slices"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/plan/plantest"
	"github.com/rustfile/rustfile/internal/runtimeneeds"
	"github.com/rustfile/rustfile/llbgen"
)

// TestAgainToTheEnd: whatever is made of a vertex that runs again is made again, or BuildKit would take what was made of
// the vertex's last result.
func TestAgainToTheEnd(t *testing.T) {
	small(t, func(t *testing.T, w *plantest.Workspace, granularity string) {
		p := planOf(t, w, granularity)
		p.AddPackages("a test", plan.Location{}, "mold")
		p.Image.Packages = []string{"tini"}
		p.Image.Assets = []plan.Asset{{Source: "static", Destination: "/srv", Directory: true}}
		needs := runtimeneeds.Needs{Libraries: []runtimeneeds.Library{{Name: "libz.so.1", From: "/usr/lib/libz.so.1", To: "/lib/libz.so.1"}}}
		p.Toolchain.Steps = []plan.Step{{Command: options.Command{Shell: "echo 1 > /one"}}, {Command: options.Command{Args: []string{"true"}}}}
		p.Image.Steps = p.Toolchain.Steps
		for _, ignored := range []string{"deps", "build", "packages", "steps"} {
			for _, noMerge := range []bool{false, true} {
				if noMerge && p.Units != nil {
					continue // a daemon that cannot merge gets no such plan
				}
				in := inputs(p)
				in.NoMerge = noMerge
				in.IgnoreCache = func(name string) bool { return name == ignored }
				res, err := llbgen.Build(p, in)
				if err != nil {
					t.Fatal(err)
				}
				def, err := res.With(needs).State.Marshal(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				again := againBelow(t, def)
				if len(again) == 0 {
					t.Errorf("with %s, nothing runs again", ignored)
				}
				if base := llbgen.NameRuntimePackages + "install tini"; slices.Contains(again, base) != (ignored == "packages") {
					t.Errorf("with %s, %q runs again: %q", ignored, base, again)
				}
			}
		}
	})
}

// againBelow names the vertices that ignore the cache, and checks those that they are inputs of.
func againBelow(t *testing.T, def *llb.Definition) []string {
	t.Helper()
	var again []string
	for _, data := range def.Def {
		var op pb.Op
		if err := op.UnmarshalVT(data); err != nil {
			t.Fatal(err)
		}
		md := def.Metadata[digest.FromBytes(data)]
		if md.IgnoreCache {
			again = append(again, md.Description["llb.customname"])
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
