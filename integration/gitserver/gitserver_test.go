package gitserver

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const example = "../../examples/git-dep"

// TestCommitIsTheLocked holds the repository to the commit that the example's
// lock file pins, from a directory and an environment of every test's own.
func TestCommitIsTheLocked(t *testing.T) {
	lock, err := os.ReadFile(filepath.Join(example, "Cargo.lock"))
	if err != nil {
		t.Fatal(err)
	}
	pattern := regexp.MustCompile(`"git\+git://127\.0\.0\.1:19418/greeting\.git\?tag=v1\.2\.0#([0-9a-f]{40})"`)
	found := pattern.FindAllStringSubmatch(string(lock), -1)
	if len(found) != 2 {
		t.Fatalf("the lock file has %d packages of the repository, want 2", len(found))
	}
	t.Setenv("GIT_AUTHOR_NAME", "somebody else")
	t.Setenv("GIT_CONFIG_COUNT", "1")
	t.Setenv("GIT_CONFIG_KEY_0", "core.autocrlf")
	t.Setenv("GIT_CONFIG_VALUE_0", "true")
	for range 2 {
		ids, err := Greeting(example).Create(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if len(ids) != 2 || ids[0] != found[0][1] || ids[0] != found[1][1] {
			t.Errorf("commits are %v, the lock file pins %s and %s", ids, found[0][1], found[1][1])
		}
	}
}

// TestServe fetches what builders fetch: the tag, and the commit by its id
// although no branch points to it.
func TestServe(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	server, err := StartGreeting(ctx, example)
	if err != nil {
		t.Fatal(err)
	}
	dir := server.dir
	defer func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s is left behind: %v", dir, err)
		}
	}()
	url := server.URL("greeting")
	refs := client(t, ".", "ls-remote", url)
	for _, ref := range []string{"refs/heads/main", "refs/tags/v1.2.0", "refs/tags/v1.2.0^{}"} {
		if !strings.Contains(refs, ref+"\n") {
			t.Errorf("the repository has no %s:\n%s", ref, refs)
		}
	}
	ids, err := Greeting(example).Create(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	clone := t.TempDir()
	client(t, clone, "init", "--quiet")
	client(t, clone, "fetch", "--quiet", "--depth=1", url, ids[0])
	client(t, clone, "checkout", "--quiet", "FETCH_HEAD")
	got, err := os.ReadFile(filepath.Join(clone, "greeting/src/lib.rs"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(example, "upstream/v1.2.0/greeting/src/lib.rs"))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("the commit holds\n%s\nwant\n%s", got, want)
	}
	if errs := server.ConnectionErrors(); len(errs) > 0 {
		t.Error(errs)
	}
}

// TestServeWaits holds Serve to giving up with its context when the port is
// taken, and to taking the port when it gets free.
func TestServeWaits(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	first, err := StartGreeting(ctx, example)
	if err != nil {
		t.Fatal(err)
	}
	short, stop := context.WithTimeout(ctx, 200*time.Millisecond)
	defer stop()
	if second, err := StartGreeting(short, example); err == nil {
		second.Close()
		t.Error("two servers have one port")
	}
	closed := make(chan error, 1)
	go func() {
		time.Sleep(200 * time.Millisecond)
		closed <- first.Close()
	}()
	second, err := StartGreeting(ctx, example)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if err := <-closed; err != nil {
		t.Error(err)
	}
	client(t, ".", "ls-remote", second.URL("greeting"))
}

func client(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return string(out)
}
