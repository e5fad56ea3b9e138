package llbgen_test

import (
	"testing"

	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/plan/plantest"
)

func TestX(t *testing.T) {
	for _, k := range []int{100, 355, 1000} {
	for _, g := range []string{"unit", "group"} {
	w := plantest.Random(3, k, 5)
	p, err := w.Plan(map[string]string{"granularity": g})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, v := range p.Units.Vertices {
		n += len(v.Inputs)
	}
	def := marshal(t, p)
	size:=0
	for _, d := range def.Def {
		size += len(d)
	}
	t.Log(g, p.Mode, len(p.Units.Nodes), len(p.Units.Vertices), n/len(p.Units.Vertices), len(def.Def), size)
	}
	_ = plan.Unit
}}
