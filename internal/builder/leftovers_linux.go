package builder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// clearLeftovers waits until no buildkitd uses the builder's root any more,
// kills one that does not go, and kills the containers of a killed one. The
// supervisor's lock is held, so whatever is there belongs to a dead
// supervisor.
func clearLeftovers(ctx context.Context, h home) error {
	if err := os.MkdirAll(h.root(), 0o700); err != nil {
		return fmt.Errorf("make buildkitd's root: %w", err)
	}
	lock, err := openLock(h.buildkitdLock())
	if err != nil {
		return err
	}
	defer lock.close()
	wait, cancel := context.WithTimeout(ctx, orphanTimeout)
	defer cancel()
	err = lock.wait(wait, lockExclusive)
	if errors.Is(err, context.DeadlineExceeded) {
		if err := killDaemonsOf(h); err != nil {
			return err
		}
		again, cancel := context.WithTimeoutCause(ctx, stopTimeout, errors.New("a buildkitd still uses it"))
		defer cancel()
		err = lock.wait(again, lockExclusive)
	}
	if err != nil {
		return err
	}
	return killContainers(h)
}

// killDaemonsOf kills every buildkitd that was started with this root.
func killDaemonsOf(h home) error {
	return eachProcess(func(pid int) error {
		dt, err := os.ReadFile(procFile(pid, "cmdline"))
		if err != nil {
			return nil // it has ended
		}
		args := strings.Split(strings.TrimRight(string(dt), "\x00"), "\x00")
		for i, arg := range args {
			if arg == "--root" && i+1 < len(args) && args[i+1] == h.root() {
				return kill(pid)
			}
		}
		return nil
	})
}

// killContainers kills every process whose root file system is a snapshot
// under the builder's root. runc does not do that when it is killed itself,
// and a compiler that runs on would eat the machine.
func killContainers(h home) error {
	deadline := time.Now().Add(stopTimeout)
	for {
		found := 0
		err := eachProcess(func(pid int) error {
			if pid == os.Getpid() {
				return nil
			}
			dt, err := os.ReadFile(procFile(pid, "mountinfo"))
			if err != nil || !rootedIn(dt, h.root()) {
				return nil
			}
			found++
			return kill(pid)
		})
		if err != nil || found == 0 {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d processes of old builds under %s do not end", found, h.root())
		}
		time.Sleep(2 * lockPoll)
	}
}

// rootedIn tells from a process's mountinfo whether its "/" is a mount of a
// snapshot under root: an overlay with its upper or lower directories there,
// or a bind mount of a directory there.
func rootedIn(mountinfo []byte, root string) bool {
	prefix := root + "/runc-"
	for line := range bytes.Lines(mountinfo) {
		fields := strings.Fields(string(line))
		if len(fields) < 5 || fields[4] != "/" {
			continue
		}
		if strings.HasPrefix(unescapeMount(fields[3]), prefix) {
			return true
		}
		options := unescapeMount(fields[len(fields)-1])
		if strings.Contains(options, "dir="+prefix) {
			return true
		}
	}
	return false
}

// unescapeMount undoes the octal escapes of /proc mount tables.
func unescapeMount(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

func procFile(pid int, name string) string {
	return filepath.Join("/proc", strconv.Itoa(pid), name)
}

func eachProcess(f func(pid int) error) error {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return fmt.Errorf("look for old processes: %w", err)
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if err := f(pid); err != nil {
			return err
		}
	}
	return nil
}

// alive tells whether a process runs. One that has ended and waits to be reaped
// does not, nor does one with a SIGKILL on its way.
func alive(pid int) bool {
	dt, err := os.ReadFile(procFile(pid, "status"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(dt)) {
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch name {
		case "State":
			if strings.HasPrefix(value, "Z") || strings.HasPrefix(value, "X") {
				return false
			}
		case "SigPnd", "ShdPnd":
			mask, err := strconv.ParseUint(value, 16, 64)
			if err == nil && mask&(1<<(uint(syscall.SIGKILL)-1)) != 0 {
				return false
			}
		}
	}
	return true
}

func kill(pid int) error {
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("kill the old process %d: %w", pid, err)
	}
	return nil
}
