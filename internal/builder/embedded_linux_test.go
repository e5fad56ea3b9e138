package builder

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"
	"github.com/tonistiigi/fsutil"
)

// TestMain lets this test executable be the supervisor, as the CLI is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		os.Exit(serveMain(os.Args[2:]))
	}
	os.Exit(m.Run())
}

func serveMain(args []string) int {
	var s ServeOptions
	fs := flag.NewFlagSet("serve", flag.ExitOnError)
	fs.StringVar(&s.Home, "home", "", "")
	fs.StringVar(&s.Address, "address", "", "")
	fs.StringVar(&s.OtelSocket, "otel-socket", "", "")
	fs.StringVar(&s.Buildkitd, "buildkitd", "", "")
	fs.StringVar(&s.Runc, "runc", "", "")
	fs.StringVar(&s.Config, "config", "", "")
	fs.StringVar(&s.Idle, "idle", "", "")
	fs.IntVar(&s.ReadyFD, "ready-fd", 0, "")
	if err := fs.Parse(args); err != nil {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := Serve(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// testBuilder is an embedded builder in a directory of its own.
type testBuilder struct {
	t   *testing.T
	o   Options
	env map[string]string
}

func newTestBuilder(t *testing.T, env map[string]string) *testBuilder {
	t.Helper()
	if os.Geteuid() != 0 && os.Getenv(rootlessTest) == "" {
		t.Skip("needs root: buildkitd mounts and makes namespaces")
	}
	dir := t.TempDir()
	all := map[string]string{
		"RUSTFILE_BUILDER_HOME": dir,
		"DOCKER_CONFIG":         filepath.Join(dir, "no-docker"),
		"DOCKER_HOST":           "unix://" + filepath.Join(dir, "no-engine.sock"),
		"RUSTFILE_BUILDKITD":    os.Getenv("RUSTFILE_BUILDKITD"),
		"RUSTFILE_RUNC":         os.Getenv("RUSTFILE_RUNC"),
	}
	for k, v := range env {
		all[k] = v
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Getenv:       func(k string) string { return all[k] },
		Notice:       &lineLog{t: t},
		ServeCommand: []string{exe, "serve"},
	}
	if _, err := newFinder(o).tools(t.Context()); err != nil {
		t.Skipf("no tools: %v", err)
	}
	b := &testBuilder{t: t, o: o, env: all}
	t.Cleanup(func() {
		if _, err := Stop(context.Background(), o, true); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return b
}

// lineLog shows the notices with the test's output.
type lineLog struct {
	t  *testing.T
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lineLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.t.Logf("notice: %s", strings.TrimSpace(string(p)))
	return l.b.Write(p)
}

// connect resolves the builder and starts it if need be.
func (b *testBuilder) connect() (*Builder, *client.Client, error) {
	bl, err := Resolve(b.t.Context(), b.o)
	if err != nil {
		return nil, nil, err
	}
	c, err := bl.Client(b.t.Context())
	if err != nil {
		return nil, nil, err
	}
	return bl, c, nil
}

func (b *testBuilder) mustConnect() (*Builder, *client.Client) {
	b.t.Helper()
	bl, c, err := b.connect()
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { c.Close(); bl.Close() })
	return bl, c
}

func (b *testBuilder) status() *Status {
	b.t.Helper()
	st, err := ReadStatus(b.o)
	if err != nil {
		b.t.Fatal(err)
	}
	return st
}

// waitStopped waits until no supervisor runs.
func (b *testBuilder) waitStopped(limit time.Duration) {
	b.t.Helper()
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if !b.status().Running {
			return
		}
	}
	b.t.Fatalf("still running after %s: %+v", limit, b.status())
}

// build runs a real build on the daemon: a file is made and exported.
func build(ctx context.Context, c *client.Client, text string) (string, error) {
	def, err := llb.Scratch().File(llb.Mkfile("/out", 0o644, []byte(text))).Marshal(ctx)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "embedded-out")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	_, err = c.Solve(ctx, def, client.SolveOpt{
		Exports: []client.ExportEntry{{Type: client.ExporterLocal, OutputDir: dir}},
	}, nil)
	if err != nil {
		return "", err
	}
	dt, err := os.ReadFile(filepath.Join(dir, "out"))
	return string(dt), err
}

func (b *testBuilder) mustBuild(c *client.Client, text string) {
	b.t.Helper()
	got, err := build(b.t.Context(), c, text)
	if err != nil || got != text {
		b.t.Fatalf("build gave %q, %v; want %q", got, err, text)
	}
}

func TestEmbeddedIsSharedAndSurvives(t *testing.T) {
	b := newTestBuilder(t, nil)
	first, c := b.mustConnect()
	b.mustBuild(c, "first")
	if got := first.Describe(); !strings.HasPrefix(got, "embedded builder (") {
		t.Errorf("Describe() = %q", got)
	}
	st := b.status()
	if !st.Running || !st.InUse {
		t.Fatalf("status with a client: %+v", st)
	}
	_, second := b.mustConnect()
	b.mustBuild(second, "second")
	if again := b.status(); again.DaemonPID != st.DaemonPID {
		t.Errorf("the second client got daemon %d, not %d", again.DaemonPID, st.DaemonPID)
	}
	// The daemon belongs to no client: it leads its session, and stays.
	if sid, _, _ := syscall.RawSyscall(syscall.SYS_GETSID, uintptr(st.SupervisorPID), 0, 0); int(sid) != st.SupervisorPID {
		t.Errorf("the supervisor %d is in session %d", st.SupervisorPID, sid)
	}
	if stopped, err := Stop(t.Context(), b.o, false); err == nil || stopped {
		t.Errorf("Stop of a builder in use = %v, %v; want an error", stopped, err)
	}
}

func TestEmbeddedConcurrentStart(t *testing.T) {
	b := newTestBuilder(t, nil)
	var mu sync.Mutex
	pids := map[int]bool{}
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			bl, c, err := b.connect()
			if err != nil {
				t.Error(err)
				return
			}
			defer bl.Close()
			defer c.Close()
			st, err := ReadStatus(b.o)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			pids[st.DaemonPID] = true
		})
	}
	wg.Wait()
	if len(pids) != 1 {
		t.Errorf("five clients at once got the daemons %v, want one", pids)
	}
}

