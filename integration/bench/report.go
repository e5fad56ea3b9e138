package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/rustfile/rustfile/integration/testenv"
)

// report is everything that one run measured.
type report struct {
	day       string
	rounds    int
	scenarios []scenario
	route     testenv.Route
	versions  map[string]string
	bases     string
	machine   string
	commit    string
	projects  []*projectReport
	planning  *planningReport // nil when it was not measured
}

// cell is a place in the table of a project.
type cell struct {
	contender string
	scenario  scenario
}

// projectReport is what was measured on one project.
type projectReport struct {
	project    project
	packages   int // in its Cargo.lock
	contenders []string
	times      map[cell][]time.Duration // in the order of the rounds
	failed     map[string]string        // contender to its first error
	images     map[string]imageFacts    // by contender
}

var scenarioTitles = map[scenario]string{
	cold: "Cold", nothing: "Nothing changed", edit: "Source edit", bumped: "Dependency bump",
}

// median is the middle of the values, or the mean of the two in the middle; there is at least one.
func median[T cmp.Ordered](values []T, mean func(a, b T) T) T {
	sorted := slices.Sorted(slices.Values(values))
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return mean(sorted[mid-1], sorted[mid])
}

func medianTime(values []time.Duration) time.Duration {
	return median(values, func(a, b time.Duration) time.Duration { return a + (b-a)/2 })
}

// ratio is "0.85 ×", or "" when there is nothing to compare with.
func ratio[T int64 | time.Duration](value, ref T) string {
	if ref <= 0 {
		return ""
	}
	return fmt.Sprintf("%.2f ×", float64(value)/float64(ref))
}

// markdown writes the report.
func (r *report) markdown() string {
	var b strings.Builder
	b.WriteString("# Build times, coarse mode\n\n")
	b.WriteString("Written by `make bench`; package integration/bench says how it measures. Ratios are to cargo-chef, in the same run.\n\n")
	r.environment(&b)
	for _, p := range r.projects {
		p.markdown(&b, r)
	}
	r.method(&b)
	return b.String()
}

// environment says what the times depend on.
func (r *report) environment(b *strings.Builder) {
	b.WriteString("| | |\n|---|---|\n")
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(b, "| %s | %s |\n", name, value)
		}
	}
	row("Date", r.day)
	row("Machine", r.machine)
	row("rustfile", r.commit)
	row("BuildKit", r.versions["BuildKit"]+", OCI worker")
	row("rustc", r.versions["rustc"])
	row("cargo-chef", r.versions["cargo-chef"])
	row("Base images", strings.TrimPrefix(r.bases, "base images: "))
	row("Rounds", fmt.Sprintf("%d, times are medians", r.rounds))
}

func (p *projectReport) markdown(b *strings.Builder, r *report) {
	fmt.Fprintf(b, "\n## %s %s, %d packages in its Cargo.lock\n\n", p.project.name, p.project.version, p.packages)
	b.WriteString("| | " + strings.Join(p.contenders, " | ") + " |\n|---" + strings.Repeat("|---:", len(p.contenders)) + "|\n")
	for _, s := range r.scenarios {
		b.WriteString("| " + scenarioTitles[s])
		for _, c := range p.contenders {
			b.WriteString(" | " + p.timeCell(c, s))
		}
		b.WriteString(" |\n")
	}
	sizes := []struct {
		title string
		of    func(imageFacts) int64
	}{
		{"Image, compressed", func(f imageFacts) int64 { return f.compressed }},
		{"Image, compressed, without its base", func(f imageFacts) int64 { return f.added }},
		{"Image, files", func(f imageFacts) int64 { return f.unpacked }},
		{"Binary", func(f imageFacts) int64 { return f.binary }},
	}
	for _, size := range sizes {
		b.WriteString("| " + size.title)
		for _, c := range p.contenders {
			facts, ok := p.images[c]
			b.WriteString(" | ")
			if ok {
				text := fmt.Sprintf("%.2f MB %s", float64(size.of(facts))/1e6, p.against(c, ratio(size.of(facts), size.of(p.images[reference]))))
				b.WriteString(strings.TrimSpace(text))
			}
		}
		b.WriteString(" |\n")
	}
	p.rounds(b, r)
	for _, c := range p.contenders {
		if why := p.failed[c]; why != "" {
			fmt.Fprintf(b, "\n%s does not build %s: %s\n", c, p.project.name, strings.ReplaceAll(why, "|", "\\|"))
		}
	}
}

// timeCell is the median of a cell and its ratio to the reference's.
func (p *projectReport) timeCell(c string, s scenario) string {
	times := p.times[cell{c, s}]
	if len(times) == 0 {
		if p.failed[c] != "" {
			return "fails"
		}
		return ""
	}
	m := medianTime(times)
	text := fmt.Sprintf("%.1f s", m.Seconds())
	if ref := p.times[cell{reference, s}]; len(ref) > 0 {
		text += " " + p.against(c, ratio(m, medianTime(ref)))
	}
	return strings.TrimSpace(text)
}

