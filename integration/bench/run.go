package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rustfile/rustfile/integration/bench/project"
	"github.com/rustfile/rustfile/integration/bench/results"
	"github.com/rustfile/rustfile/integration/bench/schedule"
	"github.com/rustfile/rustfile/integration/testenv"
)

// bench is a run.
type bench struct {
	*lab
	cfg        config
	box        *box
	report     *results.Report
	run        int // in the report
	projects   map[string]*project.Project
	contenders map[schedule.Contender]*contender
	// broken are contenders that cannot build a project at all, with "project/contender".
	broken map[string]bool
	// inspected are the images that were measured, likewise.
	inspected map[string]bool
	daemonPID int
	// failures counts the builds of rustfile that failed or did the wrong work.
	failures int
}

// key names a contender's part in a project.
func key(p string, c schedule.Contender) string { return p + "/" + string(c) }

// measure runs everything that cfg asks for and writes the report as it goes.
func measure(ctx context.Context, cfg config) (err error) {
	load, _ := os.ReadFile("/proc/loadavg")
	b := &bench{cfg: cfg, report: &results.Report{}, projects: map[string]*project.Project{}, broken: map[string]bool{}, inspected: map[string]bool{}}
	if cfg.add {
		if b.report, err = results.Read(cfg.out); err != nil {
			return err
		}
	}
	b.lab, err = newLab(ctx, cfg)
	if b.lab != nil {
		defer func() { err = errors.Join(err, b.env.Close()) }()
	}
	if err != nil {
		return err
	}
	versions, err := b.versions(ctx, cfg)
	if err != nil {
		return err
	}
	b.run = len(b.report.Runs)
	b.report.Runs = append(b.report.Runs, results.Run{
		Day: time.Now().UTC().Format(time.DateOnly), Rounds: cfg.rounds, Route: string(cfg.route), Versions: versions,
		Bases: strings.TrimPrefix(b.env.Standin.Describe(), "base images: "), Machine: describeMachine(string(load)),
		Commit: commit(ctx, b.env.Root), Flags: cfg.flags, Unfinished: "it is still running, or was killed",
	})
	if err := b.prepare(ctx); err != nil {
		return err
	}
	err = b.steps(ctx)
	if err == nil && cfg.planned != "" {
		err = b.plan(ctx)
	}
	b.report.Runs[b.run].Unfinished = ""
	if err != nil {
		b.report.Runs[b.run].Unfinished = reason(err)
	}
	if b.failures > 0 && err == nil {
		err = fmt.Errorf("%d builds of rustfile failed or did other work than their row says; the report has the reasons", b.failures)
	}
	return errors.Join(err, b.write())
}

// prepare gets everything ready that no clock may see.
func (b *bench) prepare(ctx context.Context) error {
	var err error
	if b.daemonPID, err = daemonPID(b.daemon.Dir); err != nil {
		return err
	}
	if b.box, err = b.newBox(ctx); err != nil {
		return err
	}
	if b.contenders, err = newContenders(b.daemon, b.cfg.contenders, b.cfg.route, filepath.Join(b.work, "files")); err != nil {
		return err
	}
	for _, d := range b.cfg.projects {
		say(os.Stderr, "prepare %s", d.Name)
		start := time.Now()
		p, err := project.Prepare(ctx, d, b.box.dir(d.Name), b.box.cargo, project.Options{Rows: b.cfg.rows, Bumps: b.cfg.bumps, Seed: b.cfg.seed})
		if err != nil {
			return fmt.Errorf("prepare %s: %w", d.Name, err)
		}
		b.projects[d.Name] = p
		b.describe(p)
		say(os.Stderr, "prepare %s: %.0f s; leaf %s; mid %s; %d random; share %.2f", d.Name, time.Since(start).Seconds(), p.Leaf, p.Mid, len(p.Random), p.Share)
	}
	return b.warmUp(ctx)
}

// describe notes what a project is.
func (b *bench) describe(p *project.Project) {
	r := b.report.Project(p.Name)
	r.Title, r.Note, r.Locked, r.Compiled = p.Package+" "+p.Version, p.Note, p.Locked, p.Compiled
	if p.Leaf != nil {
		r.Leaf = p.Leaf.String()
	}
	if p.Mid != nil {
		r.Mid = p.Mid.String()
	}
	if p.Random != nil {
		r.Random = nil
		for _, x := range p.Random {
			r.Random = append(r.Random, x.Name+" "+x.To)
		}
	}
	if p.Share > 0 {
		r.Share = p.Share
	}
}

