package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/rustfile/rustfile/integration/bench/project"
	"github.com/rustfile/rustfile/integration/bench/results"
	"github.com/rustfile/rustfile/integration/bench/schedule"
	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/frontendimage"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/llbgen"
)

// planOnceArg makes this program plan a project once and print a planTimes: a process that has done nothing else, so
// that its peak memory is the memory of planning.
const planOnceArg = "plan-once"

// planRuns is how often planning is measured; it takes no time to speak of.
const planRuns = 9

// planTimes is one run of the code that decides what a build does, and the peak memory of its process.
type planTimes struct {
	Load, Plan, Units, LLB, Marshal time.Duration
	Vertices                        int
	PeakKiB, Bytes                  int64
}

func (t planTimes) total() time.Duration { return t.Load + t.Plan + t.Units + t.LLB + t.Marshal }

// planOnce plans the project in dir and writes a planTimes as JSON. The answer of the planner vertex is in a directory,
// as no daemon is asked here.
func planOnce(ctx context.Context, dir, target, answerDir string, out io.Writer) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	o, err := planOptions(target)
	if err != nil {
		return err
	}
	platform := linux()
	var t planTimes
	clock := time.Now()
	lap := func(d *time.Duration) { now := time.Now(); *d, clock = now.Sub(clock), now }
	ws, err := cargo.Load(root.FS(), cargo.LoadOptions{ManifestPath: o.ManifestPath})
	if err != nil {
		return err
	}
	lap(&t.Load)
	p, err := plan.New(ws, o, plan.Inputs{Platform: platforms.Format(platform), Context: root.FS()})
	if err != nil {
		return err
	}
	lap(&t.Plan)
	if answerDir != "" {
		answer, err := readAnswer(answerDir)
		if err != nil {
			return err
		}
		if p, err = plan.Refine(p, ws, o, answer, true); err != nil {
			return err
		}
	}
	lap(&t.Units)
	res, err := llbgen.Build(p, planInputs(p, platform, ws.Files))
	if err != nil {
		return err
	}
	lap(&t.LLB)
	def, err := res.State.Marshal(ctx, llb.Platform(platform))
	if err != nil {
		return err
	}
	lap(&t.Marshal)
	t.Vertices = len(def.Def) - 1 // the last entry only points at the result
	message, err := def.ToPB().MarshalVT()
	if err != nil {
		return err
	}
	t.Bytes = int64(len(message))
	if t.PeakKiB, err = peakMemory(os.Getpid()); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(t)
}

// planInputs stand for what a daemon would say: the base images have made-up digests and no configuration.
func planInputs(p *plan.Plan, platform ocispecs.Platform, files map[string][]byte) llbgen.Inputs {
	base := func(ref string) llbgen.Base {
		b := llbgen.Base{State: llb.Image(ref+"@sha256:"+strings.Repeat("a", 64), llb.Platform(platform))}
		b.Config.Platform = platform
		return b
	}
	return llbgen.Inputs{
		Context: llb.Local("context"), Toolchain: base(p.Toolchain.Image), Runtime: base(p.Image.Base),
		Downloads: map[string]string{}, IgnoreCache: func(string) bool { return false }, Files: files,
	}
}

// plan measures planning and adds it to the report.
func (b *bench) plan(ctx context.Context) error {
	say(os.Stderr, "planning %s", b.cfg.planned)
	picked, err := choose("-plan-project", b.cfg.planned, project.Catalogue, project.Def.Label)
	if err != nil {
		return err
	}
	d := picked[0]
	dir := filepath.Join(b.work, "plan-"+d.Name)
	if err := d.Unpack(ctx, dir); err != nil {
		return err
	}
	lock, err := os.ReadFile(filepath.Join(dir, "Cargo.lock"))
	if err != nil {
		return err
	}
	answer, err := b.askPlanner(ctx, dir, d.Bin)
	if err != nil {
		return fmt.Errorf("planning %s: the planner vertex: %w", d.Name, err)
	}
	runs, err := planProcesses(ctx, dir, d.Bin, answer)
	if err != nil {
		return fmt.Errorf("planning %s: %w", d.Name, err)
	}
	r := summary(runs)
	r.Title, r.Packages = d.Package+" "+d.Version, len(project.ParseLock(string(lock)))
	b.report.Planning = r
	if i := slices.IndexFunc(b.cfg.contenders, schedule.Contender.IsOurs); i >= 0 && b.cfg.route == testenv.Gateway {
		r.FrontendKiB, err = b.frontendMemory(ctx, b.contenders[b.cfg.contenders[i]], project.Target{Dir: dir, Bin: d.Bin})
	}
	return err
}

