package standin

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/stream"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// madeAt is the time of everything in a look-alike that has no time of its own.
var madeAt = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// newImage returns an image without layers, with the configuration that all look-alikes share.
func newImage(madeOf string, env []string) (v1.Image, error) {
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	return mutate.ConfigFile(img, &v1.ConfigFile{
		OS: "linux", Architecture: runtime.GOARCH, Created: v1.Time{Time: madeAt},
		RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{
			Env:    env,
			Cmd:    []string{"bash"},
			Labels: map[string]string{madeOfLabel: madeOf},
		},
	})
}

// relabel changes what an image says it is made of.
func relabel(img v1.Image, madeOf string) (v1.Image, error) {
	cfg, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	cfg = cfg.DeepCopy()
	cfg.Config.Labels = map[string]string{madeOfLabel: madeOf}
	return mutate.ConfigFile(img, cfg)
}

// onlyImage returns the image of a layout that holds one.
func onlyImage(p layout.Path) (v1.Image, error) {
	idx, err := p.ImageIndex()
	if err != nil {
		return nil, err
	}
	m, err := idx.IndexManifest()
	if err != nil {
		return nil, err
	}
	if len(m.Manifests) != 1 {
		return nil, fmt.Errorf("%s: want one image, it has %d", p, len(m.Manifests))
	}
	return idx.Image(m.Manifests[0].Digest)
}

// madeOf reads the label of the image in a layout.
func madeOf(dir string) (string, error) {
	img, err := onlyImage(layout.Path(dir))
	if err != nil {
		return "", err
	}
	cfg, err := img.ConfigFile()
	if err != nil {
		return "", err
	}
	return cfg.Config.Labels[madeOfLabel], nil
}

// addTar appends an uncompressed tar archive as a layer, compressed as lightly as gzip can: it never travels.
func addTar(img v1.Image, archive io.ReadCloser, what string) (v1.Image, error) {
	return addLayer(img, archive, gzip.BestSpeed, what)
}

func addLayer(img v1.Image, archive io.ReadCloser, level int, what string) (v1.Image, error) {
	return mutate.Append(img, mutate.Addendum{
		Layer:   stream.NewLayer(archive, stream.WithMediaType(types.OCILayer), stream.WithCompressionLevel(level)),
		History: v1.History{Created: v1.Time{Time: madeAt}, CreatedBy: what},
	})
}

// addTarFile is addTar for a file and a level of gzip.
func addTarFile(img v1.Image, file string, level int, what string) (v1.Image, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	return addLayer(img, f, level, what)
}

// tree collects files for a layer. Everything belongs to root and carries the same time.
type tree struct{ entries []treeEntry }

type treeEntry struct {
	hdr  tar.Header
	file string // where the content of a regular file is
	data []byte // or the content itself
}

func (t *tree) file(name string, mode int64, data []byte) {
	t.entries = append(t.entries, treeEntry{
		hdr: tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(data))}, data: data})
}

func (t *tree) symlink(name, target string) {
	t.entries = append(t.entries, treeEntry{hdr: tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777}})
}

func (t *tree) dir(name string, mode int64) {
	t.entries = append(t.entries, treeEntry{hdr: tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: mode}})
}

// copyDir adds the directory src as dst. Links that leave src are replaced by what they point to; skip names
// paths below src that stay out.
func (t *tree) copyDir(src, dst string, skip ...string) error {
	return filepath.WalkDir(src, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(src, p)
		if err != nil {
			return err
		}
		for _, s := range skip {
			if rel == s && d.IsDir() {
				return filepath.SkipDir
			}
			if rel == s {
				return nil
			}
		}
		return t.copyOne(p, path.Join(dst, filepath.ToSlash(rel)), d)
	})
}

func (t *tree) copyOne(src, dst string, d fs.DirEntry) error {
	if d.IsDir() {
		t.dir(dst, 0o755)
		return nil
	}
	if d.Type()&fs.ModeSymlink != 0 {
		if target, err := os.Readlink(src); err == nil && !strings.Contains(target, "/") {
			t.symlink(dst, target)
			return nil
		}
	}
	st, err := os.Stat(src)
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return fmt.Errorf("%s is neither a file nor a directory nor a link to a file", src)
	}
	mode := int64(0o644)
	if st.Mode()&0o111 != 0 {
		mode = 0o755
	}
	t.entries = append(t.entries, treeEntry{
		hdr: tar.Header{Typeflag: tar.TypeReg, Name: dst, Mode: mode, Size: st.Size()}, file: src})
	return nil
}

// stream writes the tree as a tar archive while it is read.
func (t *tree) stream() io.ReadCloser {
	r, w := io.Pipe()
	go func() { w.CloseWithError(t.writeTo(w)) }()
	return r
}

func (t *tree) writeTo(w io.Writer) error {
	tw := tar.NewWriter(w)
	for _, e := range t.entries {
		e.hdr.Name = strings.TrimPrefix(e.hdr.Name, "/")
		e.hdr.ModTime, e.hdr.Format = madeAt, tar.FormatPAX
		if err := tw.WriteHeader(&e.hdr); err != nil {
			return err
		}
		if err := e.copyTo(tw); err != nil {
			return err
		}
	}
	return tw.Close()
}

func (e treeEntry) copyTo(w io.Writer) error {
	if e.file == "" {
		_, err := io.Copy(w, bytes.NewReader(e.data))
		return err
	}
	f, err := os.Open(e.file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}

// runQuiet runs a program and shows its output only in the error.
func runQuiet(ctx context.Context, dir, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), fmt.Sprintf("SOURCE_DATE_EPOCH=%d", madeAt.Unix()))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(program), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// output returns what a program prints, trimmed.
func output(ctx context.Context, program string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, program, args...).Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", program, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}
