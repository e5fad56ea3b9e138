package builder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/moby/buildkit/client"
)

const (
	// startTimeout bounds a start, cleaning up after a killed daemon included.
	startTimeout = 90 * time.Second
	// aliveTimeout is how long a running daemon may take to answer.
	aliveTimeout = 10 * time.Second
	// orphanTimeout is how long a daemon without a supervisor may take: it has
	// been told to stop, and its databases stand a kill.
	orphanTimeout = 3 * time.Second
	// stopTimeout is how long a daemon may take to stop before it is killed.
	stopTimeout = 10 * time.Second
)

// startEmbedded returns the address of the embedded daemon, started if it does
// not run, and a function that tells it that this user is gone.
func startEmbedded(ctx context.Context, o Options) (address string, release func() error, err error) {
	h, err := openHome(o.Getenv)
	if err != nil {
		return "", nil, err
	}
	start, err := openLock(h.startLock())
	if err != nil {
		return "", nil, err
	}
	defer start.close()
	ctx, cancel := context.WithTimeoutCause(ctx, 10*startTimeout, errors.New("another command has been starting the embedded builder for too long"))
	defer cancel()
	if err := start.wait(ctx, lockExclusive); err != nil {
		return "", nil, err
	}
	use, err := openLock(h.useLock())
	if err != nil {
		return "", nil, err
	}
	address, err = ensureRunning(ctx, o, h, use)
	if err != nil {
		use.close()
		return "", nil, err
	}
	return address, func() error {
		touch(h.useLock())
		return use.close()
	}, nil
}

// ensureRunning leaves a daemon running and use held shared. The start lock is
// held.
func ensureRunning(ctx context.Context, o Options, h home, use *fileLock) (string, error) {
	// The supervisor holds it exclusively while it stops an idle daemon.
	if err := use.wait(ctx, lockShared); err != nil {
		return "", err
	}
	serve, err := newServeOptions(ctx, o, h)
	if err != nil {
		return "", err
	}
	st, err := running(ctx, h)
	if err != nil {
		return "", err
	}
	if st != nil {
		keep, err := reusable(st, serve, h, use)
		if err != nil {
			return "", err
		}
		if keep {
			touch(h.useLock())
			return st.Address, nil
		}
		fmt.Fprintln(o.Notice, "restarting the embedded builder: its settings have changed")
		if err := stopSupervisor(ctx, h, st.SupervisorPID); err != nil {
			return "", err
		}
		if err := use.wait(ctx, lockShared); err != nil {
			return "", err
		}
	}
	fmt.Fprintf(o.Notice, "starting the embedded builder in %s\n", h.dir)
	if err := spawn(ctx, o, h, serve); err != nil {
		return "", err
	}
	return serve.Address, nil
}

// reusable tells whether the running daemon serves this command. Other
// settings need another daemon; another buildkitd is taken only when nobody
// uses the running one. When it returns false, use is not held any more.
func reusable(st *daemonState, want ServeOptions, h home, use *fileLock) (bool, error) {
	settings := want.settings()
	if st.Settings == settings && st.Buildkitd == fileID(want.Buildkitd) {
		return true, nil
	}
	alone, err := use.try(lockExclusive)
	if err != nil {
		return false, err
	}
	if alone {
		return false, use.unlock()
	}
	if _, err := use.try(lockShared); err != nil {
		return false, err
	}
	if st.Settings == settings {
		return true, nil
	}
	return false, fmt.Errorf("the embedded builder in %s is in use with another configuration: wait for that build to end, or set RUSTFILE_BUILDER_HOME to another directory", h.dir)
}

// running returns the state of a daemon that answers, or nil when none runs. A
// supervisor that is about to end (its daemon died) is waited for. A killed
// process can still hold its lock, and a daemon can still answer after its
// parent was killed, for a moment; hence the second look at both.
func running(ctx context.Context, h home) (*daemonState, error) {
	deadline := time.Now().Add(startTimeout)
	for {
		supervised, err := held(h.supervisorLock())
		if err != nil || !supervised {
			return nil, err
		}
		st, err := h.readState()
		if err == nil && ping(ctx, st.Address) == nil && alive(st.DaemonPID) && alive(st.SupervisorPID) {
			return st, nil
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("the embedded builder runs but does not answer: see %s, and stop it with \"rustfile builder stop --force\"\n%s", h.logFile(), logTail(h.logFile()))
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(4 * lockPoll):
		}
	}
}

