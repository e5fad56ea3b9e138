package llbgen_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/rustfile/rustfile/internal/plan/plantest"
)

// TestEveryBinarySameKeys: the vertices of a member, and of what it needs, are
// the same whatever binary of the workspace is built.
func TestEveryBinarySameKeys(t *testing.T) {
	small(t, func(t *testing.T, w *plantest.Workspace, g string) {
		w.Members = append(w.Members, plantest.Member{
			Name: "tool", Dir: "tool", Bins: []string{"tool"}, Members: []int{0, 1}, Needs: []int{len(w.Crates) / 2, len(w.Crates) - 1},
		})
		app, tool := *w, *w
		app.Builds, tool.Builds = "app", "tool"
		forApp, forTool := planOf(t, &app, g), planOf(t, &tool, g)
		keys, toolKeys := digests(t, forApp), digests(t, forTool)
		members := 0
		for i, v := range forTool.Units.Vertices {
			if restOf(forTool, i) {
				continue
			}
			if v.Source != nil {
				members++
			}
			key := ofVertex(t, forTool, toolKeys, i)
			if !slices.Contains(slices.Collect(maps.Values(keys)), key) {
				t.Errorf("%s is another vertex for another binary", v.Name)
			}
		}
		if members == 0 {
			t.Error("no member has a vertex")
		}
	})
}
