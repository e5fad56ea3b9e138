package builder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	controlapi "github.com/moby/buildkit/api/services/control"
	"github.com/moby/buildkit/client"
)

// ServeOptions are the command line of the supervisor. Serve's caller parses
// them with the names that Args writes.
type ServeOptions struct {
	// Home is the builder's directory.
	Home string
	// Address is where the daemon listens, OtelSocket its trace socket.
	Address, OtelSocket string
	// Buildkitd and Runc are the executables.
	Buildkitd, Runc string
	// Config is buildkitd's configuration; it need not exist.
	Config string
	// Idle is after how long without use the daemon stops.
	Idle string
	// ReadyFD is the inherited descriptor for the ready message.
	ReadyFD int
}

// Args returns the flags that carry the options to the supervisor.
func (s ServeOptions) Args() []string {
	return []string{
		"--home", s.Home, "--address", s.Address, "--otel-socket", s.OtelSocket,
		"--buildkitd", s.Buildkitd, "--runc", s.Runc, "--config", s.Config,
		"--idle", s.Idle, "--ready-fd", strconv.Itoa(s.ReadyFD),
	}
}

// Serve is the embedded builder's supervisor: it runs buildkitd until nobody
// has used it for the idle period, buildkitd ends, or ctx does.
func Serve(ctx context.Context, s ServeOptions) error {
	ready := newReadyPipe(s.ReadyFD)
	defer ready.close()
	err := serve(ctx, s, ready)
	ready.send(err)
	return err
}

func serve(ctx context.Context, s ServeOptions, ready *readyPipe) error {
	h := home{dir: s.Home}
	idle, err := time.ParseDuration(s.Idle)
	if err != nil {
		return fmt.Errorf("the idle period: %w", err)
	}
	lock, err := openLock(h.supervisorLock())
	if err != nil {
		return err
	}
	defer lock.close()
	wait, cancel := context.WithTimeoutCause(ctx, stopTimeout, errors.New("another supervisor runs"))
	defer cancel()
	if err := lock.wait(wait, lockExclusive); err != nil {
		return err
	}
	if err := clearLeftovers(ctx, h); err != nil {
		return err
	}
	d, err := startDaemon(ctx, s, h)
	if err != nil {
		return err
	}
	use, err := openLock(h.useLock())
	if err != nil {
		d.stop(h)
		return err
	}
	// watch may return with this lock held: it ends after the daemon.
	defer use.close()
	defer os.Remove(h.stateFile())
	defer d.stop(h)
	if err := h.writeState(daemonState{
		SupervisorPID: os.Getpid(), DaemonPID: d.pid, Address: s.Address,
		Buildkitd: fileID(s.Buildkitd), Settings: s.settings(), Started: time.Now(), Idle: s.Idle,
	}); err != nil {
		return err
	}
	ready.send(nil)
	return watch(ctx, s.Address, use, idle, d)
}

// watch returns when the daemon has ended or should. It returns with the use
// lock held when the daemon is idle, so that no command takes a daemon that is
// about to stop.
func watch(ctx context.Context, address string, use *fileLock, idle time.Duration, d *daemon) error {
	lastUse := time.Now()
	tick := time.NewTicker(min(max(idle/4, 50*time.Millisecond), 5*time.Second))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.done:
			return fmt.Errorf("buildkitd ended: %w", d.err)
		case <-tick.C:
		}
		free, err := use.try(lockExclusive)
		if err != nil {
			return err
		}
		if st, err := use.f.Stat(); err == nil && st.ModTime().After(lastUse) {
			lastUse = st.ModTime()
		}
		if !free {
			lastUse = time.Now()
			continue
		}
		if time.Since(lastUse) >= idle && !building(ctx, address) {
			fmt.Fprintf(os.Stderr, "idle since %s, stopping\n", lastUse.Format(time.RFC3339))
			return nil
		}
		if err := use.unlock(); err != nil {
			return err
		}
	}
}

// building tells whether a build runs that no command of ours holds the lock
// for: one of buildctl or buildx, given the daemon's address.
func building(ctx context.Context, address string) bool {
	c, err := client.New(ctx, address)
	if err != nil {
		return false
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(ctx, aliveTimeout)
	defer cancel()
	events, err := c.ControlClient().ListenBuildHistory(ctx, &controlapi.BuildHistoryRequest{ActiveOnly: true, EarlyExit: true})
	if err != nil {
		return false
	}
	_, err = events.Recv()
	return err == nil
}

// readyPipe carries one message to the command that started this supervisor.
type readyPipe struct {
	f *os.File
}

func newReadyPipe(fd int) *readyPipe {
	if fd <= 2 {
		return &readyPipe{}
	}
	// The daemon must not inherit it: the reader waits for its end.
	syscall.CloseOnExec(fd)
	return &readyPipe{f: os.NewFile(uintptr(fd), "ready")}
}

// send writes the first message and closes the pipe; later ones are dropped.
func (p *readyPipe) send(err error) {
	if p.f == nil {
		return
	}
	var msg readyMessage
	if err != nil {
		msg.Error = strings.TrimSpace(err.Error())
	}
	// A starter that has gone away does not matter.
	_ = json.NewEncoder(io.Writer(p.f)).Encode(msg)
	p.close()
}

func (p *readyPipe) close() {
	if p.f != nil {
		p.f.Close()
		p.f = nil
	}
}
