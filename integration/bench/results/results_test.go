package results

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/bench/schedule"
)

func TestMedian(t *testing.T) {
	for _, tc := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{7}, 7}, {[]float64{9, 1}, 5}, {[]float64{30, 1, 2}, 2}, {[]float64{4, 100, 1, 2}, 3},
	} {
		before := append([]float64{}, tc.values...)
		if got := Median(tc.values); got != tc.want {
			t.Errorf("median of %v is %v, want %v", tc.values, got, tc.want)
		}
		for i := range before {
			if before[i] != tc.values[i] {
				t.Fatalf("the rounds were put in another order: %v", tc.values)
			}
		}
	}
}

// fill adds samples of a cell.
func fill(p *Project, row schedule.Row, c schedule.Contender, times ...float64) {
	cell := p.Make(row, c, 0)
	for i, s := range times {
		cell.Samples = append(cell.Samples, Sample{Round: i + 1, Seconds: s, Executed: 4, Vertices: 9, Compiled: 3, ThirdParty: 2, DaemonCPU: s / 10})
	}
}

// testReport is a report with values that are easy to divide.
func testReport() *Report {
	r := &Report{Runs: []Run{{
		Day: "2026-01-02", Machine: "2 cores", Commit: "abc", Rounds: 3, Route: "gateway", Flags: "-rounds 3 | x",
		Versions: map[string]string{"BuildKit": "v0", "rustc": "1.95.0", "cargo": "1.95.1", "cargo-chef": "0.1.78"},
	}}}
	a, b := r.Project("a"), r.Project("b")
	*a = Project{Name: "a", Title: "a 1.0.0", Note: "a note", Locked: 374, Compiled: 213, Leaf: "x 1 to 2", Share: 0.797}
	b.Name = "b"
	fill(a, schedule.Cold, schedule.Ours, 99, 110, 101)
	fill(a, schedule.Cold, schedule.Chef, 100, 90, 130)
	fill(a, schedule.Cold, schedule.Plain, 90)
	fill(b, schedule.Cold, schedule.Ours, 80)
	fill(b, schedule.Cold, schedule.Chef, 100)
	fill(a, schedule.Edit, schedule.Ours, 8)
	fill(a, schedule.Edit, schedule.Plain, 5)
	fill(a, schedule.Random, schedule.Ours, 1, 2, 9)
	fill(a, schedule.Random, schedule.Chef, 10, 20)
	fill(a, schedule.Second, schedule.Ours, 30)
	fill(a, schedule.SecondOwn, schedule.Ours, 100)
	fill(a, schedule.FreshEdit, schedule.Ours, 10)
	for i := range a.Cell(schedule.Cold, schedule.Ours).Samples {
		a.Cell(schedule.Cold, schedule.Ours).Samples[i].Warnings = []string{"one vertex"}
	}
	a.Make(schedule.Cold, schedule.DummyMain, 0).Failed = "exit code 101 | more"
	a.SetExport(Export{Contender: schedule.Ours, Bytes: 259e6, Layers: 356, Manifest: 118e3, Config: 394e3, Seconds: 1.5})
	a.SetImage(Image{Contender: schedule.Chef, Compressed: 40e6, Added: 4e6, Files: 80e6, Binary: 10e6})
	return r
}

func TestMarkdown(t *testing.T) {
	r := testReport()
	text := r.Markdown()
	for _, want := range []string{
		"| Cold | ≤ 1.00 × cargo-chef | 1.01 | 0.80 | 0.91 | met |\n",
		"| Cold | ≤ 1.10 × plain cargo | 1.12 |  | 1.12 | **missed** |\n",
		"| Source edit, warm daemon | ≤ 0.85 × cargo-chef |  |  |  | not measured |\n",
		"| Source edit, beyond plain cargo | ≤ 2.0 s | 3.0 |  | 3.0 | **missed** |\n",
		"| Random bump, mean | ≤ 0.25 × cargo-chef | 0.27 |  | 0.27 | **missed** |\n",
		"| Second project | ≤ 0.35 × its cold build | 0.30 |  | 0.30 | met |\n",
		"| Fresh daemon, registry cache, edit | ≤ 0 dependencies compiled | 2 |  | 2 | **missed** |\n",
		"## a\n\na 1.0.0: a note. 374 packages in its Cargo.lock, 213 packages of crates.io compiled for it.\nLeaf-dependency bump: x 1 to 2.\n",
		"Of the second project's compiled packages, 80 % are among those of this one.\n",
		"| Cold | 101.0 s (1.01, 1.12) | 100.0 s (–, 1.11) | fails | 90.0 s (0.90, –) |\n",
		"| Random bump, mean | 4.0 s (0.27, –) | 15.0 s |  |  |\n",
		"| Cold | 4 / 3 / 2 / 10.1 s | 4 / 3 / 2 / 10.0 s |  | – / 3 / 2 / – |\n",
		"| Registry cache, mode=max | 259 MB |  |  |  |\n| Its layers | 356 |",
		"| Its manifest and config | 118 kB, 394 kB |",
		"| Image, compressed, without its base |  | 4.00 MB |  |  |\n",
		"| Cold | rustfile | 99.0, 110.0, 101.0 |\n",
		"Failed, first in \"Cold\": dummy-main: exit code 101 \\| more\n",
		"\nWarning, first in \"Cold\": rustfile: one vertex\n",
		"| rustc | 1.95.0 |\n| cargo | 1.95.1 |\n| cargo-chef | 0.1.78 |\n",
		"| Flags | `-rounds 3 \\| x` |\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if n := strings.Count(text, "one vertex"); n != 1 {
		t.Errorf("the same warning is there %d times", n)
	}
	if t.Failed() {
		t.Logf("the report:\n%s", text)
	}
}

