package cargo

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"
)

// LoadOptions says what to load.
type LoadOptions struct {
	// ManifestPath is the manifest to start from, "Cargo.toml" when empty. For
	// a workspace member's, the workspace root is searched above it.
	ManifestPath string
	// Excluded reports whether a path that is absent from the context was
	// excluded by .dockerignore; nil means that none was.
	Excluded func(path string) bool
	// Unlocked makes a lock file that is missing or older than the manifests no
	// error, but [Workspace.LockFault].
	Unlocked bool
	// Lock is the text of the lock file, in place of the one in the context; nil
	// for that one.
	Lock []byte
}

// Load reads a project. A fault of the project is an *[Error]; any other error
// is a failure to read fsys.
func Load(fsys fs.FS, opts LoadOptions) (*Workspace, error) {
	l := &loader{
		tree:      newTree(fsys),
		excluded:  opts.Excluded,
		unlocked:  opts.Unlocked,
		given:     opts.Lock,
		manifests: map[string]*manifest{},
		packages:  map[string]*Package{},
	}
	ws, err := l.workspace(opts.ManifestPath)
	if l.tree.broken != nil {
		return nil, l.tree.broken
	}
	var fault *Error
	if errors.As(err, &fault) && !errors.Is(err, errCredentials) {
		fault.Source = l.tree.files[fault.Span.File]
	}
	if err != nil {
		return nil, err
	}
	if fault := ws.LockFault; fault != nil {
		fault.Source = l.tree.files[fault.Span.File]
	}
	return ws, nil
}

// loader holds what Load has read so far.
type loader struct {
	tree      *tree
	excluded  func(string) bool
	manifests map[string]*manifest // by path of the Cargo.toml
	packages  map[string]*Package  // likewise, with inheritance applied
	inherited map[string]bool      // paths of the root manifests that packages inherit from
	globbed   int                  // directory entries the members globs looked at
	unlocked  bool                 // whether the lock file may be missing or stale
	given     []byte               // the lock file in place of the context's, nil for that
}

func (l *loader) workspace(manifestPath string) (*Workspace, error) {
	if manifestPath == "" {
		manifestPath = "Cargo.toml"
	}
	current, err := joinPath(".", manifestPath)
	if err != nil {
		return nil, &Error{Span: Span{File: manifestPath}, Message: fmt.Sprintf("the manifest path %v", err), Err: err,
			Fix: "Name a Cargo.toml by its path inside the build context."}
	}
	if l.tree.isDir(current) {
		current = path.Join(current, "Cargo.toml")
	}
	m, err := l.findMembers(current)
	if err != nil {
		return nil, err
	}
	ws, err := l.describe(m)
	if err != nil {
		return nil, err
	}
	if err := l.environment(ws); err != nil {
		return nil, err
	}
	if err := l.patches(ws, m.root); err != nil {
		return nil, err
	}
	if err := l.pathPackages(ws); err != nil {
		return nil, err
	}
	if err := l.otherRoots(ws); err != nil {
		return nil, err
	}
	return ws, l.locked(ws)
}

// locked reads the lock file and holds it against the manifests.
func (l *loader) locked(ws *Workspace) error {
	ws.index()
	err := l.lock(ws)
	if err == nil {
		err = ws.checkLock()
	}
	var fault *Error
	if l.unlocked && errors.As(err, &fault) && (ws.Lock == nil && errors.Is(err, fs.ErrNotExist) || errors.Is(err, errStale)) {
		ws.LockFault = fault
		return nil
	}
	return err
}

// index finds packages by their directories.
func (w *Workspace) index() {
	w.byDir = map[string]*Package{}
	for _, list := range [][]*Package{w.Members, w.PathPackages} {
		for _, p := range list {
			w.byDir[p.Dir] = p
		}
	}
}

