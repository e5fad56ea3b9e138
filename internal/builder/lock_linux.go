package builder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// lockPoll is how often a wait for a lock looks again. flock can block, but
// not with a context.
const lockPoll = 25 * time.Millisecond

// fileLock is a flock. The kernel drops it when the process ends in any way;
// the descriptor is close-on-exec, so no child keeps it.
type fileLock struct {
	f *os.File
}

func openLock(path string) (*fileLock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open a lock: %w", err)
	}
	return &fileLock{f: f}, nil
}

type lockMode int

const (
	lockShared    = lockMode(syscall.LOCK_SH)
	lockExclusive = lockMode(syscall.LOCK_EX)
)

// try takes the lock if it is free. It also turns a shared lock into an
// exclusive one or back; if that fails the old lock may be gone.
func (l *fileLock) try(mode lockMode) (bool, error) {
	for {
		err := syscall.Flock(int(l.f.Fd()), int(mode)|syscall.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		default:
			return false, fmt.Errorf("lock %s: %w", l.f.Name(), err)
		}
	}
}

// wait takes the lock as soon as it is free.
func (l *fileLock) wait(ctx context.Context, mode lockMode) error {
	for {
		ok, err := l.try(mode)
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", l.f.Name(), context.Cause(ctx))
		case <-time.After(lockPoll):
		}
	}
}

// unlock drops the lock and keeps the file open.
func (l *fileLock) unlock() error {
	if err := syscall.Flock(int(l.f.Fd()), syscall.LOCK_UN); err != nil {
		return fmt.Errorf("unlock %s: %w", l.f.Name(), err)
	}
	return nil
}

// close drops the lock with the file.
func (l *fileLock) close() error {
	return l.f.Close()
}

// held tells whether somebody holds a lock on path.
func held(path string) (bool, error) {
	l, err := openLock(path)
	if err != nil {
		return false, err
	}
	defer l.close()
	free, err := l.try(lockExclusive)
	return !free && err == nil, err
}

func ownedByUser(st os.FileInfo) bool {
	sys, ok := st.Sys().(*syscall.Stat_t)
	return ok && int(sys.Uid) == os.Getuid()
}
