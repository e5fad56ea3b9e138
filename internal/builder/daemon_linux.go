package builder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// daemon is a running buildkitd.
type daemon struct {
	pid  int
	done chan struct{}
	err  error // why it ended; valid once done is closed
}

// startDaemon starts buildkitd and waits until it answers.
func startDaemon(ctx context.Context, s ServeOptions, h home) (*daemon, error) {
	argv, err := daemonArgs(s, h)
	if err != nil {
		return nil, err
	}
	log, err := openLog(h.logFile())
	if err != nil {
		return nil, err
	}
	defer log.Close()
	if err := os.MkdirAll(h.run(), 0o700); err != nil {
		return nil, fmt.Errorf("start buildkitd: %w", err)
	}
	d, err := launch(argv, h, log)
	if err != nil {
		return nil, fmt.Errorf("start buildkitd: %w", err)
	}
	deadline := time.After(startTimeout / 2)
	for {
		if ping(ctx, s.Address) == nil {
			return d, nil
		}
		select {
		case <-time.After(2 * lockPoll):
			continue
		case <-d.done:
			return nil, startError(h, d.err)
		case <-deadline:
			err = fmt.Errorf("it did not answer within %s", startTimeout/2)
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		d.stop(h)
		return nil, startError(h, err)
	}
}

// startError shows the end of the log and what the user can do.
func startError(h home, err error) error {
	hint := "It needs root with the right to mount and to make namespaces, as on a host or in a privileged container."
	if os.Geteuid() != 0 {
		hint = "It runs in a user namespace here; \"sysctl kernel.apparmor_restrict_unprivileged_userns\" must not be 1 and /proc must not be masked."
	}
	return fmt.Errorf("the embedded builder's buildkitd did not start: %w; the end of its log %s:\n%s\n%s Otherwise start docker or a BuildKit, and name it with --builder or BUILDKIT_HOST",
		err, h.logFile(), logTail(h.logFile()), hint)
}

// daemonArgs returns buildkitd's command line. Compile steps have no network at
// all; the host's network is for what fetches, and needs no CNI plugins. With
// a CNI configuration in place buildkitd's own choice is better.
func daemonArgs(s ServeOptions, h home) ([]string, error) {
	argv := []string{
		s.Buildkitd,
		"--root", h.root(),
		"--addr", s.Address,
		"--otel-socket-path", s.OtelSocket,
		"--config", s.Config,
		"--containerd-worker=false",
		"--oci-worker=true",
		"--oci-worker-binary", s.Runc,
	}
	if _, err := os.Stat("/etc/buildkit/cni.json"); err != nil || os.Geteuid() != 0 {
		argv = append(argv, "--oci-worker-net=host")
	}
	if os.Geteuid() == 0 {
		return argv, nil
	}
	rootlesskit, err := rootlessCommand()
	if err != nil {
		return nil, err
	}
	return append(rootlesskit, append(argv, "--rootless")...), nil
}

// launch starts the daemon so that it dies with this process. As root it gets
// a mount namespace of its own: the mounts of a killed daemon vanish instead of
// staying on the host.
func launch(argv []string, h home, log *os.File) (*daemon, error) {
	d := &daemon{done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// The parent-death signal is sent when the starting thread ends, so
		// the thread must live as long as the daemon.
		runtime.LockOSThread()
		defer close(d.done)
		unshare := 0
		if os.Geteuid() == 0 {
			unshare = syscall.CLONE_NEWNS
		}
		cmd := command(argv, h, log, unshare)
		err := cmd.Start()
		if errors.Is(err, syscall.EPERM) && unshare != 0 {
			cmd = command(argv, h, log, 0)
			err = cmd.Start()
		}
		if err == nil {
			d.pid = cmd.Process.Pid
		}
		started <- err
		if err != nil {
			return
		}
		if d.err = cmd.Wait(); d.err == nil {
			d.err = errors.New("it exited by itself")
		}
	}()
	return d, <-started
}

func command(argv []string, h home, log *os.File, unshare int) *exec.Cmd {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = h.dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = daemonEnv(os.Environ(), filepath.Dir(argv[0]))
	if os.Geteuid() != 0 {
		cmd.Env = append(cmd.Env, rootlessEnv(h)...)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setpgid:      true,
		Pdeathsig:    syscall.SIGTERM,
		Unshareflags: uintptr(unshare),
	}
	return cmd
}

// daemonEnv makes helpers next to buildkitd (buildkit-qemu-*) visible and
// leaves out what would change its behaviour from afar.
func daemonEnv(environ []string, bin string) []string {
	var env []string
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		switch name {
		case "PATH":
			env = append(env, "PATH="+bin+string(filepath.ListSeparator)+value)
		case "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "BUILDKIT_HOST":
		default:
			env = append(env, kv)
		}
	}
	return env
}

// stop ends the daemon, in the end by force, and then what it left running.
func (d *daemon) stop(h home) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if err := syscall.Kill(d.pid, sig); err != nil {
			break
		}
		select {
		case <-d.done:
		case <-time.After(stopTimeout):
			continue
		}
		break
	}
	if err := killContainers(h); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}
