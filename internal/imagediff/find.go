package imagediff

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Image is an image of one platform.
type Image struct {
	v1.Image
	// Platform is what the image's configuration says, such as "linux/arm64".
	Platform string
}

// layoutScheme begins the reference of an OCI layout as buildx writes it.
const layoutScheme = "oci-layout://"

// Find returns the images of a reference, one for each platform: of a registry
// ("ghcr.io/me/app:1", "…@sha256:…"), of an OCI layout ("oci-layout://DIR",
// "oci-layout://DIR:TAG", "…@sha256:…" or the directory's path) or of an OCI
// archive (a file's path). Attestations are left out. What Find writes to disk is
// below dir.
func Find(ctx context.Context, ref, dir string) ([]Image, error) {
	path, isLayout := strings.CutPrefix(ref, layoutScheme)
	if isLayout {
		return findLayout(path)
	}
	if st, err := os.Stat(ref); err == nil {
		if st.IsDir() {
			return findLayout(ref)
		}
		into := filepath.Join(dir, "archive")
		if err := unpack(ref, into); err != nil {
			return nil, fmt.Errorf("%s is no OCI archive: %w", ref, err)
		}
		return findLayout(into)
	}
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return nil, fmt.Errorf("%q is no image: want a reference such as ghcr.io/me/app:1, oci-layout://DIR, or the path of an OCI layout or archive: %w", ref, err)
	}
	found, err := remote.Get(parsed, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain))
	if err != nil {
		return nil, fmt.Errorf("cannot find the image %s: %w", ref, err)
	}
	if found.MediaType.IsIndex() {
		idx, err := found.ImageIndex()
		if err != nil {
			return nil, err
		}
		return ofIndex(idx)
	}
	img, err := found.Image()
	if err != nil {
		return nil, err
	}
	return one(img)
}

// findLayout reads DIR, DIR:TAG or DIR@DIGEST.
func findLayout(ref string) ([]Image, error) {
	dir, digest, hasDigest := strings.Cut(ref, "@")
	tag := ""
	if _, err := os.Stat(filepath.Join(dir, "index.json")); err != nil {
		if i := strings.LastIndex(dir, ":"); i > strings.LastIndexByte(dir, '/') {
			dir, tag = dir[:i], dir[i+1:]
		}
	}
	path, err := layout.FromPath(dir)
	if err != nil {
		return nil, fmt.Errorf("%s is no OCI layout: %w", dir, err)
	}
	idx, err := path.ImageIndex()
	if err != nil {
		return nil, fmt.Errorf("%s is no OCI layout: %w", dir, err)
	}
	manifest, err := idx.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("%s is no OCI layout: %w", dir, err)
	}
	var chosen []v1.Descriptor
	for _, d := range manifest.Manifests {
		tagged := tag == "" || d.Annotations["org.opencontainers.image.ref.name"] == tag || strings.HasSuffix(d.Annotations["io.containerd.image.name"], ":"+tag)
		if tagged && (!hasDigest || d.Digest.String() == digest) {
			chosen = append(chosen, d)
		}
	}
	if len(chosen) != 1 {
		return nil, fmt.Errorf("%s has %d images that are meant: name one with %sDIR:TAG or %sDIR@DIGEST", ref, len(chosen), layoutScheme, layoutScheme)
	}
	if chosen[0].MediaType.IsIndex() {
		inner, err := idx.ImageIndex(chosen[0].Digest)
		if err != nil {
			return nil, err
		}
		return ofIndex(inner)
	}
	img, err := idx.Image(chosen[0].Digest)
	if err != nil {
		return nil, err
	}
	return one(img)
}

// attestation marks the manifests of an index that are no images.
// https://docs.docker.com/build/metadata/attestations/attestation-storage/
const attestation = "vnd.docker.reference.type"

func ofIndex(idx v1.ImageIndex) ([]Image, error) {
	manifest, err := idx.IndexManifest()
	if err != nil {
		return nil, err
	}
	var all []Image
	for _, d := range manifest.Manifests {
		if !d.MediaType.IsImage() || d.Annotations[attestation] != "" {
			continue
		}
		img, err := idx.Image(d.Digest)
		if err != nil {
			return nil, err
		}
		found, err := one(img)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	if len(all) == 0 {
		return nil, errors.New("the index holds no image")
	}
	return all, nil
}

func one(img v1.Image) ([]Image, error) {
	config, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("cannot read the image's configuration: %w", err)
	}
	platform := config.OS + "/" + config.Architecture
	if config.Variant != "" {
		platform += "/" + config.Variant
	}
	return []Image{{img, platform}}, nil
}

// unpack extracts an archive. Nothing of it gets outside of the directory.
func unpack(archive, dir string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if err := extract(root, h.Name, r); err != nil {
			return err
		}
	}
}

func extract(root *os.Root, file string, from io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(filepath.Clean(file)), 0o700); err != nil {
		return err
	}
	f, err := root.Create(filepath.Clean(file))
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}
