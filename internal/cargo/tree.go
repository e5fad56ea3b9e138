package cargo

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// tree reads the context. Every directory and file is read at most once,
// because each call may be a round trip to a build daemon; what exists is
// learned from directory listings.
type tree struct {
	fsys  fs.FS
	links fs.ReadLinkFS // nil when the FS knows no symbolic links
	dirs  map[string]map[string]fs.DirEntry
	nodes map[string]node
	files map[string][]byte
	total int
	// broken is the first failure of the FS itself. It outranks every other
	// fault: a project must not be judged by a directory that could not be read.
	broken error
}

// node is what a path leads to.
type node struct {
	exists, dir bool
	real        string // the path after following symbolic links
	size        int64
	err         error // a symbolic link that cannot be followed
}

var errLink = errors.New("is a symbolic link that leaves the build context")

func newTree(fsys fs.FS) *tree {
	t := &tree{
		fsys:  fsys,
		dirs:  map[string]map[string]fs.DirEntry{},
		nodes: map[string]node{},
		files: map[string][]byte{},
	}
	t.links, _ = fsys.(fs.ReadLinkFS)
	return t
}

func (t *tree) breakOn(err error) {
	if t.broken == nil {
		t.broken = err
	}
}

// lookup says what a clean path leads to.
func (t *tree) lookup(name string) node { return t.follow(name, maxLinks) }

func (t *tree) follow(name string, links int) node {
	if name == "." {
		return node{exists: true, dir: true, real: "."}
	}
	if n, ok := t.nodes[name]; ok {
		return n
	}
	n := t.resolve(name, links)
	t.nodes[name] = n
	return n
}

func (t *tree) resolve(name string, links int) node {
	if !fs.ValidPath(name) {
		return node{}
	}
	parent := t.follow(path.Dir(name), links)
	if !parent.dir {
		return node{err: parent.err}
	}
	entry := t.list(parent.real)[path.Base(name)]
	if entry == nil {
		return node{}
	}
	full := path.Join(parent.real, path.Base(name))
	if entry.Type()&fs.ModeSymlink != 0 {
		return t.resolveLink(full, links)
	}
	n := node{exists: true, dir: entry.IsDir(), real: full}
	if info, err := entry.Info(); err == nil {
		n.size = info.Size()
	}
	return n
}

func (t *tree) resolveLink(full string, links int) node {
	if t.links == nil {
		info, err := fs.Stat(t.fsys, full)
		if err != nil {
			return node{}
		}
		return node{exists: true, dir: info.IsDir(), real: full, size: info.Size()}
	}
	target, err := t.links.ReadLink(full)
	if err != nil {
		return node{err: err}
	}
	if links == 0 {
		return node{err: errors.New("is in a loop of symbolic links")}
	}
	joined := path.Join(path.Dir(full), target)
	if path.IsAbs(target) || joined == ".." || strings.HasPrefix(joined, "../") {
		return node{err: fmt.Errorf("%w: it points to `%s`", errLink, target)}
	}
	return t.follow(joined, links-1)
}

// list returns the entries of a directory by name. The path must be real.
func (t *tree) list(dir string) map[string]fs.DirEntry {
	if entries, ok := t.dirs[dir]; ok {
		return entries
	}
	entries := map[string]fs.DirEntry{}
	list, err := fs.ReadDir(t.fsys, dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.breakOn(fmt.Errorf("reading directory %s: %w", dir, err))
	}
	for _, entry := range list {
		entries[entry.Name()] = entry
	}
	t.dirs[dir] = entries
	return entries
}

// entries lists a directory given by any path, nil when it is none.
func (t *tree) entries(dir string) map[string]fs.DirEntry {
	if n := t.lookup(dir); n.dir {
		return t.list(n.real)
	}
	return nil
}

func (t *tree) exists(name string) bool { return t.lookup(name).exists }

func (t *tree) isFile(name string) bool {
	n := t.lookup(name)
	return n.exists && !n.dir
}

func (t *tree) isDir(name string) bool { return t.lookup(name).dir }

// read returns the bytes of a file no longer than limit. The error wraps
// fs.ErrNotExist when there is no such file.
func (t *tree) read(name string, limit int64) ([]byte, error) {
	if data, ok := t.files[name]; ok {
		return data, nil
	}
	n := t.lookup(name)
	switch {
	case n.err != nil:
		return nil, n.err
	case !n.exists:
		return nil, fs.ErrNotExist
	case n.dir:
		return nil, errors.New("is a directory")
	case n.size > limit:
		return nil, sizeError(limit)
	}
	data, err := t.readLimited(n.real, limit)
	if err != nil {
		return nil, err
	}
	if t.total += len(data); t.total > MaxTotalSize {
		return nil, fmt.Errorf("the project's manifests and lock file exceed %d MiB together", MaxTotalSize>>20)
	}
	t.files[name] = data
	return data, nil
}

func (t *tree) readLimited(name string, limit int64) ([]byte, error) {
	if whole, ok := t.fsys.(fs.ReadFileFS); ok {
		data, err := whole.ReadFile(name)
		if err == nil && int64(len(data)) > limit {
			err = sizeError(limit)
		}
		return data, t.readFault(name, err)
	}
	f, err := t.fsys.Open(name)
	if err != nil {
		return nil, t.readFault(name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = sizeError(limit)
	}
	return data, t.readFault(name, err)
}

type sizeError int64

func (e sizeError) Error() string {
	return fmt.Sprintf("exceeds the maximum allowed size of %d MiB", int64(e)>>20)
}

func (t *tree) readFault(name string, err error) error {
	var size sizeError
	if err != nil && !errors.As(err, &size) && !errors.Is(err, fs.ErrNotExist) {
		t.breakOn(fmt.Errorf("reading %s: %w", name, err))
	}
	return err
}
