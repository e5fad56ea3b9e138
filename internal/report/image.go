package report

import (
	"fmt"
	"strings"

	"github.com/docker/go-units"
)

// Image is what an image is made of. Sizes are those of files in bytes, not
// compressed.
type Image struct {
	// Base is the base's reference, "" for scratch.
	Base string `json:"base,omitempty"`
	// BaseSize is the size of the base; 0 also means that it was not measured,
	// as in a build that compiled nothing.
	BaseSize int64 `json:"baseSize,omitempty"`
	// AddedSize is what the image adds to the base.
	AddedSize int64     `json:"addedSize"`
	Programs  []Program `json:"programs,omitempty"`
	// Libraries are the shared libraries that were copied because the base lacks
	// them.
	Libraries []Library `json:"libraries,omitempty"`
	// Packages were installed in the base.
	Packages []string `json:"packages,omitempty"`
}

// Program is a program of the image.
type Program struct {
	// Path is its path in the image.
	Path string `json:"path"`
	Size int64  `json:"size"`
	// Static is true when it needs no shared library.
	Static bool `json:"static,omitempty"`
	// Glibc is the oldest release of the GNU C library that it starts with.
	Glibc string `json:"glibc,omitempty"`
}

// Library is a shared library of the image.
type Library struct {
	Path string `json:"path"`
	Size int64  `json:"size"`
	// Package is the Debian package that it is from, "" when unknown, and
	// Version the package's version.
	Package string `json:"package,omitempty"`
	Version string `json:"version,omitempty"`
}

// text is the image in a line or two.
func (i *Image) text() string {
	if i == nil {
		return ""
	}
	var b strings.Builder
	base := "scratch"
	if i.Base != "" {
		base, _, _ = strings.Cut(i.Base, "@")
		base = strings.TrimPrefix(strings.TrimPrefix(clean(base), "docker.io/"), "library/")
	}
	fmt.Fprintf(&b, "image: %s", size(i.BaseSize+i.AddedSize))
	if i.BaseSize == 0 {
		b.Reset()
		fmt.Fprintf(&b, "image: %s", size(i.AddedSize))
	}
	switch {
	case i.Base == "":
		b.WriteString(" on scratch")
	case i.BaseSize == 0:
		fmt.Fprintf(&b, " on %s", base)
	default:
		fmt.Fprintf(&b, ", of which %s on %s", size(i.AddedSize), base)
	}
	b.WriteString("\n")
	var libraries []string
	for _, l := range i.Libraries {
		name := l.Path[strings.LastIndexByte(l.Path, '/')+1:]
		if l.Package != "" {
			name += " (" + l.Package + ")"
		}
		libraries = append(libraries, clean(name))
	}
	if len(libraries) > 0 {
		fmt.Fprintf(&b, "libraries from the builder: %s\n", strings.Join(libraries, ", "))
	}
	if len(i.Packages) > 0 {
		fmt.Fprintf(&b, "packages in the image: %s\n", clean(strings.Join(i.Packages, ", ")))
	}
	return b.String()
}

func size(bytes int64) string { return units.HumanSizeWithPrecision(float64(bytes), 3) }
