package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rustfile/rustfile/integration/testenv"
)

// scenario is what happened to the project since its last build.
type scenario string

func (s scenario) label() string { return string(s) }

// The scenarios, in the order of a round.
const (
	cold    scenario = "cold"    // the daemon has the base images and nothing else
	nothing scenario = "nothing" // nothing has changed
	edit    scenario = "edit"    // a source file of the binary has changed
	bumped  scenario = "bump"    // a dependency has another version
)

var allScenarios = []scenario{cold, nothing, edit, bumped}

// checkWork returns an error when the crates that cargo compiled do not belong to the scenario: then its time would
// be the time of something else. The crates are as in [testenv.Status.Compiled].
func (s scenario) checkWork(p project, compiled []string) error {
	own := p.name + " " + p.version
	switch s {
	case nothing:
		if len(compiled) > 0 {
			return fmt.Errorf("nothing has changed, and cargo compiled %s", strings.Join(compiled, ", "))
		}
		return nil
	case bumped:
		if dep := p.bump.name + " " + p.bump.to; !slices.Contains(compiled, dep) {
			return fmt.Errorf("Cargo.lock has changed to %s, and cargo did not compile it", dep)
		}
	}
	if !slices.Contains(compiled, own) {
		return fmt.Errorf("cargo did not compile %s", own)
	}
	return nil
}

