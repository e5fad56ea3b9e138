package plan

import "testing"

// TestCrossPackagesOf: only vertices that link or may compile C for the target need its compiler.
func TestCrossPackagesOf(t *testing.T) {
	nodes := []Node{
		{Name: "cc", Host: true},
		{Name: "wrapper", Host: true, Script: true, Dependencies: []int{0}},
		{Name: "macro", Host: true, Linked: true},
		{Name: "pure", Dependencies: []int{2}},
		{Name: "asks-rustc", Script: true, Dependencies: []int{3}},
		{Name: "native-sys", Script: true, Dependencies: []int{0}},
		{Name: "indirect-sys", Script: true, Dependencies: []int{1, 3}},
		{Name: "uses-native", Dependencies: []int{5}},
		{Name: "without-script", Dependencies: []int{0}},
		{Name: "cdylib", Linked: true},
	}
	want := map[string]bool{"native-sys": true, "indirect-sys": true, "cdylib": true}
	p := &Plan{Cross: &Cross{Packages: []string{"gcc"}}, Units: &Units{Nodes: nodes}}
	for i, n := range nodes {
		p.Units.Vertices = append(p.Units.Vertices, Vertex{Name: n.Name, Nodes: []int{i}})
		if got := len(p.CrossPackagesOf(i)) > 0; got != want[n.Name] {
			t.Errorf("%s needs packages: %v", n.Name, got)
		}
	}
	p.Units.Vertices = append(p.Units.Vertices, Vertex{Name: "group", Nodes: []int{3, 5, 7}})
	if len(p.CrossPackagesOf(len(nodes))) != 1 {
		t.Error("a vertex with native-sys among others needs no packages")
	}
	p.Cross = nil
	if len(p.CrossPackagesOf(5)) != 0 {
		t.Error("a vertex for the machine that builds needs packages to cross")
	}
}
