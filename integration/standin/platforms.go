package standin

import (
	"compress/gzip"
	"context"
	"fmt"
	"runtime"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// foreign is a slim image for another machine: the files of the packages that programs need, which nobody has
// configured, because that would run programs of that machine.
type foreign struct {
	// repository is the official image's of this machine alone.
	repository string
	// debian is Debian's name of the architecture, suite a release that has it.
	debian, suite string
	platform      v1.Platform
}

// debianMirror has all architectures, which the mirrors of this machine need not have.
const debianMirror = "http://deb.debian.org/debian"

// foreigners are the machines by what images call their platform.
var foreigners = map[string]foreign{
	"linux/386":     {"i386/debian", "i386", Suite, v1.Platform{OS: "linux", Architecture: "386"}},
	"linux/arm/v7":  {"arm32v7/debian", "armhf", Suite, v1.Platform{OS: "linux", Architecture: "arm", Variant: "v7"}},
	"linux/arm64":   {"arm64v8/debian", "arm64", Suite, v1.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}},
	"linux/ppc64le": {"ppc64le/debian", "ppc64el", Suite, v1.Platform{OS: "linux", Architecture: "ppc64le"}},
	"linux/s390x":   {"s390x/debian", "s390x", Suite, v1.Platform{OS: "linux", Architecture: "s390x"}},
	// The first release that has it.
	"linux/riscv64": {"riscv64/debian", "riscv64", "trixie", v1.Platform{OS: "linux", Architecture: "riscv64"}},
}

// foreignPackages are those packages of the slim image that linked programs and shells need.
var foreignPackages = []string{"base-files", "base-passwd", "bash", "coreutils", "dash", "libc6", "libgcc-s1", "tzdata"}

// recipe unpacks the packages.
func (f foreign) recipe() recipe {
	build := func(ctx context.Context, b *builder) (v1.Image, error) {
		args := []string{"--variant=extract", "--architectures=" + f.debian}
		for _, opt := range slimExcludes {
			args = append(args, "--dpkgopt="+opt)
		}
		root, err := mmdebstrapFrom(ctx, b, []string{f.suite, "deb " + debianMirror + " " + f.suite + " main"}, "slim-"+f.debian, foreignPackages, args...)
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
		cfg.Architecture, cfg.Variant = f.platform.Architecture, f.platform.Variant
		if img, err = mutate.ConfigFile(img, cfg); err != nil {
			return nil, err
		}
		return addTarFile(img, root, gzip.DefaultCompression, "mmdebstrap "+f.suite+" (slim, "+f.debian+")")
	}
	return recipe{name: "debian-" + f.debian, key: "slim " + f.suite + " main " + f.debian, refs: []string{f.ref()}, build: build}
}

func (f foreign) ref() string { return f.repository + ":" + f.suite + "-slim" }

// AddPlatforms makes library/debian:<suite>-slim an image for this machine and for other platforms, as the official one
// is for many. It does nothing when docker.io can be reached, where riscv64 is missing in this release.
func (s *Standin) AddPlatforms(ctx context.Context, platforms ...string) error {
	if s.Reachable {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Concat(s.platforms, platforms)
	slices.Sort(all)
	all = slices.Compact(all)
	if slices.Equal(all, s.platforms) {
		return nil
	}
	tag, err := name.NewTag(s.Mirror()+"/library/debian:"+Suite+"-slim", name.Insecure)
	if err != nil {
		return err
	}
	here := v1.Platform{OS: "linux", Architecture: runtime.GOARCH}
	native, err := remote.Image(tag, remote.WithContext(ctx), remote.WithPlatform(here))
	if err != nil {
		return err
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: native, Descriptor: v1.Descriptor{Platform: &here}})
	for _, platform := range all {
		f, ok := foreigners[platform]
		if !ok {
			return fmt.Errorf("there is no look-alike of debian for %s", platform)
		}
		img, err := s.foreign(ctx, f)
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &f.platform}})
	}
	s.platforms = all
	return remote.WriteIndex(tag, index, remote.WithContext(ctx))
}

// foreign makes and serves the image of another machine.
func (s *Standin) foreign(ctx context.Context, f foreign) (v1.Image, error) {
	r := f.recipe()
	dir, err := s.cached(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := s.registry.Serve(ctx, dir, r.refs); err != nil {
		return nil, err
	}
	ref, err := name.ParseReference(s.Mirror()+"/"+f.ref(), name.Insecure)
	if err != nil {
		return nil, err
	}
	return remote.Image(ref, remote.WithContext(ctx), remote.WithPlatform(f.platform))
}