// against drops the ratio of the reference to itself.
func (p *projectReport) against(contender, ratio string) string {
	if contender == reference || ratio == "" {
		return ""
	}
	return "(" + ratio + ")"
}

// rounds lists every single time.
func (p *projectReport) rounds(b *strings.Builder, r *report) {
	b.WriteString("\nEvery round, in seconds:\n\n| | " + strings.Join(p.contenders, " | ") + " |\n|---" + strings.Repeat("|---:", len(p.contenders)) + "|\n")
	for _, s := range r.scenarios {
		b.WriteString("| " + scenarioTitles[s])
		for _, c := range p.contenders {
			var list []string
			for _, t := range p.times[cell{c, s}] {
				list = append(list, fmt.Sprintf("%.1f", t.Seconds()))
			}
			b.WriteString(" | " + strings.Join(list, ", "))
		}
		b.WriteString(" |\n")
	}
}

// method explains the tables in the words of the reader's question: what exactly was timed?
func (r *report) method(b *strings.Builder) {
	if r.planning != nil {
		r.planning.markdown(b)
	}
	how := "as users run it: its image is a container on the daemon, which is there beforehand like the base images"
	if r.route == testenv.InProcess {
		how = "in the client's process, without its container"
	}
	fmt.Fprintf(b, `
## How it was measured

One daemon, one client, one run. The contenders build the same directory and take turns within every round, and another one begins each
round. A time is that of the whole build: sending the context, planning, downloading, compiling, and exporting an OCI image to the client.
rustfile runs %s.
The Dockerfiles (integration/bench/peers) are built by the Dockerfile frontend that is part of the daemon.

- Cold: the daemon has the base images, unpacked, and nothing else; every contender downloads the crates again.
- Nothing changed: the same build again.
- Source edit: a public constant is appended to a source file of the binary.
- Dependency bump: Cargo.lock names another version of one small crate that is deep in the tree.

Each image was run once and printed the right version. Times of different machines, days or runs cannot be compared, ratios within limits.
`, how)
}

func (p *planningReport) markdown(b *strings.Builder) {
	times := func(of func(planTimes) time.Duration) string {
		var list []time.Duration
		for _, t := range p.runs {
			list = append(list, of(t))
		}
		return fmt.Sprintf("%.1f ms", float64(medianTime(list).Microseconds())/1e3)
	}
	fmt.Fprintf(b, "\n## Planning %s %s, %d packages in its Cargo.lock, %d vertices\n\n", p.project.name, p.project.version, p.packages, p.runs[0].Vertices)
	fmt.Fprintf(b, "Medians of %d processes that do nothing else; memory is the largest resident set of any of them.\n\n| | |\n|---|---:|\n", len(p.runs))
	fmt.Fprintf(b, "| Read the manifests and the lock file | %s |\n", times(func(t planTimes) time.Duration { return t.Load }))
	fmt.Fprintf(b, "| Plan | %s |\n", times(func(t planTimes) time.Duration { return t.Plan }))
	fmt.Fprintf(b, "| Make the graph | %s |\n", times(func(t planTimes) time.Duration { return t.LLB }))
	fmt.Fprintf(b, "| Marshal it | %s |\n", times(func(t planTimes) time.Duration { return t.Marshal }))
	fmt.Fprintf(b, "| Together | %s |\n", times(planTimes.total))
	var peak int64
	for _, t := range p.runs {
		peak = max(peak, t.PeakKiB)
	}
	fmt.Fprintf(b, "| Peak memory | %.1f MiB |\n", float64(peak)/1024)
	if p.frontendKiB > 0 {
		fmt.Fprintf(b, "| Peak memory of rustfile's process on the daemon, gateway client included | %.1f MiB |\n", float64(p.frontendKiB)/1024)
	}
}

// describeMachine says what matters of this machine, and how busy it was.
func describeMachine(loadavg string) string {
	load, _, _ := strings.Cut(loadavg, " ")
	text := fmt.Sprintf("%d cores, %s", runtime.NumCPU(), runtime.GOARCH)
	if mem, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kib int64
		if _, err := fmt.Sscanf(string(mem), "MemTotal: %d kB", &kib); err == nil {
			text += fmt.Sprintf(", %.0f GiB of memory", float64(kib)/(1<<20))
		}
	}
	if load != "" {
		text += ", load average " + load + " before the run"
	}
	return text
}

// commit names the checkout, "" when there is no git to ask.
func commit(ctx context.Context, root string) string {
	cmd := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--abbrev=12")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
