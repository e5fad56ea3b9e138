package standin

import (
	"compress/gzip"
	"context"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// DebianARM64 is arm64v8/debian:<suite>-slim: the files of the packages that programs need, which nobody has
// configured, because that would run programs of another machine.
const DebianARM64 Image = "debian-arm64"

// arm64Packages are those packages of the slim image that linked programs and shells need.
var arm64Packages = []string{"base-files", "base-passwd", "bash", "coreutils", "dash", "libc6", "libgcc-s1", "tzdata"}

// debianARM64Recipe unpacks packages of another architecture.
func debianARM64Recipe() recipe {
	build := func(ctx context.Context, b *builder) (v1.Image, error) {
		args := []string{"--variant=extract", "--architectures=arm64"}
		for _, opt := range slimExcludes {
			args = append(args, "--dpkgopt="+opt)
		}
		root, err := mmdebstrap(ctx, b, "slim-arm64", arm64Packages, args...)
		if err != nil {
			return nil, err
		}
		img, err := newImage("Debian packages", []string{"PATH=" + systemPath})
		if err != nil {
			return nil, err
		}
		cfg, err := img.ConfigFile()
		if err != nil {
			return nil, err
		}
		cfg = cfg.DeepCopy()
		cfg.Architecture, cfg.Variant = "arm64", "v8"
		if img, err = mutate.ConfigFile(img, cfg); err != nil {
			return nil, err
		}
		return addTarFile(img, root, gzip.DefaultCompression, "mmdebstrap "+Suite+" (slim, arm64)")
	}
	return recipe{name: "debian-arm64", key: "slim " + Suite + " arm64", refs: []string{"arm64v8/debian:" + Suite + "-slim"}, build: build}
}

// AddPlatforms makes library/debian:<suite>-slim an image for this machine and for linux/arm64, as the official one
// is for many. It does nothing when docker.io can be reached.
func (s *Standin) AddPlatforms(ctx context.Context) error {
	if s.Reachable {
		return nil
	}
	if err := s.Add(ctx, DebianARM64); err != nil {
		return err
	}
	tag, err := name.NewTag(s.Mirror()+"/library/debian:"+Suite+"-slim", name.Insecure)
	if err != nil {
		return err
	}
	if desc, err := remote.Get(tag, remote.WithContext(ctx)); err != nil || desc.MediaType.IsIndex() {
		return err // there are both already
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, ref := range []string{tag.Name(), s.Mirror() + "/arm64v8/debian:" + Suite + "-slim"} {
		from, err := name.ParseReference(ref, name.Insecure)
		if err != nil {
			return err
		}
		img, err := remote.Image(from, remote.WithContext(ctx))
		if err != nil {
			return err
		}
		cfg, err := img.ConfigFile()
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: cfg.OS, Architecture: cfg.Architecture, Variant: cfg.Variant}},
		})
	}
	return remote.WriteIndex(tag, index, remote.WithContext(ctx))
}
