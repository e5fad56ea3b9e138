package cargo

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// memberFinder collects the members of a workspace: those that the root lists,
// and what these reach by path below the root.
type memberFinder struct {
	*loader
	*membership
	seen     map[string]bool
	listed   []memberPath
	loadable []string // members that are packages
}

// memberPath is a directory that an entry of a members list stands for.
type memberPath struct {
	dir   string
	entry *value
	glob  bool // whether the entry is a pattern
}

func (f *memberFinder) find() error {
	var err error
	if f.listed, err = f.expand(f.root.workspace.get("members")); err != nil {
		return err
	}
	for _, m := range f.listed {
		if err := f.add(path.Join(m.dir, "Cargo.toml"), m.entry.span()); err != nil {
			return f.memberFault(m, err)
		}
	}
	return f.add(f.root.path, Span{})
}

// memberFault words the failure to load a listed member. A fault inside the
// member's manifest says enough by itself.
func (f *memberFinder) memberFault(m memberPath, err error) error {
	var fault *Error
	name := path.Join(m.dir, "Cargo.toml")
	if !errors.As(err, &fault) || !errors.Is(err, fs.ErrNotExist) || fault.Span != m.entry.span() {
		return err
	}
	via := ""
	if m.glob {
		via = fmt.Sprintf(" via `%s`", m.entry.text)
	}
	message := fmt.Sprintf("failed to load manifest for workspace member `%s`\nreferenced%s by workspace at `%s`: failed to read `%s`",
		m.dir, via, f.root.path, name)
	return f.missing(name, m.entry.span(), message, "Remove the member from the list, or add its Cargo.toml.")
}

// expand turns a list of members into directories.
func (f *memberFinder) expand(list *value) ([]memberPath, error) {
	if list == nil {
		return nil, nil
	}
	var r reader
	r.strs(list)
	if r.err != nil {
		return nil, r.err
	}
	var paths []memberPath
	for _, entry := range list.items {
		literal, err := joinPath(f.root.dir, entry.text)
		if err != nil {
			return nil, pathError(entry, "the workspace member", entry.text, err)
		}
		dirs, err := f.glob(f.root.dir, entry.text)
		if err != nil {
			return nil, entry.fault("could not parse pattern `%s`: %v", entry.text, err)
		}
		// Cargo keeps a pattern that matches nothing as a path.
		if len(dirs) == 0 {
			paths = append(paths, memberPath{dir: literal, entry: entry})
			continue
		}
		pattern := len(dirs) > 1 || dirs[0] != literal
		for _, dir := range dirs {
			if n := f.tree.lookup(dir); n.err != nil {
				return nil, f.unreadable(dir, entry.span(), n.err)
			} else if n.dir {
				paths = append(paths, memberPath{dir: dir, entry: entry, glob: pattern})
			}
		}
	}
	return paths, nil
}

// add makes a manifest a member, and with it the packages that it reaches by
// path below the root.
func (f *memberFinder) add(name string, at Span) error {
	if f.seen[name] || f.root.excludes(name) {
		return nil
	}
	f.seen[name] = true
	m, err := f.manifest(name, at)
	if err != nil {
		return err
	}
	f.members = append(f.members, name)
	if m.pkg == nil {
		return nil
	}
	f.loadable = append(f.loadable, name)
	p, err := f.pkg(m)
	if err != nil {
		return err
	}
	for _, d := range p.Dependencies {
		if d.Path == "" {
			continue
		}
		member, err := f.isMember(d)
		if err != nil {
			return err
		}
		if !member {
			continue
		}
		if err := f.add(path.Join(d.Path, "Cargo.toml"), d.Span); err != nil {
			return dependencyFault(d, err)
		}
	}
	return nil
}

// isMember decides whether a path dependency joins the workspace: below the
// root it does, elsewhere only when it names this root.
func (f *memberFinder) isMember(d Dependency) (bool, error) {
	if within(d.Path, f.root.dir) {
		return true, nil
	}
	m, err := f.manifest(path.Join(d.Path, "Cargo.toml"), d.Span)
	if err != nil {
		return false, dependencyFault(d, err)
	}
	root, err := f.rootOf(m)
	return err == nil && root == f.root, err
}

