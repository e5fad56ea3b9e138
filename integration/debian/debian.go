package debian

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

var installing sync.Mutex

// lockProcesses waits for other processes that install packages: apt-get's own
// option for waiting does not cover the package lists.
func lockProcesses() (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(os.TempDir(), "rustfile-apt.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}

// Need returns the path of a program, installing the package that holds it with apt-get when the program is
// missing and the process is root. Otherwise the error names the command to run.
func Need(ctx context.Context, log io.Writer, program, pkg string) (string, error) {
	installing.Lock()
	defer installing.Unlock()
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	hint := fmt.Sprintf("%s is needed: run `apt-get install %s` as root", program, pkg)
	if os.Geteuid() != 0 {
		return "", fmt.Errorf("%s is not installed and this process is not root; %s", program, hint)
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return "", fmt.Errorf("%s is not installed and this machine has no apt-get", program)
	}
	unlock, err := lockProcesses()
	if err != nil {
		return "", err
	}
	defer unlock()
	fmt.Fprintf(log, "installing Debian package %s\n", pkg)
	for _, args := range [][]string{
		{"update", "-qq"},
		{"install", "-y", "-qq", "--no-install-recommends", pkg},
	} {
		cmd := exec.CommandContext(ctx, "apt-get", append([]string{"-o", "DPkg::Lock::Timeout=300"}, args...)...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("apt-get %s: %w\n%s\n%s", args[0], err, strings.TrimSpace(string(out)), hint)
		}
	}
	return exec.LookPath(program)
}
