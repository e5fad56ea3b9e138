package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/plan/plantest"
)

func cutBy(t testing.TB, w *plantest.Workspace, granularity string) *plan.Plan {
	t.Helper()
	p, err := w.Plan(map[string]string{"granularity": granularity})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// checkUnits checks what holds for every plan with units.
func checkUnits(t *testing.T, u *plan.Units) {
	t.Helper()
	compiled := map[int]int{}
	for i, v := range u.Vertices {
		have := map[int]bool{}
		for k, input := range v.Inputs {
			if input >= i || k > 0 && v.Inputs[k-1] >= input {
				t.Fatalf("the inputs of vertex %d, %s, are %v", i, v.Name, v.Inputs)
			}
			for _, n := range u.Vertices[input].Nodes {
				have[n] = true
			}
			for _, deeper := range u.Vertices[input].Inputs {
				if !slices.Contains(v.Inputs, deeper) {
					t.Errorf("%s needs %s, and not %s, which that needs", v.Name, u.Vertices[input].Name, u.Vertices[deeper].Name)
				}
			}
		}
		if len(v.Nodes) == 0 || v.Name == "" {
			t.Errorf("vertex %d, %q, compiles %v", i, v.Name, v.Nodes)
		}
		for k, n := range v.Nodes {
			if have[n] {
				t.Errorf("%s compiles %s, which one of its inputs has", v.Name, u.Nodes[n].Name)
			}
			have[n] = true
			compiled[n]++
			if k > 0 && v.Nodes[k-1] >= n {
				t.Errorf("the nodes of %s are %v", v.Name, v.Nodes)
			}
			if member := v.Source != nil; member != (u.Nodes[n].Member != "") {
				t.Errorf("%s, of a member: %v, compiles %s", v.Name, member, u.Nodes[n].Name)
			}
		}
		for n := range have {
			for _, d := range u.Nodes[n].Dependencies {
				if !have[d] {
					t.Errorf("%s has %s, and not %s, which that needs", v.Name, u.Nodes[n].Name, u.Nodes[d].Name)
				}
			}
		}
	}
	for i, n := range u.Nodes {
		if compiled[i] == 0 {
			t.Errorf("no vertex compiles %s", n.Name)
		}
		for _, d := range n.Dependencies {
			if d >= i {
				t.Errorf("node %d, %s, needs node %d", i, n.Name, d)
			}
		}
	}
}

func TestCut(t *testing.T) {
	for seed := range uint64(30) {
		w := plantest.Random(seed, 5+4*int(seed), 1+int(seed)%5)
		for _, g := range []string{options.GranularityUnit, options.GranularityGroup} {
			t.Run(fmt.Sprintf("%d/%s", seed, g), func(t *testing.T) {
				p := cutBy(t, w, g)
				checkUnits(t, p.Units)
				members := 0
				for _, v := range p.Units.Vertices {
					if v.Source != nil {
						members++
					}
					if len(v.Nodes) != 1 && p.Mode == plan.Unit {
						t.Errorf("%s compiles %v", v.Name, v.Nodes)
					}
				}
				if p.Mode == plan.Unit && len(p.Units.Vertices) != len(p.Units.Nodes) {
					t.Errorf("%d vertices for %d nodes", len(p.Units.Vertices), len(p.Units.Nodes))
				}
				if members != len(w.Members)-1 {
					t.Errorf("%d of %d members have vertices", members, len(w.Members)-1)
				}
			})
		}
	}
}

// TestGroups states which packages get a vertex of their own.
func TestGroups(t *testing.T) {
	sum := strings.Repeat("a", 64)
	crate := func(name string, size int64, needs ...int) plantest.Crate {
		return plantest.Crate{Name: name, Version: "1.0.0", Checksum: sum, Size: size, Needs: needs}
	}
	native := crate("native", 100)
	native.BuildNeeds = []int{0}
	for _, tc := range []struct {
		name   string
		crates []plantest.Crate
		want   string
	}{
		{"small ones share the last", []plantest.Crate{crate("s", 100), crate("t", 100)}, "s t"},
		{"one of them has its name", []plantest.Crate{crate("s", 100)}, "s"},
		{"up to the limit", []plantest.Crate{crate("s", 50_000), crate("b", 50_001)}, "b | s"},
		{"a size that is not known", []plantest.Crate{crate("s", 0), crate("t", 100)}, "s | t"},
		{"compiled with what needs it", []plantest.Crate{crate("s", 100), crate("b", 1<<20, 0)}, "b s"},
		{"compiled below", []plantest.Crate{crate("s", 100), crate("b", 1<<20, 0), crate("c", 1<<20, 0, 1)}, "b s | c"},
		{"compiled twice", []plantest.Crate{crate("s", 100), crate("b", 1<<20, 0), crate("c", 1<<20, 0)}, "b s | c s"},
		{"small above big", []plantest.Crate{crate("b", 1<<20), crate("s", 100, 0)}, "b | s"},
		{"the last compiles nothing again", []plantest.Crate{crate("s", 100), crate("b", 1<<20, 0), crate("t", 100, 0), crate("u", 100)}, "b s | t u"},
		{"measured as light", []plantest.Crate{crate("cfg-if", 1<<20), crate("s", 100)}, "cfg-if s"},
		{"measured as heavy", []plantest.Crate{crate("actix-web", 100), crate("s", 100)}, "actix-web | s"},
		{"compiles C", []plantest.Crate{crate("cc", 1<<20), native, crate("s", 100)}, "cc | native | s"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			app := plantest.Member{Name: "app", Dir: "app", Bins: []string{"app"}}
			for i := range tc.crates {
				app.Needs = append(app.Needs, i)
			}
			if tc.name == "compiles C" {
				app.Needs = app.Needs[1:]
			}
			p := cutBy(t, &plantest.Workspace{Root: ".", Crates: tc.crates, Members: []plantest.Member{app}}, options.GranularityGroup)
			checkUnits(t, p.Units)
			var vertices []string
			for _, v := range p.Units.Vertices {
				var names []string
				for _, n := range v.Nodes {
					names = append(names, p.Units.Nodes[n].Name)
				}
				slices.Sort(names)
				vertices = append(vertices, strings.Join(names, " "))
			}
			if got := strings.Join(vertices, " | "); got != tc.want {
				t.Errorf("vertices are %s, want %s", got, tc.want)
			}
		})
	}
}

