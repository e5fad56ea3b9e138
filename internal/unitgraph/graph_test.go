package unitgraph

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestNodes(t *testing.T) {
	tests := []struct {
		name  string
		units []string
		want  string
	}{
		{"chain", []string{"app bin a", "a lib b", "b lib"},
			"(a-1.0.0), 1 units, needs (b-1.0.0)\n(app-1.0.0 bin), 1 units, needs (a-1.0.0)\n(b-1.0.0), 1 units\n"},
		{"both machines", []string{"app bin a m", "m proc-macro a.host", "a lib", "a.host lib!"},
			"(a-1.0.0), 1 units\n(a-1.0.0 host), 1 units\n(app-1.0.0 bin), 1 units, needs (a-1.0.0) + (m-1.0.0 host)\n" +
				"(m-1.0.0 host), 1 units, needs (a-1.0.0 host)\n"},
		{"programs and library of a package", []string{"root.1 bin root.lib", "root.2 bin root.lib a", "root.lib lib", "a lib"},
			"(a-1.0.0), 1 units\n(root-1.0.0), 1 units\n(root-1.0.0 bin), 2 units, needs (a-1.0.0) + (root-1.0.0)\n"},
		{"script", []string{"app bin a", "a lib a.run b", "a.run run a.script", "a.script script c", "b lib", "c lib!"},
			"(a-1.0.0 script), 3 units, needs (b-1.0.0) + (c-1.0.0 host)\n(app-1.0.0 bin), 1 units, needs (a-1.0.0 script)\n" +
				"(b-1.0.0), 1 units\n(c-1.0.0 host), 1 units\n"},
		{"script of a program and its library", []string{"app.bin bin app.lib app.run", "app.lib lib app.run", "app.run run app.script", "app.script script"},
			"(app-1.0.0 script), 3 units\n(app-1.0.0 bin script), 3 units, needs (app-1.0.0 script)\n"},
		{"script for both machines", []string{
			"app bin a m", "m proc-macro a.host", "a lib a.run", "a.host lib! a.hostrun", "a.run run a.script", "a.hostrun run! a.script", "a.script script",
		}, "(a-1.0.0 script), 3 units\n(a-1.0.0 host script), 3 units\n(app-1.0.0 bin), 1 units, needs (a-1.0.0 script) + (m-1.0.0 host)\n" +
			"(m-1.0.0 host), 1 units, needs (a-1.0.0 host script)\n"},
		// The run of app's script waits for the run of a's, which has links.
		{"links", []string{"app bin app.run a", "app.run run app.script a.run", "app.script script", "a lib a.run", "a.run run a.script", "a.script script"},
			"(a-1.0.0 script), 3 units\n(app-1.0.0 bin script), 3 units, needs (a-1.0.0 script)\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := synthetic(t, "false", test.units...)
			m := packagesOf(g)
			out := graphOf(t, g, m)
			checkGraph(t, out)
			if got := describe(out); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			for seed := range uint64(5) {
				if again := graphOf(t, permuted(g, rand.New(rand.NewPCG(seed, 3)).Perm(len(g.Units))), m); !reflect.DeepEqual(out, again) {
					t.Errorf("another order of units gives\n%s", describe(again))
				}
			}
		})
	}
}

// TestIdentity tells nodes apart by each part of their identity, and orders
// them by it.
func TestIdentity(t *testing.T) {
	g := synthetic(t, "false", "root bin a1 a2 a3 a4 a5 a6", "a1 lib", "a2 lib", "a3 lib", "a4 lib!", "a5 lib", "a6 lib")
	m := &metadata{}
	m.add(metadataPackage{ID: "root", Name: "root", Version: "0.1.0"})
	m.add(metadataPackage{ID: "a#1", Name: "a", Version: "1.0.0", Source: cratesIO})
	m.add(metadataPackage{ID: "a#2", Name: "a", Version: "2.0.0", Source: cratesIO})
	m.add(metadataPackage{ID: "a#git", Name: "a", Version: "1.0.0", Source: "git+https://example.com/a#0123"})
	set := func(i int, id string, features ...string) { g.Units[i].PackageID, g.Units[i].Features = id, features }
	set(1, "a#2")
	set(2, "a#1", "y")
	set(3, "a#git")
	set(4, "a#1", "x", "y")
	set(5, "a#1", "y", "x")
	set(6, "a#1")
	want := []Node{
		{Name: "a", Version: "1.0.0", Source: "git+https://example.com/a#0123"},
		{Name: "a", Version: "1.0.0", Source: cratesIO},
		{Name: "a", Version: "1.0.0", Source: cratesIO, Features: []string{"x", "y"}},
		{Name: "a", Version: "1.0.0", Source: cratesIO, Features: []string{"y"}},
		{Name: "a", Version: "1.0.0", Source: cratesIO, Features: []string{"x", "y"}, Host: true},
		{Name: "a", Version: "2.0.0", Source: cratesIO},
		{Name: "root", Version: "0.1.0", Bin: true, Dependencies: []int{0, 1, 2, 3, 4, 5}},
	}
	for i := range want {
		want[i].Units = 1
	}
	order := []int{0, 1, 2, 3, 4, 5, 6}
	for range 10 {
		if got := graphOf(t, permuted(g, order), m); !reflect.DeepEqual(got.Nodes, want) {
			t.Fatalf("got\n%s\nwant\n%s", describe(got), describe(&Graph{Nodes: want}))
		}
		rand.New(rand.NewPCG(uint64(order[0]), 4)).Shuffle(len(order), func(i, k int) { order[i], order[k] = order[k], order[i] })
	}
}

func TestGraphErrors(t *testing.T) {
	tests := []struct {
		name  string
		units []string
		want  string
	}{
		{"library twice", []string{"app bin a.1 a.2", "a.1 lib", "a.2 lib"}, "cargo compiles the library of a twice with the same features"},
		{"cycle", []string{"app bin a", "a lib b", "b lib c", "c lib a"}, "cargo's unit graph has a cycle"},
		{"cycle through a script", []string{"app bin a", "a lib a.run", "a.run run a.script", "a.script script b", "b lib! a"}, "cargo's unit graph has a cycle"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := synthetic(t, "false", test.units...)
			_, err := New(marshal(t, g), marshal(t, packagesOf(g)))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestSamePackageTwice(t *testing.T) {
	g := synthetic(t, "false", "app bin a b", "a lib", "b lib")
	m := packagesOf(g)
	m.Packages[2].Name = "a"
	_, err := New(marshal(t, g), marshal(t, m))
	if want := "cargo's unit graph has two packages a 1.0.0 from one source"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
}

// TestFeatureOrder holds that the order of features tells no nodes apart.
func TestFeatureOrder(t *testing.T) {
	g := synthetic(t, "false", "app.1 bin a", "app.2 bin", "a lib")
	g.Units[0].Features = []string{"y", "x"}
	g.Units[1].Features = []string{"x", "y"}
	g.Units[2].Features = []string{"z", "b", "m"}
	nodes := graphOf(t, g, packagesOf(g)).Nodes
	if len(nodes) != 2 || !slices.Equal(nodes[0].Features, []string{"b", "m", "z"}) || !slices.Equal(nodes[1].Features, []string{"x", "y"}) {
		t.Errorf("got %v", nodes)
	}
}