// warmUp brings rustfile's own image to the daemon, as the base images are there already.
func (b *bench) warmUp(ctx context.Context) error {
	for _, c := range b.contenders {
		if !c.name.IsOurs() {
			continue
		}
		o := testenv.BuildOptions{Context: b.projects[b.cfg.projects[0].Name].Dir, File: c.file, Call: "subrequests.describe"}
		if _, err := c.builder.Build(ctx, o); err != nil {
			return fmt.Errorf("start rustfile: %w", err)
		}
	}
	return nil
}

// steps does what the schedule says.
func (b *bench) steps(ctx context.Context) error {
	in := schedule.Input{Rows: b.cfg.rows, Contenders: b.cfg.contenders, Rounds: b.cfg.rounds, PeerRounds: b.cfg.peerRounds, Bumps: b.cfg.bumps, LayerBumps: b.cfg.layerBumps}
	for _, d := range b.cfg.projects {
		in.Projects = append(in.Projects, schedule.Project{Name: d.Name, Without: d.Without(), Bumps: len(b.projects[d.Name].Random)})
	}
	steps := schedule.Plan(in)
	for i, s := range steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if b.cfg.limit > 0 && time.Since(b.cfg.started) > b.cfg.limit {
			return fmt.Errorf("the time limit of %s is over after %d of %d steps", b.cfg.limit, i, len(steps))
		}
		if err := b.step(ctx, s, fmt.Sprintf("%d/%d", i+1, len(steps))); err != nil {
			return fmt.Errorf("%s, %s, %s, round %d: %w", s.Project, s.Contender, s.Row, s.Round, err)
		}
	}
	return nil
}

// step does one step. A contender that fails is noted; only what ends the run is returned.
func (b *bench) step(ctx context.Context, s schedule.Step, count string) error {
	if s.Kind == schedule.Prune {
		return errors.Join(b.empty(ctx), b.box.prune())
	}
	if b.broken[key(s.Project, s.Contender)] {
		return nil
	}
	p := b.projects[s.Project]
	if err := p.Set(s.State); err != nil {
		return err
	}
	var keep map[string]bool
	if s.Undo {
		var err error
		if keep, err = b.snapshot(ctx); err != nil {
			return err
		}
	}
	what := s.Row
	if s.Kind == schedule.Export {
		what = "export"
	}
	res, cpu, err := b.build(ctx, p, s)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil {
		err = b.check(p, s, res)
	}
	if res != nil {
		say(os.Stderr, "%s %s %s: round %d, %s: %.1f s", count, s.Project, s.Contender, s.Round, what, res.Took.Seconds())
	}
	if err != nil {
		b.fail(s, err)
	} else if err := b.take(ctx, p, s, res, cpu); err != nil {
		return err
	}
	if res != nil && res.Dir != "" {
		if err := os.RemoveAll(filepath.Dir(res.Dir)); err != nil {
			return err
		}
	}
	if s.Undo && s.Contender != schedule.Plain {
		if err := b.restore(ctx, keep); err != nil {
			say(os.Stderr, "after %s: %v", what, err)
		}
	}
	return b.write()
}

// empty removes everything but the base images from the daemon. Records that a build of it still uses, though it has
// ended, are only let go by a restart.
func (b *bench) empty(ctx context.Context) error {
	err := b.prune(ctx)
	if err == nil || ctx.Err() != nil {
		return err
	}
	say(os.Stderr, "restart the daemon: %v", err)
	if err := b.daemon.Restart(ctx, testenv.DaemonOptions{}); err != nil {
		return err
	}
	if b.daemonPID, err = daemonPID(b.daemon.Dir); err != nil {
		return err
	}
	return b.prune(ctx)
}

// warnings are what a build of rustfile warned of. The Dockerfiles' warnings are about their style.
func warnings(c schedule.Contender, res *testenv.Result) []string {
	if !c.IsOurs() {
		return nil
	}
	all := slices.Clone(res.Warnings)
	slices.Sort(all)
	for _, w := range slices.Compact(all) {
		say(os.Stderr, "%s warns: %s", c, w)
	}
	return slices.Compact(all)
}