func TestEmbeddedRecovers(t *testing.T) {
	b := newTestBuilder(t, nil)
	bl, c := b.mustConnect()
	b.mustBuild(c, "before")
	for _, kill := range []struct {
		name string
		pids func(*Status) []int
	}{
		{"daemon", func(s *Status) []int { return []int{s.DaemonPID} }},
		{"supervisor", func(s *Status) []int { return []int{s.SupervisorPID} }},
		{"both", func(s *Status) []int { return []int{s.SupervisorPID, s.DaemonPID} }},
	} {
		t.Run(kill.name, func(t *testing.T) {
			before := b.status()
			for _, pid := range kill.pids(before) {
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
			}
			c.Close()
			bl.Close()
			bl, c = b.mustConnect()
			b.mustBuild(c, "after "+kill.name)
			after := b.status()
			if after.DaemonPID == before.DaemonPID {
				t.Errorf("daemon %d was killed and still serves", before.DaemonPID)
			}
			if alive(before.DaemonPID) || alive(before.SupervisorPID) {
				t.Errorf("processes of the old daemon are left: %+v", before)
			}
		})
	}
}

func TestEmbeddedIdleStop(t *testing.T) {
	b := newTestBuilder(t, map[string]string{"RUSTFILE_BUILDER_IDLE": "600ms"})
	bl, c := b.mustConnect()
	b.mustBuild(c, "x")
	time.Sleep(1500 * time.Millisecond)
	if !b.status().Running {
		t.Fatal("the daemon stopped under an open client")
	}
	pid := b.status().DaemonPID
	c.Close()
	if err := bl.Close(); err != nil {
		t.Fatal(err)
	}
	b.waitStopped(10 * time.Second)
	if alive(pid) {
		t.Errorf("buildkitd %d still runs", pid)
	}
	_, c = b.mustConnect()
	b.mustBuild(c, "again")
}

