package main

import (
	"strings"
	"testing"
	"time"
)

func seconds(values ...float64) []time.Duration {
	var list []time.Duration
	for _, v := range values {
		list = append(list, time.Duration(v*float64(time.Second)))
	}
	return list
}

func TestMedian(t *testing.T) {
	for _, tc := range []struct {
		values []time.Duration
		want   time.Duration
	}{
		{seconds(7), 7 * time.Second},
		{seconds(9, 1), 5 * time.Second},
		{seconds(30, 1, 2), 2 * time.Second},
		{seconds(4, 100, 1, 2), 3 * time.Second},
	} {
		before := append([]time.Duration{}, tc.values...)
		if got := medianTime(tc.values); got != tc.want {
			t.Errorf("median of %v is %v, want %v", tc.values, got, tc.want)
		}
		for i := range before {
			if before[i] != tc.values[i] {
				t.Fatalf("the rounds were put in another order: %v", tc.values)
			}
		}
	}
}

func TestRatio(t *testing.T) {
	for _, tc := range []struct {
		value, ref time.Duration
		want       string
	}{
		{90 * time.Second, 100 * time.Second, "0.90 ×"},
		{105 * time.Second, 100 * time.Second, "1.05 ×"},
		{time.Second, 0, ""},
	} {
		if got := ratio(tc.value, tc.ref); got != tc.want {
			t.Errorf("ratio of %v to %v is %q, want %q", tc.value, tc.ref, got, tc.want)
		}
	}
	if got := ratio(int64(3), int64(2)); got != "1.50 ×" {
		t.Errorf("ratio of sizes is %q", got)
	}
}

// testReport is a report as measure fills it, with values that are easy to divide.
func testReport() *report {
	p := &projectReport{
		project: project{name: "app", version: "1.2.3"}, packages: 151, contenders: []string{ours, reference, "dummy-main"},
		times: map[cell][]time.Duration{
			{ours, cold}: seconds(99, 110, 101), {reference, cold}: seconds(100, 90, 130),
			{ours, edit}: seconds(8, 8, 9), {reference, edit}: seconds(10, 10, 10),
			{ours, nothing}: seconds(1, 2, 3),
		},
		failed: map[string]string{"dummy-main": "exit code 101 | more"},
		images: map[string]imageFacts{
			ours:      {compressed: 30e6, added: 3e6, unpacked: 80e6, binary: 9e6},
			reference: {compressed: 40e6, added: 4e6, unpacked: 80e6, binary: 10e6},
		},
	}
	return &report{
		day: "2026-01-02", rounds: 3, scenarios: []scenario{cold, nothing, edit}, route: "gateway", machine: "2 cores",
		versions: map[string]string{"BuildKit": "v0", "rustc": "1.95.0", "cargo-chef": "0.1.77"}, projects: []*projectReport{p},
	}
}

func TestTable(t *testing.T) {
	text := testReport().markdown()
	for _, want := range []string{
		"| Date | 2026-01-02 |\n",
		"| Machine | 2 cores |\n",
		"| BuildKit | v0, OCI worker |\n",
		"## app 1.2.3, 151 packages in its Cargo.lock\n",
		"| | rustfile | cargo-chef | dummy-main |\n|---|---:|---:|---:|\n",
		"| Cold | 101.0 s (1.01 ×) | 100.0 s | fails |\n",
		"| Nothing changed | 2.0 s |  | fails |\n", // no reference, no ratio
		"| Source edit | 8.0 s (0.80 ×) | 10.0 s | fails |\n",
		"| Image, compressed | 30.00 MB (0.75 ×) | 40.00 MB |  |\n",
		"| Image, compressed, without its base | 3.00 MB (0.75 ×) | 4.00 MB |  |\n",
		"| Image, files | 80.00 MB (1.00 ×) | 80.00 MB |  |\n",
		"| Binary | 9.00 MB (0.90 ×) | 10.00 MB |  |\n",
		"| Cold | 99.0, 110.0, 101.0 | 100.0, 90.0, 130.0 |  |\n",
		"dummy-main does not build app: exit code 101 \\| more\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	for _, not := range []string{"Dependency bump |", "| rustfile |  |", "## Planning"} {
		if strings.Contains(text, not) {
			t.Errorf("the report has %q", not)
		}
	}
	if t.Failed() {
		t.Logf("the report:\n%s", text)
	}
}

func TestPlanningTable(t *testing.T) {
	r := testReport()
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	r.planning = &planningReport{
		project: project{name: "app", version: "1.2.3"}, packages: 300, frontendKiB: 40 << 10,
		runs: []planTimes{
			{Load: ms(1), Plan: ms(10), LLB: ms(100), Marshal: ms(5), Vertices: 310, PeakKiB: 20 << 10},
			{Load: ms(2), Plan: ms(20), LLB: ms(50), Marshal: ms(6), Vertices: 310, PeakKiB: 30 << 10},
			{Load: ms(3), Plan: ms(30), LLB: ms(70), Marshal: ms(7), Vertices: 310, PeakKiB: 25 << 10},
		},
	}
	text := r.markdown()
	for _, want := range []string{
		"300 packages in its Cargo.lock, 310 vertices\n",
		"| Read the manifests and the lock file | 2.0 ms |\n", "| Plan | 20.0 ms |\n", "| Make the graph | 70.0 ms |\n",
		"| Marshal it | 6.0 ms |\n", "| Together | 110.0 ms |\n", "| Peak memory | 30.0 MiB |\n",
		"gateway client included | 40.0 MiB |\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
}
