package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/testenv"
)

func TestBump(t *testing.T) {
	b := bump{"itoa", "1.0.0", "aaaa", "1.0.1", "bbbb"}
	lock := "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\n[[package]]\n" + b.entry("1.0.0", "aaaa")
	up, err := b.apply(lock, true)
	if err != nil {
		t.Fatal(err)
	}
	if want := "name = \"a\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"itoa\"\nversion = \"1.0.1\"\n"; !strings.Contains(up, want) || strings.Contains(up, "aaaa") {
		t.Errorf("the lock file is\n%s", up)
	}
	if down, err := b.apply(up, false); err != nil || down != lock {
		t.Errorf("back again: %v\n%s", err, down)
	}
	if _, err := b.apply(up, true); err == nil {
		t.Error("a lock file without the older version was changed")
	}
	if n := lockedPackages(lock); n != 2 {
		t.Errorf("%d packages, want 2", n)
	}
}

// TestExampleBump keeps the bump of the example in step with its Cargo.lock, which the other tests change.
func TestExampleBump(t *testing.T) {
	i := slices.IndexFunc(allProjects, func(p project) bool { return p.sha256 == "" })
	p, dir := allProjects[i], t.TempDir()
	if err := p.unpack(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if err := p.setBump(dir, true); err != nil {
		t.Error(err)
	}
	source := filepath.Join(dir, p.editFile)
	before, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.edit(dir, 7); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(source)
	if err != nil || string(after) != string(before)+"\npub const BENCH_ROUND_7: usize = 7;\n" {
		t.Errorf("the edited file is (%v)\n%s", err, after)
	}
}

func TestCheckWork(t *testing.T) {
	p := project{name: "app", version: "1.0.0", bump: bump{name: "itoa", to: "1.0.1"}}
	for _, tc := range []struct {
		scenario scenario
		compiled string
		ok       bool
	}{
		{cold, "app 1.0.0,itoa 1.0.0", true},
		{cold, "", false},
		{nothing, "", true},
		{nothing, "app 1.0.0", false},
		{edit, "app 1.0.0", true},
		{edit, "itoa 1.0.0", false},
		{bumped, "app 1.0.0,itoa 1.0.1", true},
		{bumped, "app 1.0.0,itoa 1.0.0", false},
		{bumped, "itoa 1.0.1", false},
	} {
		var compiled []string
		if tc.compiled != "" {
			compiled = strings.Split(tc.compiled, ",")
		}
		if err := tc.scenario.checkWork(p, compiled); (err == nil) != tc.ok {
			t.Errorf("%s with %q: %v", tc.scenario, tc.compiled, err)
		}
	}
}

func TestParseFlags(t *testing.T) {
	cfg, err := parseFlags([]string{"-n", "5", "-projects", "xh,bat", "-scenarios", "edit", "-contenders", "naive,rustfile", "-route", "in-process", "-plan-project", ""})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(names(cfg.projects), ","); cfg.rounds != 5 || got != "xh,bat" || !slices.Equal(cfg.scenarios, []scenario{edit}) ||
		!slices.Equal(cfg.contenders, []string{"naive", ours}) || cfg.route != testenv.InProcess || cfg.planned.name != "" {
		t.Errorf("got %+v", cfg)
	}
	if cfg, err := parseFlags(nil); err != nil || cfg.rounds != 3 || len(cfg.contenders) != 5 || len(cfg.scenarios) != 4 || cfg.planned.name != "xh" {
		t.Errorf("the defaults are %+v, %v", cfg, err)
	}
	for _, bad := range []string{"-n=0", "-projects=nope", "-scenarios=", "-contenders=docker", "-route=buildx", "-plan-project=nope"} {
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

// TestPeersAreThere reads every Dockerfile that the flags offer.
func TestPeersAreThere(t *testing.T) {
	list, err := newContenders(nil, config{contenders: allContenders, route: testenv.Gateway}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		text, err := os.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		if isDockerfile := strings.Contains(string(text), "\nFROM debian:bookworm-slim\n"); isDockerfile == (c.name == ours) {
			t.Errorf("%s builds\n%s", c.name, text)
		}
	}
}
