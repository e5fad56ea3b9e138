package frontend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	fstypes "github.com/tonistiigi/fsutil/types"
)

// fakeReference is a gateway reference that reads a directory of this machine
// and counts the calls that would go to a daemon.
type fakeReference struct {
	dir   string
	mu    sync.Mutex
	calls map[string]int
	fail  error
}

func (r *fakeReference) called(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls[what]++
}

func newFakeReference(t *testing.T, files map[string]string, links map[string]string) *fakeReference {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return &fakeReference{dir: dir, calls: map[string]int{}}
}

func (r *fakeReference) ToState() (llb.State, error)    { return llb.Scratch(), nil }
func (r *fakeReference) Evaluate(context.Context) error { return nil }

func (r *fakeReference) ReadFile(_ context.Context, req client.ReadRequest) ([]byte, error) {
	r.called("read " + req.Filename)
	if r.fail != nil {
		return nil, r.fail
	}
	data, err := os.ReadFile(filepath.Join(r.dir, req.Filename))
	if req.Range != nil && err == nil {
		data = data[min(req.Range.Offset, len(data)):min(req.Range.Offset+req.Range.Length, len(data))]
	}
	if len(data) > 16<<20 { // as the daemon
		return nil, fmt.Errorf("%s exceeds maximum allowed size", req.Filename)
	}
	return data, err
}

func (r *fakeReference) StatFile(_ context.Context, req client.StatRequest) (*fstypes.Stat, error) {
	r.called("stat " + req.Path)
	return nil, errors.New("a listing says it all")
}

func (r *fakeReference) ReadDir(_ context.Context, req client.ReadDirRequest) ([]*fstypes.Stat, error) {
	r.called("list " + req.Path)
	if r.fail != nil {
		return nil, r.fail
	}
	entries, err := os.ReadDir(filepath.Join(r.dir, req.Path))
	if err != nil {
		return nil, err
	}
	var out []*fstypes.Stat
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		st := &fstypes.Stat{Path: e.Name(), Mode: uint32(info.Mode()), Size: info.Size(), ModTime: info.ModTime().UnixNano()}
		if info.Mode()&fs.ModeSymlink != 0 {
			if st.Linkname, err = os.Readlink(filepath.Join(r.dir, req.Path, e.Name())); err != nil {
				return nil, err
			}
		}
		out = append(out, st)
	}
	return out, nil
}

func TestRefFS(t *testing.T) {
	ref := newFakeReference(t, map[string]string{"Cargo.toml": "[package]", "src/bin/a.rs": "", "src/main.rs": "fn main() {}"}, nil)
	if err := fstest.TestFS(newRefFS(t.Context(), ref), "Cargo.toml", "src/bin/a.rs", "src/main.rs"); err != nil {
		t.Fatal(err)
	}
	for call, n := range ref.calls {
		if n != 1 {
			t.Errorf("%s went to the daemon %d times", call, n)
		}
	}
}

func TestRefFSLinks(t *testing.T) {
	ref := newFakeReference(t, map[string]string{"lib/src/lib.rs": "x", "a/b/c": "deep"}, map[string]string{
		"inside": "lib", "up": "a/../lib/src", "outside": "../../etc", "absolute": "/etc", "loop": "loop",
	})
	fsys := newRefFS(t.Context(), ref)
	for name, want := range map[string]string{"inside/src/lib.rs": "x", "up/lib.rs": "x"} {
		if got, err := fs.ReadFile(fsys, name); err != nil || string(got) != want {
			t.Errorf("%s is %q, %v; want %q", name, got, err, want)
		}
	}
	for _, name := range []string{"outside/passwd", "absolute/passwd", "loop", "loop/x", "missing", "lib/src/lib.rs/x"} {
		if _, err := fs.ReadFile(fsys, name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s gives %v", name, err)
		}
	}
	if target, err := fsys.ReadLink("outside"); err != nil || target != "../../etc" {
		t.Errorf("the link is %q, %v", target, err)
	}
	if info, err := fsys.Lstat("inside"); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("Lstat follows the link: %v, %v", info, err)
	}
}

// TestRefFSFailure: a failing daemon is not a missing file.
func TestRefFSFailure(t *testing.T) {
	ref := newFakeReference(t, map[string]string{"Cargo.toml": ""}, nil)
	ref.fail = errors.New("connection lost")
	if _, err := fs.ReadFile(newRefFS(t.Context(), ref), "Cargo.toml"); !errors.Is(err, ref.fail) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
}

// TestRefFSRanges: of a large file only what is asked for is read, and once.
func TestRefFSRanges(t *testing.T) {
	text := strings.Repeat("0123456789", 100_000)
	ref := newFakeReference(t, map[string]string{"large": text}, nil)
	fsys := newRefFS(t.Context(), ref)
	for range 2 {
		file, err := fsys.Open("large")
		if err != nil {
			t.Fatal(err)
		}
		for _, off := range []int64{0, 11, chunkSize - 5, chunkSize, int64(len(text)) - 10} {
			got := make([]byte, 10)
			if n, err := file.(io.ReaderAt).ReadAt(got, off); n != 10 || err != nil || string(got) != text[off:off+10] {
				t.Errorf("at %d: %q, %d, %v", off, got, n, err)
			}
		}
		if n, err := file.(io.ReaderAt).ReadAt(make([]byte, 10), int64(len(text))-3); n != 3 || err != io.EOF {
			t.Errorf("at the end: %d, %v", n, err)
		}
	}
	if n := ref.calls["read large"]; n != 3 {
		t.Errorf("%d parts were read, want 3", n)
	}
	if data, err := fs.ReadFile(fsys, "large"); err != nil || string(data) != text {
		t.Errorf("the whole file: %d bytes, %v", len(data), err)
	}
}

func TestTreeSize(t *testing.T) {
	files, want := map[string]string{}, int64(0)
	for i := range 100 {
		text := strings.Repeat("x", i)
		files[fmt.Sprintf("a/b%d/c/file", i)], files[fmt.Sprintf("d%d", i)] = text, text
		want += int64(2 * i)
	}
	ref := newFakeReference(t, files, map[string]string{"link": "d99", "up": "..", "dir": "a"})
	if got, err := treeSize(t.Context(), ref); err != nil || got != want {
		t.Errorf("the size is %d, %v; want %d", got, err, want)
	}
	ref.fail = errors.New("connection lost")
	if _, err := treeSize(t.Context(), ref); !errors.Is(err, ref.fail) {
		t.Errorf("error is %v", err)
	}
}

// TestRefFSLargeFile: the daemon sends no file of more than 16 MiB at once.
func TestRefFSLargeFile(t *testing.T) {
	want := strings.Repeat("0123456789abcdef", 20<<20/16) + "end"
	ref := newFakeReference(t, map[string]string{"src/bindings.rs": want}, nil)
	fsys := newRefFS(t.Context(), ref)
	for range 2 {
		if got, err := fsys.ReadFile("src/bindings.rs"); err != nil || string(got) != want {
			t.Fatalf("read %d bytes of %d, %v", len(got), len(want), err)
		}
	}
	if n := ref.calls["read src/bindings.rs"]; n != 3 {
		t.Errorf("the file was read in %d parts", n)
	}
}
