package main

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// sketch makes a graph from lines "name seconds: dependency dependency"; the name "root" is the workspace.
func sketch(t *testing.T, text string) *graph {
	t.Helper()
	g := &graph{}
	index := map[string]int{}
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		head, deps, _ := strings.Cut(strings.TrimSpace(line), ":")
		fields := strings.Fields(head)
		n := node{Name: fields[0], Version: "1.0.0", Root: fields[0] == "root", Units: []int{len(g.Units)}}
		u := unit{Front: 1}
		if len(fields) > 1 && fields[1] == "heavy" {
			u.Front = 10
		}
		n.Own = u.Front
		for d := range strings.FieldsSeq(deps) {
			at, ok := index[d]
			if !ok {
				t.Fatalf("%s needs %s, which comes later", n.Name, d)
			}
			n.Deps = append(n.Deps, at)
			u.Deps = append(u.Deps, at)
		}
		slices.Sort(n.Deps)
		index[n.Name] = len(g.Nodes)
		g.Nodes = append(g.Nodes, n)
		g.Units = append(g.Units, u)
	}
	return g
}

// text writes a partition as "a b | c <- a", vertices in order, the workspace left out.
func (p *partition) text(g *graph) string {
	name := func(v int) string { return g.Nodes[p.Vertices[v].Nodes[len(p.Vertices[v].Nodes)-1]].Name }
	var parts []string
	for _, v := range p.Vertices[:len(p.Vertices)-1] {
		var names []string
		for _, n := range v.Nodes {
			names = append(names, g.Nodes[n].Name)
		}
		if len(v.Deps) > 0 {
			names = append(names, "<-")
			for _, d := range v.Deps {
				names = append(names, name(d))
			}
		}
		parts = append(parts, strings.Join(names, " "))
	}
	return strings.Join(parts, " | ")
}

const diamond = `
	leaf
	left: leaf
	right: leaf
	big heavy: left right
	top: big
	other: leaf
	root: top other`

func isHeavy(n *node) bool { return n.Own > 5 }

func TestGroupings(t *testing.T) {
	for name, tc := range map[string]struct {
		of   func(g *graph) []int
		want string
	}{
		"single": {single, "leaf | left <- leaf | right <- leaf | big <- left right | top <- big | other <- leaf"},
		"fold all": {func(g *graph) []int { return fold(g, single(g), func(*node) bool { return true }) },
			"leaf | left right big top <- leaf | other <- leaf"},
		"fold light": {func(g *graph) []int { return fold(g, single(g), func(n *node) bool { return !isHeavy(n) }) },
			"leaf | left right big <- leaf | top <- big | other <- leaf"},
		"twins": {func(g *graph) []int { return twins(g, single(g), func(m []int) bool { return len(m) < 3 }) },
			"leaf | left right <- leaf | big <- right | top other <- leaf big"},
		"heavy dependents": {func(g *graph) []int { return byHeavyDependents(g, isHeavy) },
			"leaf left right | big <- right | top other <- right big"},
	} {
		t.Run(name, func(t *testing.T) {
			g := sketch(t, diamond)
			p, err := fromGroups(g, tc.of(g))
			if err != nil {
				t.Fatal(err)
			}
			if got := p.text(g); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestGroupsThatNeedEachOtherAreRefused(t *testing.T) {
	g := sketch(t, "a\nb: a\nc: b\nroot: c")
	if _, err := fromGroups(g, []int{0, 1, 0, -1}); err == nil || !strings.Contains(err.Error(), "needs itself") {
		t.Errorf("a and c in one group around b: %v", err)
	}
}

func TestFewestStopsAtTheLimitAndMakesNoCycle(t *testing.T) {
	g := sketch(t, diamond)
	for limit := 1; limit <= 6; limit++ {
		p, err := fromGroups(g, fewest(g, weights{Default: 1}, single(g), limit))
		if err != nil {
			t.Fatal(err)
		}
		if got := len(p.Vertices) - 1; got != limit {
			t.Errorf("limit %d: %d groups", limit, got)
		}
	}
}

func TestByClosure(t *testing.T) {
	alone := func(g *graph) func(int) bool {
		return func(n int) bool { return isHeavy(&g.Nodes[n]) }
	}
	for name, tc := range map[string]struct{ graph, want string }{
		"light ones go where they are needed": {diamond, "leaf left right big | top other <- big"},
		"what a dependency compiled is not compiled again": {
			"leaf\nlow heavy: leaf\nhigh heavy: low leaf\nroot: high", "leaf low | high <- low"},
		"two that do not need each other compile it twice": {
			"leaf\none heavy: leaf\ntwo heavy: leaf\nroot: one two", "leaf one | leaf two"},
		"the rest takes what others compiled": {
			"leaf\none heavy: leaf\nend: leaf\nroot: one end", "leaf one | end <- one"},
	} {
		t.Run(name, func(t *testing.T) {
			g := sketch(t, tc.graph)
			if got := byClosure(g, alone(g)).text(g); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestClosureKeysDoNotDependOnTheProject(t *testing.T) {
	small := sketch(t, "leaf\nmid: leaf\nbig heavy: mid\nroot: big")
	large := sketch(t, "leaf\nextra: leaf\nmid: leaf\nuser heavy: mid extra\nbig heavy: mid\nroot: big user")
	table := table{Light: map[string]bool{"leaf": true, "mid": true, "extra": true}, Heavy: map[string]bool{"big": true, "user": true}}
	a, b := table.group(small, 100), table.group(large, 100)
	if got := missing(large, small, b, a, true); got != 0 {
		t.Errorf("by closure, %g of the small project is missing in the large one's cache", got)
	}
	everything := func(*node) bool { return true }
	fa, err := fromGroups(small, fold(small, single(small), everything))
	if err != nil {
		t.Fatal(err)
	}
	fb, err := fromGroups(large, fold(large, single(large), everything))
	if err != nil {
		t.Fatal(err)
	}
	if got := missing(large, small, fb, fa, true); got != 1 {
		t.Errorf("folding should share nothing here, or the comparison shows nothing: missing %g", got)
	}
}

func TestUnknownNamesAreVerticesUntilThereAreTooMany(t *testing.T) {
	g := sketch(t, "new\nmid: new\nbig heavy: mid\nroot: big")
	k := table{Light: map[string]bool{"mid": true}, Heavy: map[string]bool{"big": true}}
	if got, want := k.group(g, 100).text(g), "new | mid big <- new"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := k.group(g, 2).text(g), "new mid big"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAVersionBumpKeepsTheGroups(t *testing.T) {
	g, bumped := sketch(t, diamond), sketch(t, diamond)
	bumped.Nodes[1].Version = "1.0.1"
	k := learned([]*graph{g})
	for _, r := range rules() {
		a, err := r.Make(g, k)
		if err != nil {
			t.Fatal(err)
		}
		b, err := r.Make(bumped, k)
		if err != nil {
			t.Fatal(err)
		}
		if a.text(g) != b.text(bumped) {
			t.Errorf("%s: %s, after the bump %s", r.Name, a.text(g), b.text(bumped))
		}
	}
}

func TestBumps(t *testing.T) {
	g := sketch(t, diamond) // 15 s: leaf, left, right, top and other take 1 s, big 10 s
	p, err := fromGroups(g, single(g))
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{1. / 15, 1. / 15, 11. / 15, 12. / 15, 12. / 15, 1}
	for i, got := range p.bumps(g) {
		if math.Abs(got-want[i]) > 1e-9 {
			t.Errorf("bump %d: %g, want %g", i, got, want[i])
		}
	}
}
