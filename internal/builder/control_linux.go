package builder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// ReadStatus returns the state of the embedded builder without starting it.
func ReadStatus(o Options) (*Status, error) {
	o = o.withDefaults()
	h, err := openHome(o.Getenv)
	if err != nil {
		return nil, err
	}
	s := &Status{Home: h.dir, Log: h.logFile()}
	if s.Running, err = held(h.supervisorLock()); err != nil || !s.Running {
		return s, err
	}
	if s.InUse, err = held(h.useLock()); err != nil {
		return nil, err
	}
	st, err := h.readState()
	if errors.Is(err, os.ErrNotExist) {
		return s, nil // it is starting
	}
	if err != nil {
		return nil, err
	}
	s.Address, s.Buildkitd, s.Idle, s.Started = st.Address, st.Buildkitd, st.Idle, st.Started
	s.SupervisorPID, s.DaemonPID = st.SupervisorPID, st.DaemonPID
	return s, nil
}

// Stop stops the embedded builder and tells whether one ran. A builder in use
// is stopped only by force.
func Stop(ctx context.Context, o Options, force bool) (bool, error) {
	o = o.withDefaults()
	h, err := openHome(o.Getenv)
	if err != nil {
		return false, err
	}
	start, err := openLock(h.startLock())
	if err != nil {
		return false, err
	}
	defer start.close()
	if err := start.wait(ctx, lockExclusive); err != nil {
		return false, err
	}
	alive, err := held(h.supervisorLock())
	if err != nil || !alive {
		return false, err
	}
	if busy, err := held(h.useLock()); err != nil {
		return false, err
	} else if busy && !force {
		return false, errors.New("the embedded builder is in use by a build: wait for it, or stop both with --force")
	}
	st, err := h.readState()
	if err != nil {
		return false, err
	}
	return true, stopSupervisor(ctx, h, st.SupervisorPID)
}

// stopSupervisor ends the supervisor, and with it the daemon. The start lock
// is held, so no other supervisor can take the lock that is waited for.
func stopSupervisor(ctx context.Context, h home, pid int) error {
	lock, err := openLock(h.supervisorLock())
	if err != nil {
		return err
	}
	defer lock.close()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop the embedded builder (process %d): %w", pid, err)
		}
		wait, cancel := context.WithTimeout(ctx, stopTimeout+5*time.Second)
		err = lock.wait(wait, lockExclusive)
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
	return fmt.Errorf("the embedded builder (process %d) does not stop: %w", pid, err)
}
