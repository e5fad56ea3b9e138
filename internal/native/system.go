package native

import (
	"strings"

	"github.com/rustfile/rustfile/internal/rootfs"
)

// Manager is the package manager of an image.
type Manager string

// The package managers that are known. None means that an image has no other.
const (
	None Manager = ""
	Apt  Manager = "apt"
	Apk  Manager = "apk"
)

// Of are an entry's packages as a manager calls them. Without a manager they
// are Debian's, so that an error can name them.
func (m Manager) Of(e Entry) []string {
	if m == Apk {
		return e.Alpine
	}
	return e.Debian
}

// System is what an image has.
type System struct {
	Manager Manager
	// installed holds the packages and what they provide, with and without
	// their architecture.
	installed map[string]bool
}

// Installed reports whether the image has a package.
func (s *System) Installed(name string) bool { return s.installed[name] }

// Missing are those of the packages that the image does not have.
func (s *System) Missing(packages []string) []string {
	var out []string
	for _, p := range packages {
		if !s.Installed(p) {
			out = append(out, p)
		}
	}
	return out
}

// NewSystem reads the files of the package managers; nil stands for one that
// is not there.
func NewSystem(dpkgStatus, apkInstalled []byte) *System {
	s := &System{installed: map[string]bool{}}
	switch {
	case dpkgStatus != nil:
		s.Manager = Apt
		for p := range rootfs.Paragraphs(dpkgStatus) {
			s.dpkg(p)
		}
	case apkInstalled != nil:
		s.Manager = Apk
		for p := range rootfs.Paragraphs(apkInstalled) {
			s.apk(p)
		}
	}
	return s
}

// dpkg notes a package of dpkg's status file.
func (s *System) dpkg(p rootfs.Paragraph) {
	if p.Get("Status") != "install ok installed" {
		return
	}
	names := []string{p.Get("Package")}
	for provided := range strings.SplitSeq(p.Get("Provides"), ",") {
		if name, _, _ := strings.Cut(strings.TrimSpace(provided), " "); name != "" {
			names = append(names, name)
		}
	}
	for _, name := range names {
		s.installed[name+":"+p.Get("Architecture")] = true
		s.installed[name] = true
	}
}

// apk notes a package of apk's database.
func (s *System) apk(p rootfs.Paragraph) {
	names := []string{p.Get("P")}
	for provided := range strings.FieldsSeq(p.Get("p")) {
		name, _, _ := strings.Cut(provided, "=")
		names = append(names, name)
	}
	for _, name := range names {
		if name != "" {
			s.installed[name] = true
		}
	}
}
