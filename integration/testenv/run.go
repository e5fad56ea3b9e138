package testenv

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/rustfile/rustfile/internal/gotools"
)

// RunOptions is how an image is run.
type RunOptions struct {
	// Args replace the image's Cmd; they follow its Entrypoint.
	Args []string
	// Entrypoint replaces the image's Entrypoint when it is not nil.
	Entrypoint []string
	// Env is added to the image's Env.
	Env []string
	// HostNetwork runs in the host's network; otherwise there is none.
	HostNetwork bool
}

// Container is a running container.
type Container struct {
	id     string
	bundle string
	runc   string
	cmd    *exec.Cmd
	out    syncBuffer // both streams, in the order of their writes
	stdout syncBuffer
	done   chan struct{}
	err    error
}

// Run runs the image as its user and returns what it prints; a status other than zero fails the test.
func (r *Result) Run(t testing.TB, args ...string) string {
	t.Helper()
	return r.RunWith(t, RunOptions{Args: args})
}

// RunWith is Run with more options.
func (r *Result) RunWith(t testing.TB, o RunOptions) string {
	t.Helper()
	c := r.Start(t, o)
	if err := c.Wait(time.Minute); err != nil {
		t.Fatalf("run %v: %v\n%s", o.Args, err, c.Output())
	}
	return c.Output()
}

// Start starts a container that ends with the test.
func (r *Result) Start(t testing.TB, o RunOptions) *Container {
	t.Helper()
	c, err := r.StartContainer(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	return c
}

// StartContainer is Start outside of a test: the caller stops the container.
func (r *Result) StartContainer(o RunOptions) (*Container, error) {
	rootfs, err := r.Unpack()
	if err != nil {
		return nil, err
	}
	bundle, err := os.MkdirTemp(filepath.Dir(r.Dir), "run-")
	if err != nil {
		return nil, err
	}
	spec, err := r.spec(rootfs, o)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(bundle, "config.json"), text, 0o644); err != nil {
		return nil, err
	}
	c := &Container{id: "rustfile-" + filepath.Base(bundle), bundle: bundle, runc: r.runc, done: make(chan struct{})}
	c.cmd = exec.Command(c.runc, "--root", filepath.Join(bundle, "state"), "run", "--bundle", bundle, c.id)
	c.cmd.Stdout, c.cmd.Stderr = io.MultiWriter(&c.out, &c.stdout), &c.out
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		c.err = c.cmd.Wait()
		close(c.done)
	}()
	return c, nil
}

// Wait waits for the container's end and returns its failure, if any.
func (c *Container) Wait(timeout time.Duration) error {
	select {
	case <-c.done:
		return c.err
	case <-time.After(timeout):
		return fmt.Errorf("still running after %s", timeout)
	}
}

// Stop kills the container; it may have ended already.
func (c *Container) Stop() {
	state := []string{"--root", filepath.Join(c.bundle, "state")}
	exec.Command(c.runc, append(state, "kill", c.id, "KILL")...).Run()
	select {
	case <-c.done:
	case <-time.After(10 * time.Second):
		c.cmd.Process.Signal(syscall.SIGKILL)
		<-c.done
	}
	exec.Command(c.runc, append(state, "delete", "--force", c.id)...).Run()
}

// Output is what the container has printed so far, on both streams.
func (c *Container) Output() string { return c.out.String() }

// Stdout is what the container has printed on standard output so far.
func (c *Container) Stdout() string { return c.stdout.String() }

// Terminate sends SIGTERM to the container's process, as `docker stop` does.
func (c *Container) Terminate() error { return c.cmd.Process.Signal(syscall.SIGTERM) }

// spec turns the image's configuration into a container without capabilities.
func (r *Result) spec(rootfs string, o RunOptions) (*specs.Spec, error) {
	uid, gid, err := userOf(rootfs, r.Image.Config.User)
	if err != nil {
		return nil, err
	}
	entrypoint, cmd := r.Image.Config.Entrypoint, r.Image.Config.Cmd
	if o.Entrypoint != nil {
		entrypoint, cmd = o.Entrypoint, nil
	}
	if len(o.Args) > 0 {
		cmd = o.Args
	}
	args := append(append([]string{}, entrypoint...), cmd...)
	if len(args) == 0 {
		return nil, fmt.Errorf("the image has neither entry point nor command")
	}
	cwd := r.Image.Config.WorkingDir
	if cwd == "" {
		cwd = "/"
	}
	spaces := []specs.LinuxNamespace{{Type: specs.PIDNamespace}, {Type: specs.IPCNamespace}, {Type: specs.UTSNamespace}, {Type: specs.MountNamespace}}
	if !o.HostNetwork {
		spaces = append(spaces, specs.LinuxNamespace{Type: specs.NetworkNamespace})
	}
	return &specs.Spec{
		Version:  specs.Version,
		Hostname: "container",
		Root:     &specs.Root{Path: rootfs},
		Process: &specs.Process{
			Args: args, Cwd: cwd, Env: append(append([]string{}, r.Image.Config.Env...), o.Env...),
			User: specs.User{UID: uid, GID: gid}, Capabilities: &specs.LinuxCapabilities{}, NoNewPrivileges: true,
		},
		Mounts: []specs.Mount{
			{Destination: "/proc", Type: "proc", Source: "proc"},
			{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "mode=755"}},
			{Destination: "/dev/pts", Type: "devpts", Source: "devpts", Options: []string{"nosuid", "noexec", "newinstance", "ptmxmode=0666"}},
			{Destination: "/dev/shm", Type: "tmpfs", Source: "shm", Options: []string{"nosuid", "nodev", "mode=1777"}},
		},
		Linux: &specs.Linux{Namespaces: spaces, MaskedPaths: []string{"/proc/kcore", "/proc/keys"}, ReadonlyPaths: []string{"/proc/sys"}},
	}, nil
}

// userOf resolves the image's User ("65532", "65532:65532", "app") as container runtimes do.
func userOf(rootfs, user string) (uid, gid uint32, err error) {
	if user == "" {
		return 0, 0, nil
	}
	name, group, hasGroup := strings.Cut(user, ":")
	uid, gid, err = lookup(filepath.Join(rootfs, "etc/passwd"), name)
	if err != nil || !hasGroup {
		return uid, gid, err
	}
	gid, _, err = lookup(filepath.Join(rootfs, "etc/group"), group)
	return uid, gid, err
}

// lookup returns the two numbers of a line of /etc/passwd (user, group) or the one of /etc/group. A number that
// the file does not know stands for itself.
func lookup(file, name string) (id, group uint32, err error) {
	text, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		return 0, 0, err
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) < 4 || (f[0] != name && f[2] != name) {
			continue
		}
		n, err := strconv.ParseUint(f[2], 10, 32)
		if err != nil {
			return 0, 0, fmt.Errorf("%s: %w", file, err)
		}
		g, _ := strconv.ParseUint(f[3], 10, 32)
		return uint32(n), uint32(g), nil
	}
	n, err := strconv.ParseUint(name, 10, 32)
	if err != nil {
		return 0, 0, fmt.Errorf("the image's user or group %q is not in its %s", name, filepath.Base(file))
	}
	return uint32(n), 0, nil
}

// syncBuffer may be read while a process writes to it.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// String returns what was written so far.
func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// Buildctl runs buildctl on the daemon and returns what it printed.
func (d *Daemon) Buildctl(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, d.env.Tools.Path(gotools.Buildctl), append([]string{"--addr", d.Address}, args...)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
