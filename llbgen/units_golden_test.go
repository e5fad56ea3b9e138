package llbgen_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/golden"
	"github.com/rustfile/rustfile/internal/hermetic"
	"github.com/rustfile/rustfile/internal/llbtext"
)

// refinedPlans hold what a refined plan of an example has in place of or
// beside the coarse one's.
const refinedPlans = "../internal/plan/testdata/units"

func TestGoldenUnits(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(refinedPlans, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			example, _, _ := strings.Cut(name, ".")
			p := examplePlan(t, example)
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(data, p); err != nil {
				t.Fatal(err)
			}
			def := marshal(t, p)
			if err := hermetic.Check(def, nil); err != nil {
				t.Error(err)
			}
			got, err := llbtext.Format(def)
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, filepath.Join("testdata", "units", name+".txt"), []byte(got))
		})
	}
}
