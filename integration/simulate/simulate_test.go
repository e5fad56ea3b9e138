package main

import (
	"math"
	"testing"
)

func TestSimulate(t *testing.T) {
	chain := "a\nb: a\nc: b\nroot: c"
	wide := "a\nb\nc\nd\nroot: a b c d"
	for name, tc := range map[string]struct {
		graph   string
		machine machine
		seconds float64
		peak    int
	}{
		"a chain takes its sum":              {chain, machine{Cores: 2}, 4, 1},
		"overhead counts for each vertex":    {chain, machine{Cores: 2, Overhead: 0.5}, 6, 1},
		"four at once share two cores":       {wide, machine{Cores: 2}, 3, 4},
		"slots bound what runs at once":      {wide, machine{Cores: 2, Slots: 1}, 5, 1},
		"slots of two keep both cores busy":  {wide, machine{Cores: 2, Slots: 2}, 3, 2},
		"cores beyond the width are useless": {wide, machine{Cores: 64}, 2, 4},
	} {
		t.Run(name, func(t *testing.T) {
			g := sketch(t, tc.graph)
			p, err := fromGroups(g, single(g))
			if err != nil {
				t.Fatal(err)
			}
			got := simulate(g, p, tc.machine)
			if math.Abs(got.Seconds-tc.seconds) > 1e-3 || got.Peak != tc.peak {
				t.Errorf("%.3f s with %d compilers, want %.3f with %d", got.Seconds, got.Peak, tc.seconds, tc.peak)
			}
		})
	}
}

func TestPipeliningIsWithinOneVertexOnly(t *testing.T) {
	g := sketch(t, "a\nb: a\nroot: b")
	for i := range g.Units[:2] {
		g.Units[i] = unit{Front: 1, Back: 1, Early: true, Deps: g.Units[i].Deps}
	}
	g.Units[2].Links = true
	p, err := fromGroups(g, single(g))
	if err != nil {
		t.Fatal(err)
	}
	one, many := plainCargo(g, 1).Seconds, simulate(g, p, machine{Cores: 1}).Seconds
	if math.Abs(one-5) > 1e-3 || math.Abs(many-5) > 1e-3 {
		t.Errorf("one core has 5 s of work: %g in one vertex, %g in three", one, many)
	}
	// On eight cores code generation takes a quarter: a 1, then b's front next to a's back 1, b's back 0.25, link 1.
	if got := plainCargo(g, 8).Seconds; math.Abs(got-3.25) > 1e-3 {
		t.Errorf("in one vertex %g, want 3.25", got)
	}
	if got := simulate(g, p, machine{Cores: 8}).Seconds; math.Abs(got-3.5) > 1e-3 {
		t.Errorf("in three vertices %g, want 3.5", got)
	}
}
