package sbom

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/package-url/packageurl-go"
	"github.com/rustfile/rustfile/internal/rootfs"
)

// SystemPackage is a package of the image's operating system.
type SystemPackage struct {
	// Type is the type of its package URL, "deb" or "apk".
	Type string
	// Vendor is the system's ID and Distro the ID and version, from os-release.
	Vendor, Distro string
	Name           string
	Version        string
	Architecture   string
}

func (p SystemPackage) purl() string {
	qualifiers := map[string]string{}
	for key, value := range map[string]string{"arch": p.Architecture, "distro": p.Distro} {
		if value != "" {
			qualifiers[key] = value
		}
	}
	return packageurl.NewPackageURL(p.Type, p.Vendor, p.Name, p.Version, packageurl.QualifiersFromMap(qualifiers), "").ToString()
}

// apkNow is where later releases of apk have [rootfs.ApkInstalled].
const apkNow = "/usr/lib/apk/db/installed"

// SystemPackages lists what package managers have installed in a root file
// system, sorted; none for an image without a package manager.
func SystemPackages(root fs.FS) ([]SystemPackage, error) {
	read := func(name string) ([]byte, error) { return optional(root, name) }
	release, err := rootfs.ReadRelease(read)
	if err != nil {
		return nil, err
	}
	distro := release.ID
	if distro != "" && release.Version != "" {
		distro += "-" + release.Version
	}
	var out []SystemPackage
	add := func(kind string, found []SystemPackage) {
		for _, p := range found {
			p.Type, p.Vendor, p.Distro = kind, cmp.Or(release.ID, map[string]string{"deb": "debian", "apk": "alpine"}[kind]), distro
			out = append(out, p)
		}
	}
	files, err := statusFiles(root)
	if err != nil {
		return nil, err
	}
	for _, name := range append(files, rootfs.DpkgStatus) {
		data, err := read(name)
		if err != nil {
			return nil, err
		}
		add("deb", packages(data, dpkgFields, func(p rootfs.Paragraph) bool {
			status := p.Get("Status")
			return status == "" || strings.HasSuffix(status, " installed")
		}))
	}
	for _, name := range []string{rootfs.ApkInstalled, apkNow} {
		data, err := read(name)
		if err != nil {
			return nil, err
		}
		add("apk", packages(data, apkFields, func(rootfs.Paragraph) bool { return true }))
	}
	slices.SortFunc(out, func(a, b SystemPackage) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version), strings.Compare(a.Architecture, b.Architecture))
	})
	return slices.Compact(out), nil
}

// statusFiles are the files of distroless images, without their lists of sums.
func statusFiles(root fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(root, strings.TrimPrefix(rootfs.DpkgDirectory, "/"))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read what is installed: %w", err)
	}
	var out []string
	for _, e := range entries {
		if !e.IsDir() && !strings.HasSuffix(e.Name(), ".md5sums") {
			out = append(out, path.Join(rootfs.DpkgDirectory, e.Name()))
		}
	}
	return out, nil
}

// The names of the fields that say a package's name, version and architecture.
var (
	dpkgFields = [3]string{"Package", "Version", "Architecture"}
	apkFields  = [3]string{"P", "V", "A"}
)

// packages reads what a package manager notes.
func packages(data []byte, fields [3]string, wanted func(rootfs.Paragraph) bool) []SystemPackage {
	var out []SystemPackage
	for p := range rootfs.Paragraphs(data) {
		if q := (SystemPackage{Name: p.Get(fields[0]), Version: p.Get(fields[1]), Architecture: p.Get(fields[2])}); q.Name != "" && q.Version != "" && wanted(p) {
			out = append(out, q)
		}
	}
	return out
}

// optional reads a file of an image, nil when it is not there.
func optional(root fs.FS, name string) ([]byte, error) {
	at, err := rootfs.Resolve(root, name)
	if errors.Is(err, rootfs.ErrLoop) || err == nil && (at.Info == nil || !at.Info.Mode().IsRegular()) {
		return nil, nil
	}
	var data []byte
	if err == nil {
		data, err = fs.ReadFile(root, at.Path)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read what is installed: %w", err)
	}
	return data, nil
}
