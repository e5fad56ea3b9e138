package unitgraph

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// FuzzNew feeds New with any bytes: it must not panic, and what it accepts must
// be a graph in order, the same twice.
func FuzzNew(f *testing.F) {
	f.Add([]byte(minimal), []byte(minimalPackages))
	f.Add([]byte(`{"version":1,"units":null,"roots":[]}`), []byte(`null`))
	f.Add([]byte(`{"version":1,"units":[null,{}],"roots":[0,0]}`), []byte(`{"packages":[{}],"resolve":{"nodes":[null]}}`))
	for _, lines := range [][]string{
		{"app bin a m", "m proc-macro a.host", "a lib a.run b", "a.run run a.script", "a.script script c", "b cdylib+rlib", "c lib!", "a.host lib!"},
		{"root1 bin a", "root2 dylib a", "a lib b", "b lib a"},
		{"app bin a", "a run a"},
		{"app bin app"},
	} {
		g := synthetic(f, "fat", lines...)
		m := packagesOf(g)
		m.Packages[0].Source = ""
		for i := range m.Packages {
			m.Packages[i].Features = map[string][]string{"x": {"dep:b", "b?/y", "c/z", "/", "?/"}}
			m.Packages[i].Dependencies = []dependency{needs("b", "^1"), needs("c", ">=1, <2").with(optional).with(forWindows)}
			m.Resolve.Nodes[i].Dependencies = []choice{{"b", "b", []tableName{{}}}}
		}
		for i := range g.Units {
			g.Units[i].Features = []string{"x"}
		}
		f.Add(marshal(f, g), marshal(f, m))
	}
	unitGraph, packages := recorded(f)
	f.Add(unitGraph, packages)
	f.Fuzz(func(t *testing.T, unitGraph, packages []byte) {
		g, err := New(unitGraph, packages)
		if err != nil {
			if g != nil || strings.TrimSpace(err.Error()) == "" {
				t.Fatalf("%v with error %q", g, err)
			}
			return
		}
		checkFuzzed(t, g)
		again, err := New(unitGraph, packages)
		if err != nil || !reflect.DeepEqual(g, again) {
			t.Fatalf("a second time: %v", err)
		}
	})
}

// checkFuzzed is checkGraph without what only cargo promises: packages that
// have names.
func checkFuzzed(t *testing.T, g *Graph) {
	t.Helper()
	for i, n := range g.Nodes {
		if n.Name == "" {
			return
		}
		for _, d := range n.Dependencies {
			if d < 0 || d >= len(g.Nodes) {
				t.Fatalf("node %d depends on %d of %d", i, d, len(g.Nodes))
			}
		}
	}
	checkGraph(t, g)
}

// FuzzUnits makes any graph of bytes, five to a unit, which mutated text seldom
// becomes: cycles, scripts without libraries, units of one package that do not
// fit together.
func FuzzUnits(f *testing.F) {
	f.Add([]byte("\x00\x00\x01\x02\x03\x01\x01\x02\x03\x00\x02\x11\x00\x00\x00"))
	f.Add([]byte("\x04\x13\x00\x01\x02\x05\x24\x01\x02\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		types := []string{"bin", "lib", "rlib", "cdylib", "dylib", "proc-macro", "staticlib", "custom-build"}
		g, m := &units{Version: formatVersion}, &metadata{}
		count := len(data) / 5
		for i := range count {
			b := data[5*i : 5*i+5]
			name := string(rune('a' + b[0]%8))
			u := unit{PackageID: name, Mode: []string{modeBuild, modeRunScript}[b[0]>>7]}
			u.Target.Name, u.Target.Kind = name, []string{types[b[1]%8]}
			u.Target.CrateTypes = []string{types[b[1]%8], types[b[1]>>3%8]}[:1+b[1]>>6%2]
			u.Profile.LTO = []string{"false", "off", "thin", "fat"}[b[0]>>3%4]
			if triple := target; b[0]>>5%2 == 0 {
				u.Platform = &triple
			}
			if b[0]>>6%2 == 0 {
				u.Features = []string{"x"}
			}
			for _, d := range b[2:] {
				if int(d) < 2*count {
					u.Dependencies = append(u.Dependencies, unitDependency{Index: int(d) % count})
				}
			}
			g.Units = append(g.Units, u)
			if b[1]>>7 == 0 {
				g.Roots = append(g.Roots, i)
			}
		}
		for i := range 8 {
			name := string(rune('a' + i))
			p := metadataPackage{ID: name, Name: name, Version: "1.0.0", Source: cratesIO}
			p.Features = map[string][]string{"x": {"dep:b", "c?/y"}}
			p.Dependencies = []dependency{needs("b", "1").with(optional), needs("c", "1").with(forWindows)}
			m.add(p, choice{"c", "c", []tableName{{Target: "cfg(windows)"}}})
		}
		out, err := New(marshal(t, g), marshal(t, m))
		if err != nil {
			return
		}
		checkGraph(t, out)
		for i, mode := range ltoModes(g) {
			if mode == ltoUnknown && slices.Contains(g.Roots, i) {
				t.Errorf("root %d has no mode", i)
			}
		}
		order := make([]int, count)
		for i := range order {
			order[i] = count - 1 - i
		}
		again, err := New(marshal(t, permuted(g, order)), marshal(t, m))
		if err != nil || !reflect.DeepEqual(out, again) {
			t.Fatalf("in another order: %v", err)
		}
	})
}
