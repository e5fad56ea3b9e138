package gitmeta

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// maxHistory is how many commits after the last tag a [Repository] has; with
// more, it has none but HEAD.
const maxHistory = 200

// Repository is a small repository with the same HEAD as a real one: the commit,
// and the history back to the tag that describes it. It has no trees and no
// contents; those can be made from the files that are there.
type Repository struct {
	// Head is the text of the file HEAD.
	Head string
	// Refs are ids by full names.
	Refs map[string]string
	// Shallow are the commits whose parents are not here, sorted.
	Shallow []string
	// Objects are sorted by id.
	Objects []Object
	// Index are the tracked files, nil when they are not known.
	Index []Entry
}

// Object is a git object.
type Object struct {
	ID, Kind string
	Data     []byte
}

// File is a file of a git directory.
type File struct {
	Path string
	Data []byte
}

// repository starts a Repository of HEAD alone.
func (h *Head) repository() *Repository {
	r := &Repository{Head: h.Commit.ID + "\n", Refs: map[string]string{}}
	if ref := h.Ref(); ref != "" {
		r.Head = "ref: " + ref + "\n"
		r.Refs[ref] = h.Commit.ID
	}
	if h.Tag != "" {
		r.Refs["refs/tags/"+h.Tag] = h.Commit.ID
	}
	r.commits([]*Commit{h.Commit})
	return r
}

// commits sets the commits, and which of them have parents that are left out.
func (r *Repository) commits(list []*Commit) {
	r.Objects, r.Shallow = nil, nil
	present := map[string]bool{}
	for _, c := range list {
		present[c.ID] = true
		r.Objects = append(r.Objects, Object{c.ID, "commit", c.Raw})
	}
	for _, c := range list {
		if slices.ContainsFunc(c.Parents, func(p string) bool { return !present[p] }) {
			r.Shallow = append(r.Shallow, c.ID)
		}
	}
	slices.Sort(r.Shallow)
	r.sort()
}

func (r *Repository) sort() {
	slices.SortFunc(r.Objects, func(a, b Object) int { return strings.Compare(a.ID, b.ID) })
}

// since adds commits and tags, which may be annotated.
func (r *Repository) since(w *walk, commits map[string]bool, tags map[string]string) error {
	if len(commits) > maxHistory {
		return nil
	}
	var list []*Commit
	for _, id := range slices.Sorted(maps.Keys(commits)) {
		c, err := w.commit(id)
		if err != nil {
			return err
		}
		list = append(list, c)
	}
	r.commits(list)
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		id := tags[name]
		if r.Refs[name] = id; commits[id] {
			continue
		}
		kind, data, err := w.objects.object(id)
		if err != nil {
			return err
		}
		r.Objects = append(r.Objects, Object{id, kind, data})
	}
	r.sort()
	return nil
}

// readIndex reads which files are tracked. An index that cannot be used is none.
func (r *Repository) readIndex(fsys fs.FS) error {
	data, err := readParts(fsys, "index")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if r.Index, err = parseIndex(data); err != nil {
		r.Index = nil
	}
	return nil
}

// Files are the files of the repository's directory, sorted by path, without an
// index. They follow from the repository alone: objects are stored, and not
// compressed in a way that may change.
func (r *Repository) Files() []File {
	files := []File{
		{"HEAD", []byte(r.Head)},
		{"config", []byte("[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tlooseCompression = 0\n")},
	}
	if len(r.Shallow) > 0 {
		files = append(files, File{"shallow", []byte(strings.Join(r.Shallow, "\n") + "\n")})
	}
	for name, id := range r.Refs {
		files = append(files, File{name, []byte(id + "\n")})
	}
	for _, o := range r.Objects {
		files = append(files, File{path.Join("objects", o.ID[:2], o.ID[2:]), o.stored()})
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files
}

// stored is the content of the object's own file.
func (o Object) stored() []byte {
	var b bytes.Buffer
	z, err := zlib.NewWriterLevel(&b, zlib.NoCompression)
	if err == nil {
		_, err = fmt.Fprintf(z, "%s %d\x00%s", o.Kind, len(o.Data), o.Data)
	}
	if err = errors.Join(err, z.Close()); err != nil {
		panic(err) // the level is known, and a buffer takes every byte
	}
	return b.Bytes()
}
