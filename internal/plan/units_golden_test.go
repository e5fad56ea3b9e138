package plan_test

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/examples"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/golden"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/unitgraph"
)

var record = flag.Bool("record", false, "ask cargo for the unit graphs in testdata/graphs; it needs the crates' sources")

// goldenUnits are the examples whose refined plans are kept: a workspace with
// members and procedural macros, native code, and a git repository.
var goldenUnits = []string{"web", "build-script", "git-dep"}

func TestGoldenUnits(t *testing.T) {
	all, err := examples.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		for _, name := range goldenUnits {
			if e.Name == name {
				t.Run(name, func(t *testing.T) { goldenUnit(t, &e) })
			}
		}
	}
}

func goldenUnit(t *testing.T, e *examples.Example) {
	file := filepath.Join("testdata", "graphs", e.Name+".json")
	coarse := planExample(t, e)
	if *record {
		recordAnswer(t, coarse, file)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var answer plan.Answer
	if err := json.Unmarshal(data, &answer); err != nil {
		t.Fatal(err)
	}
	ws, err := cargo.Load(os.DirFS(e.Dir), cargo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, granularity := range []string{options.GranularityUnit, options.GranularityGroup} {
		o, err := options.Parse("Rustfile", nil, map[string]string{"granularity": granularity})
		if err != nil {
			t.Fatal(err)
		}
		p, err := plan.Refine(coarse, ws, o, answer, true)
		if err != nil {
			t.Fatal(err)
		}
		checkUnits(t, p.Units)
		// The rest is in the example's plan.golden.json.
		got, err := (&refinedPart{p.Mode, p.Units}).json()
		if err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, filepath.Join("testdata", "units", e.Name+"."+granularity+".json"), got)
	}
}

// refinedPart is what a refined plan has in place of or beside the coarse one's.
type refinedPart struct {
	Mode  plan.Mode   `json:"mode"`
	Units *plan.Units `json:"units"`
}

func (p *refinedPart) json() ([]byte, error) {
	data, err := json.MarshalIndent(p, "", " ")
	return append(data, '\n'), err
}

// recordAnswer asks the cargo of this machine what the planner vertex would
// ask it. The sizes of archives are those in cargo's own cache.
func recordAnswer(t *testing.T, p *plan.Plan, file string) {
	dir := t.TempDir()
	for _, f := range p.Dependencies.Files {
		name := filepath.Join(dir, f.Path)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(f.Content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	units := run(t, dir, append(p.Dependencies.Args, "--unit-graph", "-Z", "unstable-options")...)
	packages := run(t, dir, "metadata", "--all-features", "--format-version", "1")
	answer := plan.Answer{Sizes: map[string]int64{}}
	var err error
	if answer.Graph, err = unitgraph.New(units, packages); err != nil {
		t.Fatal(err)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range p.Sources.Crates {
		found, err := filepath.Glob(filepath.Join(home, ".cargo/registry/cache/*", c.Name+"-"+c.Version+".crate"))
		if err != nil {
			t.Fatal(err)
		}
		for _, archive := range found {
			info, err := os.Stat(archive)
			if err != nil {
				t.Fatal(err)
			}
			answer.Sizes[p.CrateDir(c)] = info.Size()
		}
	}
	data, err := json.MarshalIndent(answer, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(data, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("cargo", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "RUSTC_BOOTSTRAP=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("cargo %s: %v\n%s", strings.Join(args, " "), err, err.(*exec.ExitError).Stderr)
	}
	return out
}
