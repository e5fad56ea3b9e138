package main

import (
	"math"
	"slices"
)

// machine is what a build runs on.
type machine struct {
	Cores    int
	Slots    int     // vertices that may run at once, 0 for no bound
	Overhead float64 // seconds of CPU that a vertex costs besides what it compiles
}

// outcome is what a simulated build took.
type outcome struct {
	Seconds float64
	Peak    int // most compilers at once
}

// codegenThreads is how many threads the part of rustc after metadata can use.
const codegenThreads = 4

// task is one thing that uses the CPU now: a unit's front or back, or a vertex's overhead when unit is -1.
type task struct {
	run  *running
	unit int
	back bool
	left float64
}

// running is one vertex that has started.
type running struct {
	vertex  int
	waiting map[int]int // units of this vertex: dependencies within it that are not over
	ready   []int
	jobs    int
	left    int
}

// build is the state of one simulation. The CPU is shared fairly by what is runnable, as the kernel does: a vertex is
// one container with one cargo and one job server, so many vertices at once run more compilers than there are cores.
type build struct {
	g       *graph
	p       *partition
	m       machine
	rank    []int // units: how many units of the project wait for it, as cargo's queue prefers
	uses    [][]int
	blocked []int
	users   [][]int
	queue   []int
	active  int
	tasks   []*task
}

// simulate runs one build to its end. The last vertex of the partition compiles the workspace.
func simulate(g *graph, p *partition, m machine) outcome {
	b := &build{g: g, p: p, m: m, users: make([][]int, len(p.Vertices)), blocked: make([]int, len(p.Vertices))}
	b.uses, b.rank = g.unitRanks()
	for v, vx := range p.Vertices {
		b.blocked[v] = len(vx.Deps)
		for _, d := range vx.Deps {
			b.users[d] = append(b.users[d], v)
		}
		if len(vx.Deps) == 0 {
			b.queue = append(b.queue, v)
		}
	}
	var out outcome
	for b.start(); len(b.tasks) > 0; b.start() {
		compilers := 0
		for _, t := range b.tasks {
			if t.unit >= 0 {
				compilers++
			}
		}
		out.Peak = max(out.Peak, compilers)
		out.Seconds += b.advance()
	}
	return out
}

// start lets vertices into free slots, oldest first.
func (b *build) start() {
	for len(b.queue) > 0 && (b.m.Slots == 0 || b.active < b.m.Slots) {
		v := b.queue[0]
		b.queue = b.queue[1:]
		b.active++
		b.tasks = append(b.tasks, &task{run: &running{vertex: v}, unit: -1, left: math.Max(b.m.Overhead, 1e-9)})
	}
}

// advance runs until the first task is over and returns how long that took.
func (b *build) advance() float64 {
	rates := b.rates()
	step := math.Inf(1)
	for i, t := range b.tasks {
		step = math.Min(step, t.left/rates[i])
	}
	var over []*task
	kept := b.tasks[:0:0]
	for i, t := range b.tasks {
		t.left -= step * rates[i]
		if t.left <= 1e-9 {
			over = append(over, t)
		} else {
			kept = append(kept, t)
		}
	}
	b.tasks = kept
	for _, t := range over {
		b.finish(t)
	}
	return step
}

// rates shares the cores: what a single-threaded task cannot use is left to the others.
func (b *build) rates() []float64 {
	rates := make([]float64, len(b.tasks))
	cores, single, many := float64(b.m.Cores), 0, 0
	for _, t := range b.tasks {
		if t.back {
			many++
		} else {
			single++
		}
	}
	fair := math.Min(1, cores/float64(single+many))
	wide := fair
	if many > 0 {
		wide = math.Min(codegenThreads, math.Max(fair, (cores-fair*float64(single))/float64(many)))
	}
	for i, t := range b.tasks {
		if rates[i] = fair; t.back {
			rates[i] = wide
		}
	}
	return rates
}

func (b *build) finish(t *task) {
	r := t.run
	switch {
	case t.unit < 0:
		b.open(r)
	case !t.back:
		u := &b.g.Units[t.unit]
		if u.Early {
			b.release(r, t.unit, false)
		}
		if u.Back > 0 {
			b.tasks = append(b.tasks, &task{run: r, unit: t.unit, back: true, left: u.Back})
		} else {
			b.end(r, t.unit)
		}
	default:
		b.end(r, t.unit)
	}
	b.fill(r)
	if t.unit >= 0 && r.left == 0 && r.jobs == 0 || t.unit < 0 && r.left == 0 {
		b.close(r)
	}
}

// open begins a vertex's own work after its overhead.
func (b *build) open(r *running) {
	r.waiting = map[int]int{}
	for _, n := range b.p.Vertices[r.vertex].Nodes {
		for _, u := range b.g.Nodes[n].Units {
			r.waiting[u] = 0
		}
	}
	r.left = len(r.waiting)
	for u := range r.waiting {
		for _, d := range b.g.Units[u].Deps {
			if _, mine := r.waiting[d]; mine {
				r.waiting[u]++
			}
		}
		if r.waiting[u] == 0 {
			r.ready = append(r.ready, u)
		}
	}
}

// end counts a unit as done.
func (b *build) end(r *running, u int) {
	r.jobs--
	r.left--
	b.release(r, u, true)
}

// release wakes the dependents of a unit: those that need its metadata alone, or (whole) those that need all of it.
func (b *build) release(r *running, u int, whole bool) {
	for _, d := range b.uses[u] {
		if _, mine := r.waiting[d]; !mine {
			continue
		}
		early := b.g.Units[u].Early && !b.g.Units[d].Links
		if early == whole {
			continue
		}
		if r.waiting[d]--; r.waiting[d] == 0 {
			r.ready = append(r.ready, d)
		}
	}
}

// fill starts ready units while the vertex's job server has tokens.
func (b *build) fill(r *running) {
	slices.SortFunc(r.ready, func(x, y int) int {
		if b.rank[x] != b.rank[y] {
			return b.rank[y] - b.rank[x]
		}
		return x - y
	})
	for len(r.ready) > 0 && r.jobs < b.m.Cores {
		u := r.ready[0]
		r.ready = r.ready[1:]
		r.jobs++
		b.tasks = append(b.tasks, &task{run: r, unit: u, left: math.Max(b.g.Units[u].Front, 1e-6)})
	}
}

func (b *build) close(r *running) {
	b.active--
	for _, v := range b.users[r.vertex] {
		if b.blocked[v]--; b.blocked[v] == 0 {
			b.queue = append(b.queue, v)
		}
	}
}

// unitRanks lists each unit's dependents, and counts them with all that wait for those in turn.
func (g *graph) unitRanks() (uses [][]int, rank []int) {
	uses = make([][]int, len(g.Units))
	for u := range g.Units {
		for _, d := range g.Units[u].Deps {
			uses[d] = append(uses[d], u)
		}
	}
	all := make([]bitset, len(g.Units))
	rank = make([]int, len(g.Units))
	var visit func(int) bitset
	visit = func(u int) bitset {
		if all[u] == nil {
			set := newBitset(len(g.Units))
			for _, d := range uses[u] {
				set.add(d)
				set.union(visit(d))
			}
			all[u] = set
			rank[u] = set.count()
		}
		return all[u]
	}
	for u := range g.Units {
		visit(u)
	}
	return uses, rank
}
