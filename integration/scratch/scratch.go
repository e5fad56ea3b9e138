package scratch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

const lockName = ".alive"

// Dir is a temporary directory of this process.
type Dir struct {
	// Path is its absolute path.
	Path string

	lock *flock.Flock
}

// New makes a directory named <kind>-<random> below the system's temporary directory and removes those of the same
// kind whose process is gone.
func New(kind string) (*Dir, error) {
	base := filepath.Join(os.TempDir(), kind)
	// The gate keeps others from seeing the new directory before it is locked.
	gate := flock.New(base + ".lock")
	if err := gate.Lock(); err != nil {
		return nil, fmt.Errorf("lock %s: %w", gate.Path(), err)
	}
	defer gate.Unlock()
	if err := sweep(base); err != nil {
		return nil, err
	}
	path, err := os.MkdirTemp(os.TempDir(), kind+"-")
	if err != nil {
		return nil, err
	}
	d := &Dir{Path: path, lock: flock.New(filepath.Join(path, lockName))}
	if err := d.lock.Lock(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(path))
	}
	return d, nil
}

// sweep removes what dead processes left.
func sweep(base string) error {
	locks, err := filepath.Glob(base + "-*/" + lockName)
	if err != nil {
		return err
	}
	for _, file := range locks {
		lock := flock.New(file)
		dead, err := lock.TryLock()
		if err != nil || !dead {
			continue // it lives, or belongs to another user
		}
		err = os.RemoveAll(filepath.Dir(file))
		lock.Unlock()
		if err != nil {
			return fmt.Errorf("remove what an earlier run left: %w", err)
		}
	}
	return nil
}

// Close removes the directory.
func (d *Dir) Close() error {
	return errors.Join(os.RemoveAll(d.Path), d.lock.Unlock())
}

// Keep leaves the directory where it is, for somebody to look at, and no later run removes it.
func (d *Dir) Keep() error {
	return errors.Join(os.Remove(filepath.Join(d.Path, lockName)), d.lock.Unlock())
}
