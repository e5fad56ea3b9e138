package unitgraph

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// registryGraph makes a graph of libraries as projects have them: each depends
// on some of those below, every fifth has a build script, and a third is
// declared with platform dependencies that are never compiled.
func registryGraph(t testing.TB, packages int) (*units, *metadata) {
	random := rand.New(rand.NewPCG(1, 5))
	lines := []string{"app bin"}
	for i := range packages {
		if i < 30 {
			lines[0] += fmt.Sprintf(" p%d", i)
		}
		line := fmt.Sprintf("p%d lib", i)
		for range min(6, packages-1-i) {
			line += fmt.Sprintf(" p%d", i+1+random.IntN(packages-1-i))
		}
		if i%5 == 0 {
			line += fmt.Sprintf(" p%d.run", i)
			lines = append(lines, fmt.Sprintf("p%d.run run p%d.script", i, i), fmt.Sprintf("p%d.script script", i))
		}
		lines = append(lines, line)
	}
	g := synthetic(t, "fat", lines...)
	m := packagesOf(g)
	for i := range m.Packages {
		if i%3 == 0 {
			m.Packages[i].Dependencies = append(m.Packages[i].Dependencies, needs("windows-sys", ">=0.52, <0.60").with(forWindows))
		}
	}
	m.Packages[0].Source = ""
	return g, m
}

// TestThousandPackages is about size; BenchmarkNew has the time.
func TestThousandPackages(t *testing.T) {
	g, m := registryGraph(t, 1000)
	out := graphOf(t, g, m)
	checkGraph(t, out)
	if len(out.Nodes) != 1001 {
		t.Errorf("%d nodes", len(out.Nodes))
	}
	units, found := 0, 0
	for _, n := range out.Nodes {
		units += n.Units
		found += len(n.Placeholders)
	}
	if units != 1401 || found != 333 {
		t.Errorf("%d units, %d placeholders", units, found)
	}
}

// TestDeepChain has every library depend on the next: nothing may recurse so
// deep that the stack ends.
func TestDeepChain(t *testing.T) {
	const depth = 10_000
	lines := []string{"app bin p0"}
	for i := range depth - 1 {
		lines = append(lines, fmt.Sprintf("p%d lib p%d", i, i+1))
	}
	lines = append(lines, fmt.Sprintf("p%d lib", depth-1))
	g := synthetic(t, "fat", lines...)
	if out := graphOf(t, g, packagesOf(g)); len(out.Nodes) != depth+1 {
		t.Errorf("%d nodes", len(out.Nodes))
	}
}

// TestDense has every library depend on all below it, and on the runs of their
// build scripts.
func TestDense(t *testing.T) {
	const count = 300
	lines := make([]string, 0, 3*count)
	for i := range count {
		line, run := fmt.Sprintf("p%d lib p%d.run", i, i), fmt.Sprintf("p%d.run run p%d.script", i, i)
		if i == 0 {
			line = "p0 bin p0.run"
		}
		for k := i + 1; k < count; k++ {
			line += fmt.Sprintf(" p%d", k)
			run += fmt.Sprintf(" p%d.run", k)
		}
		lines = append(lines, line, run, fmt.Sprintf("p%d.script script", i))
	}
	g := synthetic(t, "fat", lines...)
	out := graphOf(t, g, packagesOf(g))
	checkGraph(t, out)
	edges := 0
	for _, n := range out.Nodes {
		edges += len(n.Dependencies)
		if n.Units != 3 {
			t.Errorf("%s has %d units", title(n), n.Units)
		}
	}
	if edges != count*(count-1)/2 {
		t.Errorf("%d edges", edges)
	}
}

func BenchmarkNew(b *testing.B) {
	g, m := registryGraph(b, 1000)
	unitGraph, packages := marshal(b, g), marshal(b, m)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := New(unitGraph, packages); err != nil {
			b.Fatal(err)
		}
	}
}
