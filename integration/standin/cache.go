package standin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// formatVersion is part of every key: raise it when a recipe changes in a way that its key does not show.
const formatVersion = "2"

// lockPoll is how often a process that waits for another one's image looks again.
const lockPoll = 200 * time.Millisecond

// recipe is how one look-alike is made.
type recipe struct {
	name  string   // directory name in the cache
	key   string   // everything its content depends on
	refs  []string // repository:tag names it answers to
	needs []Image  // look-alikes it is made from
	build func(ctx context.Context, b *builder) (v1.Image, error)
}

// builder is what a recipe may use while it builds.
type builder struct {
	work string // scratch directory, removed afterwards
	logf func(format string, args ...any)
	from map[Image]layout.Path
}

// cached returns the OCI layout of a recipe, making it if no earlier run has.
func (s *Standin) cached(ctx context.Context, r recipe) (string, error) {
	if err := os.MkdirAll(s.cacheDir, 0o755); err != nil {
		return "", err
	}
	from := map[Image]layout.Path{}
	for _, im := range r.needs {
		dep, err := newRecipe(ctx, im)
		if err != nil {
			return "", err
		}
		dir, err := s.cached(ctx, dep)
		if err != nil {
			return "", err
		}
		from[im] = layout.Path(dir)
		r.key += "\n" + filepath.Base(dir)
	}
	sum := sha256.Sum256([]byte(formatVersion + "\n" + r.key))
	dir := filepath.Join(s.cacheDir, r.name+"-"+hex.EncodeToString(sum[:8]))
	lock := flock.New(filepath.Join(s.cacheDir, r.name+".lock"))
	if ok, err := lock.TryLockContext(ctx, lockPoll); err != nil || !ok {
		return "", fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	defer lock.Unlock()
	if _, err := layout.FromPath(dir); err == nil {
		return dir, nil
	}
	s.logf("making a look-alike of %s (once, kept in %s)", r.refs[0], dir)
	if err := s.make(ctx, r, dir, from); err != nil {
		return "", fmt.Errorf("make %s: %w", r.refs[0], err)
	}
	return dir, nil
}

// make builds into a temporary directory and renames, so that a layout is there whole or not at all. The lock is
// held, so a temporary directory that is already there belongs to a process that was killed.
func (s *Standin) make(ctx context.Context, r recipe, dir string, from map[Image]layout.Path) error {
	prefix := filepath.Join(s.cacheDir, ".work-"+r.name+"-")
	left, err := filepath.Glob(prefix + "*")
	if err != nil {
		return err
	}
	for _, l := range left {
		if err := os.RemoveAll(l); err != nil {
			return err
		}
	}
	work, err := os.MkdirTemp(s.cacheDir, filepath.Base(prefix))
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	start := time.Now()
	img, err := r.build(ctx, &builder{work: work, logf: s.logf, from: from})
	if err != nil {
		return err
	}
	out := filepath.Join(work, "layout")
	p, err := layout.Write(out, empty.Index)
	if err != nil {
		return err
	}
	if err := p.AppendImage(img); err != nil {
		return err
	}
	if err := os.Rename(out, dir); err != nil {
		return err
	}
	s.logf("made %s in %s", r.refs[0], time.Since(start).Round(time.Second))
	return nil
}
