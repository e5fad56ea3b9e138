package schedule

import (
	"fmt"
	"slices"
	"testing"
)

// all is a run of everything on two projects, one without a member to edit.
func all() Input {
	return Input{
		Projects: []Project{{Name: "a", Bumps: 20}, {Name: "b", Without: []Row{Member}, Bumps: 5}},
		Rows:     Rows, Contenders: Contenders, Rounds: 3, PeerRounds: 3, Bumps: 7, LayerBumps: 2,
	}
}

// measured are the measured steps of a project's row and contender.
func measured(steps []Step, project string, row Row, c Contender) []Step {
	var list []Step
	for _, s := range steps {
		if s.Measured && s.Project == project && s.Row == row && s.Contender == c {
			list = append(list, s)
		}
	}
	return list
}

func TestEveryCellIsMeasured(t *testing.T) {
	in := all()
	steps := Plan(in)
	for _, p := range in.Projects {
		for _, row := range Rows {
			for _, c := range Contenders {
				want := in.Rounds
				switch {
				case slices.Contains(p.Without, row), !c.measures(row):
					want = 0
				case row == Random && c.OneLayer():
					want = in.LayerBumps
				case row == Random:
					want = min(in.Bumps, p.Bumps)
				}
				if n := len(measured(steps, p.Name, row, c)); n != want {
					t.Errorf("%s of %s with %s is measured %d times, want %d", row, p.Name, c, n, want)
				}
			}
		}
	}
}

// daemon follows what the steps leave behind: it is the meaning that the plan's rows must have.
type daemon struct {
	built    map[string]State // last state that a contender built of a project
	ours     map[string]bool  // variants of rustfile that built something
	exported map[string]bool
	seen     map[string]bool // states that an in-place contender has built
}

