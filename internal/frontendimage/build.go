package frontendimage

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Program is the path of the frontend in its image, and its entry point.
const Program = "/rustfile-frontend"

const pkg = "./cmd/rustfile-frontend"

// Labels are the labels of the image that buildkitd reads.
func Labels() map[string]string {
	return map[string]string{
		"moby.buildkit.frontend.network.none": "true",
		"moby.buildkit.frontend.caps":         "moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts",
	}
}

// Options says what to build.
type Options struct {
	// ModuleDir is the source checkout.
	ModuleDir string
	// Dir is where the OCI layout goes; what is there is replaced.
	Dir string
	// Arch lists the architectures (amd64, arm64), the one of the go command by default. More than one makes
	// an index.
	Arch []string
}

// Build compiles the frontend and writes the layout.
func Build(ctx context.Context, o Options) error {
	if len(o.Arch) == 0 {
		out, err := exec.CommandContext(ctx, "go", "env", "GOARCH").Output()
		if err != nil {
			return fmt.Errorf("go env GOARCH: %w", err)
		}
		o.Arch = []string{strings.TrimSpace(string(out))}
	}
	tmp, err := os.MkdirTemp(filepath.Dir(o.Dir), ".frontend-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	var images []v1.Image
	for _, arch := range o.Arch {
		program := filepath.Join(tmp, arch)
		if err := compile(ctx, o.ModuleDir, arch, program); err != nil {
			return err
		}
		img, err := Image(program, arch)
		if err != nil {
			return err
		}
		images = append(images, img)
	}
	out := filepath.Join(tmp, "layout")
	if err := write(out, images, o.Arch); err != nil {
		return err
	}
	if err := os.RemoveAll(o.Dir); err != nil {
		return err
	}
	return os.Rename(out, o.Dir)
}

// compile builds a static program whose bytes do not depend on where the sources lie.
func compile(ctx context.Context, moduleDir, arch, out string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", out, pkg)
	cmd.Dir = moduleDir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOFLAGS=")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s for linux/%s: %w\n%s", pkg, arch, err, bytes.TrimSpace(text))
	}
	return nil
}

// Image wraps a compiled frontend.
func Image(program, arch string) (v1.Image, error) {
	data, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	var archive bytes.Buffer
	tw := tar.NewWriter(&archive)
	hdr := &tar.Header{Typeflag: tar.TypeReg, Name: strings.TrimPrefix(Program, "/"), Mode: 0o755, Size: int64(len(data)), ModTime: time.Unix(0, 0)}
	if err := tw.WriteHeader(hdr); err != nil {
		return nil, err
	}
	if _, err := tw.Write(data); err != nil {
		return nil, err
	}
	if err := tw.Close(); err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(archive.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer), tarball.WithCompressedCaching)
	if err != nil {
		return nil, err
	}
	created := v1.Time{Time: time.Unix(0, 0).UTC()}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	base, err = mutate.ConfigFile(base, &v1.ConfigFile{
		OS: "linux", Architecture: arch, Created: created, RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{Entrypoint: []string{Program}, Labels: Labels()},
	})
	if err != nil {
		return nil, err
	}
	return mutate.Append(base, mutate.Addendum{
		Layer: layer, History: v1.History{Created: created, CreatedBy: "COPY rustfile-frontend " + Program},
	})
}

// write makes a layout with one entry, tagged "latest": an image, or an index of several.
func write(dir string, images []v1.Image, arch []string) error {
	p, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	tag := layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": "latest"})
	if len(images) == 1 {
		return p.AppendImage(images[0], tag)
	}
	idx := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for i, img := range images {
		idx = mutate.AppendManifests(idx, mutate.IndexAddendum{
			Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch[i]}},
		})
	}
	return p.AppendIndex(idx, tag)
}
