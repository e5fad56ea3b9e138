package testenv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client"

	"github.com/rustfile/rustfile/internal/gotools"
)

// Worker is what buildkitd runs containers with.
type Worker string

// The workers.
const (
	// OCI is buildkitd's own worker with runc.
	OCI Worker = "oci"
	// Containerd is a containerd of the test's own.
	Containerd Worker = "containerd"
)

const (
	startTimeout = 120 * time.Second
	stopTimeout  = 60 * time.Second
	logTailBytes = 8 << 10
)

// Daemon is a running buildkitd.
type Daemon struct {
	// Address is what clients connect to, unix:///….
	Address string
	// Dir holds the daemon's root, configuration, sockets and log.
	Dir string
	// Worker is what it runs containers with.
	Worker Worker

	env       *Environment
	processes []*process // in the order of their start
	client    *client.Client
}

// DaemonOptions changes how a daemon is set up.
type DaemonOptions struct {
	// Worker defaults to OCI.
	Worker Worker
	// Config is appended to buildkitd.toml.
	Config string
	// Env is added to buildkitd's environment.
	Env []string
	// Wrap are words before the command of the OCI worker's buildkitd: a program
	// that runs it, such as taskset, with its arguments.
	Wrap []string
}

// SharedDaemon returns the daemon that all tests of this process share.
func SharedDaemon(t testing.TB, w Worker) *Daemon {
	t.Helper()
	e := Env(t)
	e.mu.Lock()
	d := e.daemons[w]
	var err error
	if d == nil {
		if d, err = e.startDaemon(context.Background(), DaemonOptions{Worker: w}); err == nil {
			e.daemons[w] = d
		}
	}
	e.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	d.logOnFailure(t)
	return d
}

// FreshDaemon returns a daemon with empty caches that ends with the test.
func FreshDaemon(t testing.TB, o DaemonOptions) *Daemon {
	t.Helper()
	e := Env(t)
	d, err := e.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Errorf("stop buildkitd: %v", err)
		}
	})
	d.logOnFailure(t)
	return d
}

func (d *Daemon) logOnFailure(t testing.TB) {
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("end of buildkitd's log (%s worker):\n%s", d.Worker, d.Log())
		}
	})
}

// Start starts a daemon; Stop or the environment's Close ends it.
func (e *Environment) Start(ctx context.Context, o DaemonOptions) (*Daemon, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.startDaemon(ctx, o)
}

// startDaemon is Start with e.mu held.
func (e *Environment) startDaemon(ctx context.Context, o DaemonOptions) (*Daemon, error) {
	if o.Worker == "" {
		o.Worker = OCI
	}
	dir, err := os.MkdirTemp(e.Dir, "d-") // short: socket paths are limited to 107 bytes
	if err != nil {
		return nil, err
	}
	d := &Daemon{env: e, Dir: dir, Worker: o.Worker, Address: "unix://" + filepath.Join(dir, "bk.sock")}
	if err := d.start(ctx, o); err != nil {
		return nil, fmt.Errorf("start buildkitd (%s worker): %w\n%s", o.Worker, errors.Join(err, d.stop()), d.Log())
	}
	e.running[d] = true
	return d, nil
}

func (d *Daemon) start(ctx context.Context, o DaemonOptions) error {
	config := filepath.Join(d.Dir, "buildkitd.toml")
	if err := os.WriteFile(config, []byte(d.config()+o.Config), 0o644); err != nil {
		return err
	}
	argv := []string{d.env.Tools.Path(gotools.Buildkitd), "--config", config, "--root", filepath.Join(d.Dir, "root"), "--addr", d.Address}
	newMounts := true
	if d.Worker == Containerd {
		ctrd, err := d.startContainerd(ctx)
		if err != nil {
			return err
		}
		argv = append([]string{"nsenter", "--mount=" + ctrd.mountNamespace(), "--"}, argv...)
		newMounts = false
	}
	p, err := startProcess(processOptions{
		argv: append(slices.Clone(o.Wrap), argv...), log: filepath.Join(d.Dir, "buildkitd.log"), newMounts: newMounts,
		env: append(os.Environ(), o.Env...),
	})
	if err != nil {
		return err
	}
	d.processes = append(d.processes, p)
	if d.client, err = client.New(ctx, d.Address); err != nil {
		return err
	}
	return p.waitFor(ctx, "buildkitd", func(ctx context.Context) error {
		_, err := d.client.ListWorkers(ctx)
		return err
	})
}

func (d *Daemon) config() string {
	var b strings.Builder
	fmt.Fprintf(&b, "[otel]\n  socketPath = %q\n", filepath.Join(d.Dir, "otel.sock"))
	for _, host := range []string{"docker.io", "gcr.io"} {
		fmt.Fprintf(&b, "[registry.%q]\n  mirrors = [%q]\n", host, d.env.Registry.Host())
	}
	b.WriteString(d.env.Registry.BuildkitdConfig())
	fmt.Fprintf(&b, "[worker.oci]\n  enabled = %t\n  gc = false\n  networkMode = \"host\"\n  binary = %q\n",
		d.Worker == OCI, d.env.Tools.Path(gotools.Runc))
	fmt.Fprintf(&b, "[worker.containerd]\n  enabled = %t\n  gc = false\n  networkMode = \"host\"\n  address = %q\n  namespace = \"buildkit\"\n",
		d.Worker == Containerd, d.containerdSocket())
	return b.String()
}

// Client returns a connection to the daemon; the daemon closes it.
func (d *Daemon) Client() *client.Client { return d.client }

// Log returns the end of the daemon's log.
func (d *Daemon) Log() string {
	text, err := os.ReadFile(filepath.Join(d.Dir, "buildkitd.log"))
	if err != nil {
		return err.Error()
	}
	if len(text) > logTailBytes {
		text = text[len(text)-logTailBytes:]
	}
	return string(text)
}

// Kill ends the daemon at once, as a crash would, and keeps its directory.
func (d *Daemon) Kill() {
	for _, p := range d.processes {
		p.kill()
	}
	killContainers(d.Dir)
}

// Restart starts the daemon again on the same root, after Kill or while it runs.
func (d *Daemon) Restart(ctx context.Context, o DaemonOptions) error {
	if err := d.end(); err != nil {
		return err
	}
	o.Worker = d.Worker
	return d.start(ctx, o)
}

// Stop ends the daemon and removes its directory.
func (d *Daemon) Stop() error {
	d.env.mu.Lock()
	delete(d.env.running, d)
	d.env.mu.Unlock()
	return d.stop()
}

func (d *Daemon) stop() error {
	if err := d.end(); err != nil {
		return err
	}
	if os.Getenv("RUSTFILE_TEST_KEEP") != "" {
		return nil
	}
	return removeAll(filepath.Join(d.Dir, "root"))
}

// end stops the processes, the last started first.
func (d *Daemon) end() error {
	if d.client != nil {
		d.client.Close()
		d.client = nil
	}
	var errs []error
	for i := len(d.processes) - 1; i >= 0; i-- {
		errs = append(errs, d.processes[i].stop(stopTimeout))
	}
	d.processes = nil
	killContainers(d.Dir)
	return errors.Join(errs...)
}
