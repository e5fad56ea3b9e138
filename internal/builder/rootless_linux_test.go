package builder

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// rootlessTest is set for the tests that TestEmbeddedRootless runs as a user.
const rootlessTest = "RUSTFILE_TEST_ROOTLESS"

// TestEmbeddedRootless runs the tests of the embedded builder again as a user
// without privileges.
func TestEmbeddedRootless(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to become another user")
	}
	u := subordinateUser(t)
	host := rootlessHost{lookPath: exec.LookPath, readFile: os.ReadFile, names: []string{u.Username, u.Uid}}
	if missing := host.missing(); len(missing) > 0 {
		t.Skipf("rootless mode lacks:\n%s", strings.Join(missing, "\n"))
	}
	found, err := newFinder(Options{Notice: testNotice{t}}.withDefaults()).tools(t.Context())
	if err != nil {
		t.Skipf("no tools: %v", err)
	}
	dir, err := os.MkdirTemp("", "rootless")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	home := filepath.Join(dir, "home")
	if err := errors.Join(err1, err2, os.Chmod(dir, 0o755), os.Mkdir(home, 0o700), os.Chown(home, uid, gid)); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The user may not be able to read this checkout. A runc beside the other
	// is what the one without seccomp support runs.
	files := []string{self, found.buildkitd, found.runc}
	if beside := filepath.Join(filepath.Dir(found.runc), "runc"); beside != found.runc && isExecutable(beside) {
		files = append(files, beside)
	}
	for _, file := range files {
		copyProgram(t, file, dir)
	}
	cmd := exec.Command(filepath.Join(dir, filepath.Base(self)), "-test.run", "^TestEmbedded(IsShared|Recovers|IdleStop)", "-test.v")
	cmd.Dir = home
	cmd.Env = append(os.Environ(), rootlessTest+"=1", "HOME="+home, "TMPDIR="+home, "USER="+u.Username,
		"RUSTFILE_BUILDKITD="+filepath.Join(dir, filepath.Base(found.buildkitd)), "RUSTFILE_RUNC="+filepath.Join(dir, filepath.Base(found.runc)))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	out, err := cmd.CombinedOutput()
	t.Logf("as %s:\n%s", u.Username, out)
	if err != nil || strings.Contains(string(out), "SKIP") || !strings.Contains(string(out), "--- PASS: TestEmbeddedRecovers") {
		t.Errorf("the tests did not pass without root: %v", err)
	}
}

type testNotice struct{ t *testing.T }

func (n testNotice) Write(p []byte) (int, error) {
	n.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// subordinateUser returns a user that has subordinate IDs.
func subordinateUser(t *testing.T) *user.User {
	t.Helper()
	f, err := os.Open("/etc/subuid")
	if err != nil {
		t.Skipf("no user has subordinate IDs: %v", err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, _, _ := strings.Cut(lines.Text(), ":")
		if u, err := user.Lookup(name); err == nil && u.Uid != "0" {
			return u
		}
	}
	t.Skip("no user has subordinate IDs in /etc/subuid")
	return nil
}

func copyProgram(t *testing.T, from, dir string) {
	t.Helper()
	dt, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, filepath.Base(from)), dt, 0o755); err != nil {
		t.Fatal(err)
	}
}
