package gitmeta

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"
)

// maxWalk bounds how many commits are read for Describe and Count.
const maxWalk = 20_000

// shortID is the length of an abbreviated id, git's shortest.
const shortID = 7

// Head is what HEAD is.
type Head struct {
	Commit *Commit
	// Branch is the name of the branch, and HEAD when there is none, as with
	// `git rev-parse --abbrev-ref HEAD`.
	Branch string
	// Describe is the text of `git describe --tags --always`.
	Describe string
	// Tag is the tag that Describe counts from and is at HEAD, "" for none.
	Tag string
	// Count is the number of commits, 0 when the history is not all there.
	Count int
	// Files says whether the files are those of the commit.
	Files Files
	// Repository has the same HEAD, nil when only the id is known.
	Repository *Repository
}

// Files says how the files that are built compare with those of the commit.
type Files string

// The answers.
const (
	Unknown Files = ""
	Clean   Files = "clean"
	Dirty   Files = "dirty"
)

// FromID is the head when nothing but the commit's id is known. Its commit has
// no time.
func FromID(id string, files Files) (*Head, error) {
	if !isID(id) {
		return nil, fmt.Errorf("%q is no commit", id)
	}
	h := &Head{Commit: &Commit{ID: id}, Branch: detached, Files: files}
	h.Describe = h.Short()
	return h, nil
}

// Short is the commit's id, abbreviated to seven digits.
func (h *Head) Short() string { return h.Commit.ID[:shortID] }

// Ref is the full name of the branch, "" when there is none.
func (h *Head) Ref() string {
	if h.Branch == detached {
		return ""
	}
	return "refs/heads/" + h.Branch
}

// detached is what git calls the branch when HEAD is a commit.
const detached = "HEAD"

// ErrNone means that there is no commit to read: the directory is none of git's
// or the branch has no commit yet.
var ErrNone = errors.New("no git commit")

// FromObject is the head of a fetched commit: what is known without its
// history. ref is the full name of the reference that was fetched, "" when that
// was a commit.
func FromObject(id string, raw []byte, ref string) (*Head, error) {
	c, err := ParseCommit(id, raw)
	if err != nil {
		return nil, err
	}
	h := &Head{Commit: c, Branch: detached, Files: Clean}
	if branch, ok := strings.CutPrefix(ref, "refs/heads/"); ok {
		h.Branch = branch
	}
	h.Tag, _ = strings.CutPrefix(ref, "refs/tags/")
	if h.Tag == ref {
		h.Tag = ""
	}
	h.Describe = cmp.Or(h.Tag, h.Short())
	h.Repository = h.repository()
	return h, nil
}

// Read reads the head of a git directory. Without a commit the error is
// [ErrNone].
func Read(fsys fs.FS) (*Head, error) {
	head, err := fs.ReadFile(fsys, "HEAD")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, err
	}
	h := &Head{Branch: detached}
	id := strings.TrimSpace(string(head))
	refs, err := readRefs(fsys)
	if err != nil {
		return nil, err
	}
	if ref, ok := strings.CutPrefix(id, "ref: "); ok {
		h.Branch = strings.TrimPrefix(ref, "refs/heads/")
		if id = refs[ref]; id == "" {
			return nil, ErrNone
		}
	}
	o := &objects{fsys: fsys}
	defer func() {
		for _, p := range o.packs {
			// Nothing was written to it.
			_ = p.close()
		}
	}()
	if h.Commit, err = o.commit(id); err != nil {
		return nil, fmt.Errorf("cannot read the commit: %w", err)
	}
	h.Repository = h.repository()
	if err := h.history(o, refs); err != nil {
		return nil, err
	}
	return h, h.Repository.readIndex(fsys)
}

// readRefs maps the full names of references to ids. Names of tags may be those
// of annotated tags.
func readRefs(fsys fs.FS) (map[string]string, error) {
	refs := map[string]string{}
	packed, err := fs.ReadFile(fsys, "packed-refs")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for line := range strings.Lines(string(packed)) {
		if id, name, ok := strings.Cut(strings.TrimSpace(line), " "); ok && isID(id) {
			refs[name] = id
		}
	}
	err = fs.WalkDir(fsys, "refs", func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		if id := strings.TrimSpace(string(data)); isID(id) {
			refs[name] = id
		}
		return err
	})
	return refs, err
}

