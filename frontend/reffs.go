package frontend

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/moby/buildkit/frontend/gateway/client"
	fstypes "github.com/tonistiigi/fsutil/types"
)

// maxLinks bounds how many symbolic links a path may go through, as Linux does.
const maxLinks = 40

// refFS is a reference of the gateway as a file system. A directory is listed
// once and ReadFile reads a file once: each call goes to the daemon and back.
// An open file is read in parts. What
// exists is only ever learned from listings, because an error of a remote call
// does not say whether the file is missing or the daemon failed.
type refFS struct {
	ctx context.Context
	ref client.Reference

	mu    sync.Mutex
	dirs  map[string]map[string]*fstypes.Stat
	files map[string][]byte
	// readers are those of the files that were opened, and of small ones.
	readers map[string]*rangedReader
}

var (
	_ fs.ReadDirFS  = (*refFS)(nil)
	_ fs.ReadFileFS = (*refFS)(nil)
	_ fs.StatFS     = (*refFS)(nil)
	_ fs.ReadLinkFS = (*refFS)(nil)
)

// newRefFS reads ref for as long as ctx lasts.
func newRefFS(ctx context.Context, ref client.Reference) *refFS {
	return &refFS{ctx: ctx, ref: ref, dirs: map[string]map[string]*fstypes.Stat{}, files: map[string][]byte{}, readers: map[string]*rangedReader{}}
}

// list returns the entries of a directory whose path has no links.
func (f *refFS) list(dir string) (map[string]*fstypes.Stat, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if entries, ok := f.dirs[dir]; ok {
		return entries, nil
	}
	stats, err := f.ref.ReadDir(f.ctx, client.ReadDirRequest{Path: dir})
	if err != nil {
		return nil, err
	}
	entries := make(map[string]*fstypes.Stat, len(stats))
	for _, st := range stats {
		entries[path.Base(st.Path)] = st
	}
	f.dirs[dir] = entries
	return entries, nil
}

// lookup finds a path without following a link in its last element.
func (f *refFS) lookup(op, name string, follow bool) (string, *fstypes.Stat, error) {
	if !fs.ValidPath(name) {
		return "", nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	links := 0
	rest := strings.Split(name, "/")
	at, st := ".", &fstypes.Stat{Mode: uint32(fs.ModeDir | 0o755)}
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		switch part {
		case ".", "":
			continue
		case "..":
			if at == "." {
				return "", nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
			}
			at = path.Dir(at)
			continue
		}
		if !fs.FileMode(st.Mode).IsDir() {
			return "", nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		}
		entries, err := f.list(at)
		if err != nil {
			return "", nil, &fs.PathError{Op: op, Path: name, Err: err}
		}
		next, ok := entries[part]
		if !ok {
			return "", nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		}
		if fs.FileMode(next.Mode)&fs.ModeSymlink != 0 && (follow || len(rest) > 0) {
			if links++; links > maxLinks || path.IsAbs(next.Linkname) {
				return "", nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
			}
			rest = append(strings.Split(next.Linkname, "/"), rest...)
			continue
		}
		at, st = path.Join(at, part), next
	}
	return at, st, nil
}

// Open implements fs.FS.
func (f *refFS) Open(name string) (fs.File, error) {
	at, st, err := f.lookup("open", name, true)
	if err != nil {
		return nil, err
	}
	file := &refFile{info: fileInfo{path.Base(name), st}}
	if file.info.IsDir() {
		file.entries, err = f.ReadDir(name)
		return file, err
	}
	file.SectionReader = io.NewSectionReader(f.reader(at, st), 0, st.Size)
	return file, nil
}

// reader is the one reader of a file.
func (f *refFS) reader(at string, st *fstypes.Stat) *rangedReader {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.readers[at] == nil {
		f.readers[at] = &rangedReader{fs: f, at: at, size: st.Size, chunks: map[int64][]byte{}}
	}
	return f.readers[at]
}

// chunkSize is how much of an open file is read at once.
const chunkSize = 64 << 10

// rangedReader reads the parts of a file that are asked for: a program can be
// larger than a message of the gateway.
type rangedReader struct {
	fs   *refFS
	at   string
	size int64

	mu     sync.Mutex
	chunks map[int64][]byte
}

// ReadAt implements io.ReaderAt.
func (r *rangedReader) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, &fs.PathError{Op: "read", Path: r.at, Err: fs.ErrInvalid}
	}
	n := 0
	for n < len(p) && off < r.size {
		data, err := r.chunk(off / chunkSize)
		if err != nil {
			return n, err
		}
		from := int(off % chunkSize)
		if from >= len(data) {
			return n, io.ErrUnexpectedEOF
		}
		copied := copy(p[n:], data[from:])
		n, off = n+copied, off+int64(copied)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (r *rangedReader) chunk(i int64) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if data, ok := r.chunks[i]; ok {
		return data, nil
	}
	data, err := r.fs.ref.ReadFile(r.fs.ctx, client.ReadRequest{
		Filename: r.at, Range: &client.FileRange{Offset: int(i * chunkSize), Length: chunkSize},
	})
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: r.at, Err: err}
	}
	r.chunks[i] = data
	return data, nil
}