// TestGroupsStay: a new version of a crate that keeps the shape of the graph
// keeps the groups.
func TestGroupsStay(t *testing.T) {
	for seed := range uint64(10) {
		w := plantest.Random(seed, 60, 2)
		before := cutBy(t, w, options.GranularityGroup)
		for i := 0; i < len(w.Crates); i += 7 {
			bumped := *w
			bumped.Crates = slices.Clone(w.Crates)
			bumped.Crates[i].Version += "7"
			after := cutBy(t, &bumped, options.GranularityGroup)
			if got, want := groups(after), groups(before); got != want {
				t.Errorf("seed %d: a bump of %s moved nodes:\n%s\nbefore:\n%s", seed, w.Crates[i].Name, got, want)
			}
		}
	}
}

// groups is how nodes are put together, without their versions.
func groups(p *plan.Plan) string {
	var b strings.Builder
	for _, v := range p.Units.Vertices {
		for _, n := range v.Nodes {
			node := p.Units.Nodes[n]
			fmt.Fprintf(&b, "%s %s %v, ", node.Name, node.Version[:2], node.Host)
		}
		fmt.Fprintln(&b, v.Inputs)
	}
	return b.String()
}

// TestCacheConfigLimit: the larger a project, the coarser it is cut, and what
// is too large for every cut stays coarse.
func TestCacheConfigLimit(t *testing.T) {
	const limit = 500_000
	for _, tc := range []struct {
		name        string
		workspace   *plantest.Workspace
		granularity string
		want        plan.Mode
	}{
		{"unit", plantest.Random(1, 150, 3), options.GranularityUnit, plan.Unit},
		{"unit, too many", plantest.Random(1, 700, 3), options.GranularityUnit, plan.Group},
		{"group", plantest.Random(1, 450, 3), options.GranularityGroup, plan.Group},
		{"coarser groups", plantest.Random(1, 1500, 3), options.GranularityAuto, plan.Group},
		{"too many for groups", flat(3000, 1<<30), options.GranularityAuto, ""},
		{"many small ones", flat(1500, 100), options.GranularityUnit, plan.Group},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := tc.workspace.Plan(map[string]string{"granularity": tc.granularity})
			if tc.want == "" {
				if err == nil || !strings.Contains(err.Error(), "units, too many for a remote cache") {
					t.Errorf("error is %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if p.Mode != tc.want {
				t.Errorf("the plan is cut by %s, want %s", p.Mode, tc.want)
			}
			if size := p.CacheConfig(); size > limit {
				t.Errorf("a cache's configuration would have %d bytes", size)
			}
			checkUnits(t, p.Units)
		})
	}
}

// TestManySmallOnes: packages that nothing else needs are more than fit into
// the arguments of one process.
func TestManySmallOnes(t *testing.T) {
	p := cutBy(t, flat(1200, 100), options.GranularityGroup)
	checkUnits(t, p.Units)
	var sizes []int
	names := map[string]bool{}
	for _, v := range p.Units.Vertices {
		sizes = append(sizes, len(v.Nodes))
		names[v.Name] = true
	}
	if !slices.Equal(sizes, []int{500, 500, 200}) || len(names) != 3 {
		t.Errorf("vertices %v have %v nodes", names, sizes)
	}
}

// flat is a program that needs so many crates, which need nothing.
func flat(crates int, size int64) *plantest.Workspace {
	w := &plantest.Workspace{Root: ".", Members: []plantest.Member{{Name: "app", Dir: "app", Bins: []string{"app"}}}}
	for i := range crates {
		w.Crates = append(w.Crates, plantest.Crate{
			Name: fmt.Sprintf("made-up-%04d", i), Version: "1.0.0", Checksum: strings.Repeat("0", 64), Size: size,
		})
		w.Members[0].Needs = append(w.Members[0].Needs, i)
	}
	return w
}

// BenchmarkThousandPackages is all that is done between cargo's answer and the
// graph, and the reading of the workspace.
func BenchmarkThousandPackages(b *testing.B) {
	w := plantest.Random(3, 1000, 5)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Plan(nil); err != nil {
			b.Fatal(err)
		}
	}
}
