package plan_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rustfile/rustfile/integration/examples"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/golden"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
)

// planExample plans the first case of an example that is expected to build.
func planExample(t *testing.T, e *examples.Example) *plan.Plan {
	t.Helper()
	fsys := os.DirFS(e.Dir)
	rustfile, err := os.ReadFile(filepath.Join(e.Dir, "Rustfile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range e.Cases {
		if len(c.Error) > 0 {
			continue
		}
		o, err := options.Parse("Rustfile", rustfile, c.BuildArgs)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.SetTarget(c.Target); err != nil {
			t.Fatal(err)
		}
		ws, err := cargo.Load(fsys, cargo.LoadOptions{ManifestPath: o.ManifestPath})
		if err != nil {
			t.Fatal(err)
		}
		if o, err = plan.Configure(ws, o); err != nil {
			t.Fatal(err)
		}
		p, err := plan.New(ws, o, plan.Inputs{Platform: "linux/amd64", Context: fsys})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	t.Fatalf("%s has no case that builds", e.Name)
	return nil
}

func TestGoldenPlans(t *testing.T) {
	all, err := examples.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		t.Run(e.Name, func(t *testing.T) {
			got, err := planExample(t, &e).JSON()
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, filepath.Join(e.Dir, "plan.golden.json"), got)
		})
	}
}