func TestEmbeddedNewSettings(t *testing.T) {
	b := newTestBuilder(t, nil)
	bl, _ := b.mustConnect()
	pid := b.status().DaemonPID
	config := filepath.Join(t.TempDir(), "buildkitd.toml")
	if err := os.WriteFile(config, []byte("[registry.\"docker.io\"]\n  mirrors = [\"127.0.0.1:1\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.env["RUSTFILE_BUILDKITD_CONFIG"] = config
	if _, _, err := b.connect(); err == nil || !strings.Contains(err.Error(), "in use with another configuration") {
		t.Fatalf("another configuration for a daemon in use: %v", err)
	}
	bl.Close()
	b.mustConnect()
	if b.status().DaemonPID == pid {
		t.Error("the old daemon serves the new configuration")
	}
}

func TestEmbeddedStartError(t *testing.T) {
	b := newTestBuilder(t, nil)
	config := filepath.Join(t.TempDir(), "bad.toml")
	if err := os.WriteFile(config, []byte("[worker.oci\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.env["RUSTFILE_BUILDKITD_CONFIG"] = config
	_, _, err := b.connect()
	if err == nil {
		t.Fatal("a bad configuration started a daemon")
	}
	for _, want := range []string{"did not start", "buildkitd.log", "toml", "--builder"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q:\n%v", want, err)
		}
	}
	delete(b.env, "RUSTFILE_BUILDKITD_CONFIG")
	_, c := b.mustConnect()
	b.mustBuild(c, "after the failure")
}

func TestEmbeddedDeepHome(t *testing.T) {
	deep := filepath.Join(t.TempDir(), strings.Repeat("deep-", 12), strings.Repeat("deeper-", 10))
	b := newTestBuilder(t, map[string]string{"RUSTFILE_BUILDER_HOME": deep})
	_, c := b.mustConnect()
	b.mustBuild(c, "deep")
	socket := strings.TrimPrefix(b.status().Address, "unix://")
	if strings.HasPrefix(socket, deep) || len(socket) > maxSocketPath {
		t.Errorf("socket %s", socket)
	}
	t.Cleanup(func() { os.RemoveAll(filepath.Dir(socket)) })
}

// TestEmbeddedKilledContainer starts a step that runs forever, kills both
// processes of the daemon, and expects the step's process to be gone after the
// next start.
func TestEmbeddedKilledContainer(t *testing.T) {
	sleep := sleeper(t)
	b := newTestBuilder(t, nil)
	bl, c := b.mustConnect()
	st := b.status()
	marker := fmt.Sprintf("86400.%d", os.Getpid())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	failed := make(chan error, 1)
	go func() { failed <- sleepForever(ctx, c, sleep, marker) }()
	for end := time.Now().Add(20 * time.Second); len(processesWith(t, marker)) == 0; time.Sleep(20 * time.Millisecond) {
		select {
		case err := <-failed:
			t.Fatalf("the step ended: %v", err)
		default:
		}
		if time.Now().After(end) {
			t.Fatal("the step did not start")
		}
	}
	for _, pid := range []int{st.SupervisorPID, st.DaemonPID} {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-failed; err == nil {
		t.Error("the build succeeded on a killed daemon")
	}
	bl.Close()
	_, c = b.mustConnect()
	b.mustBuild(c, "after")
	if left := processesWith(t, marker); len(left) > 0 {
		t.Errorf("processes of the killed build are left: %v", left)
	}
}

func sleepForever(ctx context.Context, c *client.Client, shell, marker string) error {
	ctxDir, err := fsutil.NewFS(filepath.Dir(shell))
	if err != nil {
		return err
	}
	local := llb.Local("tools", llb.IncludePatterns([]string{filepath.Base(shell)}))
	root := llb.Scratch().File(llb.Copy(local, filepath.Base(shell), "/sleep"))
	def, err := root.Run(llb.Args([]string{"/sleep", marker}), llb.Network(llb.NetModeNone)).Root().Marshal(ctx)
	if err != nil {
		return err
	}
	_, err = c.Solve(ctx, def, client.SolveOpt{LocalMounts: map[string]fsutil.FS{"tools": ctxDir}}, nil)
	return err
}

// processesWith returns the processes that have arg on their command line.
func processesWith(t *testing.T, arg string) []int {
	t.Helper()
	var pids []int
	err := eachProcess(func(pid int) error {
		dt, err := os.ReadFile(procFile(pid, "cmdline"))
		if err == nil && bytes.HasPrefix(dt, []byte("/sleep\x00")) && bytes.Contains(dt, []byte(arg)) {
			pids = append(pids, pid)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pids
}

// sleeper builds a static program that sleeps for its first argument.
func sleeper(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	src := filepath.Join(dir, "main.go")
	const program = "package main\n\nimport \"time\"\n\nfunc main() { time.Sleep(24 * time.Hour) }\n"
	if err := os.WriteFile(src, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "sleep")
	if err := goBuild(out, src); err != nil {
		t.Skipf("cannot build the program of the step: %v", err)
	}
	return out
}

func goBuild(out, src string) error {
	cmd := exec.Command("go", "build", "-o", out, src)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if msg, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, msg)
	}
	return nil
}
