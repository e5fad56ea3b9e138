package plan

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
)

// nonRoot is the user of the image: the id that distroless images call
// nonroot. It is numeric because a slim base does not know the name.
const nonRoot = "65532:65532"

// BaseImages are the references of the builder image and the runtime base, by
// tag. They depend on the binary only where a package of the workspace needs a
// newer Rust than others; without a chosen binary, all packages count.
func BaseImages(ws *cargo.Workspace, o *options.Options) (builder, runtime string, err error) {
	var c *closure
	if s, err := selectBinaries(ws, o); err == nil {
		if c, err = newClosure(ws, s); err != nil {
			return "", "", err
		}
	}
	t, err := planToolchain(ws, o, c, "")
	if err != nil {
		return "", "", err
	}
	runtime, err = runtimeImage(o)
	return t.Image, runtime, err
}

// setImage plans the runtime image and what the user asked of it.
func (p *Plan) setImage(o *options.Options, s *selection, in Inputs, assets []Asset) (err error) {
	if p.Image, err = planImage(o, s, in); err != nil {
		return err
	}
	p.Image.configure(o, assets)
	p.setArtifact(o)
	p.setTests(o)
	return p.setSteps(o)
}

// planImage plans the runtime image.
func planImage(o *options.Options, s *selection, in Inputs) (Image, error) {
	if len(o.RuntimePackages) > 0 && in.BuildPlatform != "" && in.BuildPlatform != in.Platform {
		return Image{}, o.Fault(options.KeyRuntimePackages,
			"packages cannot be installed in a base of another platform ("+in.Platform+") than that of the machine that builds ("+in.BuildPlatform+"): their scripts would run under emulation",
			"use a base that has them; shared libraries that a program needs are copied from the builder without this key")
	}
	base, err := runtimeImage(o)
	if err != nil {
		return Image{}, err
	}
	first := s.binaries[0]
	img := Image{
		Base:        base,
		Entrypoint:  []string{"/usr/local/bin/" + first.target.Name},
		User:        nonRoot,
		Workdir:     "/",
		Packages:    sortedSet(o.RuntimePackages),
		DefaultBase: o.RuntimeImage == "",
		Libraries:   o.Libraries, CACertificates: whenCertificates(o), TimeZones: o.TimeZones, Users: o.Users,
		Labels: map[string]string{},
	}
	// https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md
	for key, value := range map[string]string{
		"title":       first.target.Name,
		"version":     first.pkg.Version,
		"description": strings.TrimSpace(first.pkg.Description),
		"licenses":    first.pkg.License,
		"source":      sourceURL(first.pkg.Repository),
		"url":         first.pkg.Homepage,
		"authors":     strings.Join(first.pkg.Authors, ", "),
		"revision":    in.Revision,
	} {
		if value != "" {
			img.Labels["org.opencontainers.image."+key] = value
		}
	}
	return img, nil
}

// bases are short names for well-known bases; SUITE stands for the number of
// the Debian release.
// https://github.com/GoogleContainerTools/distroless and https://images.chainguard.dev
var bases = map[string]string{
	"distroless":        "gcr.io/distroless/cc-debianSUITE",
	"distroless-static": "gcr.io/distroless/static-debianSUITE",
	"chainguard":        "cgr.dev/chainguard/glibc-dynamic",
	"chainguard-static": "cgr.dev/chainguard/static",
}

// distrolessReleases are the releases that distroless images are made of.
var distrolessReleases = map[string]string{"bookworm": "12", "trixie": "13"}

// runtimeImage is the reference of the runtime base image.
func runtimeImage(o *options.Options) (string, error) {
	name := cmp.Or(o.RuntimeImage, "docker.io/library/debian:"+o.Suite+"-slim")
	if o.Libc == options.LibcMusl && bases[name+"-static"] != "" {
		name += "-static" // programs of musl bring their C library along
	}
	base, ok := bases[name]
	if !ok {
		return name, nil
	}
	release, ok := distrolessReleases[o.Suite]
	if !ok && strings.Contains(base, "SUITE") {
		return "", o.Fault(options.KeyRuntimeImage, "there are no distroless images of Debian "+o.Suite, "use one of the suites bookworm and trixie, or the whole name of an image")
	}
	return strings.Replace(base, "SUITE", release, 1), nil
}

// sourceURL drops credentials from a repository URL: labels are public.
func sourceURL(repository string) string {
	u, err := url.Parse(repository)
	if err != nil {
		return ""
	}
	u.User = nil
	return u.String()
}

func sortedSet(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}