// build builds what a step says, and returns the daemon's CPU time for it.
func (b *bench) build(ctx context.Context, p *project.Project, s schedule.Step) (*testenv.Result, float64, error) {
	t := p.Target(s.State)
	if s.Contender == schedule.Plain {
		res, err := b.box.build(ctx, t)
		return res, 0, err
	}
	var o testenv.BuildOptions
	ref := b.cacheOf(p.Name, s.Contender)
	if s.Kind == schedule.Export {
		o.CacheTo, o.Output = exportTo(ref), testenv.OutputNone
	}
	if s.Import {
		o.CacheFrom = importFrom(ref)
	}
	before, err := cpuSeconds(b.daemonPID)
	if err != nil {
		return nil, 0, err
	}
	res, err := b.contenders[s.Contender].build(ctx, t, o)
	after, cpuErr := cpuSeconds(b.daemonPID)
	return res, after - before, errors.Join(err, cpuErr)
}

// fail notes why a build failed.
func (b *bench) fail(s schedule.Step, err error) {
	say(os.Stderr, "%s %s: round %d, %s: failed: %v", s.Project, s.Contender, s.Round, s.Row, err)
	if s.Contender.IsOurs() {
		b.failures++
	}
	row := s.Row
	if s.Kind == schedule.Export {
		row = schedule.FreshEdit
	}
	b.report.Project(s.Project).Make(row, s.Contender, b.run).Failed = reason(err)
	var other *wrongWork
	if row == schedule.Cold && !errors.As(err, &other) {
		b.broken[key(s.Project, s.Contender)] = true
	}
}

// take notes what was measured.
func (b *bench) take(ctx context.Context, p *project.Project, s schedule.Step, res *testenv.Result, cpu float64) error {
	r := b.report.Project(s.Project)
	if s.Kind == schedule.Export {
		e, err := measureCache(ctx, b.cacheOf(s.Project, s.Contender))
		if err != nil {
			return fmt.Errorf("the exported cache: %w", err)
		}
		e.Contender, e.Seconds = s.Contender, res.Took.Seconds()
		r.SetExport(e)
		return nil
	}
	if s.Measured {
		all, third := p.Count(s.State, res.Compiled())
		cell := r.Make(s.Row, s.Contender, b.run)
		cell.Samples = append(cell.Samples, results.Sample{
			Round: s.Round, Seconds: res.Took.Seconds(), Executed: len(res.Ran()), Vertices: len(res.Vertices),
			Compiled: all, ThirdParty: third, DaemonCPU: cpu, Bump: s.State.Sample, Warnings: warnings(s.Contender, res),
		})
	}
	if k := key(s.Project, s.Contender); s.Row == schedule.Cold && s.Contender != schedule.Plain && !b.inspected[k] {
		b.inspected[k] = true
		m, err := inspect(res, p.Target(s.State))
		if err != nil {
			b.fail(s, fmt.Errorf("the image: %w", err))
		} else {
			m.Contender = s.Contender
			r.SetImage(m)
		}
	}
	return writeTrace(b.cfg.trace, s, res)
}

// check returns an error when what cargo compiled does not belong to the row.
func (b *bench) check(p *project.Project, s schedule.Step, res *testenv.Result) error {
	if s.Kind == schedule.Export {
		return nil
	}
	compiled := res.Compiled()
	t := p.Target(s.State)
	if s.Row == schedule.Nothing {
		if len(compiled) > 0 {
			return wrong("nothing has changed, and cargo compiled %s", strings.Join(compiled, ", "))
		}
		return nil
	}
	if own := t.Package + " " + t.Version; !slices.Contains(compiled, own) {
		return wrong("cargo did not compile %s", own)
	}
	bump, err := p.Bump(s.State)
	if err != nil {
		return err
	}
	if bump != nil && !slices.Contains(compiled, bump.Name+" "+bump.To) {
		return wrong("Cargo.lock has changed to %s %s, and cargo did not compile it", bump.Name, bump.To)
	}
	// A cold build has nothing to take a dependency from. What cargo lists can be a little more than it compiles.
	if _, third := p.Count(s.State, compiled); s.Row == schedule.Cold && third < p.Compiled*9/10 {
		return wrong("a cold build compiled %d of %d dependencies: there was a cache", third, p.Compiled)
	}
	return nil
}

// write writes the report, unless it goes nowhere.
func (b *bench) write() error {
	if b.cfg.out == "" {
		return nil
	}
	return b.report.Write(b.cfg.out)
}
