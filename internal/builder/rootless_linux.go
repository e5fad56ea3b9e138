package builder

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strings"
)

// rootlessCommand returns the rootlesskit command line that buildkitd follows
// when the user is not root, or an error that names all that is missing.
func rootlessCommand() ([]string, error) {
	host := rootlessHost{lookPath: exec.LookPath, readFile: os.ReadFile, names: []string{"USER"}}
	if u, err := user.Current(); err == nil {
		host.names = []string{u.Username, u.Uid}
	}
	missing := host.missing()
	if len(missing) > 0 {
		return nil, fmt.Errorf("the embedded builder runs without root only with RootlessKit and user namespaces, and this is missing:\n  - %s\nInstall it, run rustfile as root, start docker, or give a running BuildKit with --builder or BUILDKIT_HOST",
			strings.Join(missing, "\n  - "))
	}
	path, err := exec.LookPath("rootlesskit")
	if err != nil {
		return nil, errors.New("rootlesskit is not on PATH")
	}
	return []string{path}, nil
}

// rootlessEnv makes runc keep its state in the builder's directory. It would
// be /run/runc for a process that has no runtime directory or that calls
// itself root, and this user cannot write there.
func rootlessEnv(h home) []string {
	env := []string{"XDG_RUNTIME_DIR=" + h.run()}
	if u, err := user.Current(); err == nil {
		env = append(env, "USER="+u.Username, "LOGNAME="+u.Username, "HOME="+u.HomeDir)
	}
	return env
}

// rootlessHost is what rootless mode needs to know of the machine.
type rootlessHost struct {
	lookPath func(string) (string, error)
	readFile func(string) ([]byte, error)
	names    []string
}

// missing lists what rootless mode lacks, each with its remedy.
func (r rootlessHost) missing() []string {
	var missing []string
	if _, err := r.lookPath("rootlesskit"); err != nil {
		missing = append(missing, "rootlesskit on PATH (Debian and Ubuntu: apt install rootlesskit)")
	}
	for _, name := range []string{"newuidmap", "newgidmap"} {
		if _, err := r.lookPath(name); err != nil {
			missing = append(missing, name+" on PATH (Debian and Ubuntu: apt install uidmap)")
		}
	}
	for _, file := range []string{"/etc/subuid", "/etc/subgid"} {
		if !r.hasRange(file) {
			missing = append(missing, fmt.Sprintf("a line for this user in %s, such as %s:100000:65536", file, r.names[0]))
		}
	}
	for _, s := range []struct{ file, off, remedy string }{
		{"/proc/sys/user/max_user_namespaces", "0", "user namespaces (sysctl user.max_user_namespaces=28633)"},
		{"/proc/sys/kernel/unprivileged_userns_clone", "0", "unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1)"},
	} {
		if dt, err := r.readFile(s.file); err == nil && strings.TrimSpace(string(dt)) == s.off {
			missing = append(missing, s.remedy)
		}
	}
	return missing
}

// hasRange tells whether a subuid file gives this user a range.
func (r rootlessHost) hasRange(file string) bool {
	dt, err := r.readFile(file)
	if err != nil {
		return false
	}
	lines := bufio.NewScanner(strings.NewReader(string(dt)))
	for lines.Scan() {
		name, _, _ := strings.Cut(lines.Text(), ":")
		for _, n := range r.names {
			if name == n {
				return true
			}
		}
	}
	return false
}