// TestVerdict checks that what is printed as equal to the goal meets it.
func TestVerdict(t *testing.T) {
	for value, want := range map[float64]string{0.85: "met", 0.8549: "met", 0.856: "**missed**", 0.1: "met"} {
		o := outcome{goal: goal{limit: 0.85, format: timesChef}, median: value, known: true}
		if got := o.verdict(); got != want {
			t.Errorf("%v is %s", value, got)
		}
	}
}

// TestRunsAreNotMixed checks that no ratio is of times from different runs.
func TestRunsAreNotMixed(t *testing.T) {
	r := testReport()
	a := r.Project("a")
	r.Runs = append(r.Runs, Run{Day: "2026-01-03"})
	a.Make(schedule.Cold, schedule.Ours, 1).Samples = []Sample{{Seconds: 1}}
	if a.Cell(schedule.Cold, schedule.Chef) != nil {
		t.Error("the earlier run's times of the row are still there")
	}
	if _, ok := a.time(schedule.Edit, schedule.Ours); !ok {
		t.Error("another row was forgotten")
	}
	a.Make(schedule.SecondOwn, schedule.Ours, 1).Samples = []Sample{{Seconds: 100}}
	if v, ok := a.ratio(schedule.Second, schedule.Ours, schedule.SecondOwn, schedule.Ours); ok {
		t.Errorf("times of two runs have the ratio %v", v)
	}
}

func TestSubject(t *testing.T) {
	r := &Report{}
	fill(r.Project("a"), schedule.Cold, schedule.OursCoarse, 1)
	if got := r.subject(); got != schedule.OursCoarse {
		t.Errorf("the subject is %s", got)
	}
	fill(r.Project("b"), schedule.Edit, schedule.Ours, 1)
	if got := r.subject(); got != schedule.Ours {
		t.Errorf("the subject is %s", got)
	}
}

func TestWriteAndRead(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, chartPrefix+"gone.svg"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	r := testReport()
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	again, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again.Markdown() != r.Markdown() {
		t.Error("what was read is not what was written")
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got := strings.Join(names, " "); got != "chart-a.svg chart-b.svg chart-summary.svg results.json results.md" {
		t.Errorf("the files are %s", got)
	}
	if err := os.WriteFile(filepath.Join(dir, jsonFile), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), "-add") {
		t.Errorf("a broken file gives %v", err)
	}
	if empty, err := Read(t.TempDir()); err != nil || len(empty.Projects) != 0 {
		t.Errorf("an empty directory gives %v, %v", empty, err)
	}
}

// TestCharts decodes every drawing, also of a report with nothing in it.
func TestCharts(t *testing.T) {
	for _, r := range []*Report{testReport(), {}} {
		for name, svg := range r.Charts() {
			d := xml.NewDecoder(bytes.NewReader(svg))
			for {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Errorf("%s: %v\n%s", name, err, svg)
					break
				}
			}
		}
	}
	for _, g := range testReport().Project("a").chart().Groups {
		if g.Name == schedule.Edit.Title() {
			t.Error("a row without cargo-chef is drawn relative to it")
		}
	}
	if s := testReport().summary(); len(s.Groups) != 2 || math.Abs(s.Groups[0].Values[0]-0.905) > 1e-9 || s.Groups[0].Goal != 1 {
		t.Errorf("the summary is %+v", s)
	}
}
