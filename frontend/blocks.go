package frontend

import (
	"io"
	"io/fs"
	"path"
	"sync"

	"github.com/moby/buildkit/frontend/gateway/client"
)

// blockSize is how much of a large file is read at once, in bytes; one message
// of the gateway holds 16 MiB.
const blockSize = 1 << 20

// blockFS is a refFS whose large files are read in parts, where they are
// needed. It is for files of many megabytes of which little is looked at.
type blockFS struct{ *refFS }

// Open implements fs.FS.
func (f *blockFS) Open(name string) (fs.File, error) {
	at, st, err := f.lookup("open", name, true)
	if err != nil {
		return nil, err
	}
	if st.Size <= blockSize || !fs.FileMode(st.Mode).IsRegular() {
		return f.refFS.Open(name)
	}
	return &blockFile{fs: f.refFS, at: at, info: fileInfo{path.Base(name), st}, blocks: map[int64][]byte{}}, nil
}

// ReadFile implements fs.ReadFileFS.
func (f *blockFS) ReadFile(name string) ([]byte, error) {
	file, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}

// blockFile is a file of a blockFS. Blocks stay in memory.
type blockFile struct {
	fs   *refFS
	at   string
	info fileInfo

	mu     sync.Mutex
	blocks map[int64][]byte
	offset int64
}

// Stat implements fs.File.
func (f *blockFile) Stat() (fs.FileInfo, error) { return f.info, nil }

// Close implements fs.File.
func (f *blockFile) Close() error { return nil }

// Read implements fs.File.
func (f *blockFile) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p[:min(len(p), blockSize)], f.offset)
	f.offset += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

// ReadAt implements io.ReaderAt.
func (f *blockFile) ReadAt(p []byte, offset int64) (int, error) {
	n := 0
	for n < len(p) {
		at := offset + int64(n)
		if at >= f.info.Size() {
			return n, io.EOF
		}
		block, err := f.block(at / blockSize)
		if err != nil {
			return n, err
		}
		if at%blockSize >= int64(len(block)) {
			return n, io.ErrUnexpectedEOF
		}
		n += copy(p[n:], block[at%blockSize:])
	}
	return n, nil
}

func (f *blockFile) block(i int64) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if data, ok := f.blocks[i]; ok {
		return data, nil
	}
	data, err := f.fs.ref.ReadFile(f.fs.ctx, client.ReadRequest{
		Filename: f.at, Range: &client.FileRange{Offset: int(i * blockSize), Length: blockSize},
	})
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: f.at, Err: err}
	}
	f.blocks[i] = data
	return data, nil
}
