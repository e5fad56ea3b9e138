package frontendimage

import (
	"archive/tar"
	"context"
	"io"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// program writes a file that stands for a compiled frontend.
func program(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "fake-frontend")
	if err := os.WriteFile(file, []byte("not really a program"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestImage(t *testing.T) {
	img, err := Image(program(t), "arm64")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if cfg.OS != "linux" || cfg.Architecture != "arm64" || len(cfg.Config.Entrypoint) != 1 || cfg.Config.Entrypoint[0] != Program {
		t.Errorf("config %+v", cfg)
	}
	if !maps.Equal(cfg.Config.Labels, Labels()) {
		t.Errorf("labels %v", cfg.Config.Labels)
	}
	tr := tar.NewReader(mutate.Extract(img))
	hdr, err := tr.Next()
	if err != nil {
		t.Fatal(err)
	}
	if "/"+hdr.Name != Program || hdr.Mode != 0o755 || !hdr.ModTime.Equal(time.Unix(0, 0)) {
		t.Errorf("header %+v", hdr)
	}
	if _, err := tr.Next(); err != io.EOF {
		t.Errorf("more than one file: %v", err)
	}
}

func TestSameInputSameDigest(t *testing.T) {
	var digests [2]string
	for i := range digests {
		img, err := Image(program(t), "amd64")
		if err != nil {
			t.Fatal(err)
		}
		d, err := img.Digest()
		if err != nil {
			t.Fatal(err)
		}
		digests[i] = d.String()
	}
	if digests[0] != digests[1] {
		t.Errorf("two digests: %v", digests)
	}
}

func TestWriteIndex(t *testing.T) {
	a, err := Image(program(t), "amd64")
	if err != nil {
		t.Fatal(err)
	}
	b, err := Image(program(t), "arm64")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "layout")
	if err := write(dir, []v1.Image{a, b}, []string{"amd64", "arm64"}); err != nil {
		t.Fatal(err)
	}
	p, err := layout.FromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	idx, err := p.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	m, err := idx.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Manifests) != 1 || !m.Manifests[0].MediaType.IsIndex() {
		t.Fatalf("index %+v", m.Manifests)
	}
	child, err := idx.ImageIndex(m.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	cm, err := child.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(cm.Manifests) != 2 || cm.Manifests[1].Platform.Architecture != "arm64" {
		t.Errorf("manifests %+v", cm.Manifests)
	}
}

// TestBuildReportsCompilerErrors builds in a module without the frontend.
func TestBuildReportsCompilerErrors(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module x\n\ngo 1.26\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "layout")
	if err := Build(context.Background(), Options{ModuleDir: dir, Dir: out}); err == nil {
		t.Error("no error")
	}
	if entries, err := filepath.Glob(filepath.Join(dir, "*layout*")); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v %v", entries, err)
	}
}
