package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rustfile/rustfile/integration/bench/project"
	"github.com/rustfile/rustfile/integration/bench/schedule"
	"github.com/rustfile/rustfile/integration/testenv"
)

func TestParseFlags(t *testing.T) {
	cfg, err := parseFlags([]string{"-rounds", "5", "-projects", "bat,xh", "-rows", "fresh-edit,edit", "-contenders", "naive,rustfile",
		"-route", "in-process", "-plan-project", "", "-out", "-", "-limit", "25m", "-bumps", "4"})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%d %v %v %v %s %q %q %s %d %d", cfg.rounds, labels(cfg.projects, project.Def.Label), cfg.rows, cfg.contenders,
		cfg.route, cfg.planned, cfg.out, cfg.limit, cfg.bumps, cfg.layerBumps)
	if want := `5 [xh bat] [edit fresh-edit] [rustfile naive] in-process "" "" 25m0s 4 3`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	cfg, err = parseFlags(nil)
	if err != nil || cfg.rounds != 3 || len(cfg.projects) != 4 || len(cfg.rows) != len(schedule.Rows) || len(cfg.contenders) != 7 || cfg.bumps != 20 {
		t.Errorf("the defaults are %+v, %v", cfg, err)
	}
	if filepath.Base(cfg.out) != "bench" || !filepath.IsAbs(cfg.out) {
		t.Errorf("the report goes to %s", cfg.out)
	}
	for _, bad := range []string{"-rounds=0", "-projects=nope", "-rows=", "-contenders=docker", "-route=buildx", "-plan-project=nope", "-bumps=0", "-limit=x"} {
		if _, err := parseFlags([]string{bad}); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
}

func TestReason(t *testing.T) {
	inner := errors.New("exit code: 101\nsecond line")
	for _, tc := range []struct {
		err  error
		want string
	}{
		{inner, "exit code: 101"},
		{&buildError{inner, "   Compiling a v1.0.0\n"}, "exit code: 101"},
		{fmt.Errorf("build: %w", &buildError{inner, "warning: x\nerror: no such file\nerror: another\n"}), "error: no such file"},
	} {
		if got := reason(tc.err); got != tc.want {
			t.Errorf("reason of %q is %q, want %q", tc.err, got, tc.want)
		}
	}
	if err := (&buildError{inner, strings.Repeat("x", 10*shownLogBytes)}); len(err.Error()) > 2*shownLogBytes {
		t.Error("the whole log is in the message")
	}
}

func TestVersionIn(t *testing.T) {
	for text, want := range map[string]string{
		"cargo-chef-chef 0.1.78\n":                  "0.1.78",
		"rustc 1.95.0 (59807616e 2026-04-14)\nmore": "1.95.0 (59807616e 2026-04-14)",
		"12.15\n": "12.15",
	} {
		if got := versionIn(text); got != want {
			t.Errorf("version in %q is %q, want %q", text, got, want)
		}
	}
}

