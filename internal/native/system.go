package native

import (
	"bufio"
	"bytes"
	"strings"
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

// Files in which package managers note what is installed.
const (
	DpkgStatus   = "/var/lib/dpkg/status"
	ApkInstalled = "/lib/apk/db/installed"
)

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
		stanzas(dpkgStatus, ": ", s.dpkg)
	case apkInstalled != nil:
		s.Manager = Apk
		stanzas(apkInstalled, ":", s.apk)
	}
	return s
}

// stanzas calls f for each block of lines, with what stands behind each name.
// Lines that begin with a space continue others, and are not looked at.
func stanzas(data []byte, separator string, f func(map[string]string)) {
	fields := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if line == "" {
			f(fields)
			clear(fields)
			continue
		}
		if name, value, ok := strings.Cut(line, separator); ok && line[0] != ' ' {
			fields[name] = value
		}
	}
	f(fields)
}

// dpkg notes a package of dpkg's status file.
// https://www.debian.org/doc/debian-policy/ch-controlfields.html
func (s *System) dpkg(fields map[string]string) {
	if fields["Status"] != "install ok installed" {
		return
	}
	names := []string{fields["Package"]}
	for provided := range strings.SplitSeq(fields["Provides"], ",") {
		if name, _, _ := strings.Cut(strings.TrimSpace(provided), " "); name != "" {
			names = append(names, name)
		}
	}
	for _, name := range names {
		s.installed[name+":"+fields["Architecture"]] = true
		s.installed[name] = true
	}
}

// apk notes a package of apk's database.
// https://wiki.alpinelinux.org/wiki/Apk_spec
func (s *System) apk(fields map[string]string) {
	names := []string{fields["P"]}
	for provided := range strings.FieldsSeq(fields["p"]) {
		name, _, _ := strings.Cut(provided, "=")
		names = append(names, name)
	}
	for _, name := range names {
		if name != "" {
			s.installed[name] = true
		}
	}
}
