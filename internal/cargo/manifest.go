package cargo

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sort"
)

// manifest is one Cargo.toml before inheritance: what is needed to find out
// which workspace it belongs to.
type manifest struct {
	path, dir string
	doc       *document
	pkg       *value // [package] or the older [project], nil when absent
	workspace *value // [workspace], nil when absent
	pointer   *value // package.workspace, nil when absent
	members   []string
	hasList   bool // whether workspace.members is written
	exclude   []string
}

// manifest reads and parses a Cargo.toml once. The error of a missing one is
// an *Error around fs.ErrNotExist with the given place.
func (l *loader) manifest(name string, at Span) (*manifest, error) {
	if m, ok := l.manifests[name]; ok {
		return m, nil
	}
	if len(l.manifests) >= MaxPackages {
		return nil, &Error{Span: at, Message: fmt.Sprintf("the project has more than %d local packages", MaxPackages)}
	}
	if at.File == "" {
		at.File = name
	}
	data, err := l.tree.read(name, MaxManifestSize)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, l.missing(name, at, fmt.Sprintf("failed to read `%s`: no such file in the build context", name),
			"Check the path; it is relative to the manifest that names it.")
	}
	if err != nil {
		return nil, l.unreadable(name, at, err)
	}
	m, err := parseManifest(name, data)
	if err != nil {
		return nil, err
	}
	l.manifests[name] = m
	return m, nil
}

func parseManifest(name string, data []byte) (*manifest, error) {
	doc, err := parseTOML(name, fmt.Sprintf("failed to parse manifest at `%s`", name), data)
	if err != nil {
		return nil, err
	}
	var r reader
	m := &manifest{path: name, dir: path.Dir(name), doc: doc}
	m.pkg = r.table(doc.root.first("package", "project"))
	m.workspace = r.table(doc.root.get("workspace"))
	m.pointer = m.pkg.get("workspace")
	r.str(m.pointer)
	m.hasList = m.workspace.get("members") != nil
	m.members = r.strs(m.workspace.get("members"))
	m.exclude = r.strs(m.workspace.get("exclude"))
	for key, list := range map[string][]string{"members": m.members, "exclude": m.exclude} {
		if len(list) > MaxMemberEntries {
			r.fail(m.workspace.get(key).fault("workspace.%s has more than %d entries", key, MaxMemberEntries))
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	return m, m.check()
}

// check refuses what no manifest may hold.
func (m *manifest) check() error {
	switch {
	case m.pkg == nil && m.workspace == nil:
		fault := m.doc.faultAt(0, 0, "manifest is missing either a `[package]` or a `[workspace]`")
		fault.Fix = "Add a [package] section with name, version and edition."
		return fault
	case m.pointer != nil && m.workspace != nil:
		return m.pointer.fault("cannot configure both `package.workspace` and `[workspace]`, only one can be specified")
	case m.pkg != nil:
		return nil
	}
	for _, section := range []string{"badges", "features", "lib", "bin", "example", "test", "bench", "dependencies",
		"dev-dependencies", "dev_dependencies", "build-dependencies", "build_dependencies", "target", "lints", "hints"} {
		if v := m.doc.root.get(section); v != nil {
			fault := v.fault("this virtual manifest specifies a `%s` section, which is not allowed", section)
			fault.Fix = "Move the section to a member's manifest, or add a [package] section."
			return fault
		}
	}
	return nil
}

// spans indexes the keys of the manifest: tables, their keys, and the targets
// and dependencies by name.
func (m *manifest) spans() map[string]Span {
	spans := map[string]Span{"": m.doc.span(0, 0)}
	if m.doc.root.get("package") == nil && m.pkg != nil {
		indexSpans(spans, "package", m.pkg, 2)
	}
	for _, key := range m.doc.root.keys {
		indexSpans(spans, key, m.doc.root.fields[key], 3)
	}
	return spans
}

func indexSpans(spans map[string]Span, name string, v *value, depth int) {
	spans[name] = v.span()
	if depth == 0 {
		return
	}
	for _, key := range v.keys {
		indexSpans(spans, name+"."+key, v.fields[key], depth-1)
	}
	for _, item := range v.items {
		if target := item.get("name"); target != nil && target.kind == stringValue {
			indexSpans(spans, name+"."+target.text, item, depth-1)
		}
	}
}

// excluded reports whether a root manifest excludes a path, which it does not
// when its members list names it.
func (m *manifest) excludes(p string) bool {
	under := func(list []string) bool {
		return slices.ContainsFunc(list, func(entry string) bool { return within(p, path.Join(m.dir, entry)) })
	}
	return under(m.exclude) && !under(m.members)
}

// rootOf returns the manifest of the workspace root that m belongs to, nil
// when it belongs to none.
func (l *loader) rootOf(m *manifest) (*manifest, error) {
	if root, known, err := l.rootBy(m, m); known {
		return root, err
	}
	for dir := m.dir; dir != "."; {
		dir = path.Dir(dir)
		name := path.Join(dir, "Cargo.toml")
		if !l.tree.exists(name) {
			continue
		}
		above, err := l.manifest(name, Span{})
		if err != nil {
			return nil, err
		}
		if root, known, err := l.rootBy(above, m); known {
			return root, err
		}
	}
	return nil, nil
}

// rootBy returns the root that one manifest names for the manifest from; known
// is false when it names none.
func (l *loader) rootBy(m, from *manifest) (root *manifest, known bool, err error) {
	switch {
	case m.workspace != nil:
		return m, !m.excludes(from.path), nil
	case m.pointer == nil:
		return nil, false, nil
	}
	dir, err := joinPath(m.dir, m.pointer.text)
	if err != nil {
		return nil, true, pathError(m.pointer, "the workspace root", m.pointer.text, err)
	}
	root, err = l.manifest(path.Join(dir, "Cargo.toml"), m.pointer.span())
	return root, true, err
}

// membership is the result of finding a workspace: its root, and the paths of
// its members' manifests.
type membership struct {
	root     *manifest
	current  *manifest
	members  []string // sorted by directory
	defaults []string
}

func (s *membership) has(name string) bool { return slices.Contains(s.members, name) }

// findMembers finds the workspace of a manifest and its members.
func (l *loader) findMembers(current string) (*membership, error) {
	if n := l.tree.lookup(current); !n.exists && n.err == nil {
		return nil, l.missing(current, Span{File: current},
			fmt.Sprintf("could not find `%s` in the build context", current),
			"Build in the directory of a Cargo project, or name its manifest.")
	}
	m, err := l.manifest(current, Span{})
	if err != nil {
		return nil, err
	}
	root, err := l.rootOf(m)
	if err != nil {
		return nil, err
	}
	if root == nil {
		return &membership{root: m, current: m, members: []string{m.path}, defaults: []string{m.path}}, nil
	}
	f := memberFinder{loader: l, membership: &membership{root: root, current: m}, seen: map[string]bool{}}
	if err := f.find(); err != nil {
		return nil, err
	}
	sort.Slice(f.members, func(i, j int) bool { return path.Dir(f.members[i]) < path.Dir(f.members[j]) })
	if err := f.chooseDefaults(); err != nil {
		return nil, err
	}
	return f.membership, f.validate()
}
