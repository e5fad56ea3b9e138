package schedule

import "slices"

// Kind is what a step does.
type Kind string

// The kinds of steps.
const (
	Prune  Kind = "prune"  // remove everything but the base images from the daemon, and plain cargo's artifacts
	Build  Kind = "build"  // build the project in the step's state
	Export Kind = "export" // build the unchanged project and export its cache to the registry
)

// State is how the project's files differ from how they were unpacked.
type State struct {
	// Edit and Member are the numbers of the edit of the binary's and of the member's source, 0 for none.
	Edit, Member int
	// Bump names the changed version: Leaf, Mid or Random, "" for none; Sample is the number of a random one.
	Bump   Row
	Sample int
	// Second is the other project instead of this one.
	Second bool
}

// Step is one thing to do.
type Step struct {
	Kind      Kind
	Project   string
	Round     int
	Row       Row
	Contender Contender
	State     State
	// Measured is set when the build's time goes into the report; it is not for one that only prepares.
	Measured bool
	// Import lets the build import the exported cache.
	Import bool
	// Undo removes from the daemon what the build added.
	Undo bool
}

// Input says what is to be measured.
type Input struct {
	Projects   []Project
	Rows       []Row
	Contenders []Contender
	Rounds     int
	// PeerRounds is the number of rounds for contenders that no goal refers to.
	PeerRounds int
	// Bumps is the number of random bumps per project, over all rounds; LayerBumps bounds it for contenders that
	// compile everything at each of them.
	Bumps, LayerBumps int
}

// Project is what the plan needs to know of a project.
type Project struct {
	Name string
	// Without are the rows that it cannot have.
	Without []Row
	// Bumps is how many random bumps there are for it.
	Bumps int
}

// lane is a set of contenders that do not serve each other from the daemon's cache, on one project.
type lane struct {
	project string
	number  int
}

// planner collects the steps.
type planner struct {
	in    Input
	steps []Step
	// last is the state that each lane of a project was built in last, as long as its cache is on the daemon.
	last map[lane]State
	// bumps are the random bumps of each project.
	bumps map[string]int
}

// Plan returns the steps of a run. Rounds come first, then projects, so that a run that is interrupted has measured
// every project at least once, as far as it got.
func Plan(in Input) []Step {
	p := &planner{in: in, last: map[lane]State{}, bumps: map[string]int{}}
	for _, project := range in.Projects {
		p.bumps[project.Name] = min(in.Bumps, project.Bumps)
	}
	for round := 1; round <= in.Rounds; round++ {
		for _, project := range in.Projects {
			lanes := lanes(in.of(round))
			for i := range lanes {
				n := (round - 1 + i) % len(lanes)
				p.round(project, round, n, lanes[n])
			}
		}
	}
	return p.steps
}

// of are the contenders of a round.
func (in Input) of(round int) []Contender {
	return slices.DeleteFunc(slices.Clone(in.Contenders), func(c Contender) bool {
		return round > in.PeerRounds && !c.IsOurs() && c != Chef && c != Plain
	})
}

// lanes puts each variant of rustfile into a list of its own; the others go with the first.
func lanes(contenders []Contender) [][]Contender {
	list := [][]Contender{nil}
	var ours int
	for _, c := range contenders {
		if c.IsOurs() {
			if ours++; ours > 1 {
				list = append(list, []Contender{c})
				continue
			}
		}
		list[0] = append(list[0], c)
	}
	return list
}

// round plans one round of one project and lane.
func (p *planner) round(project Project, round, number int, contenders []Contender) {
	if len(contenders) == 0 {
		return
	}
	wants := func(r Row) bool { return slices.Contains(p.in.Rows, r) && !slices.Contains(project.Without, r) }
	turn := func(do func(c Contender)) {
		for i := range contenders {
			do(contenders[(round-1+i)%len(contenders)])
		}
	}
	fresh := wants(FreshEdit) || wants(FreshBump)
	if fresh && round == 1 || slices.ContainsFunc(Rows, func(r Row) bool { return (r == Cold || r.warm()) && wants(r) }) {
		p.warmRows(lane{project.Name, number}, round, wants, turn)
	}
	if fresh && round == 1 {
		turn(func(c Contender) {
			if c.measures(FreshEdit) {
				p.add(Step{Kind: Export, Project: project.Name, Round: round, Contender: c})
			}
		})
	}
	for _, alone := range []Step{
		{Row: FreshEdit, State: State{Edit: round}, Import: true},
		{Row: FreshBump, State: State{Bump: Leaf}, Import: true},
		{Row: SecondOwn, State: State{Second: true}},
	} {
		if !wants(alone.Row) {
			continue
		}
		turn(func(c Contender) {
			if !c.measures(alone.Row) {
				return
			}
			p.prune(project.Name, round)
			alone.Kind, alone.Project, alone.Round, alone.Contender, alone.Measured = Build, project.Name, round, c, true
			p.add(alone)
		})
	}
}

// warmRows plans the rows that need the daemon as earlier builds left it, and the cold builds that they begin with.
func (p *planner) warmRows(l lane, round int, wants func(Row) bool, turn func(func(Contender))) {
	s, warm := p.last[l]
	emptied := !warm || wants(Cold)
	if emptied {
		s = State{}
		p.prune(l.project, round)
		turn(func(c Contender) {
			p.add(Step{Kind: Build, Project: l.project, Round: round, Row: Cold, Contender: c, Measured: wants(Cold)})
		})
	}
	for _, r := range Rows {
		if r.warm() && wants(r) {
			p.warmRow(Step{Kind: Build, Project: l.project, Round: round, Row: r, Measured: true}, &s, emptied, turn)
		}
	}
	p.last[l] = s
}

// warmRow plans one row; emptied is set when the daemon was emptied in this round, s is the state to go on from.
func (p *planner) warmRow(step Step, s *State, emptied bool, turn func(func(Contender))) {
	switch step.Row {
	case Edit:
		s.Edit = step.Round
	case Member:
		s.Member = step.Round
	case Random:
		p.randomBumps(step, *s, turn)
		return
	}
	step.State = *s
	if step.Row.bumps() {
		step.State.Bump, step.Undo = step.Row, true
	}
	if step.Row == Second {
		step.State, step.Undo = State{Second: true}, true
	}
	turn(func(c Contender) {
		if c.InPlace() && step.Undo && !emptied {
			return // its directory has the result already
		}
		step.Contender = c
		p.add(step)
	})
}

// randomBumps spreads the random bumps over the rounds: each of them is measured once.
func (p *planner) randomBumps(step Step, s State, turn func(func(Contender))) {
	for i := step.Round - 1; i < p.bumps[step.Project]; i += p.in.Rounds {
		step.State = s
		step.State.Bump, step.State.Sample, step.Undo = Random, i, true
		turn(func(c Contender) {
			if c.OneLayer() && i >= p.in.LayerBumps {
				return
			}
			step.Contender = c
			p.add(step)
		})
	}
}

// prune empties the daemon, for everybody.
func (p *planner) prune(project string, round int) {
	clear(p.last)
	p.add(Step{Kind: Prune, Project: project, Round: round})
}

func (p *planner) add(s Step) { p.steps = append(p.steps, s) }
