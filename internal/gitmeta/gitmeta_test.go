package gitmeta

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// repository is a git repository that the real git made.
type repository struct {
	t   *testing.T
	dir string
	day int
}

func newRepository(t *testing.T) *repository {
	r := &repository{t: t, dir: t.TempDir()}
	r.git("init", "--quiet", "--initial-branch=main")
	return r
}

// git runs git and returns what it prints.
func (r *repository) git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "gc.auto=0", "-c", "protocol.file.allow=always"}, args...)...)
	cmd.Dir = r.dir
	at := time.Date(2024, 1, 1+r.day, 12, 30, 45, 0, time.FixedZone("", 2*60*60+30*60)).Format(time.RFC3339)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=Ada <x", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ben", "GIT_COMMITTER_EMAIL=ben@example.com",
		"GIT_AUTHOR_DATE="+at, "GIT_COMMITTER_DATE="+at)
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit changes a long file a little, so that packs hold differences.
func (r *repository) commit(message string) {
	r.t.Helper()
	r.day++
	text := strings.Repeat("line\n", 200) + strconv.Itoa(r.day) + "\n"
	if err := os.WriteFile(filepath.Join(r.dir, "file"), []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
	r.git("add", "--all")
	r.git("commit", "--quiet", "--message", message)
}

// history makes a branch, a merge and a tag of each kind.
func (r *repository) history() {
	r.commit("First")
	r.git("tag", "light-1")
	r.commit("Second\nline of the subject\n\nThe body is long. " + strings.Repeat("Very long. ", 50))
	r.git("tag", "--annotate", "--message", "One", "v1.0.0")
	r.git("checkout", "--quiet", "-b", "side")
	r.commit("On the side")
	r.git("checkout", "--quiet", "main")
	r.git("merge", "--quiet", "--no-ff", "--strategy=ours", "--message", "Merge", "side")
	for range 12 {
		r.commit("More " + strings.Repeat("of a message that repeats itself. ", 20))
	}
}

// check compares what Read finds with what git says.
func (r *repository) check() *Head {
	r.t.Helper()
	root, err := os.OpenRoot(filepath.Join(r.dir, ".git"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer root.Close()
	h, err := Read(root.FS())
	if err != nil {
		r.t.Fatal(err)
	}
	for what, pair := range map[string][2]string{
		"commit":   {h.Commit.ID, r.git("rev-parse", "HEAD")},
		"branch":   {h.Branch, r.git("rev-parse", "--abbrev-ref", "HEAD")},
		"describe": {h.Describe, r.git("describe", "--tags", "--always", "--abbrev=7")},
		"author":   {h.Commit.Author.Name + " " + h.Commit.Author.Email, r.git("log", "-1", "--format=%an %ae")},
		"subject":  {h.Commit.Subject(), r.git("log", "-1", "--format=%s")},
		"time":     {h.Commit.Committer.Time.Format(time.RFC3339), r.git("log", "-1", "--format=%cI")},
		"tree":     {h.Commit.Tree, r.git("rev-parse", "HEAD^{tree}")},
	} {
		if pair[0] != pair[1] {
			r.t.Errorf("%s is %q, git says %q", what, pair[0], pair[1])
		}
	}
	return h
}

func (r *repository) checkCount(h *Head) {
	r.t.Helper()
	if want := r.git("rev-list", "--count", "HEAD"); strconv.Itoa(h.Count) != want {
		r.t.Errorf("%d commits, git says %s", h.Count, want)
	}
}

func TestReadIsWhatGitSays(t *testing.T) {
	for name, do := range map[string]func(r *repository){
		"loose": func(*repository) {},
		"packed": func(r *repository) {
			r.git("gc", "--quiet", "--aggressive", "--prune=now")
			r.git("pack-refs", "--all")
		},
		"packed and loose": func(r *repository) { r.git("gc", "--quiet"); r.commit("After") },
		"differences by id": func(r *repository) {
			r.git("repack", "-q", "-a", "-d", "-f")
			r.git("config", "repack.useDeltaBaseOffset", "false")
			r.git("repack", "-q", "-a", "-d", "-F")
		},
		"at a tag":        func(r *repository) { r.git("tag", "--annotate", "--message", "Two", "v2.0.0") },
		"detached":        func(r *repository) { r.git("checkout", "--quiet", "HEAD~3") },
		"at the first":    func(r *repository) { r.git("checkout", "--quiet", "light-1") },
		"after the merge": func(r *repository) { r.git("checkout", "--quiet", "HEAD~12") },
		"two tags of one": func(r *repository) {
			r.git("tag", "a")
			r.git("tag", "--annotate", "--message", "b", "b")
			r.git("tag", "c")
		},
		"branch with slash": func(r *repository) { r.git("checkout", "--quiet", "-b", "feature/x") },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepository(t)
			r.history()
			do(r)
			r.checkCount(r.check())
		})
	}
}

func TestReadWithoutTags(t *testing.T) {
	r := newRepository(t)
	r.commit("Only")
	r.checkCount(r.check())
}

// TestReadShallow has a clone of one commit: how many there were is not known.
func TestReadShallow(t *testing.T) {
	from := newRepository(t)
	from.history()
	r := &repository{t: t, dir: filepath.Join(t.TempDir(), "clone")}
	from.git("clone", "--quiet", "--depth=1", "file://"+from.dir, r.dir)
	if h := r.check(); h.Count != 0 {
		t.Errorf("a shallow clone counts %d commits", h.Count)
	}
}

func TestReadNothing(t *testing.T) {
	r := newRepository(t)
	for name, dir := range map[string]string{"no commit yet": filepath.Join(r.dir, ".git"), "no repository": t.TempDir()} {
		if _, err := Read(os.DirFS(dir)); !errors.Is(err, ErrNone) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}

// TestReadDamaged cuts and changes the files of a repository: an error, or the
// truth, and no panic.
func TestReadDamaged(t *testing.T) {
	r := newRepository(t)
	r.history()
	r.git("gc", "--quiet", "--aggressive", "--prune=now")
	want := r.git("rev-parse", "HEAD")
	files := fstest.MapFS{}
	root := os.DirFS(filepath.Join(r.dir, ".git"))
	var names []string
	for _, pattern := range []string{"HEAD", "packed-refs", "refs/heads/*", "objects/pack/*"} {
		found, err := filepath.Glob(filepath.Join(r.dir, ".git", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			name, _ := filepath.Rel(filepath.Join(r.dir, ".git"), f)
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			files[name] = &fstest.MapFile{Data: data}
			names = append(names, name)
		}
	}
	if _, err := Read(root); err != nil {
		t.Fatal(err)
	}
	failed := 0
	for _, name := range names {
		data := files[name].Data
		for i := 0; i < len(data); i += max(1, len(data)/60) {
			for _, bad := range [][]byte{data[:i], append(append(append([]byte{}, data[:i]...), data[i]^0x5a), data[i+1:]...)} {
				files[name] = &fstest.MapFile{Data: bad}
				if h, err := Read(files); err != nil {
					failed++
				} else if h.Commit.ID != want && !strings.Contains(name, "refs") && name != "HEAD" {
					t.Errorf("%s damaged at %d: the commit is %s", name, i, h.Commit.ID)
				}
			}
		}
		files[name] = &fstest.MapFile{Data: data}
	}
	if failed == 0 {
		t.Error("no damage was found")
	}
}

func TestFromObject(t *testing.T) {
	raw := []byte("tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a@x> 1700000000 +0100\ncommitter B <b@x> 1700000001 -0330\n\nSubject\n\nBody\n")
	for ref, want := range map[string][3]string{
		"refs/heads/main":  {"main", "", "0123456"},
		"refs/tags/v1.2.0": {"HEAD", "v1.2.0", "v1.2.0"},
		"":                 {"HEAD", "", "0123456"},
	} {
		h, err := FromObject("0123456789012345678901234567890123456789", raw, ref)
		if err != nil {
			t.Fatal(err)
		}
		if got := [3]string{h.Branch, h.Tag, h.Describe}; got != want {
			t.Errorf("%s: %q, want %q", ref, got, want)
		}
		if got := h.Commit.Committer.Time.Format(time.RFC3339); got != "2023-11-14T18:43:21-03:30" {
			t.Errorf("the time is %s", got)
		}
	}
	if _, err := FromObject("x", []byte("author nobody\n\n"), ""); err == nil {
		t.Error("no error for an object that is no commit")
	}
}

// TestReadPartOfHistory: HEAD has a tag, and so has a commit whose object is not there.
func TestReadPartOfHistory(t *testing.T) {
	r := newRepository(t)
	r.commit("First")
	first := r.git("rev-parse", "HEAD")
	r.git("tag", "old")
	r.commit("Second")
	r.git("tag", "new")
	if err := os.Remove(filepath.Join(r.dir, ".git/objects", first[:2], first[2:])); err != nil {
		t.Fatal(err)
	}
	h, err := Read(os.DirFS(filepath.Join(r.dir, ".git")))
	if err != nil || h.Tag != "new" || h.Count != 0 {
		t.Errorf("got %+v, %v", h, err)
	}
}
