package testenv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// process is a daemon that dies with this one.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	log  string
}

type processOptions struct {
	argv      []string
	env       []string
	log       string // file for its output
	newMounts bool   // give it a mount namespace of its own
}

// startProcess starts a program in its own process group. The parent-death signal is tied to the thread that
// forks, so that thread is kept until the program has ended.
func startProcess(o processOptions) (*process, error) {
	log, err := os.OpenFile(o.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(o.argv[0], o.argv[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = o.env, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if o.newMounts {
		cmd.SysProcAttr.Unshareflags = syscall.CLONE_NEWNS
	}
	p := &process{cmd: cmd, done: make(chan struct{}), log: o.log}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait()
			close(p.done)
		}
	}()
	return p, <-started
}

// waitFor calls ready until it succeeds, the process ends, or time is up.
func (p *process) waitFor(ctx context.Context, name string, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("%s did not answer within %s", name, startTimeout))
	defer cancel()
	for {
		attempt, cancel := context.WithTimeout(ctx, 2*time.Second)
		err := ready(attempt)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended: %s", name, p.cmd.ProcessState)
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// mountNamespace is a path that nsenter can join.
func (p *process) mountNamespace() string { return fmt.Sprintf("/proc/%d/ns/mnt", p.cmd.Process.Pid) }

// stop asks the process to end and kills its group when it does not.
func (p *process) stop(timeout time.Duration) error {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		p.killGroup()
		return nil
	case <-time.After(timeout):
		p.kill()
		return fmt.Errorf("%s did not stop within %s and was killed", filepath.Base(p.cmd.Path), timeout)
	}
}

// kill ends the process group at once.
func (p *process) kill() {
	p.killGroup()
	<-p.done
}

func (p *process) killGroup() { syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }

// killContainers kills the processes whose root file system lies below dir: containers of a daemon that is gone.
func killContainers(dir string) {
	files, _ := filepath.Glob("/proc/[0-9]*/mountinfo")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil || !rootedBelow(text, dir) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// rootedBelow tells whether the root mount of a mountinfo file is made of directories below dir.
func rootedBelow(mountinfo []byte, dir string) bool {
	for line := range bytes.Lines(mountinfo) {
		fields := strings.Fields(string(line))
		if len(fields) > 4 && fields[4] == "/" && strings.Contains(string(line), dir+"/") {
			return true
		}
	}
	return false
}

// removeAll removes a directory, detaching what is still mounted below it.
func removeAll(dir string) error {
	if text, err := os.ReadFile("/proc/self/mountinfo"); err == nil {
		lines := strings.Split(string(text), "\n")
		for i := len(lines) - 1; i >= 0; i-- {
			if f := strings.Fields(lines[i]); len(f) > 4 && strings.HasPrefix(f[4], dir+"/") {
				unix.Unmount(f[4], unix.MNT_DETACH)
			}
		}
	}
	var err error
	for range 20 { // a killed container may hold on for a moment
		if err = os.RemoveAll(dir); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}
