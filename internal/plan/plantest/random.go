package plantest

import (
	"fmt"
	"slices"
	"strings"
)

// source is a small generator of numbers (SplitMix64), the same everywhere.
type source uint64

func (s *source) next() uint64 {
	*s += 0x9e3779b97f4a7c15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (s *source) below(n int) int { return int(s.next() % uint64(n)) }

// one reports true once in n.
func (s *source) one(n int) bool { return s.below(n) == 0 }

// shuffle puts a list into an order of a seed; 0 leaves it.
func shuffle[T any](list []T, seed uint64) {
	if seed == 0 {
		return
	}
	s := source(seed)
	for i := len(list) - 1; i > 0; i-- {
		k := s.below(i + 1)
		list[i], list[k] = list[k], list[i]
	}
}

// Random makes a workspace of so many crates and members up. A seed always
// gives the same. Of real projects with 150 to 240 nodes one needs 1.4 to 2.1
// others directly and 3 to 6 in all; here it is a little more.
func Random(seed uint64, crates, members int) *Workspace {
	s := source(seed)
	w := &Workspace{Root: "."}
	for i := range crates {
		w.Crates = append(w.Crates, s.crate(w, i))
	}
	needed := make([]bool, crates)
	for _, c := range w.Crates {
		for _, k := range slices.Concat(c.Needs, c.BuildNeeds) {
			needed[k] = true
		}
	}
	for i := range members {
		m := Member{Name: fmt.Sprintf("part-%d", i), Dir: fmt.Sprintf("parts/part-%d", i)}
		for range min(4, crates) {
			m.Needs = append(m.Needs, s.below(crates))
		}
		if i > 0 {
			m.Members = append(m.Members, s.below(i))
		}
		w.Members = append(w.Members, m)
	}
	// The program needs everything that nothing else does.
	app := Member{Name: "app", Dir: "app", Bins: []string{"app"}}
	for i, yes := range needed {
		if !yes {
			app.Needs = append(app.Needs, i)
		}
	}
	for i := range members {
		app.Members = append(app.Members, i)
	}
	w.Members = append(w.Members, app)
	for i := range w.Members {
		slices.Sort(w.Members[i].Needs)
		w.Members[i].Needs = slices.Compact(w.Members[i].Needs)
	}
	return w
}

// crate makes crate i of a workspace up.
func (s *source) crate(w *Workspace, i int) Crate {
	c := Crate{
		Name: fmt.Sprintf("made-up-%04d", i), Version: fmt.Sprintf("1.%d.%d", s.below(30), 1+s.below(9)),
		Checksum: fmt.Sprintf("%016x", s.next()) + strings.Repeat("0", 48), Macro: s.one(12), Script: s.one(7),
		// Archives are 2 to 500 kB, every second below 32 kB.
		Size: int64(2000 << s.below(9)),
	}
	if i > 0 && s.one(25) {
		// Another version of a crate that is there.
		before := w.Crates[s.below(i)]
		if !w.twice(before.Name) {
			c.Name, c.Version = before.Name, "2.0.1"
		}
	}
	for range min(i, s.below(6)) {
		c.Needs = append(c.Needs, s.popular(i))
	}
	if c.Script && i > 0 && s.one(3) {
		c.BuildNeeds = append(c.BuildNeeds, s.popular(i))
	}
	slices.Sort(c.Needs)
	c.Needs = slices.Compact(c.Needs)
	if s.one(2) {
		c.Features = []string{"default", "std"}
	}
	if s.one(3) {
		c.HostFeatures = []string{"default"}
	}
	if s.one(5) {
		c.Absent = []string{"windows-sys", "wasi"}[:1+s.below(2)]
	}
	return c
}

// popular is one of the n packages there are, the first ones most often.
func (s *source) popular(n int) int {
	return min(s.below(n), s.below(n), s.below(n))
}