// ReadFile implements fs.ReadFileFS.
func (f *refFS) ReadFile(name string) ([]byte, error) {
	at, st, err := f.lookup("read", name, true)
	if err != nil {
		return nil, err
	}
	if fs.FileMode(st.Mode).IsDir() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid}
	}
	data, err := f.read(at, st)
	return bytes.Clone(data), err // the caller may change it
}

func (f *refFS) read(at string, st *fstypes.Stat) ([]byte, error) {
	if st.Size <= chunkSize {
		return f.reader(at, st).chunk(0)
	}
	f.mu.Lock()
	data, ok := f.files[at]
	f.mu.Unlock()
	if ok {
		return data, nil
	}
	data, err := f.parts(at, st.Size)
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: at, Err: err}
	}
	f.mu.Lock()
	f.files[at] = data
	f.mu.Unlock()
	return data, nil
}

const (
	// partSize is how much of a file that is read as a whole comes in one message:
	// the daemon sends no more than 16 MiB, and Rust sources can be larger.
	partSize = 8 << 20
	// maxFile is the size in bytes above which a file is not read as a whole.
	maxFile = 256 << 20
)

// parts reads a file of a size in messages that the daemon sends.
func (f *refFS) parts(at string, size int64) ([]byte, error) {
	if size > maxFile {
		return nil, fmt.Errorf("the file has %d bytes, more than the limit of %d", size, maxFile)
	}
	if size <= partSize {
		return f.ref.ReadFile(f.ctx, client.ReadRequest{Filename: at})
	}
	data := make([]byte, 0, size)
	for len(data) < int(size) {
		part, err := f.ref.ReadFile(f.ctx, client.ReadRequest{Filename: at, Range: &client.FileRange{Offset: len(data), Length: partSize}})
		if err != nil {
			return nil, err
		}
		if len(part) == 0 {
			return nil, io.ErrUnexpectedEOF
		}
		data = append(data, part...)
	}
	return data, nil
}

// ReadDir implements fs.ReadDirFS.
func (f *refFS) ReadDir(name string) ([]fs.DirEntry, error) {
	at, st, err := f.lookup("readdir", name, true)
	if err != nil {
		return nil, err
	}
	if !fs.FileMode(st.Mode).IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrInvalid}
	}
	entries, err := f.list(at)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	out := make([]fs.DirEntry, 0, len(entries))
	for base, st := range entries {
		out = append(out, fs.FileInfoToDirEntry(fileInfo{base, st}))
	}
	slices.SortFunc(out, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return out, nil
}

// Stat implements fs.StatFS.
func (f *refFS) Stat(name string) (fs.FileInfo, error) {
	_, st, err := f.lookup("stat", name, true)
	if err != nil {
		return nil, err
	}
	return fileInfo{path.Base(name), st}, nil
}

// Lstat implements fs.ReadLinkFS.
func (f *refFS) Lstat(name string) (fs.FileInfo, error) {
	_, st, err := f.lookup("lstat", name, false)
	if err != nil {
		return nil, err
	}
	return fileInfo{path.Base(name), st}, nil
}

// ReadLink implements fs.ReadLinkFS.
func (f *refFS) ReadLink(name string) (string, error) {
	_, st, err := f.lookup("readlink", name, false)
	if err != nil {
		return "", err
	}
	if fs.FileMode(st.Mode)&fs.ModeSymlink == 0 {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	return st.Linkname, nil
}

// fileInfo is a stat record of the gateway as a fs.FileInfo.
type fileInfo struct {
	base string
	st   *fstypes.Stat
}

func (i fileInfo) Name() string       { return i.base }
func (i fileInfo) Size() int64        { return i.st.Size }
func (i fileInfo) Mode() fs.FileMode  { return fs.FileMode(i.st.Mode) }
func (i fileInfo) ModTime() time.Time { return time.Unix(0, i.st.ModTime) }
func (i fileInfo) IsDir() bool        { return i.Mode().IsDir() }
func (i fileInfo) Sys() any           { return i.st }

// refFile is an open file or directory of a refFS.
type refFile struct {
	*io.SectionReader
	info    fileInfo
	entries []fs.DirEntry
}

func (f *refFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *refFile) Close() error               { return nil }

func (f *refFile) Read(p []byte) (int, error) {
	if f.SectionReader == nil {
		return 0, &fs.PathError{Op: "read", Path: f.info.base, Err: fs.ErrInvalid}
	}
	return f.SectionReader.Read(p)
}

// ReadDir implements fs.ReadDirFile.
func (f *refFile) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		out := f.entries
		f.entries = nil
		return out, nil
	}
	if len(f.entries) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(f.entries))
	out := f.entries[:n]
	f.entries = f.entries[n:]
	return out, nil
}