// describe makes the workspace of a membership.
func (l *loader) describe(m *membership) (*Workspace, error) {
	ws := &Workspace{
		Root:         m.root.dir,
		RootManifest: m.root.path,
		Virtual:      m.root.pkg == nil,
		Files:        l.tree.files,
		Spans:        m.root.spans(),
		Settings:     newSetting(m.root.workspace.find("metadata", "rustfile")),
	}
	for _, manifestPath := range m.members {
		member := l.manifests[manifestPath]
		if member.pkg == nil {
			continue // the virtual root
		}
		p, err := l.pkg(member)
		if err != nil {
			return nil, err
		}
		if p.critical != nil {
			return nil, p.critical
		}
		ws.Members = append(ws.Members, p)
		for _, d := range m.defaults {
			if d == manifestPath {
				ws.DefaultMembers = append(ws.DefaultMembers, p)
				break
			}
		}
	}
	var err error
	if ws.Resolver, err = l.resolver(m.root); err != nil {
		return nil, err
	}
	ws.Profiles, err = profiles(m.root)
	return ws, err
}

// resolver decides the feature resolver from the root manifest.
func (l *loader) resolver(root *manifest) (string, error) {
	var r reader
	ofWorkspace, ofPackage := root.workspace.get("resolver"), root.pkg.get("resolver")
	if ofWorkspace != nil && ofPackage != nil {
		return "", ofPackage.fault("cannot specify `resolver` field in both `[workspace]` and `[package]`")
	}
	written := ofWorkspace
	if written == nil {
		written = ofPackage
	}
	resolver := r.str(written)
	if r.err != nil {
		return "", r.err
	}
	switch resolver {
	case "1", "2", "3":
		return resolver, nil
	case "":
		if written == nil {
			break
		}
		fallthrough
	default:
		return "", written.fault("`resolver` setting `%s` is not valid, valid options are \"1\", \"2\" or \"3\"", resolver)
	}
	if root.pkg == nil {
		return "1", nil
	}
	p, err := l.pkg(root)
	if err != nil {
		return "", err
	}
	switch p.Edition {
	case "2015", "2018":
		return "1", nil
	case "2021":
		return "2", nil
	}
	return "3", nil
}

// profiles reads the [profile.*] tables of the root manifest.
func profiles(root *manifest) (map[string]map[string]any, error) {
	var r reader
	table := r.table(root.doc.root.get("profile"))
	if table == nil {
		return nil, r.err
	}
	all := make(map[string]map[string]any, len(table.keys))
	for _, name := range table.keys {
		profile := r.table(table.fields[name])
		if r.err != nil {
			return nil, r.err
		}
		if err := validateProfileName(name); err != nil {
			return nil, profile.fault("%v", err)
		}
		all[name] = profile.plainTable()
	}
	return all, nil
}

// missing is the fault of a file that the project needs and the context lacks.
// The span is the place that names the file.
func (l *loader) missing(name string, at Span, message, fix string) *Error {
	if l.excluded != nil && l.excluded(name) {
		return &Error{Span: at, Err: fs.ErrNotExist,
			Message: fmt.Sprintf("%s: it is excluded by .dockerignore", message),
			Fix:     fmt.Sprintf("Add the line `!%s` to .dockerignore, or remove the pattern that excludes it.", name)}
	}
	return &Error{Span: at, Message: message, Fix: fix, Err: fs.ErrNotExist}
}

// unreadable is the fault of a file that is there and cannot be used.
func (l *loader) unreadable(name string, at Span, err error) *Error {
	fault := &Error{Span: at, Message: fmt.Sprintf("`%s` %v", name, err), Err: err}
	if errors.Is(err, errLink) {
		fault.Fix = "Replace the link by the file itself, or build with a context that contains what it points to."
	}
	return fault
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// PackageAt returns the member or path package in a directory, nil when there
// is none.
func (w *Workspace) PackageAt(dir string) *Package {
	dir = path.Clean(dir)
	if w.byDir != nil {
		return w.byDir[dir]
	}
	for _, list := range [][]*Package{w.Members, w.PathPackages} {
		for _, p := range list {
			if p.Dir == dir {
				return p
			}
		}
	}
	return nil
}

// Span locates a key of the root manifest, as [Package.Span] does.
func (w *Workspace) Span(key string) Span { return findSpan(w.Spans, key) }

// Span locates a key of the manifest, for example "package.edition",
// "bin.NAME" or "dependencies.KEY". For a key that is not written it is the
// nearest table above it, and in the end the manifest's first line.
func (p *Package) Span(key string) Span { return findSpan(p.Spans, key) }

func findSpan(spans map[string]Span, key string) Span {
	for {
		if span, ok := spans[key]; ok || key == "" {
			return span
		}
		key = key[:max(strings.LastIndexByte(key, '.'), 0)]
	}
}