// planProcesses runs planOnce in processes of its own.
func planProcesses(ctx context.Context, dir, target, answer string) ([]planTimes, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var runs []planTimes
	for range planRuns {
		var stdout, stderr bytes.Buffer
		cmd := exec.CommandContext(ctx, self, planOnceArg, dir, target, answer)
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("%w\n%s", err, stderr.String())
		}
		var t planTimes
		if err := json.Unmarshal(stdout.Bytes(), &t); err != nil {
			return nil, err
		}
		runs = append(runs, t)
	}
	return runs, nil
}

// summary takes the medians of the times and the largest of the sizes.
func summary(runs []planTimes) *results.Planning {
	r := &results.Planning{Vertices: runs[0].Vertices}
	for _, step := range []struct {
		name string
		of   func(planTimes) time.Duration
	}{
		{"Read the manifests and the lock file", func(t planTimes) time.Duration { return t.Load }},
		{"Plan", func(t planTimes) time.Duration { return t.Plan }},
		{"Read cargo's unit graph and cut the plan by it", func(t planTimes) time.Duration { return t.Units }},
		{"Make the graph", func(t planTimes) time.Duration { return t.LLB }},
		{"Marshal it", func(t planTimes) time.Duration { return t.Marshal }},
		{"Together", planTimes.total},
	} {
		var list []float64
		for _, t := range runs {
			list = append(list, float64(step.of(t).Microseconds())/1e3)
		}
		r.Steps = append(r.Steps, results.PlanningStep{Name: step.name, Milliseconds: results.Median(list)})
	}
	for _, t := range runs {
		r.PeakKiB, r.LLBBytes = max(r.PeakKiB, t.PeakKiB), max(r.LLBBytes, t.Bytes)
	}
	return r
}

// frontendMemory starts a build whose frontend runs in a container of the daemon, watches the frontend's memory until
// the graph is being solved, and ends the build.
func (l *lab) frontendMemory(ctx context.Context, c *contender, t project.Target) (int64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	compiling := &firstWrite{do: cancel}
	done := make(chan error, 1)
	go func() {
		_, err := c.build(ctx, t, testenv.BuildOptions{Output: testenv.OutputNone, Progress: compiling})
		done <- err
	}()
	var peak int64
	for {
		select {
		case err := <-done:
			if compiling.happened || err == nil {
				err = nil // the build was ended on purpose, or was cached
			}
			return peak, err
		case <-time.After(5 * time.Millisecond):
			peak = max(peak, l.processMemory(filepath.Base(frontendimage.Program)))
		}
	}
}

// firstWrite calls do when the first process of a build prints something: by then planning is over.
type firstWrite struct {
	do       func()
	happened bool
}

// Write implements io.Writer.
func (w *firstWrite) Write(p []byte) (int, error) {
	if !w.happened {
		w.happened = true
		w.do()
	}
	return len(p), nil
}

// processMemory is the peak memory of the daemon's container that runs a program, 0 when there is none.
func (l *lab) processMemory(program string) int64 {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		name, err := os.ReadFile(filepath.Join(dir, "comm"))
		if comm := strings.TrimSpace(string(name)); err != nil || comm == "" || !strings.HasPrefix(program, comm) {
			continue
		}
		mounts, err := os.ReadFile(filepath.Join(dir, "mountinfo"))
		if err != nil || !bytes.Contains(mounts, []byte(l.daemon.Dir+"/")) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if kib, err := peakMemory(pid); err == nil {
			return kib
		}
	}
	return 0
}

// peakMemory is the largest resident set that a process ever had, in KiB. The rusage of a child would include the
// memory of the parent that it was forked from.
func peakMemory(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmHWM:" {
			return strconv.ParseInt(f[1], 10, 64)
		}
	}
	return 0, errors.New("the kernel does not say how much memory a process had")
}