// dependencyFault words the failure to load the manifest of a path dependency.
func dependencyFault(d Dependency, err error) error {
	var fault *Error
	if errors.As(err, &fault) && errors.Is(err, fs.ErrNotExist) && fault.Span == d.Span {
		wrapped := *fault
		wrapped.Message = fmt.Sprintf("failed to load manifest for dependency `%s`: %s", d.Package, fault.Message)
		return &wrapped
	}
	return err
}

func (f *memberFinder) chooseDefaults() error {
	list := f.root.workspace.get("default-members")
	switch {
	case f.root == f.current && list != nil:
	case f.current.pkg == nil:
		f.defaults = f.members
		return nil
	default:
		f.defaults = []string{f.current.path}
		return nil
	}
	paths, err := f.expand(list)
	if err != nil {
		return err
	}
	for _, m := range paths {
		name := path.Join(m.dir, "Cargo.toml")
		if f.has(name) {
			f.defaults = append(f.defaults, name)
			continue
		}
		listed := slices.ContainsFunc(f.listed, func(l memberPath) bool { return l.dir == m.dir })
		if listed && f.root.excludes(m.dir) {
			continue
		}
		via := ""
		if m.glob {
			via = fmt.Sprintf(" via `%s`", m.entry.text)
		}
		return m.entry.fault("package `%s` is listed in default-members%s but is not a member\nfor workspace at `%s`.",
			m.dir, via, f.root.path)
	}
	return nil
}

// validate applies cargo's checks of a whole workspace, in its order.
func (f *memberFinder) validate() error {
	for _, check := range []func() error{f.uniqueNames, f.oneRoot, f.sameRoot, f.containsCurrent} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (f *memberFinder) uniqueNames() error {
	byName := map[string]string{}
	for _, name := range f.loadable {
		m := f.manifests[name]
		pkgName := m.pkg.get("name").text
		if other, ok := byName[pkgName]; ok {
			return m.pkg.get("name").fault("two packages named `%s` in this workspace:\n- %s\n- %s", pkgName, other, name)
		}
		byName[pkgName] = name
	}
	return nil
}

func (f *memberFinder) oneRoot() error {
	var roots []string
	var last *manifest
	for _, name := range f.members {
		if m := f.manifests[name]; m.workspace != nil {
			roots = append(roots, "  "+m.dir)
			if m != f.root {
				last = m
			}
		}
	}
	switch {
	case len(roots) == 0:
		at := f.current.pointer
		if at == nil {
			at = f.current.pkg
		}
		return at.fault("`package.workspace` configuration points to a crate which is not configured with [workspace]: \n"+
			"configuration at: %s\npoints to: %s", f.current.path, f.root.path)
	case len(roots) > 1:
		fault := last.workspace.fault("multiple workspace roots found in the same workspace:\n%s", strings.Join(roots, "\n"))
		fault.Fix = fmt.Sprintf("Remove the [workspace] section, or add `%s` to workspace.exclude in `%s`.",
			relativeTo(f.root.dir, last.dir), f.root.path)
		return fault
	}
	return nil
}

func (f *memberFinder) sameRoot() error {
	for _, name := range f.members {
		m := f.manifests[name]
		root, err := f.rootOf(m)
		switch {
		case err != nil:
			return err
		case root == nil:
			return m.doc.faultAt(0, 0, fmt.Sprintf("workspace member `%s` is not hierarchically below the workspace root `%s`",
				name, f.root.path))
		case root != f.root:
			return m.doc.faultAt(0, 0, fmt.Sprintf("package `%s` is a member of the wrong workspace\nexpected: %s\nactual:   %s",
				name, f.root.path, root.path))
		}
	}
	return nil
}

func (f *memberFinder) containsCurrent() error {
	if f.has(f.current.path) {
		return nil
	}
	fault := f.current.doc.faultAt(0, 0, fmt.Sprintf("current package believes it's in a workspace when it's not:\ncurrent:   %s\nworkspace: %s",
		f.current.path, f.root.path))
	if f.root.pkg != nil && !f.root.hasList {
		fault.Fix = fmt.Sprintf("This may be fixable by ensuring that this crate is depended on by the workspace root: %s", f.root.path)
	} else {
		fault.Fix = fmt.Sprintf("This may be fixable by adding `%s` to the `workspace.members` array of the manifest located at: %s",
			relativeTo(f.root.dir, f.current.dir), f.root.path)
	}
	fault.Fix += "\nAlternatively, to keep it out of the workspace, add the package to the `workspace.exclude` array, " +
		"or add an empty `[workspace]` table to the package's manifest."
	return fault
}
