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
	"strconv"
	"strings"
	"time"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/frontendimage"
	"github.com/rustfile/rustfile/internal/options"
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
	Load, Plan, LLB, Marshal time.Duration
	Vertices                 int
	PeakKiB                  int64
}

func (t planTimes) total() time.Duration { return t.Load + t.Plan + t.LLB + t.Marshal }

// planningReport is what planning one project takes.
type planningReport struct {
	project  project
	packages int
	runs     []planTimes
	// frontendKiB is the peak memory of rustfile's process on the daemon, in a build of which everything is cached
	// but the sources' compilation; 0 when it was not seen.
	frontendKiB int64
}

// planOnce plans the project in dir and writes a planTimes as JSON.
func planOnce(ctx context.Context, dir, target string, out io.Writer) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	o, err := options.Parse("Rustfile", []byte(rustfileText), nil)
	if err != nil {
		return err
	}
	if err := o.SetTarget(target); err != nil {
		return err
	}
	platform := platforms.DefaultSpec()
	platform.OS = "linux"
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

// measurePlanning runs planOnce in processes of its own, and looks at the real frontend's process in one build.
func (l *lab) measurePlanning(ctx context.Context, p project) (*planningReport, error) {
	dir := filepath.Join(l.work, "plan-"+p.name)
	if err := p.unpack(ctx, dir); err != nil {
		return nil, err
	}
	lock, err := os.ReadFile(filepath.Join(dir, "Cargo.lock"))
	if err != nil {
		return nil, err
	}
	r := &planningReport{project: p, packages: lockedPackages(string(lock))}
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	for range planRuns {
		var stdout, stderr bytes.Buffer
		cmd := exec.CommandContext(ctx, self, planOnceArg, dir, p.name)
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("%w\n%s", err, stderr.String())
		}
		var t planTimes
		if err := json.Unmarshal(stdout.Bytes(), &t); err != nil {
			return r, err
		}
		r.runs = append(r.runs, t)
	}
	r.frontendKiB, err = l.frontendMemory(ctx, p, dir)
	return r, err
}

// frontendMemory starts a build whose frontend runs in a container of the daemon, watches the frontend's memory until
// the graph is being solved, and ends the build.
func (l *lab) frontendMemory(ctx context.Context, p project, dir string) (int64, error) {
	files, err := newContenders(l.daemon, config{contenders: []string{ours}, route: testenv.Gateway}, filepath.Join(l.work, "files-plan"))
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	compiling := &firstWrite{do: cancel}
	done := make(chan error, 1)
	go func() {
		c := files[0]
		_, err := c.builder.Build(ctx, testenv.BuildOptions{Context: dir, File: c.file, Target: p.name, Output: testenv.OutputNone, Progress: compiling})
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
