package results

import (
	"fmt"
	"strings"

	"github.com/rustfile/rustfile/integration/bench/schedule"
)

// goal is a figure of rustfile that has a limit.
type goal struct {
	work  string
	limit float64
	// format writes the figure and the limit.
	format string
	figure func(p *Project, ours schedule.Contender) (float64, bool)
}

// against compares a row with another contender.
func against(row schedule.Row, other schedule.Contender) func(*Project, schedule.Contender) (float64, bool) {
	return func(p *Project, ours schedule.Contender) (float64, bool) { return p.ratio(row, ours, row, other) }
}

// own is a figure of a row itself.
func own(row schedule.Row, figure func(Sample) float64) func(*Project, schedule.Contender) (float64, bool) {
	return func(p *Project, ours schedule.Contender) (float64, bool) { return p.Cell(row, ours).value(figure) }
}

// overhead is the time of a row beyond plain cargo's.
func overhead(row schedule.Row) func(*Project, schedule.Contender) (float64, bool) {
	return func(p *Project, ours schedule.Contender) (float64, bool) {
		a, okA := p.time(row, ours)
		b, okB := p.time(row, schedule.Plain)
		return a - b, okA && okB && p.Cell(row, ours).Run == p.Cell(row, schedule.Plain).Run
	}
}

const (
	timesChef  = "%.2f × cargo-chef"
	timesPlain = "%.2f × plain cargo"
	inSeconds  = "%.1f s"
)

var goals = []goal{
	{"Cold", 1.0, timesChef, against(schedule.Cold, schedule.Chef)},
	{"Cold", 1.10, timesPlain, against(schedule.Cold, schedule.Plain)},
	{"Source edit, warm daemon", 0.85, timesChef, against(schedule.Edit, schedule.Chef)},
	{"Source edit, beyond plain cargo", 2, inSeconds, overhead(schedule.Edit)},
	{"Nothing changed", 0.5, timesChef, against(schedule.Nothing, schedule.Chef)},
	{"Nothing changed", 1.5, inSeconds, own(schedule.Nothing, seconds)},
	{"Nothing changed, CPU time of the daemon", 5, inSeconds, own(schedule.Nothing, daemonCPU)},
	{"Leaf-dependency bump", 0.15, timesChef, against(schedule.Leaf, schedule.Chef)},
	{"Random bump, mean", 0.25, timesChef, against(schedule.Random, schedule.Chef)},
	{"Fresh daemon, registry cache, edit", 0.85, timesChef, against(schedule.FreshEdit, schedule.Chef)},
	{"Fresh daemon, registry cache, edit", 0, "%.0f dependencies compiled", own(schedule.FreshEdit, thirdParty)},
	{"Fresh daemon, registry cache, bump", 0.25, timesChef, against(schedule.FreshBump, schedule.Chef)},
	{"Second project", 0.35, "%.2f × its cold build", func(p *Project, ours schedule.Contender) (float64, bool) {
		return p.ratio(schedule.Second, ours, schedule.SecondOwn, ours)
	}},
	{"One leaf member of 30 edited", 0.2, timesChef, against(schedule.Member, schedule.Chef)},
}

// subject is the variant of rustfile that the goals are about: the one that picks the granularity itself, or the first
// that was measured.
func (r *Report) subject() schedule.Contender {
	for _, c := range schedule.Contenders {
		if !c.IsOurs() {
			continue
		}
		for _, p := range r.Projects {
			for _, cell := range p.Cells {
				if cell.Contender == c && len(cell.Samples) > 0 {
					return c
				}
			}
		}
	}
	return schedule.Ours
}

// outcome is a goal's figures, one per project where it was measured, and their median.
type outcome struct {
	goal
	perProject map[string]float64
	median     float64
	known      bool
}

func (r *Report) outcomes() []outcome {
	var list []outcome
	for _, g := range goals {
		o := outcome{goal: g, perProject: map[string]float64{}}
		var all []float64
		for _, p := range r.Projects {
			if v, ok := g.figure(p, r.subject()); ok {
				o.perProject[p.Name] = v
				all = append(all, v)
			}
		}
		if o.known = len(all) > 0; o.known {
			o.median = Median(all)
		}
		list = append(list, o)
	}
	return list
}

// verdict says whether the median is within the limit, as it is printed: 0.854 is no more than 0.85 there.
func (o outcome) verdict() string {
	if !o.known {
		return "not measured"
	}
	if printed := o.number(o.median); o.median <= o.limit || printed == o.number(o.limit) {
		return "met"
	}
	return "**missed**"
}

// number is a figure without what it is a figure of.
func (o outcome) number(v float64) string {
	verb, _, _ := strings.Cut(o.format, " ")
	return fmt.Sprintf(verb, v)
}

// goalsTable writes the goals, one per line.
func (r *Report) goalsTable(b *strings.Builder) {
	fmt.Fprintf(b, "## Goals\n\nFigures of %s; the goal is for the median over the projects.\n\n| Work | Goal |", r.subject())
	for _, p := range r.Projects {
		fmt.Fprintf(b, " %s |", p.Name)
	}
	b.WriteString(" Median | |\n|---|---|" + strings.Repeat("---:|", len(r.Projects)+1) + "---|\n")
	for _, o := range r.outcomes() {
		fmt.Fprintf(b, "| %s | ≤ %s |", o.work, fmt.Sprintf(o.format, o.limit))
		for _, p := range r.Projects {
			cell := ""
			if v, ok := o.perProject[p.Name]; ok {
				cell = o.number(v)
			}
			fmt.Fprintf(b, " %s |", cell)
		}
		median := ""
		if o.known {
			median = o.number(o.median)
		}
		fmt.Fprintf(b, " %s | %s |\n", median, o.verdict())
	}
}
