package gitmeta

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// rebuilt is a checkout of the same files whose repository was made from what
// was read of another.
func (r *repository) rebuilt(h *Head) *repository {
	r.t.Helper()
	to := &repository{t: r.t, dir: r.t.TempDir()}
	for _, f := range h.Repository.Files() {
		at := filepath.Join(to.dir, ".git", f.Path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, f.Data, 0o644)); err != nil {
			r.t.Fatal(err)
		}
	}
	err := fs.WalkDir(os.DirFS(r.dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name == ".git" {
				return fs.SkipDir
			}
			return os.MkdirAll(filepath.Join(to.dir, name), 0o755)
		}
		data, err := os.ReadFile(filepath.Join(r.dir, name))
		return errors.Join(err, os.WriteFile(filepath.Join(to.dir, name), data, 0o644))
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return to
}

// TestRepository compares what git says in a repository and in the one that was made from what was read of it.
func TestRepository(t *testing.T) {
	for name, do := range map[string]func(r *repository){
		"at a tag":         func(r *repository) { r.git("tag", "--annotate", "--message", "Two", "v2.0.0") },
		"at a light tag":   func(r *repository) { r.git("tag", "light-2") },
		"after a tag":      func(*repository) {},
		"after a merge":    func(r *repository) { r.git("checkout", "--quiet", "HEAD~11") },
		"packed":           func(r *repository) { r.git("gc", "--quiet", "--aggressive", "--prune=now") },
		"feature branch":   func(r *repository) { r.git("checkout", "--quiet", "-b", "a/b") },
		"without any tags": func(r *repository) { r.git("tag", "-d", "light-1", "v1.0.0") },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepository(t)
			r.history()
			do(r)
			got := r.rebuilt(r.check())
			for _, args := range [][]string{
				{"rev-parse", "HEAD"}, {"rev-parse", "--abbrev-ref", "HEAD"}, {"rev-parse", "--short", "HEAD"},
				{"describe", "--tags", "--always"}, {"describe", "--always"}, {"log", "-1", "--format=%H %an %ae %at %cn %cI %B"},
			} {
				if a, b := r.git(args...), got.git(args...); a != b {
					t.Errorf("git %s says %q, of the original %q", strings.Join(args, " "), b, a)
				}
			}
		})
	}
}

// TestIndex reads indexes of all versions; git makes the commit's tree of what was read.
func TestIndex(t *testing.T) {
	for _, version := range []int{2, 3, 4} {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			r := newRepository(t)
			for i := range 40 {
				name := filepath.Join(r.dir, strings.Repeat("d/", i%5), fmt.Sprintf("f%s", strings.Repeat("x", i)))
				if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte{byte(i)}, 0o755)); err != nil {
					t.Fatal(err)
				}
			}
			r.commit("Many")
			r.git("update-index", "--index-version", fmt.Sprint(version))
			if version == 3 { // written only when something needs it
				r.git("update-index", "--skip-worktree", "file")
			}
			if data, err := os.ReadFile(filepath.Join(r.dir, ".git/index")); err != nil || int(data[7]) != version {
				t.Fatalf("git wrote version %d (%v)", data[7], err)
			}
			h := r.check()
			got := r.rebuilt(h)
			var list strings.Builder
			for _, e := range h.Repository.Index {
				fmt.Fprintf(&list, "%o %s\t%s\x00", e.Mode, e.ID, e.Path)
			}
			cmd := exec.Command("git", "update-index", "-z", "--index-info")
			cmd.Dir, cmd.Stdin = got.dir, strings.NewReader(list.String())
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if tree := got.git("write-tree", "--missing-ok"); tree != h.Commit.Tree {
				t.Errorf("the tree is %s, the commit's %s", tree, h.Commit.Tree)
			}
		})
	}
}

// TestIndexWithoutUse: an index that is not the list of files is none, and a damaged one is no panic.
func TestIndexWithoutUse(t *testing.T) {
	r := newRepository(t)
	r.commit("One")
	file := filepath.Join(r.dir, ".git/index")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		_, _ = parseIndex(data[:i])
		bad := append([]byte{}, data...)
		bad[i] ^= 0x5a
		_, _ = parseIndex(bad)
	}
	if _, err := parseIndex(data[:len(data)/2]); err == nil {
		t.Error("half an index is accepted")
	}
	r.git("update-index", "--split-index")
	if h := r.check(); h.Repository.Index != nil {
		t.Errorf("a split index gives %v", h.Repository.Index)
	}
}
