package runtimeneeds

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/rootfs"
)

// Root is the root file system of an image. Absolute links are followed inside
// of it. Its methods remember what they read and are not for concurrent use.
type Root struct {
	// fsys is nil for an empty root.
	fsys    fs.ReadLinkFS
	env     []string
	objects map[string]*Object // by real path; nil for a file that is no object
	real    map[string]string
	cache   map[string][]string // of ld.so.cache, nil before it was read
}

// NewRoot is the root in fsys, whose files must implement [io.ReaderAt]; nil
// stands for an empty one, scratch. Env is the environment of the image's
// config, as "KEY=value": LD_LIBRARY_PATH counts.
func NewRoot(fsys fs.ReadLinkFS, env []string) *Root {
	return &Root{fsys: fsys, env: env, objects: map[string]*Object{}, real: map[string]string{}}
}

// Empty reports whether this is the root of scratch.
func (r *Root) Empty() bool { return r.fsys == nil }

// resolve follows the links of an absolute path and returns the real one,
// relative to the root, for example "usr/lib/libz.so.1.3". The error is
// fs.ErrNotExist for a path that leads nowhere.
func (r *Root) resolve(name string) (string, error) {
	if r.fsys == nil {
		return "", fs.ErrNotExist
	}
	if at, ok := r.real[name]; ok {
		if at == "" {
			return "", fs.ErrNotExist
		}
		return at, nil
	}
	at, err := r.walk(name)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		r.real[name] = at
	}
	return at, err
}

func (r *Root) walk(name string) (string, error) {
	at, err := rootfs.Resolve(r.fsys, name)
	if errors.Is(err, rootfs.ErrLoop) || err == nil && at.Info == nil {
		return "", fs.ErrNotExist
	}
	return at.Path, err
}

// Exists reports whether an absolute path leads to something.
func (r *Root) Exists(name string) (bool, error) {
	_, err := r.resolve(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// read is the content of a file, nil when there is none.
func (r *Root) read(name string) ([]byte, error) {
	at, err := r.resolve(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	info, err := r.fsys.Lstat(at)
	if err != nil || !info.Mode().IsRegular() {
		return nil, err
	}
	return fs.ReadFile(r.fsys, at)
}

// object scans the file at an absolute path. It is nil when there is no file,
// and when the file is no ELF object.
func (r *Root) object(name string) (*Object, string, error) {
	at, err := r.resolve(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	if o, ok := r.objects[at]; ok {
		return o, at, nil
	}
	o, err := ScanFile(r.fsys, at)
	if err != nil && !errors.Is(err, ErrNotELF) {
		return nil, "", err
	}
	r.objects[at] = o
	return o, at, nil
}

// ScanFile is [Scan] for a file of a file system.
func ScanFile(fsys fs.FS, name string) (*Object, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is no file", ErrNotELF, name)
	}
	at, ok := f.(io.ReaderAt)
	if !ok {
		return nil, fmt.Errorf("%s cannot be read at an offset", name)
	}
	o, err := Scan(at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	o.of, o.name = fsys, name
	return o, nil
}

// loaded is an object at its place in a root.
type loaded struct {
	*Object
	// name is what the object is needed as.
	name string
	// path is where it was found, real where its bytes are, relative to the
	// root.
	path, real string
	// by is the object that needs it, nil for a program.
	by *loaded
	// copied is true for a library of the builder that the base lacks.
	copied bool
}

// find looks for a library as the dynamic linker does on behalf of by. It is
// nil when there is none for the machine.
func (r *Root) find(name string, by *loaded) (*loaded, error) {
	if r.fsys == nil {
		return nil, nil
	}
	if strings.Contains(name, "/") {
		return r.candidate(name, path.Join("/", name), by)
	}
	candidates := inside(r.askedDirs(by), name)
	if processor := by.musl(); processor != "" {
		dirs, err := r.muslDirs(processor)
		if err != nil {
			return nil, err
		}
		candidates = append(candidates, inside(dirs, name)...)
	} else {
		cached, err := r.cached(name, by.Object)
		if err != nil {
			return nil, err
		}
		candidates = append(append(candidates, cached...), inside(systemDirs(by.Object), name)...)
	}
	for _, c := range candidates {
		if l, err := r.candidate(name, c, by); l != nil || err != nil {
			return l, err
		}
	}
	return nil, nil
}

func inside(dirs []string, name string) []string {
	var out []string
	for _, d := range dirs {
		out = append(out, path.Join(d, name))
	}
	return out
}

// candidate is the library at a path, nil when it is not there or is for
// another machine.
func (r *Root) candidate(name, at string, by *loaded) (*loaded, error) {
	o, real, err := r.object(at)
	if err != nil || o == nil || !o.sameMachine(by.Object) {
		return nil, err
	}
	return &loaded{Object: o, name: name, path: strings.TrimPrefix(at, "/"), real: real, by: by}, nil
}

// askedDirs are the directories that the objects and the environment ask for.
func (r *Root) askedDirs(by *loaded) []string {
	var dirs []string
	// RPATH is inherited, as long as nobody on the way has a RUNPATH.
	for l := by; l != nil && len(l.RunPath) == 0; l = l.by {
		dirs = append(dirs, expand(l.RPath, l)...)
	}
	for _, kv := range r.env {
		if list, ok := strings.CutPrefix(kv, "LD_LIBRARY_PATH="); ok {
			dirs = append(dirs, expand(strings.FieldsFunc(list, func(r rune) bool { return r == ':' || r == ';' }), by)...)
		}
	}
	return append(dirs, expand(by.RunPath, by)...)
}

// expand replaces what stands for directories in a RPATH or RUNPATH.
func expand(list []string, of *loaded) []string {
	var out []string
	for _, dir := range list {
		dir = strings.NewReplacer("$ORIGIN", path.Join("/", path.Dir(of.real)), "${ORIGIN}", path.Join("/", path.Dir(of.real))).Replace(dir)
		if !strings.Contains(dir, "$") {
			out = append(out, dir)
			continue
		}
		libs := []string{"lib"}
		if m, ok := machines[of.Machine]; ok {
			libs = []string{"lib/" + m.multiarch, "lib64", "lib"}
		}
		for _, lib := range libs {
			out = append(out, strings.NewReplacer("$LIB", lib, "${LIB}", lib).Replace(dir))
		}
	}
	return slices.DeleteFunc(out, func(dir string) bool { return strings.Contains(dir, "$") || !path.IsAbs(dir) })
}
