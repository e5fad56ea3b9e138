package llbgen_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"github.com/rustfile/rustfile/internal/hermetic"
	"github.com/rustfile/rustfile/internal/llbtext"
	"github.com/rustfile/rustfile/internal/native"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/plan/plantest"
	"github.com/rustfile/rustfile/llbgen"
)

// installs lists the arguments of the vertices that install packages.
func installs(t *testing.T, p *plan.Plan) []string {
	t.Helper()
	vertices, err := llbtext.Vertices(marshal(t, p))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, v := range vertices {
		exec, ok := v.Op.Op.(*pb.Op_Exec)
		if !ok {
			continue
		}
		args := exec.Exec.Meta.Args
		packages := slices.Contains(args, llbgen.PackagesScript)
		if packages {
			out = append(out, strings.Join(args[2:], " "))
		}
		if network := exec.Exec.Network == pb.NetMode_UNSET; network != packages {
			t.Errorf("vertex %q has a network: %t", v.Name, network)
		}
	}
	return out
}

func TestPackages(t *testing.T) {
	p := examplePlan(t, "build-script")
	before := head(t, marshal(t, p))
	if got := installs(t, p); len(got) > 0 {
		t.Errorf("without packages the graph installs %q", got)
	}
	p.AddPackages("a test", plan.Location{}, "mold", "clang")
	p.AddPackages("a test", plan.Location{}, "clang")
	if got := installs(t, p); !slices.Equal(got, []string{"0 clang mold"}) {
		t.Errorf("the graph installs %q", got)
	}
	if head(t, marshal(t, p)) == before {
		t.Error("packages do not change the graph")
	}
	p.Toolchain.Architectures = []string{"arm64"}
	p.AddPackages("a test", plan.Location{}, "libssl-dev:arm64")
	if got := installs(t, p); !slices.Equal(got, []string{"1 arm64 clang libssl-dev:arm64 mold"}) {
		t.Errorf("the graph installs %q", got)
	}
	def := marshal(t, p)
	if err := hermetic.Check(def, func(name string) bool { return strings.HasPrefix(name, llbgen.NameToolchain) }); err != nil {
		t.Error(err)
	}
	if hermetic.Check(def, nil) == nil {
		t.Error("a graph that installs packages is hermetic")
	}
}

// TestPackagesReachOnlyTheirDependents compares a project on an image that has what it needs with the same on one that
// has not: a vertex below which no crate needs the package keeps its key.
func TestPackagesReachOnlyTheirDependents(t *testing.T) {
	crate := func(name string, needs ...int) plantest.Crate {
		return plantest.Crate{Name: name, Version: "1.0.0", Checksum: strings.Repeat("a", 64), Size: 1 << 20, Needs: needs, Script: true}
	}
	keys := func(status string) map[string]digest.Digest {
		w := &plantest.Workspace{
			Root: ".", System: native.NewSystem([]byte(status), nil),
			Crates: []plantest.Crate{crate("itoa"), crate("pq-sys"), crate("diesel", 0, 1), crate("other", 0)},
			Members: []plantest.Member{
				{Name: "plain", Dir: "plain", Needs: []int{3}}, {Name: "app", Dir: "app", Needs: []int{2}, Members: []int{0}, Bins: []string{"app"}},
			},
		}
		p, err := w.Plan(map[string]string{"granularity": "unit"})
		if err != nil {
			t.Fatal(err)
		}
		all, err := llbtext.Digest(marshal(t, p))
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	has, lacks := keys("Package: libpq-dev\nStatus: install ok installed\nArchitecture: amd64\n"), keys("")
	compared := 0
	for name, key := range has {
		if !strings.HasPrefix(name, llbgen.NameDependencies) && !strings.HasPrefix(name, llbgen.NameMembers) {
			continue
		}
		compared++
		needs := strings.Contains(name, "pq-sys") || strings.Contains(name, "diesel") || strings.Contains(name, "cargo build")
		if same := lacks[name] == key; same == needs {
			t.Errorf("%q has the same key: %t", name, same)
		}
	}
	if compared != 6 {
		t.Errorf("%d vertices were compared: %v", compared, has)
	}
}