// history fills in what the commits before HEAD say.
func (h *Head) history(o *objects, refs map[string]string) error {
	h.Describe = h.Short()
	shallow := map[string]bool{}
	data, err := fs.ReadFile(o.fsys, "shallow")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for line := range strings.Lines(string(data)) {
		shallow[strings.TrimSpace(line)] = true
	}
	w := &walk{objects: o, shallow: shallow, commits: map[string]*Commit{h.Commit.ID: h.Commit}}
	reached, whole, err := w.reach(h.Commit.ID)
	if err != nil {
		return err
	}
	if whole && len(shallow) == 0 {
		h.Count = len(reached)
	}
	tags, err := w.tags(refs, reached)
	if err != nil || len(tags) == 0 || !whole && len(tags[h.Commit.ID]) == 0 {
		return err
	}
	return h.describe(w, refs, tags, reached)
}

// describe finds the tag that is fewest commits away. The repository also gets
// the nearest annotated tag, which `git describe` looks for unless told otherwise.
func (h *Head) describe(w *walk, refs, tags map[string]string, reached map[string]bool) error {
	tagged, since, err := w.nearest(tags, reached)
	if err != nil {
		return err
	}
	tag := tags[tagged]
	if tagged == h.Commit.ID {
		h.Tag, h.Describe = tag, tag
	} else {
		h.Describe = fmt.Sprintf("%s-%d-g%s", tag, len(since)-1, h.Short())
	}
	wanted := map[string]string{"refs/tags/" + tag: refs["refs/tags/"+tag]}
	annotated := maps.Clone(tags)
	maps.DeleteFunc(annotated, func(id, name string) bool { return refs["refs/tags/"+name] == id })
	if len(annotated) > 0 {
		tagged, more, err := w.nearest(annotated, reached)
		if err != nil {
			return err
		}
		maps.Copy(since, more)
		name := "refs/tags/" + annotated[tagged]
		wanted[name] = refs[name]
	}
	return h.Repository.since(w, since, wanted)
}

// nearest returns the tagged commit that is fewest commits away, and these
// commits with it. What another tag leads to is farther away than that, so the
// tags are visited from the latest, and most need no walk of their own.
func (w *walk) nearest(tags map[string]string, reached map[string]bool) (string, map[string]bool, error) {
	best, fewest := "", -1
	var beyond map[string]bool
	passed := map[string]bool{}
	for _, id := range slices.SortedFunc(maps.Keys(tags), w.later) {
		if passed[id] {
			continue
		}
		below, _, err := w.reach(id)
		if err != nil {
			return "", nil, err
		}
		maps.Copy(passed, below)
		if away := len(reached) - len(below); fewest < 0 || away < fewest || away == fewest && id < best {
			best, fewest, beyond = id, away, below
		}
	}
	since := maps.Clone(reached)
	maps.DeleteFunc(since, func(id string, _ bool) bool { return beyond[id] && id != best })
	return best, since, nil
}

// later orders commits, the latest first and those that were not read last.
func (w *walk) later(a, b string) int {
	at := func(id string) (t time.Time) {
		if c := w.commits[id]; c != nil {
			t = c.Committer.Time
		}
		return t
	}
	return cmp.Or(at(b).Compare(at(a)), strings.Compare(a, b))
}

// walk reads commits once.
type walk struct {
	objects *objects
	shallow map[string]bool
	commits map[string]*Commit
}

func (w *walk) commit(id string) (*Commit, error) {
	if c := w.commits[id]; c != nil {
		return c, nil
	}
	c, err := w.objects.commit(id)
	if err == nil {
		w.commits[id] = c
	}
	return c, err
}

// reach returns the commits that a commit leads to, its own id among them, and
// whether these are all.
func (w *walk) reach(id string) (map[string]bool, bool, error) {
	reached, queue := map[string]bool{id: true}, []string{id}
	for len(queue) > 0 {
		if len(reached) > maxWalk {
			return reached, false, nil
		}
		c, err := w.commit(queue[0])
		if errors.Is(err, fs.ErrNotExist) {
			return reached, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		queue = queue[1:]
		if w.shallow[c.ID] {
			continue
		}
		for _, parent := range c.Parents {
			if !reached[parent] {
				reached[parent] = true
				queue = append(queue, parent)
			}
		}
	}
	return reached, true, nil
}

// tags maps commits that were reached to their tags. Of two tags of a commit
// the annotated one counts, then the later name.
func (w *walk) tags(refs map[string]string, reached map[string]bool) (map[string]string, error) {
	tags, annotated := map[string]string{}, map[string]bool{}
	for _, ref := range slices.Sorted(maps.Keys(refs)) {
		name, ok := strings.CutPrefix(ref, "refs/tags/")
		if !ok {
			continue
		}
		id, err := refs[ref], error(nil)
		if !reached[id] {
			if id, err = w.objects.peel(id); errors.Is(err, fs.ErrNotExist) {
				continue // of a branch that was not fetched
			}
			if err != nil {
				return nil, err
			}
		}
		if note := id != refs[ref]; reached[id] && (note || !annotated[id]) {
			tags[id], annotated[id] = name, note
		}
	}
	return tags, nil
}
