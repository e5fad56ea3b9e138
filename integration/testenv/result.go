package testenv

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/platforms"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/rustfile/rustfile/internal/frontendimage"
	"github.com/rustfile/rustfile/internal/gotools"
)

type contentStore = content.Store

// Result is what a build produced and what it took.
type Result struct {
	*Status
	// Dir is the OCI layout, or the files with OutputDir.
	Dir string
	// Descriptor is the manifest of the image, Manifest and Image its parsed content. In a build for several
	// platforms they belong to the first one, Index holds them all, and Select changes the choice.
	Descriptor ocispecs.Descriptor
	Manifest   ocispecs.Manifest
	Image      ocispecs.Image
	// Index is the index of a build for several platforms or with attestations, otherwise nil.
	Index *ocispecs.Index
	// Meta is the metadata of the frontend's result (in-process and gateway), or buildx's metadata file.
	Meta map[string][]byte
	// Response is the exporter's answer.
	Response map[string]string
	// Stdout is what buildx printed there, such as the answer to a call.
	Stdout string
	// Took is the time of the whole build.
	Took time.Duration

	runc   string // path of the program
	rootfs string
}

// OpenImage reads an image that something else built into an OCI layout; tools must have runc.
func OpenImage(dir string, tools gotools.Set) (*Result, error) {
	r := &Result{Dir: dir, Status: &Status{}, runc: tools.Path(gotools.Runc)}
	return r, r.readImage()
}

// FrontendLayout returns an OCI layout of the frontend's image, built at the first call.
func (e *Environment) FrontendLayout(ctx context.Context) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.frontend != "" {
		return e.frontend, nil
	}
	dir := filepath.Join(e.Dir, "frontend")
	if err := frontendimage.Build(ctx, frontendimage.Options{ModuleDir: e.Root, Dir: dir}); err != nil {
		return "", err
	}
	e.frontend = dir
	return dir, nil
}

// PushFrontend offers the frontend's image in the local registry under FrontendRef. Daemons use that registry as
// a mirror of docker.io, so `# syntax=rustfile/rustfile:1` finds it there.
func (e *Environment) PushFrontend(ctx context.Context) error {
	dir, err := e.FrontendLayout(ctx)
	if err != nil {
		return err
	}
	return e.Registry.Serve(ctx, dir, []string{FrontendRef})
}

// layoutDescriptor returns the only entry of an OCI layout's index.
func layoutDescriptor(dir string) (ocispecs.Descriptor, error) {
	var idx ocispecs.Index
	text, err := os.ReadFile(filepath.Join(dir, ocispecs.ImageIndexFile))
	if err != nil {
		return ocispecs.Descriptor{}, err
	}
	if err := json.Unmarshal(text, &idx); err != nil {
		return ocispecs.Descriptor{}, err
	}
	if len(idx.Manifests) != 1 {
		return ocispecs.Descriptor{}, fmt.Errorf("%s: want one entry in the index, it has %d", dir, len(idx.Manifests))
	}
	return idx.Manifests[0], nil
}

// Blob returns the bytes of a blob of the image.
func (r *Result) Blob(d digest.Digest) ([]byte, error) {
	return os.ReadFile(filepath.Join(r.Dir, ocispecs.ImageBlobsDir, d.Algorithm().String(), d.Encoded()))
}

func (r *Result) readJSON(d digest.Digest, v any) error {
	text, err := r.Blob(d)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

func (r *Result) readImage() error {
	desc, err := layoutDescriptor(r.Dir)
	if err != nil {
		return err
	}
	if desc.MediaType == ocispecs.MediaTypeImageIndex {
		r.Index = &ocispecs.Index{}
		if err := r.readJSON(desc.Digest, r.Index); err != nil {
			return err
		}
		for _, m := range r.Index.Manifests {
			if m.Annotations["vnd.docker.reference.type"] == "" {
				return r.choose(m)
			}
		}
		return fmt.Errorf("the index of %s holds no image", r.Dir)
	}
	return r.choose(desc)
}

func (r *Result) choose(desc ocispecs.Descriptor) error {
	r.Descriptor, r.Manifest, r.Image, r.rootfs = desc, ocispecs.Manifest{}, ocispecs.Image{}, ""
	if err := r.readJSON(desc.Digest, &r.Manifest); err != nil {
		return err
	}
	return r.readJSON(r.Manifest.Config.Digest, &r.Image)
}

// Select makes the image of another platform ("linux/arm64") the one that the fields describe.
func (r *Result) Select(platform string) error {
	p, err := platforms.Parse(platform)
	if err != nil {
		return err
	}
	if r.Index != nil {
		match := platforms.OnlyStrict(p)
		for _, m := range r.Index.Manifests {
			if m.Platform != nil && match.Match(*m.Platform) && m.Annotations["vnd.docker.reference.type"] == "" {
				return r.choose(m)
			}
		}
	}
	return fmt.Errorf("the build has no image for %s", platform)
}

// Size is the sum of the compressed layers, what a registry would transfer.
func (r *Result) Size() int64 {
	var n int64
	for _, l := range r.Manifest.Layers {
		n += l.Size
	}
	return n
}

// Rootfs unpacks the image once and returns the directory. Files in it belong to whom the image says.
func (r *Result) Rootfs(t testing.TB) string {
	t.Helper()
	dir, err := r.Unpack()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// OCI is the chosen image for programs that read images; it is in the layout's index or in one that is in that.
func (r *Result) OCI() (v1.Image, error) {
	p, err := layout.FromPath(r.Dir)
	if err != nil {
		return nil, err
	}
	hash, err := v1.NewHash(r.Descriptor.Digest.String())
	if err != nil {
		return nil, err
	}
	if r.Index == nil {
		return p.Image(hash)
	}
	idx, err := p.ImageIndex()
	if err != nil {
		return nil, err
	}
	desc, err := layoutDescriptor(r.Dir)
	if err != nil {
		return nil, err
	}
	top, err := v1.NewHash(desc.Digest.String())
	if err != nil {
		return nil, err
	}
	if idx, err = idx.ImageIndex(top); err != nil {
		return nil, err
	}
	return idx.Image(hash)
}

// Unpack is Rootfs outside of a test.
func (r *Result) Unpack() (string, error) {
	if r.rootfs != "" {
		return r.rootfs, nil
	}
	img, err := r.OCI()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(filepath.Dir(r.Dir), "rootfs-")
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	archive := mutate.Extract(img)
	defer archive.Close()
	cmd := exec.Command("tar", "-x", "-p", "--numeric-owner", "--same-owner", "-C", dir)
	cmd.Stdin = archive
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("unpack the image: %w\n%s", err, strings.TrimSpace(string(out)))
	}
	r.rootfs = dir
	return dir, nil
}
