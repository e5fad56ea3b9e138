package main

import (
	"fmt"
	"io"
	"slices"
)

// seeds is how many second projects are drawn from each.
const seeds = 10

// overhead is the CPU time of one vertex in the columns that do not say another.
const overhead = 0.25

// header explains the columns once.
const header = `
| grouping | vertices | compiled twice | bump mean | median | all locked | cold 0.15 | cold 0.25 | cold 0.35 | rustc at once | cold, no slots | rustc at once | 4 cores | 16 cores | 64 cores | second project |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
`

// report compares all rules on all projects, first with a table that has seen the project, then with one that has not.
// Projects after the first tested ones teach only.
func report(w io.Writer, all []*project, tested int) error {
	for i, p := range all[:tested] {
		var others, every []*graph
		for j, o := range all {
			every = append(every, o.Graph)
			if j != i {
				others = append(others, o.Graph)
			}
		}
		fmt.Fprintf(w, "\n## %s\n\n%d nodes, %d packages compiled of %d locked, %.0f s of dependencies, %.0f s with plain cargo (simulated).\n",
			p.Name, len(p.Graph.Nodes), p.Graph.packages(), p.Locked, p.Graph.total(), plainCargo(p.Graph, 2).Seconds)
		for _, k := range []struct {
			title string
			from  []*graph
		}{{"The tables have seen this project:", every}, {"The tables are made of the other projects:", others}} {
			fmt.Fprintf(w, "\n%s\n%s", k.title, header)
			for _, r := range rules() {
				if err := line(w, p, r, learned(k.from)); err != nil {
					return fmt.Errorf("%s: %s: %w", p.Name, r.Name, err)
				}
			}
		}
	}
	return pairs(w, all, tested)
}

// pairs says what each project finds in a cache that another one filled.
func pairs(w io.Writer, all []*project, tested int) error {
	var every []*graph
	for _, p := range all {
		every = append(every, p.Graph)
	}
	k := learned(every)
	fmt.Fprint(w, "\n## Share of compile time that one project finds in another's cache\n\nFirst as if both had the same versions, then with the versions that they have.\n\n| grouping |")
	for range tested * (tested - 1) {
		fmt.Fprint(w, " |")
	}
	fmt.Fprint(w, "\n|---|")
	for range tested * (tested - 1) {
		fmt.Fprint(w, "---|")
	}
	fmt.Fprintln(w)
	for _, r := range rules() {
		fmt.Fprintf(w, "| %s |", r.Name)
		for _, second := range all[:tested] {
			for _, first := range all[:tested] {
				if first == second {
					continue
				}
				a, err := r.Make(first.Graph, k)
				if err != nil {
					return err
				}
				b, err := r.Make(second.Graph, k)
				if err != nil {
					return err
				}
				fmt.Fprintf(w, " %s after %s %.2f, %.2f |", second.Name, first.Name, 1-missing(first.Graph, second.Graph, a, b, false),
					1-missing(first.Graph, second.Graph, a, b, true))
			}
		}
		fmt.Fprintln(w)
	}
	return nil
}

// packages counts what is compiled besides the workspace.
func (g *graph) packages() int {
	seen := map[string]bool{}
	for i := range g.Nodes {
		if !g.Nodes[i].Root {
			seen[g.Nodes[i].Name+" "+g.Nodes[i].Version] = true
		}
	}
	return len(seen)
}

// plainCargo is the build without vertices: one cargo, with all its pipelining.
func plainCargo(g *graph, cores int) outcome {
	var v vertex
	for n := range g.Nodes {
		v.Nodes = append(v.Nodes, n)
	}
	return simulate(g, &partition{Vertices: []vertex{v}}, machine{Cores: cores})
}

func mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / float64(max(1, len(xs)))
}

// line writes one row.
func line(w io.Writer, p *project, r rule, k knowledge) error {
	g := p.Graph
	part, err := r.Make(g, k)
	if err != nil {
		return err
	}
	bumps := part.bumps(g)
	fmt.Fprintf(w, "| %s | %d | %.0f %% | %.3f | %.3f | %.3f", r.Name, len(part.Vertices), 100*(part.compiled(g)/g.total()-1),
		mean(bumps), bumps[len(bumps)/2], mean(bumps)*float64(len(bumps))/float64(p.Locked))
	plain := plainCargo(g, 2).Seconds
	for _, a := range []float64{0.15, overhead, 0.35} {
		fmt.Fprintf(w, " | %.2f", simulate(g, part, machine{Cores: 2, Slots: 3, Overhead: a}).Seconds/plain)
	}
	bound := simulate(g, part, machine{Cores: 2, Slots: 3, Overhead: overhead})
	free := simulate(g, part, machine{Cores: 2, Overhead: overhead})
	fmt.Fprintf(w, " | %d | %.2f | %d", bound.Peak, free.Seconds/plain, free.Peak)
	for _, c := range []int{4, 16, 64} {
		fmt.Fprintf(w, " | %.2f", simulate(g, part, machine{Cores: c, Slots: c + 1, Overhead: overhead}).Seconds/plainCargo(g, c).Seconds)
	}
	var lost []float64
	for s := range uint64(seeds) {
		sub := g.subset(0.8, s)
		sp, err := r.Make(sub, k)
		if err != nil {
			return err
		}
		lost = append(lost, missing(g, sub, part, sp, true))
	}
	_, err = fmt.Fprintf(w, " | %.3f |\n", mean(lost))
	return err
}

// writeTable prints the names for the recommended rule, light first, each group sorted.
func writeTable(w io.Writer, t table) error {
	for _, part := range []struct {
		title string
		names map[string]bool
	}{{"light", t.Light}, {"heavy", t.Heavy}} {
		var names []string
		for n := range part.names {
			names = append(names, n)
		}
		slices.Sort(names)
		for _, n := range names {
			if _, err := fmt.Fprintf(w, "%s %s\n", part.title, n); err != nil {
				return fmt.Errorf("table: %w", err)
			}
		}
	}
	return nil
}
