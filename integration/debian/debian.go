package debian

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
)

var installing sync.Mutex

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