func ping(ctx context.Context, address string) error {
	c, err := client.New(ctx, address)
	if err != nil {
		return err
	}
	defer c.Close()
	return answers(ctx, c, aliveTimeout)
}

// readyMessage is what the supervisor writes to the starting command when its
// daemon answers, or why there is none.
type readyMessage struct {
	Error string `json:"error,omitempty"`
}

// spawn starts a supervisor in a session of its own and waits until its daemon
// answers.
func spawn(ctx context.Context, o Options, h home, serve ServeOptions) error {
	argv := o.ServeCommand
	if argv == nil {
		exe, err := os.Executable()
		if err != nil {
			return fmt.Errorf("start the embedded builder: %w", err)
		}
		argv = []string{exe, "builder", "serve"}
	}
	log, err := openLog(h.superLogFile())
	if err != nil {
		return err
	}
	defer log.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start the embedded builder: %w", err)
	}
	defer r.Close()
	serve.ReadyFD = 3
	cmd := exec.Command(argv[0], append(argv[1:], serve.Args()...)...)
	cmd.Dir = h.dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{w}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		w.Close()
		return fmt.Errorf("start the embedded builder's supervisor: %w", err)
	}
	w.Close()
	// Reaps the supervisor if it ends before this process does.
	go cmd.Wait()
	return awaitReady(ctx, r, h)
}

func awaitReady(ctx context.Context, r *os.File, h home) error {
	if deadline, ok := ctx.Deadline(); ok {
		r.SetReadDeadline(deadline)
	}
	stop := context.AfterFunc(ctx, func() { r.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	var msg readyMessage
	err := json.NewDecoder(r).Decode(&msg)
	switch {
	case err == nil && msg.Error == "":
		return nil
	case err == nil:
		return errors.New(msg.Error)
	case ctx.Err() != nil:
		return fmt.Errorf("start the embedded builder: %w", context.Cause(ctx))
	case errors.Is(err, io.EOF):
		return fmt.Errorf("the embedded builder's supervisor ended without a word; its log %s:\n%s", h.superLogFile(), logTail(h.superLogFile()))
	default:
		return fmt.Errorf("start the embedded builder: %w", err)
	}
}

// newServeOptions decides how a daemon would be started now.
func newServeOptions(ctx context.Context, o Options, h home) (ServeOptions, error) {
	t, err := newFinder(o).tools(ctx)
	if err != nil {
		return ServeOptions{}, err
	}
	socket, err := h.socket("buildkitd.sock", o.Getenv)
	if err != nil {
		return ServeOptions{}, err
	}
	otel, err := h.socket("otel.sock", o.Getenv)
	if err != nil {
		return ServeOptions{}, err
	}
	idle, err := idlePeriod(o.Getenv)
	if err != nil {
		return ServeOptions{}, err
	}
	config := o.Getenv("RUSTFILE_BUILDKITD_CONFIG")
	if config == "" {
		config = h.defaultConfig()
	} else if _, err := os.Stat(config); err != nil {
		return ServeOptions{}, fmt.Errorf("RUSTFILE_BUILDKITD_CONFIG: %w", err)
	}
	return ServeOptions{
		Home: h.dir, Address: "unix://" + socket, OtelSocket: otel,
		Buildkitd: t.buildkitd, Runc: t.runc, Config: config, Idle: idle.String(),
	}, nil
}

// settings identifies what a daemon cannot change while it runs.
func (s ServeOptions) settings() string {
	hash := sha256.New()
	dt, err := os.ReadFile(s.Config)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		// buildkitd will fail on it and say so in its log.
		dt = []byte(err.Error())
	}
	fmt.Fprintf(hash, "%q %q", s.Address, dt)
	return hex.EncodeToString(hash.Sum(nil))
}

// fileID changes when the file is replaced.
func fileID(path string) string {
	st, err := os.Stat(path)
	if err != nil {
		return path
	}
	return path + " " + strconv.FormatInt(st.Size(), 10) + " " + strconv.FormatInt(st.ModTime().UnixNano(), 10)
}

// touch records the moment of use for the supervisor's idle clock. Losing it
// only makes the daemon stop a little early.
func touch(path string) {
	now := time.Now()
	_ = os.Chtimes(path, now, now)
}
