package unitgraph

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestLTOModes(t *testing.T) {
	tests := []struct {
		name, lto string
		units     []string
		want      string
	}{
		{"off by default", "false", []string{"app bin a", "a lib b", "b lib"}, "app=objects a=objects b=objects"},
		{"not even local", "off", []string{"app bin a m", "a lib", "m proc-macro b", "b lib!"}, "app=off a=off m=objects b=objects"},
		{"fat", "fat", []string{"app bin a", "a lib b", "b rlib"}, "app=run a=bitcode b=bitcode"},
		{"thin", "thin", []string{"app bin a", "a lib"}, "app=run a=bitcode"},
		{"true", "true", []string{"app bin a", "a lib"}, "app=run a=bitcode"},
		{"no root leads here", "fat", []string{"app bin", "a lib"}, "app=run a=unknown"},
		{"library root", "fat", []string{"root lib a", "a lib"}, "root=bitcode a=bitcode"},
		{"C library root", "fat", []string{"root cdylib a", "a lib"}, "root=run a=bitcode"},
		{"static C library root", "fat", []string{"root staticlib+cdylib a", "a lib"}, "root=run a=bitcode"},
		{"mixed root", "fat", []string{"root cdylib+rlib a", "a lib"}, "root=both a=both"},
		{"mixed root without", "false", []string{"root cdylib+rlib a", "a lib"}, "root=objects a=objects"},
		{"mixed root, off", "off", []string{"root cdylib+rlib a", "a lib"}, "root=off a=off"},
		{"dynamic root", "fat", []string{"root dylib a", "a lib"}, "root=objects a=objects"},
		{"macro root", "fat", []string{"root proc-macro a", "a lib!"}, "root=objects a=objects"},
		{"C library below", "fat", []string{"app bin a", "a cdylib+rlib b", "b lib"}, "app=run a=both b=both"},
		{"static library below", "thin", []string{"app bin a", "a staticlib+rlib b", "b lib"}, "app=run a=both b=both"},
		{"dynamic library below", "fat", []string{"app bin a", "a dylib b", "b lib"}, "app=run a=objects b=objects"},
		{"dynamic and rlib below", "fat", []string{"app bin a", "a dylib+rlib b", "b lib"}, "app=run a=both b=both"},
		{"C library only below", "fat", []string{"app bin a", "a cdylib b", "b lib"}, "app=run a=run b=bitcode"},
		{"shared by bitcode and both", "fat", []string{"app bin a b", "a cdylib+rlib c", "b lib c", "c lib"}, "app=run a=both b=bitcode c=both"},
		{"shared, other order", "fat", []string{"app bin b a", "a cdylib+rlib c", "b lib c d", "c lib", "d lib"},
			"app=run a=both b=bitcode c=both d=bitcode"},
		{"shared by bitcode and objects", "fat", []string{"app bin a b", "a dylib c", "b lib c", "c lib d", "d lib"},
			"app=run a=objects b=bitcode c=both d=both"},
		{"dynamic library below both", "fat", []string{"app bin a", "a cdylib+rlib b", "b dylib c", "c lib"}, "app=run a=both b=both c=both"},
		{"two programs", "fat", []string{"root1 bin a", "root2 bin b", "a lib c", "b cdylib+rlib c", "c lib"},
			"root1=run root2=run a=bitcode b=both c=both"},
		{"program and library roots", "fat", []string{"root1 bin root2", "root2 cdylib+rlib a", "a lib"}, "root1=run root2=both a=both"},
		{"program needs a program's library twice", "fat", []string{"root1 bin a", "root2 bin root1 a", "a lib"}, "root1=run root2=run a=bitcode"},
		{"macro", "fat", []string{"app bin m a", "m proc-macro x", "x lib!", "a lib"}, "app=run m=objects x=objects a=bitcode"},
		{"build script", "fat", []string{"app bin a", "a lib a.run", "a.run run a.script", "a.script script c", "c lib!"},
			"app=run a=bitcode a=objects a=objects c=objects"},
		// Without a target triple the two machines share units.
		{"shared with the build machine", "fat", []string{"app bin m a", "m proc-macro a", "a lib b", "b lib"}, "app=run m=objects a=both b=both"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := synthetic(t, test.lto, test.units...)
			if got := modesOf(g, ltoModes(g)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestObjects(t *testing.T) {
	tests := []struct {
		name, lto string
		units     []string
		want      string
	}{
		{"asked for", "fat", []string{"app bin a b", "a cdylib+rlib c", "b lib c", "c lib"}, "a c"},
		{"no optimisation", "false", []string{"app bin a", "a cdylib+rlib c", "c lib"}, ""},
		{"off", "off", []string{"app bin a", "a cdylib+rlib c", "c lib"}, ""},
		{"never for the build machine", "fat", []string{"app bin m c", "m proc-macro c.host", "c lib", "c.host lib!"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := synthetic(t, test.lto, test.units...)
			var got []string
			for _, n := range graphOf(t, g, packagesOf(g)).Nodes {
				if n.Objects {
					got = append(got, n.Name)
				}
			}
			if fmt.Sprint(got) != "["+test.want+"]" {
				t.Errorf("got %v, want %s", got, test.want)
			}
		})
	}
}

// TestLTOOrder shuffles random graphs: the modes must not depend on the order
// in which units are visited.
func TestLTOOrder(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		g := synthetic(t, "fat", randomUnits(random, 15)...)
		want := ltoModes(g)
		order := random.Perm(len(g.Units))
		p := permuted(g, order)
		random.Shuffle(len(p.Roots), func(i, k int) { p.Roots[i], p.Roots[k] = p.Roots[k], p.Roots[i] })
		for i, mode := range ltoModes(p) {
			if mode != want[order[i]] {
				t.Fatalf("seed %d: %s is %s, and %s in another order", seed, p.Units[i].Target.Name, modeNames[mode], modeNames[want[order[i]]])
			}
		}
	}
}

// randomUnits are the lines of a random graph: two programs, and libraries of
// random types that depend on some of those below.
func randomUnits(random *rand.Rand, count int) []string {
	types := []string{"lib", "lib", "lib", "rlib", "cdylib+rlib", "staticlib+rlib", "dylib", "dylib+rlib", "cdylib"}
	lines := make([]string, count)
	for i := range lines {
		name, kind := fmt.Sprintf("u%d", i), types[random.IntN(len(types))]
		if i < 2 {
			name, kind = fmt.Sprintf("root%d", i), "bin"
		}
		lines[i] = name + " " + kind
		for k := max(i+1, 2); k < count; k++ {
			if random.IntN(4) == 0 {
				lines[i] += fmt.Sprintf(" u%d", k)
			}
		}
	}
	return lines
}

// TestLTOBounded counts how often modes are passed on: a mode can change a few
// times only, and each time it goes to the dependencies once.
func TestLTOBounded(t *testing.T) {
	const changes = 4 // unknown, one of bitcode and objects, both, off, run
	dense := make([]string, 400)
	for i := range dense {
		kind := []string{"lib", "cdylib+rlib", "dylib", "dylib+rlib"}[i%4]
		dense[i] = fmt.Sprintf("u%d %s", i, kind)
		if i == 0 {
			dense[i] = "u0 bin"
		}
		for k := len(dense) - 1; k > i; k-- {
			dense[i] += fmt.Sprintf(" u%d", k)
		}
	}
	reversed := synthetic(t, "fat", dense...)
	for i := range reversed.Units {
		slices.Reverse(reversed.Units[i].Dependencies)
	}
	diamonds := []string{"u0 bin a0 b0"}
	for i := range 2000 {
		diamonds = append(diamonds, fmt.Sprintf("a%d lib c%d", i, i), fmt.Sprintf("b%d dylib c%d", i, i))
		if i < 1999 {
			diamonds = append(diamonds, fmt.Sprintf("c%d lib a%d b%d", i, i+1, i+1))
		} else {
			diamonds = append(diamonds, fmt.Sprintf("c%d lib", i))
		}
	}
	for name, g := range map[string]*units{
		"dense": synthetic(t, "fat", dense...), "dense reversed": reversed, "diamonds": synthetic(t, "fat", diamonds...),
	} {
		edges := len(g.Roots)
		for _, u := range g.Units {
			edges += len(u.Dependencies)
		}
		f := &ltoFlow{units: g, modes: make([]lto, len(g.Units)), pending: []ltoRequest{{g.Roots[0], ofRoot(&g.Units[g.Roots[0]])}}}
		f.run()
		t.Logf("%s: %d edges, %d requests", name, edges, f.served)
		if f.served > changes*edges {
			t.Errorf("%s: %d requests for %d edges", name, f.served, edges)
		}
	}
}

// TestLTOCycle comes to an end though cargo never gives a cycle.
func TestLTOCycle(t *testing.T) {
	g := synthetic(t, "fat", "app bin a", "a lib b", "b cdylib+rlib a")
	if got, want := modesOf(g, ltoModes(g)), "app=run a=both b=both"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
