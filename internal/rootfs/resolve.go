package rootfs

import (
	"errors"
	"io/fs"
	"path"
	"strings"
)

// maxLinks bounds how many links a path may go through, as Linux does.
const maxLinks = 40

// ErrLoop means that a path goes through too many links, which most often lead
// to one another. The error that wraps it is a [*fs.PathError] with the last.
var ErrLoop = errors.New("too many links")

// Place is where a path leads.
type Place struct {
	// Path is relative to the root and has no links, as far as it exists; the
	// root is ".".
	Path string
	// Info is that of the file, nil when there is none.
	Info fs.FileInfo
}

// Resolve follows the links in a path of an image, as the kernel would with the
// image as root. name is absolute or relative to the root. A path that leads
// nowhere is no error: below what exists it stays as it is written.
func Resolve(root fs.FS, name string) (Place, error) {
	at, links := Place{Path: "."}, 0
	for rest := strings.Split(name, "/"); len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			at = Place{Path: path.Dir(at.Path)}
			continue
		}
		next := path.Join(at.Path, part)
		if at.Info != nil && !at.Info.IsDir() {
			return nowhere(next, rest), nil
		}
		info, err := fs.Lstat(root, next)
		if errors.Is(err, fs.ErrNotExist) {
			return nowhere(next, rest), nil
		}
		if err != nil {
			return Place{}, err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			at = Place{next, info}
			continue
		}
		if links++; links > maxLinks {
			return Place{}, &fs.PathError{Op: "resolve", Path: next, Err: ErrLoop}
		}
		target, err := fs.ReadLink(root, next)
		if err != nil {
			return Place{}, err
		}
		if path.IsAbs(target) {
			at = Place{Path: "."}
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	if at.Info != nil {
		return at, nil
	}
	// The root itself, or a directory that ".." led to.
	info, err := fs.Lstat(root, at.Path)
	return Place{at.Path, info}, err
}

func nowhere(at string, rest []string) Place {
	return Place{Path: path.Join(append([]string{at}, rest...)...)}
}
