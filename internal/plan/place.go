package plan

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/rootfs"
)

// Directory is a directory that the image gets.
type Directory struct {
	Path string `json:"path"`
	// Mode are the permissions.
	Mode uint32 `json:"mode"`
	// Owner is "UID:GID".
	Owner string `json:"owner"`
}

// NeedsBase reports whether the plan puts anything into the image that depends
// on what the base has.
func (p *Plan) NeedsBase() bool {
	return len(p.Image.Assets)+len(p.wantedDirectories()) > 0 || p.NeedsUsers()
}

// wantedDirectories are those that the image's user is to have.
func (p *Plan) wantedDirectories() []string {
	want := slices.Clone(p.Image.Volumes)
	if p.Image.Workdir != "/" {
		want = append(want, p.Image.Workdir)
	}
	return union(want, nil)
}

// Place decides where assets and directories go, given the root of the base
// image, nil for an empty one. They come in a layer of their own, and a layer
// replaces what the base has under a name: a directory in place of a link, such
// as /bin, would hide all programs. So links are followed here, and directories
// of the base keep their permissions. Users must have been resolved and files
// checked before.
func (p *Plan) Place(base fs.FS, o *options.Options) error {
	l := &placer{base: base, directories: map[string]Directory{}}
	for i := range p.Image.Assets {
		if err := l.asset(&p.Image.Assets[i]); err != nil {
			return placeFault(err, func(message, fix string) *cargo.Error { return copyFault(o, i, message, fix) })
		}
	}
	for _, dir := range p.wantedDirectories() {
		if err := l.wanted(dir, p.Image.User); err != nil {
			key := options.KeyVolumes
			if dir == p.Image.Workdir {
				key = options.KeyWorkdir
			}
			return placeFault(err, func(message, fix string) *cargo.Error { return o.Fault(key, message, fix) })
		}
	}
	p.Image.Directories = nil
	for _, d := range l.directories {
		p.Image.Directories = append(p.Image.Directories, d)
	}
	slices.SortFunc(p.Image.Directories, func(a, b Directory) int { return strings.Compare(a.Path, b.Path) })
	return nil
}

// errPlace is a path at which the image cannot have what is asked for.
type errPlace string

func (e errPlace) Error() string { return string(e) }

func placeFault(err error, fault func(message, fix string) *cargo.Error) error {
	var place errPlace
	if errors.As(err, &place) {
		return fault(string(place), "choose another path")
	}
	return err
}

// copyFault is an error about the [[copy]] table i.
func copyFault(o *options.Options, i int, message, fix string) *cargo.Error {
	e := o.Fault(options.KeyCopy, message, fix)
	if span := o.Image.Copies[i].Span; span.File != "" {
		e.Span = span
	}
	return e
}

type placer struct {
	base        fs.FS
	directories map[string]Directory
}

// asset finds the place of an asset.
func (l *placer) asset(a *Asset) error {
	at, info, err := l.resolve(path.Clean(a.Destination))
	if err != nil {
		return err
	}
	if a.Directory {
		a.Destination = at
		return l.directory(at, a.Owner)
	}
	if info != nil && info.IsDir() || strings.HasSuffix(a.Destination, "/") {
		at = path.Join(at, path.Base(a.Source))
	}
	a.Destination = at
	return l.parents(path.Dir(at))
}

// wanted makes a directory for the image's user where the base has none.
func (l *placer) wanted(name, owner string) error {
	at, info, err := l.resolve(name)
	if err != nil || info != nil && info.IsDir() {
		return err
	}
	return l.directory(at, owner)
}

// directory notes a directory that belongs to owner unless the base has it.
func (l *placer) directory(name, owner string) error {
	if err := l.parents(path.Dir(name)); err != nil {
		return err
	}
	return l.note(name, owner)
}

// parents notes a directory and those above it, of which new ones belong to root.
func (l *placer) parents(at string) error {
	if at == "/" {
		return nil
	}
	if err := l.parents(path.Dir(at)); err != nil {
		return err
	}
	return l.note(at, "0:0")
}

// note notes a directory that the layer has to name, by its path without
// links. The owner that was noted first stays.
func (l *placer) note(at, owner string) error {
	if _, ok := l.directories[at]; ok || at == "/" {
		return nil
	}
	_, info, err := l.resolve(at)
	if err != nil {
		return err
	}
	d := Directory{Path: at, Mode: 0o755, Owner: owner}
	if info != nil {
		d.Mode, d.Owner = uint32(info.Mode().Perm()), "0:0"
		switch {
		case !info.IsDir():
			return errPlace(fmt.Sprintf("the base image has a file at %s, where the image is to have a directory", at))
		case info.Mode()&fs.ModeSticky != 0:
			// A layer would take the bit away: BuildKit makes no such directories.
			return errPlace(fmt.Sprintf("the base image's %s is for temporary files of all users", at))
		}
	}
	l.directories[at] = d
	return nil
}

// resolve follows the links of the base in an absolute path. The info is that
// of the result, nil when the base has nothing there.
func (l *placer) resolve(name string) (string, fs.FileInfo, error) {
	return resolveLinks(l.base, name)
}

// resolveLinks follows the links in a path of an image.
func resolveLinks(root fs.FS, name string) (at string, info fs.FileInfo, err error) {
	if root == nil {
		return path.Clean(name), nil, nil
	}
	place, err := rootfs.Resolve(root, name)
	var loop *fs.PathError
	switch {
	case errors.Is(err, rootfs.ErrLoop) && errors.As(err, &loop):
		return "", nil, errPlace(fmt.Sprintf("the base image has a link at /%s that leads to itself", loop.Path))
	case err != nil:
		return "", nil, fmt.Errorf("cannot look for %s in the base image: %w", name, err)
	}
	return path.Join("/", place.Path), place.Info, nil
}
