package sbom

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/package-url/packageurl-go"
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

// Where package managers note what is installed: dpkg, dpkg in distroless
// images (a directory with a file for each package), and apk.
const (
	dpkgStatus    = "var/lib/dpkg/status"
	dpkgDirectory = "var/lib/dpkg/status.d"
	apkInstalled  = "lib/apk/db/installed"
	apkNow        = "usr/lib/apk/db/installed"
)

// SystemPackages lists what package managers have installed in a root file
// system, sorted; none for an image without a package manager.
func SystemPackages(root fs.FS) ([]SystemPackage, error) {
	vendor, distro, err := release(root)
	if err != nil {
		return nil, err
	}
	var out []SystemPackage
	add := func(kind string, found []SystemPackage) {
		for _, p := range found {
			p.Type, p.Vendor, p.Distro = kind, cmp.Or(vendor, map[string]string{"deb": "debian", "apk": "alpine"}[kind]), distro
			out = append(out, p)
		}
	}
	files, err := statusFiles(root)
	if err != nil {
		return nil, err
	}
	for _, name := range append(files, dpkgStatus) {
		data, err := optional(root, name)
		if err != nil {
			return nil, err
		}
		add("deb", stanzas(data, dpkgFields, func(f map[string]string) bool {
			status := f["Status"]
			return status == "" || strings.HasSuffix(status, " installed")
		}))
	}
	for _, name := range []string{apkInstalled, apkNow} {
		data, err := optional(root, name)
		if err != nil {
			return nil, err
		}
		add("apk", stanzas(data, apkFields, func(map[string]string) bool { return true }))
	}
	slices.SortFunc(out, func(a, b SystemPackage) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version), strings.Compare(a.Architecture, b.Architecture))
	})
	return slices.Compact(out), nil
}

// statusFiles are the files of distroless images, without their lists of sums.
func statusFiles(root fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(root, dpkgDirectory)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read what is installed: %w", err)
	}
	var out []string
	for _, e := range entries {
		if !e.IsDir() && !strings.HasSuffix(e.Name(), ".md5sums") {
			out = append(out, path.Join(dpkgDirectory, e.Name()))
		}
	}
	return out, nil
}

// The names of the fields that say a package's name, version and architecture.
// https://www.debian.org/doc/debian-policy/ch-controlfields.html
// https://wiki.alpinelinux.org/wiki/Apk_spec
var (
	dpkgFields = [3]string{"Package", "Version", "Architecture"}
	apkFields  = [3]string{"P", "V", "A"}
)

// stanzas reads paragraphs of "Field: value" lines.
func stanzas(data []byte, fields [3]string, wanted func(map[string]string) bool) []SystemPackage {
	var out []SystemPackage
	found := map[string]string{}
	finish := func() {
		if found[fields[0]] != "" && found[fields[1]] != "" && wanted(found) {
			out = append(out, SystemPackage{Name: found[fields[0]], Version: found[fields[1]], Architecture: found[fields[2]]})
		}
		clear(found)
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			finish()
			continue
		}
		// A line that begins with a space continues the last field.
		if key, value, ok := strings.Cut(line, ":"); ok && line[0] != ' ' && line[0] != '\t' {
			found[key] = strings.TrimSpace(value)
		}
	}
	finish()
	return out
}

// release reads the system's ID, and its ID with its version.
// https://www.freedesktop.org/software/systemd/man/latest/os-release.html
func release(root fs.FS) (vendor, distro string, err error) {
	data, err := optional(root, "etc/os-release")
	if err == nil && data == nil {
		data, err = optional(root, "usr/lib/os-release")
	}
	if err != nil {
		return "", "", err
	}
	found := map[string]string{}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), "="); ok {
			found[key] = strings.Trim(value, `"'`)
		}
	}
	vendor, distro = found["ID"], found["ID"]
	if version := found["VERSION_ID"]; vendor != "" && version != "" {
		distro += "-" + version
	}
	return vendor, distro, nil
}

// optional reads a file, nil when it is not there.
func optional(root fs.FS, name string) ([]byte, error) {
	data, err := fs.ReadFile(root, name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read what is installed: %w", err)
	}
	return data, nil
}
