package plan

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
)

// nonRoot is the user of the image: the id that distroless images call
// nonroot. It is numeric because a slim base does not know the name.
const nonRoot = "65532:65532"

// BaseImages are the references of the builder image and the runtime base, by
// tag. They do not depend on the binary.
func BaseImages(ws *cargo.Workspace, o *options.Options) (builder, runtime string, err error) {
	t, err := planToolchain(ws, o, "")
	return t.Image, runtimeBase(o), err
}

// runtimeBase is the reference of the runtime base image.
func runtimeBase(o *options.Options) string {
	return cmp.Or(o.RuntimeImage, "docker.io/library/debian:"+o.Suite+"-slim")
}

// planImage plans the runtime image.
func planImage(o *options.Options, s *selection, revision string) Image {
	first := s.binaries[0]
	img := Image{
		Base:       runtimeBase(o),
		Entrypoint: []string{"/usr/local/bin/" + first.target.Name},
		User:       nonRoot,
		Workdir:    "/",
		// Debian's slim images have no CA bundle, and a service that speaks TLS needs one.
		CACertificates: o.RuntimeImage == "",
		Labels:         map[string]string{},
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
		"revision":    revision,
	} {
		if value != "" {
			img.Labels["org.opencontainers.image."+key] = value
		}
	}
	return img
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
