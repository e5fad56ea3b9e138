package results

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/integration/bench/schedule"
)

// Markdown writes the report.
func (r *Report) Markdown() string {
	var b strings.Builder
	b.WriteString("# Build times\n\nWritten by `make bench`; [README.md](README.md) says how to read it.\n\n")
	r.goalsTable(&b)
	b.WriteString("\n![Median ratios to cargo-chef, and the goals](" + summaryChart + ")\n")
	r.planningTable(&b)
	for _, p := range r.Projects {
		p.markdown(&b)
	}
	r.environment(&b)
	return b.String()
}

// environment says what the times depend on.
func (r *Report) environment(b *strings.Builder) {
	b.WriteString("\n## Runs\n")
	for i, run := range r.Runs {
		if len(r.Runs) > 1 && !r.used(i) {
			continue
		}
		fmt.Fprintf(b, "\n### Run %d\n\n| | |\n|---|---|\n", i+1)
		for _, row := range [][2]string{
			{"Date", run.Day}, {"Machine", run.Machine}, {"rustfile", run.Commit}, {"BuildKit", run.Versions["BuildKit"] + ", OCI worker"},
			{"rustc", run.Versions["rustc"]}, {"cargo", run.Versions["cargo"]}, {"cargo-chef", run.Versions["cargo-chef"]},
			{"Base images", run.Bases}, {"Rounds", fmt.Sprintf("%d", run.Rounds)}, {"How rustfile runs", run.Route},
			{"Flags", "`" + run.Flags + "`"}, {"Ended early", run.Unfinished},
		} {
			if row[1] != "" && row[1] != "``" {
				fmt.Fprintf(b, "| %s | %s |\n", row[0], cellText(row[1]))
			}
		}
	}
}

// used tells that some cell of the report comes from the run.
func (r *Report) used(run int) bool {
	for _, p := range r.Projects {
		if slices.ContainsFunc(p.Cells, func(c *Cell) bool { return c.Run == run }) {
			return true
		}
	}
	return false
}

// contenders are those that the project was built with, in the order of reports.
func (p *Project) contenders() []schedule.Contender {
	return slices.DeleteFunc(slices.Clone(schedule.Contenders), func(c schedule.Contender) bool {
		return !slices.ContainsFunc(p.Cells, func(x *Cell) bool { return x.Contender == c })
	})
}

// rows are those that were measured, in the order of a round.
func (p *Project) rows() []schedule.Row {
	return slices.DeleteFunc(slices.Clone(schedule.Rows), func(r schedule.Row) bool {
		return !slices.ContainsFunc(p.Cells, func(x *Cell) bool { return x.Row == r })
	})
}

func (p *Project) markdown(b *strings.Builder) {
	contenders := p.contenders()
	fmt.Fprintf(b, "\n## %s\n\n%s: %s. %d packages in its Cargo.lock, %d packages of crates.io compiled for it.\n", p.Name, p.Title, p.Note, p.Locked, p.Compiled)
	for _, line := range []struct{ what, text string }{
		{"Leaf-dependency bump", p.Leaf}, {"Mid bump", p.Mid}, {"Random bumps", strings.Join(p.Random, "; ")},
	} {
		if line.text != "" {
			fmt.Fprintf(b, "%s: %s.\n", line.what, line.text)
		}
	}
	if p.Share > 0 {
		fmt.Fprintf(b, "Of the second project's compiled packages, %.0f %% are among those of this one.\n", 100*p.Share)
	}
	b.WriteString("\n")
	head := func() {
		for _, c := range contenders {
			fmt.Fprintf(b, " | %s", c)
		}
		b.WriteString(" |\n|---" + strings.Repeat("|---:", len(contenders)) + "|\n")
	}
	b.WriteString("| Time (ratio to cargo-chef, to plain cargo)")
	head()
	for _, row := range p.rows() {
		fmt.Fprintf(b, "| %s", row.Title())
		for _, c := range contenders {
			fmt.Fprintf(b, " | %s", p.timeText(row, c))
		}
		b.WriteString(" |\n")
	}
	fmt.Fprintf(b, "\n![Times on %s](%s)\n\n| Vertices executed / crates compiled / of these not the user's own / daemon's CPU time", p.Name, chartName(p.Name))
	head()
	for _, row := range p.rows() {
		fmt.Fprintf(b, "| %s", row.Title())
		for _, c := range contenders {
			fmt.Fprintf(b, " | %s", p.Cell(row, c).counts())
		}
		b.WriteString(" |\n")
	}
	p.sizes(b, contenders, head)
	p.everySample(b)
	p.failures(b)
}

// timeText is a time with its ratios.
func (p *Project) timeText(row schedule.Row, c schedule.Contender) string {
	t, ok := p.time(row, c)
	if !ok {
		if cell := p.Cell(row, c); cell != nil && cell.Failed != "" {
			return "fails"
		}
		return ""
	}
	text := fmt.Sprintf("%.1f s", t)
	var ratios []string
	for _, other := range []schedule.Contender{schedule.Chef, schedule.Plain} {
		if v, ok := p.ratio(row, c, row, other); ok && c != other {
			ratios = append(ratios, fmt.Sprintf("%.2f", v))
		} else {
			ratios = append(ratios, "–")
		}
	}
	if ratios[0] != "–" || ratios[1] != "–" {
		text += " (" + strings.Join(ratios, ", ") + ")"
	}
	return text
}

