package main

// greedy joins groups, cheapest first, until at most limit are left.
// The cost of a join is how much more a random one-package bump compiles: each package's weight times the number of
// packages whose bump reaches it. Only a group and one it needs, or two that the same groups need, are ever joined.
type greedy struct {
	g       *graph
	w       weights
	of      []int
	members map[int][]int
	reach   map[int]bitset // group: packages whose bump reaches it
	up      map[int]map[int]bool
	down    map[int]map[int]bool
	weight  map[int]float64
}

// fewest joins until limit groups are left.
func fewest(g *graph, w weights, of []int, limit int) []int {
	s := &greedy{g: g, w: w, of: of}
	s.init()
	for len(s.members) > limit {
		a, b := s.cheapest()
		if a < 0 {
			break
		}
		s.join(a, b)
	}
	return s.of
}

func (s *greedy) init() {
	s.members, s.reach, s.weight = map[int][]int{}, map[int]bitset{}, map[int]float64{}
	for n, id := range s.of {
		if id >= 0 {
			s.members[id] = append(s.members[id], n)
			s.weight[id] += s.w.of(&s.g.Nodes[n])
		}
	}
	s.edges()
}

// edges computes who needs whom, and what reaches whom.
func (s *greedy) edges() {
	s.up, s.down = map[int]map[int]bool{}, map[int]map[int]bool{}
	for id := range s.members {
		s.up[id], s.down[id] = map[int]bool{}, map[int]bool{}
	}
	for n, id := range s.of {
		for _, d := range s.g.Nodes[n].Deps {
			if to := s.of[d]; to != id {
				if s.down[id] == nil {
					s.down[id] = map[int]bool{} // the workspace's
				}
				s.down[id][to] = true
				if s.up[to] != nil {
					s.up[to][id] = true
				}
			}
		}
	}
	s.reach = map[int]bitset{}
	for id := range s.members {
		s.reached(id)
	}
}

func (s *greedy) reached(id int) bitset {
	if r := s.reach[id]; r != nil {
		return r
	}
	r := newBitset(len(s.g.Nodes))
	for _, n := range s.members[id] {
		r.add(n)
	}
	for d := range s.down[id] {
		r.union(s.reached(d))
	}
	s.reach[id] = r
	return r
}

// downstream lists the groups that need a or b, themselves included and the workspace not.
func (s *greedy) downstream(ids ...int) map[int]bool {
	out := map[int]bool{}
	var visit func(int)
	visit = func(id int) {
		if id < 0 || out[id] {
			return
		}
		out[id] = true
		for u := range s.up[id] {
			visit(u)
		}
	}
	for _, id := range ids {
		visit(id)
	}
	return out
}

func (s *greedy) cost(a, b int) float64 {
	both := newBitset(len(s.g.Nodes))
	both.union(s.reach[a])
	both.union(s.reach[b])
	sum := 0.0
	for id := range s.downstream(a, b) {
		have := s.reach[id].count()
		more := s.reach[id].countWith(both) - have
		sum += s.weight[id] * float64(more)
	}
	return sum
}

// longer says whether a reaches b by a way of more than one step, so that joining them would make a cycle.
func (s *greedy) longer(a, b int) bool {
	for d := range s.down[a] {
		if d != b && s.reach[d].has(s.members[b][0]) {
			return true
		}
	}
	return false
}

func (s *greedy) cheapest() (a, b int) {
	a, b = -1, -1
	cost := 0.0
	try := func(x, y int) {
		c := s.cost(x, y)
		if a < 0 || c < cost || c == cost && (x < a || x == a && y < b) {
			a, b, cost = x, y, c
		}
	}
	for x := range s.members {
		for y := range s.down[x] {
			if !s.longer(x, y) {
				try(x, y)
			}
		}
	}
	first := map[string]int{}
	users := s.g.dependents()
	for n := range s.g.Nodes {
		id := s.of[n]
		if id < 0 || s.members[id][0] != n {
			continue
		}
		key := groupSet(s.of, users, s.members[id])
		if at, ok := first[key]; ok {
			try(at, id)
		} else {
			first[key] = id
		}
	}
	return a, b
}

func (s *greedy) join(a, b int) {
	for _, n := range s.members[b] {
		s.of[n] = a
	}
	s.init()
}