// measure runs everything that cfg asks for. The report is nil when nothing could be measured.
func measure(ctx context.Context, cfg config) (_ *report, err error) {
	load, _ := os.ReadFile("/proc/loadavg")
	l, err := newLab(ctx, cfg)
	if l != nil {
		defer func() { err = errors.Join(err, l.env.Close()) }()
	}
	if err != nil {
		return nil, err
	}
	r := &report{
		day: time.Now().UTC().Format(time.DateOnly), rounds: cfg.rounds, scenarios: cfg.scenarios, route: cfg.route,
		bases: l.env.Standin.Describe(), machine: describeMachine(string(load)), commit: commit(ctx, l.env.Root),
	}
	if r.versions, err = l.versions(ctx, cfg); err != nil {
		return nil, err
	}
	for _, p := range cfg.projects {
		pr, err := l.measureProject(ctx, cfg, p)
		r.projects = append(r.projects, pr)
		if err != nil {
			return r, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	if cfg.planned.name != "" {
		say(os.Stderr, "planning %s", cfg.planned.name)
		planning, err := l.measurePlanning(ctx, cfg.planned)
		if err != nil {
			return r, fmt.Errorf("planning %s: %w", cfg.planned.name, err)
		}
		r.planning = planning
	}
	return r, nil
}

// bench is the measurement of one project.
type bench struct {
	*lab
	cfg     config
	project project
	dir     string // build context
	result  *projectReport
}

func (l *lab) measureProject(ctx context.Context, cfg config, p project) (*projectReport, error) {
	b := &bench{lab: l, cfg: cfg, project: p, dir: filepath.Join(l.work, p.name)}
	b.result = &projectReport{project: p, contenders: cfg.contenders, times: map[cell][]time.Duration{}, failed: map[string]string{}, images: map[string]imageFacts{}}
	if err := p.unpack(ctx, b.dir); err != nil {
		return b.result, err
	}
	lock, err := os.ReadFile(filepath.Join(b.dir, "Cargo.lock"))
	if err != nil {
		return b.result, err
	}
	b.result.packages = lockedPackages(string(lock))
	contenders, err := newContenders(l.daemon, cfg, filepath.Join(l.work, "files-"+p.name))
	if err != nil {
		return b.result, err
	}
	if err := b.warmUp(ctx, contenders); err != nil {
		return b.result, err
	}
	for round := 1; round <= cfg.rounds; round++ {
		if err := b.round(ctx, round, contenders); err != nil {
			return b.result, err
		}
	}
	return b.result, nil
}

// warmUp brings rustfile's own image to the daemon, as the base images are there already.
func (b *bench) warmUp(ctx context.Context, contenders []contender) error {
	for _, c := range contenders {
		if c.name == ours {
			if _, err := c.builder.Build(ctx, testenv.BuildOptions{Context: b.dir, File: c.file, Call: "subrequests.describe"}); err != nil {
				return fmt.Errorf("start rustfile: %w", err)
			}
		}
	}
	return nil
}

// round runs all scenarios once. Cold builds come first: the other scenarios build on what they leave behind. When
// neither a cold build nor a changed dependency is asked for, what the first round leaves behind serves all rounds.
func (b *bench) round(ctx context.Context, n int, contenders []contender) error {
	wants := func(s scenario) bool { return slices.Contains(b.cfg.scenarios, s) }
	if n == 1 || wants(cold) || wants(bumped) {
		if err := b.prune(ctx); err != nil {
			return err
		}
		if err := b.turns(ctx, n, cold, contenders); err != nil {
			return err
		}
	}
	if wants(nothing) {
		if err := b.turns(ctx, n, nothing, contenders); err != nil {
			return err
		}
	}
	if wants(edit) {
		if err := b.project.edit(b.dir, n); err != nil {
			return err
		}
		if err := b.turns(ctx, n, edit, contenders); err != nil {
			return err
		}
	}
	if !wants(bumped) {
		return nil
	}
	if err := b.project.setBump(b.dir, true); err != nil {
		return err
	}
	if err := b.turns(ctx, n, bumped, contenders); err != nil {
		return err
	}
	return b.project.setBump(b.dir, false)
}

// turns lets every contender build once, the first one of this round first.
func (b *bench) turns(ctx context.Context, round int, s scenario, contenders []contender) error {
	for i := range contenders {
		c := contenders[(round-1+i)%len(contenders)]
		if b.result.failed[c.name] != "" {
			continue
		}
		res, err := c.build(ctx, b.project, b.dir)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			say(os.Stderr, "%s %s: round %d, %s: failed: %v", b.project.name, c.name, round, s, err)
			if c.name == ours {
				return err
			}
			b.result.failed[c.name] = reason(err)
			continue
		}
		if err := b.take(c, round, s, res); err != nil {
			return fmt.Errorf("%s, round %d, %s: %w", c.name, round, s, err)
		}
	}
	return nil
}

// take notes the time of a build, and the image of a contender's first one.
func (b *bench) take(c contender, round int, s scenario, res *testenv.Result) error {
	say(os.Stderr, "%s %s: round %d, %s: %.1f s", b.project.name, c.name, round, s, res.Took.Seconds())
	if err := s.checkWork(b.project, res.Compiled()); err != nil {
		return err
	}
	if slices.Contains(b.cfg.scenarios, s) {
		at := cell{c.name, s}
		b.result.times[at] = append(b.result.times[at], res.Took)
	}
	if _, ok := b.result.images[c.name]; !ok {
		facts, err := inspect(res, b.project)
		if err != nil {
			return fmt.Errorf("the image: %w", err)
		}
		b.result.images[c.name] = facts
	}
	if err := writeTrace(b.cfg.trace, b.project, c.name, round, s, res); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Dir(res.Dir))
}

// writeTrace appends a build and the times of its vertices to a file.
func writeTrace(file string, p project, contender string, round int, s scenario, res *testenv.Result) error {
	if file == "" {
		return nil
	}
	type step struct {
		Name    string  `json:"name"`
		Seconds float64 `json:"seconds"`
		Cached  bool    `json:"cached,omitempty"`
	}
	var steps []step
	for _, v := range res.Vertices {
		steps = append(steps, step{v.Name, v.Took.Seconds(), v.Cached})
	}
	line, err := json.Marshal(map[string]any{
		"project": p.name, "contender": contender, "round": round, "scenario": s, "seconds": res.Took.Seconds(), "vertices": steps,
	})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}