// counts are the figures of a cell that do not depend on the machine's speed, and the daemon's CPU time.
func (c *Cell) counts() string {
	e, ok := c.value(executed)
	if !ok {
		return ""
	}
	n, _ := c.value(compiled)
	third, _ := c.value(thirdParty)
	if c.Contender == schedule.Plain {
		return fmt.Sprintf("– / %.0f / %.0f / –", n, third)
	}
	cpu, _ := c.value(daemonCPU)
	return fmt.Sprintf("%.0f / %.0f / %.0f / %.1f s", e, n, third, cpu)
}

// sizes writes the sizes of caches and images.
func (p *Project) sizes(b *strings.Builder, contenders []schedule.Contender, head func()) {
	if len(p.Exports) == 0 && len(p.Images) == 0 {
		return
	}
	b.WriteString("\n| Sizes")
	head()
	line := func(title string, of func(schedule.Contender) string) {
		fmt.Fprintf(b, "| %s", title)
		for _, c := range contenders {
			fmt.Fprintf(b, " | %s", of(c))
		}
		b.WriteString(" |\n")
	}
	if len(p.Exports) > 0 {
		export := func(format func(*Export) string) func(schedule.Contender) string {
			return func(c schedule.Contender) string {
				if e := p.Export(c); e != nil {
					return format(e)
				}
				return ""
			}
		}
		line("Registry cache, mode=max", export(func(e *Export) string { return fmt.Sprintf("%.0f MB", float64(e.Bytes)/1e6) }))
		line("Its layers", export(func(e *Export) string { return fmt.Sprintf("%d", e.Layers) }))
		line("Its manifest and config", export(func(e *Export) string { return fmt.Sprintf("%d kB, %d kB", e.Manifest/1000, e.Config/1000) }))
		line("Time of its export", export(func(e *Export) string { return fmt.Sprintf("%.1f s", e.Seconds) }))
	}
	image := func(of func(*Image) int64) func(schedule.Contender) string {
		return func(c schedule.Contender) string {
			if m := p.Image(c); m != nil {
				return fmt.Sprintf("%.2f MB", float64(of(m))/1e6)
			}
			return ""
		}
	}
	if len(p.Images) > 0 {
		line("Image, compressed", image(func(m *Image) int64 { return m.Compressed }))
		line("Image, compressed, without its base", image(func(m *Image) int64 { return m.Added }))
		line("Image, files", image(func(m *Image) int64 { return m.Files }))
		line("Binary", image(func(m *Image) int64 { return m.Binary }))
	}
}

// everySample writes the single times, so that their spread can be seen.
func (p *Project) everySample(b *strings.Builder) {
	b.WriteString("\n<details><summary>Every build, in seconds, in the order of the rounds</summary>\n\n| Row | Contender | Times |\n|---|---|---|\n")
	for _, row := range p.rows() {
		for _, c := range p.contenders() {
			cell := p.Cell(row, c)
			if cell == nil || len(cell.Samples) == 0 {
				continue
			}
			var list []string
			for _, s := range cell.Samples {
				list = append(list, fmt.Sprintf("%.1f", s.Seconds))
			}
			fmt.Fprintf(b, "| %s | %s | %s |\n", row.Title(), c, strings.Join(list, ", "))
		}
	}
	b.WriteString("\n</details>\n")
}

// failures writes what did not build, and what builds warned of, each reason once.
func (p *Project) failures(b *strings.Builder) {
	said := map[string]bool{}
	for _, cell := range p.Cells {
		text := fmt.Sprintf("%s: %s", cell.Contender, cellText(cell.Failed))
		if cell.Failed != "" && !said[text] {
			said[text] = true
			fmt.Fprintf(b, "\nFailed, first in \"%s\": %s\n", cell.Row.Title(), text)
		}
		for _, s := range cell.Samples {
			for _, w := range s.Warnings {
				if text := fmt.Sprintf("%s: %s", cell.Contender, cellText(w)); !said[text] {
					said[text] = true
					fmt.Fprintf(b, "\nWarning, first in \"%s\": %s\n", cell.Row.Title(), text)
				}
			}
		}
	}
}

// planningTable writes what making the graph takes.
func (r *Report) planningTable(b *strings.Builder) {
	p := r.Planning
	if p == nil {
		return
	}
	fmt.Fprintf(b, "\n## Planning %s, %d packages in its Cargo.lock, %d vertices\n\nMedians of processes that do nothing else; memory is the largest resident set of any of them.\n\n| | |\n|---|---:|\n",
		p.Title, p.Packages, p.Vertices)
	for _, s := range p.Steps {
		fmt.Fprintf(b, "| %s | %.1f ms |\n", s.Name, s.Milliseconds)
	}
	fmt.Fprintf(b, "| Peak memory | %.1f MiB |\n| Size of the graph as it is sent | %.2f MiB |\n", float64(p.PeakKiB)/1024, float64(p.LLBBytes)/(1<<20))
	if p.FrontendKiB > 0 {
		fmt.Fprintf(b, "| Peak memory of rustfile's process on the daemon, gateway client included | %.1f MiB |\n", float64(p.FrontendKiB)/1024)
	}
}

// cellText makes a text fit into a cell of a table.
func cellText(text string) string {
	text = strings.ReplaceAll(strings.TrimSpace(text), "|", "\\|")
	return strings.Join(strings.Fields(text), " ")
}