// TestPeersAreThere reads every file that the flags offer.
func TestPeersAreThere(t *testing.T) {
	list, err := newContenders(nil, schedule.Contenders, testenv.Gateway, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != len(schedule.Contenders)-1 || list[schedule.Plain] != nil {
		t.Errorf("there are %d contenders that build images", len(list))
	}
	for _, c := range list {
		text, err := os.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		if isDockerfile := strings.Contains(string(text), "\nFROM debian:bookworm-slim\n"); isDockerfile == c.name.IsOurs() {
			t.Errorf("%s builds\n%s", c.name, text)
		}
	}
}

func compiledBy(log string) *testenv.Result {
	return &testenv.Result{Status: &testenv.Status{Vertices: []*testenv.Vertex{{Log: log}}}}
}

func TestCheck(t *testing.T) {
	bump := &project.Bump{Name: "itoa", From: "1.0.0", To: "1.0.1"}
	p := &project.Project{Def: project.Def{Package: "app", Version: "1.0.0"}, Leaf: bump}
	own, dep := "   Compiling app v1.0.0 (/app)\n", "   Compiling itoa v1.0.1\n"
	for _, tc := range []struct {
		row  schedule.Row
		bump schedule.Row
		log  string
		ok   bool
	}{
		{schedule.Nothing, "", "", true},
		{schedule.Nothing, "", own, false},
		{schedule.Edit, "", own, true},
		{schedule.Edit, "", "", false},
		{schedule.Leaf, schedule.Leaf, own + dep, true},
		{schedule.Leaf, schedule.Leaf, own, false},
		{schedule.FreshBump, schedule.Leaf, dep, false},
		{schedule.Cold, "", own, true},
	} {
		err := (&bench{}).check(p, schedule.Step{Kind: schedule.Build, Row: tc.row, State: schedule.State{Bump: tc.bump}}, compiledBy(tc.log))
		if (err == nil) != tc.ok {
			t.Errorf("%s with %q: %v", tc.row, tc.log, err)
		}
		var other *wrongWork
		if err != nil && !errors.As(err, &other) {
			t.Errorf("%v is no wrong work", err)
		}
	}
	p.Compiled = 10
	if err := (&bench{}).check(p, schedule.Step{Kind: schedule.Build, Row: schedule.Cold}, compiledBy(own)); err == nil {
		t.Error("a cold build that compiled none of 10 dependencies was accepted")
	}
}

func TestParseCPU(t *testing.T) {
	stat := "1234 (build kit) d) S 1 1234 1234 0 -1 4194304 5 6 7 8 250 150 9 10 20 0 17 0 100 200 300"
	if got, err := parseCPU(stat); err != nil || math.Abs(got-4) > 1e-9 {
		t.Errorf("got %v, %v; want 4 seconds", got, err)
	}
	for _, bad := range []string{"", "1 (x) S 1 2", "no parentheses"} {
		if _, err := parseCPU(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	if _, err := cpuSeconds(os.Getpid()); err != nil {
		t.Error(err)
	}
}

func TestCacheSizes(t *testing.T) {
	image := `{"config":{"mediaType":"application/vnd.buildkit.cacheconfig.v0","size":50},"layers":[{"size":1000},{"size":2000}]}`
	index := `{"manifests":[{"size":1000},{"size":2000},{"mediaType":"application/vnd.buildkit.cacheconfig.v0","size":50}]}`
	for _, text := range []string{image, index} {
		e, err := cacheSizes([]byte(text))
		if err != nil || e.Layers != 2 || e.Config != 50 || e.Manifest != int64(len(text)) || e.Bytes != 3050+int64(len(text)) {
			t.Errorf("%s: %+v, %v", text, e, err)
		}
	}
	for _, bad := range []string{"", `{"manifests":[{"size":1000}]}`} {
		if _, err := cacheSizes([]byte(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestPlanningSummary(t *testing.T) {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	r := summary([]planTimes{
		{Load: ms(1), Plan: ms(10), LLB: ms(100), Marshal: ms(5), Vertices: 310, PeakKiB: 20, Bytes: 7},
		{Load: ms(2), Plan: ms(20), LLB: ms(50), Marshal: ms(6), Vertices: 310, PeakKiB: 30, Bytes: 7},
		{Load: ms(3), Plan: ms(30), LLB: ms(70), Marshal: ms(7), Vertices: 310, PeakKiB: 25, Bytes: 7},
	})
	var got []float64
	for _, s := range r.Steps {
		got = append(got, s.Milliseconds)
	}
	if fmt.Sprint(got) != "[2 20 0 70 6 110]" || r.PeakKiB != 30 || r.Vertices != 310 || r.LLBBytes != 7 {
		t.Errorf("got %v, %+v", got, r)
	}
}

// TestPathsInTheBox checks that the container's paths are not those of this machine.
func TestPathsInTheBox(t *testing.T) {
	b := &box{root: "/tmp/root"}
	if got, err := b.inside(b.dir("xh")); err != nil || got != "/projects/xh" {
		t.Errorf("got %s, %v", got, err)
	}
	if got, err := b.inside("/etc"); err == nil {
		t.Errorf("a directory outside is %s inside", got)
	}
}
