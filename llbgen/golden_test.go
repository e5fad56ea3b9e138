package llbgen_test

import (
	"path/filepath"
	"testing"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/integration/examples"
	"github.com/rustfile/rustfile/internal/golden"
	"github.com/rustfile/rustfile/internal/hermetic"
	"github.com/rustfile/rustfile/internal/llbtext"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/llbgen"
)

var amd64 = ocispecs.Platform{OS: "linux", Architecture: "amd64"}

// inputs stand for what a daemon would say; the digests are made up.
func inputs(p *plan.Plan) llbgen.Inputs {
	base := func(ref, platform string, env ...string) llbgen.Base {
		of := platforms.MustParse(platform)
		b := llbgen.Base{State: llb.Image(ref+"@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", llb.Platform(of))}
		b.Config.Platform = of
		b.Config.Config.Env = env
		return b
	}
	return llbgen.Inputs{
		Context:   llb.Local("context", llb.SessionID("session"), llb.SharedKeyHint("context")),
		Toolchain: base(p.Toolchain.Image, p.BuildPlatform(), "PATH=/usr/local/cargo/bin:/usr/bin:/bin", "RUSTUP_HOME=/usr/local/rustup"),
		Runtime:   base(p.Image.Base, p.Platform, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
	}
}

func marshal(t *testing.T, p *plan.Plan) *llb.Definition {
	t.Helper()
	res, err := llbgen.Build(p, inputs(p))
	if err != nil {
		t.Fatal(err)
	}
	def, err := res.State.Marshal(t.Context(), llb.Platform(amd64))
	if err != nil {
		t.Fatal(err)
	}
	return def
}

func TestGoldenLLB(t *testing.T) {
	all, err := examples.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		t.Run(e.Name, func(t *testing.T) {
			def := marshal(t, loadPlan(t, filepath.Join(e.Dir, "plan.golden.json")))
			if err := hermetic.Check(def, nil); err != nil {
				t.Error(err)
			}
			got, err := llbtext.Format(def)
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, filepath.Join(e.Dir, "llb.linux-amd64.golden.txt"), []byte(got))
		})
	}
}
