package rootfs

import (
	"errors"
	"io/fs"
	"strings"
)

// Release is the distribution that an image is made of.
type Release struct {
	// ID is "debian", "alpine" and the like, Version "12" or "3.22.0"; each is ""
	// when the image does not say.
	ID, Version string
}

// ReadRelease reads the release of an image; read gives the content of a file at
// an absolute path, or [fs.ErrNotExist].
// https://www.freedesktop.org/software/systemd/man/latest/os-release.html
func ReadRelease(read func(name string) ([]byte, error)) (Release, error) {
	for _, name := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		data, err := read(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Release{}, err
		}
		if r := parseRelease(data); r != (Release{}) {
			return r, nil
		}
	}
	return Release{}, nil
}

func parseRelease(data []byte) (r Release) {
	for line := range strings.Lines(string(data)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "ID":
			r.ID = value
		case "VERSION_ID":
			r.Version = value
		}
	}
	return r
}
