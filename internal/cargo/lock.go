package cargo

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// lock reads the Cargo.lock beside the root manifest.
func (l *loader) lock(ws *Workspace) error {
	name := path.Join(ws.Root, "Cargo.lock")
	data, err := l.given, error(nil)
	if data == nil {
		data, err = l.tree.read(name, MaxLockSize)
	} else {
		l.tree.files[name], ws.LockGiven = data, true
	}
	if errors.Is(err, fs.ErrNotExist) {
		return l.missing(name, ws.Span("package.name"), fmt.Sprintf("cannot create the lock file `%s` because --locked was passed: "+
			"the project has no Cargo.lock", name),
			"Run `cargo generate-lockfile` and add Cargo.lock to the project; or set `locked = false`, and every build may choose other versions.")
	}
	if err != nil {
		return l.unreadable(name, Span{File: name}, err)
	}
	ws.Lock, err = ParseLock(name, data)
	return err
}

// ParseLock parses a Cargo.lock of any version.
func ParseLock(name string, data []byte) (*Lock, error) {
	if err := checkConflict(name, data); err != nil {
		return nil, err
	}
	doc, err := parseTOML(name, fmt.Sprintf("failed to parse lock file at: `%s`", name), data)
	if err != nil {
		return nil, err
	}
	p := lockParser{doc: doc, lock: &Lock{Path: name}}
	for _, step := range []func(){p.version, p.packages, p.edges, p.oldChecksums, p.finish} {
		step()
		if p.err != nil {
			return nil, p.err
		}
	}
	return p.lock, nil
}

// checkConflict finds the markers that an unfinished merge leaves, which the
// TOML parser would report as something else.
func checkConflict(name string, data []byte) error {
	for line := 1; len(data) > 0; line++ {
		text, rest, _ := bytes.Cut(data, []byte("\n"))
		data = rest
		if bytes.HasPrefix(text, []byte("<<<<<<<")) || bytes.HasPrefix(text, []byte(">>>>>>>")) {
			return &Error{Span: Span{File: name, Start: Position{line, 1}, End: Position{line, len(text) + 1}},
				Message: "the lock file contains git conflict markers",
				Fix:     "Check out one side with `git checkout --ours Cargo.lock`, run `cargo update --workspace`, and commit the result."}
		}
	}
	return nil
}

type lockParser struct {
	reader
	doc     *document
	lock    *Lock
	entries []*value         // the table of each package
	found   map[string][]int // packages by name, by name and version, and by these and source
	local   map[string]int   // local packages by name and version
	inline  bool             // whether a package has its checksum inline, as since version 2
	short   bool             // whether a dependency is abbreviated, as since version 2
}

func (p *lockParser) version() {
	v := p.doc.root.get("version")
	p.lock.Version = 1 // raised when signs of version 2 are found
	if v == nil || !p.expect(v, integerValue, "u32") {
		return
	}
	n, err := strconv.ParseUint(v.text, 0, 32)
	if err != nil {
		p.fail(v.fault("invalid value: integer `%s`, expected u32", v.text))
		return
	}
	if n != 3 && n != 4 {
		fault := v.fault("lock file version `%d` was found, but this version of Cargo does not understand this lock file, "+
			"perhaps Cargo needs to be updated?", n)
		fault.Fix = "Write the lock file again with a released cargo: `cargo generate-lockfile`."
		p.fail(fault)
		return
	}
	p.lock.Version = int(n)
}

func (p *lockParser) packages() {
	// Before version 2 the root package had a table of its own.
	if root := p.table(p.doc.root.get("root")); root != nil {
		p.entries = append(p.entries, root)
	}
	p.entries = append(p.entries, p.tables(p.doc.root.get("package"))...)
	p.found, p.local = map[string][]int{}, map[string]int{}
	p.lock.byName = make(map[string][]int, len(p.entries))
	for i, entry := range p.entries {
		p.lockPackage(entry)
		if p.err != nil {
			return
		}
		pkg := p.lock.Packages[i]
		id := pkg.Name + " " + pkg.Version
		full := id + " " + sourceKey(pkg.Source)
		if len(p.found[full]) > 0 {
			fault := entry.fault("package `%s` is specified twice in the lockfile", pkg.Name)
			fault.Fix = "Remove one of the two entries, or run `cargo generate-lockfile`."
			p.fail(fault)
			return
		}
		for _, key := range []string{pkg.Name, id, full} {
			p.found[key] = append(p.found[key], i)
		}
		p.lock.byName[pkg.Name] = append(p.lock.byName[pkg.Name], i)
		if pkg.Source == "" {
			p.local[id] = i
		}
	}
}