func newDaemon() *daemon {
	return &daemon{map[string]State{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
}

// wrong says why a step would not measure what its row says, "" when it would.
func (d *daemon) wrong(s Step) string {
	key := s.Project + "/" + string(s.Contender)
	last, warm := d.built[key]
	state := fmt.Sprintf("%s %+v", key, s.State)
	switch {
	case s.Kind == Export:
		if !warm || s.State != (State{}) {
			return "what is exported was not built"
		}
	case s.Row == Cold || s.Row == SecondOwn || s.Row.fresh():
		if warm {
			return "the contender's cache is not empty"
		}
		for other := range d.ours {
			if s.Contender.IsOurs() && other != string(s.Contender) {
				return "another variant of rustfile left a cache"
			}
		}
		if s.Row.fresh() != s.Import || s.Import && !d.exported[key] {
			return "the registry cache is missing, or not wanted"
		}
	case !warm:
		return "there is no earlier build"
	case s.Row == Nothing && s.State != last:
		return "something has changed"
	case (s.Row == Edit || s.Row == Member) && s.State == last:
		return "nothing has changed"
	case s.Row.bumps() && (s.State.Bump != s.Row || !s.Undo):
		return "there is no bump, or it stays"
	case s.Row == Second && (!s.State.Second || !s.Undo):
		return "it is not the second project, or it stays"
	}
	if s.Contender.InPlace() && (s.Row.bumps() || s.Row == Second) && d.seen[state] {
		return "its directory has the result already"
	}
	return ""
}

// do takes in a step.
func (d *daemon) do(s Step) {
	key := s.Project + "/" + string(s.Contender)
	switch s.Kind {
	case Prune:
		clear(d.built)
		clear(d.ours)
		clear(d.seen)
		return
	case Export:
		d.exported[key] = true
		return
	}
	d.seen[fmt.Sprintf("%s %+v", key, s.State)] = true
	if s.Contender.IsOurs() {
		d.ours[string(s.Contender)] = true
	}
	if !s.Undo {
		d.built[key] = s.State
	}
}

// TestStepsMeanTheirRows follows the steps of many choices of rows and contenders.
func TestStepsMeanTheirRows(t *testing.T) {
	inputs := []Input{all()}
	for _, row := range Rows {
		in := all()
		in.Rows = []Row{row}
		inputs = append(inputs, in)
		in.Rows = slices.DeleteFunc(slices.Clone(Rows), func(r Row) bool { return r == row })
		in.Contenders = []Contender{Chef, OursCoarse}
		inputs = append(inputs, in)
		in.Contenders = []Contender{Plain, Ours, CacheMounts}
		inputs = append(inputs, in)
		in.Contenders, in.PeerRounds = []Contender{Naive, Chef, CacheMounts, OursUnit, Ours}, 1
		inputs = append(inputs, in)
		in.Contenders = []Contender{Naive}
		inputs = append(inputs, in)
	}
	for _, in := range inputs {
		d := newDaemon()
		for i, s := range Plan(in) {
			if s.Kind != Prune {
				if why := d.wrong(s); why != "" {
					t.Errorf("rows %v, contenders %v, step %d, %+v: %s", in.Rows, in.Contenders, i, s, why)
					break
				}
			}
			d.do(s)
		}
	}
}

// TestRandomBumps checks that each is measured once, by all contenders side by side.
func TestRandomBumps(t *testing.T) {
	steps := Plan(all())
	var samples []int
	for _, s := range measured(steps, "a", Random, Ours) {
		samples = append(samples, s.State.Sample)
	}
	slices.Sort(samples)
	if !slices.Equal(samples, []int{0, 1, 2, 3, 4, 5, 6}) {
		t.Errorf("the samples are %v", samples)
	}
	for _, s := range measured(steps, "a", Random, Chef) {
		if s.State.Sample > 1 {
			t.Errorf("cargo-chef builds number %d", s.State.Sample)
		}
	}
}

// TestContendersAlternate checks that within a row the first contender changes with the round.
func TestContendersAlternate(t *testing.T) {
	in := all()
	in.Contenders = []Contender{Ours, Chef, Plain}
	first := map[int]Contender{}
	for _, s := range Plan(in) {
		if _, ok := first[s.Round]; !ok && s.Kind == Build && s.Row == Cold && s.Project == "a" {
			first[s.Round] = s.Contender
		}
	}
	if first[1] != Ours || first[2] != Chef || first[3] != Plain {
		t.Errorf("the rounds begin with %v", first)
	}
}

// TestInterruptedRunHasEverything checks that all projects are done once before any is done again.
func TestInterruptedRunHasEverything(t *testing.T) {
	last := 1
	for _, s := range Plan(all()) {
		if s.Round < last {
			t.Fatalf("round %d comes after round %d", s.Round, last)
		}
		last = s.Round
	}
}

// TestPeerRounds checks that the contenders that no goal refers to are left out of the later rounds.
func TestPeerRounds(t *testing.T) {
	in := all()
	in.PeerRounds = 1
	steps := Plan(in)
	for _, c := range Contenders {
		want := 1
		if c.IsOurs() || c == Chef || c == Plain {
			want = 3
		}
		if n := len(measured(steps, "a", Cold, c)); n != want {
			t.Errorf("%s has %d cold builds, want %d", c, n, want)
		}
	}
	in.Contenders = []Contender{Naive}
	for _, s := range Plan(in) {
		if s.Round > 1 {
			t.Fatalf("nothing is to be done in round %d, but %+v is", s.Round, s)
		}
	}
}

// TestOneCachePerContender checks that caches are exported once, from the unchanged project.
func TestOneCachePerContender(t *testing.T) {
	exports := map[string]int{}
	for _, s := range Plan(all()) {
		if s.Kind == Export {
			exports[s.Project+" "+string(s.Contender)]++
		}
	}
	if n := len(exports); n != 2*(len(Contenders)-1) {
		t.Errorf("%d caches are exported: %v", n, exports)
	}
	for key, n := range exports {
		if n != 1 {
			t.Errorf("%s is exported %d times", key, n)
		}
	}
}

func TestLanes(t *testing.T) {
	got := lanes(Contenders)
	if len(got) != 4 || !slices.Equal(got[0], []Contender{Ours, Chef, CacheMounts, DummyMain, Naive, Plain}) ||
		!slices.Equal(got[1], []Contender{OursUnit}) || !slices.Equal(got[3], []Contender{OursCoarse}) {
		t.Errorf("the lanes are %v", got)
	}
	if got := lanes([]Contender{Chef, OursCoarse}); len(got) != 1 {
		t.Errorf("one variant has the lanes %v", got)
	}
}

func TestTitles(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rows {
		if r.Title() == "" || seen[r.Title()] {
			t.Errorf("the title of %s is %q", r, r.Title())
		}
		seen[r.Title()] = true
	}
}
