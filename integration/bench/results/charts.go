package results

import (
	"slices"
	"strings"

	"github.com/rustfile/rustfile/integration/bench/chart"
	"github.com/rustfile/rustfile/integration/bench/schedule"
)

const (
	chartPrefix  = "chart-"
	summaryChart = chartPrefix + "summary.svg"
)

// chartName is the file of a project's chart.
func chartName(project string) string { return chartPrefix + project + ".svg" }

// Charts draws the summary and a chart per project, by file name.
func (r *Report) Charts() map[string][]byte {
	files := map[string][]byte{summaryChart: r.summary().SVG()}
	for _, p := range r.Projects {
		files[chartName(p.Name)] = p.chart().SVG()
	}
	return files
}

// summary draws the median ratios to cargo-chef and the goals.
func (r *Report) summary() chart.Bars {
	b := chart.Bars{
		Title: "Time relative to cargo-chef (1 is as long); dashed: the goal", Unit: " ×",
		Series: []chart.Series{{Name: string(r.subject()) + ", median over the projects", Strong: true}},
	}
	for _, o := range r.outcomes() {
		if o.known && o.format == timesChef {
			b.Groups = append(b.Groups, chart.Group{Name: o.work, Values: []float64{o.median}, Goal: o.limit})
		}
	}
	return b
}

// chart draws the times of a project. Rows differ by orders of magnitude, so that each is drawn relative to cargo-chef
// where it was measured.
func (p *Project) chart() chart.Bars {
	contenders := p.contenders()
	relative := slices.Contains(contenders, schedule.Chef)
	b := chart.Bars{Title: p.Name + ": seconds", Unit: " s"}
	if relative {
		b.Title, b.Unit = p.Name+": time relative to cargo-chef (1 is as long)", " ×"
	}
	for _, c := range contenders {
		b.Series = append(b.Series, chart.Series{Name: string(c), Strong: c.IsOurs()})
	}
	for _, row := range p.rows() {
		g := chart.Group{Name: row.Title()}
		var any bool
		for _, c := range contenders {
			v, ok := p.time(row, c)
			if relative {
				v, ok = p.ratio(row, c, row, schedule.Chef)
			}
			if !ok {
				v = -1
			}
			any = any || ok
			g.Values = append(g.Values, v)
		}
		if any {
			g.Name = strings.Replace(g.Name, ", registry cache", ",", 1)
			b.Groups = append(b.Groups, g)
		}
	}
	return b
}