// lockPackage reads one package without its edges.
func (p *lockParser) lockPackage(entry *value) {
	pkg := LockPackage{
		Name:     p.str(entry.get("name")),
		Version:  p.str(entry.get("version")),
		Source:   p.str(entry.get("source")),
		Checksum: p.str(entry.get("checksum")),
		Span:     entrySpan(entry),
	}
	if p.err != nil {
		return
	}
	for _, key := range []string{"name", "version"} {
		if entry.get(key) == nil {
			p.fail(entry.fault("missing field `%s`", key))
			return
		}
	}
	if err := validateName(pkg.Name, "package name"); err != nil {
		p.fail(entry.get("name").fault("%v", err))
	} else if _, err := parseVersion(pkg.Version); err != nil {
		p.fail(entry.get("version").fault("invalid version `%s`: %v", pkg.Version, err))
	}
	p.source(entry, &pkg)
	p.inline = p.inline || pkg.Checksum != ""
	p.lock.Packages = append(p.lock.Packages, pkg)
}

func (p *lockParser) source(entry *value, pkg *LockPackage) {
	id, err := ParseSourceID(pkg.Source)
	switch {
	case err != nil:
		fault := entry.get("source").fault("package `%s`: %v", pkg.Name, err)
		if errors.Is(err, errCredentials) {
			fault.Err = errCredentials
			fault.Fix = "Remove the credentials from the manifest's URL and run `cargo update --workspace`. Consider them as leaked."
		}
		p.fail(fault)
	case id.Kind == SourceLocal:
		pkg.Source = ""
	case id.Kind == SourceGit && id.Commit == "":
		p.fail(entry.get("source").fault("package `%s`: the git source is not locked to a commit", pkg.Name))
	}
}

// entrySpan is a package's range, from its header to the end of its last key.
func entrySpan(entry *value) Span {
	end := entry.end
	for _, key := range entry.keys {
		end = max(end, entry.fields[key].end)
	}
	return entry.doc.span(entry.start, end)
}

// edges resolves the dependencies of every package.
func (p *lockParser) edges() {
	for i, entry := range p.entries {
		list := entry.get("dependencies")
		if !p.expectList(list) {
			continue
		}
		for _, item := range list.items {
			to := p.edge(item)
			if p.err != nil {
				return
			}
			p.lock.Packages[i].Dependencies = append(p.lock.Packages[i].Dependencies, to)
		}
		deps := p.lock.Packages[i].Dependencies
		slices.Sort(deps)
		p.lock.Packages[i].Dependencies = slices.Compact(deps)
	}
	for i, entry := range p.entries {
		if v := entry.get("replace"); v != nil {
			if p.lock.replaced == nil {
				p.lock.replaced = map[int]int{}
			}
			p.lock.replaced[i] = p.edge(v)
		}
	}
}

func (p *lockParser) expectList(v *value) bool { return p.expect(v, arrayValue, "a sequence") }

// edge resolves "name", "name version" or "name version (source)".
func (p *lockParser) edge(item *value) int {
	text := p.str(item)
	if p.err != nil {
		return 0
	}
	found, err := p.lookup(text)
	switch {
	case err != nil:
		fault := item.fault("%v", err)
		fault.Err = err
		p.fail(fault)
	case len(found) == 1:
		return found[0]
	case len(found) == 0:
		fault := item.fault("the lock file's dependency `%s` is not among its packages", redact(text))
		fault.Fix = "Run `cargo generate-lockfile`, or `cargo update --workspace` to keep the other versions."
		p.fail(fault)
	default:
		fault := item.fault("the lock file's dependency `%s` is ambiguous: %d packages match", redact(text), len(found))
		fault.Fix = "Run `cargo generate-lockfile`, or `cargo update --workspace` to keep the other versions."
		p.fail(fault)
	}
	return 0
}

func (p *lockParser) lookup(text string) ([]int, error) {
	parts := strings.SplitN(text, " ", 3)
	p.short = p.short || len(parts) == 1
	switch len(parts) {
	case 1:
		return p.found[text], nil
	case 2:
		// A local package has no source to write, so one is meant before others.
		if i, ok := p.local[text]; ok {
			return []int{i}, nil
		}
		return p.found[text], nil
	}
	source, open := strings.CutPrefix(parts[2], "(")
	source, closed := strings.CutSuffix(source, ")")
	if !open || !closed {
		return nil, fmt.Errorf("invalid serialized PackageId `%s`", redact(text))
	}
	if _, err := ParseSourceID(source); err != nil {
		return nil, err
	}
	return p.found[parts[0]+" "+parts[1]+" "+sourceKey(source)], nil
}

// sourceKey is equal for raw source ids that cargo takes for equal, which does
// not look at the commit.
func sourceKey(source string) string {
	id, err := ParseSourceID(source)
	if err != nil || id.Kind == SourceLocal {
		return ""
	}
	return strings.Join([]string{string(id.Kind), comparableURL(id.URL), id.Branch, id.Tag, id.Rev}, " ")
}
