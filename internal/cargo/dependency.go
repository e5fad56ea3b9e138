package cargo

import (
	"fmt"
	"path"
	"sort"
	"strings"
)

var dependencyKindOrder = map[DependencyKind]int{NormalDependency: 0, BuildDependency: 1, DevDependency: 2}

// dependencyTables names the tables of each kind, newest spelling first.
var dependencyTables = []struct {
	kind  DependencyKind
	names []string
}{
	{NormalDependency, []string{"dependencies"}},
	{BuildDependency, []string{"build-dependencies", "build_dependencies"}},
	{DevDependency, []string{"dev-dependencies", "dev_dependencies"}},
}

// allDependencies reads the dependency tables of all kinds and platforms.
func (b *packageBuilder) allDependencies() {
	b.dependenciesOf(b.m.doc.root, "")
	if platforms := b.table(b.m.doc.root.get("target")); platforms != nil {
		for _, target := range platforms.keys {
			if table := b.table(platforms.fields[target]); table != nil {
				b.dependenciesOf(table, target)
			}
		}
	}
	deps := b.p.Dependencies
	sort.SliceStable(deps, func(i, j int) bool {
		x, y := deps[i], deps[j]
		switch {
		case x.Kind != y.Kind:
			return dependencyKindOrder[x.Kind] < dependencyKindOrder[y.Kind]
		case x.Target != y.Target:
			return x.Target < y.Target
		}
		return x.Key < y.Key
	})
}

func (b *packageBuilder) dependenciesOf(parent *value, target string) {
	for _, t := range dependencyTables {
		table := b.table(parent.first(t.names...))
		if table == nil {
			continue
		}
		for _, key := range table.keys {
			if b.err != nil {
				return
			}
			d, err := b.dependency(b.m, b.p.Edition, key, table.fields[key])
			b.fail(err)
			d.Kind, d.Target = t.kind, target
			b.p.Dependencies = append(b.p.Dependencies, d)
		}
	}
}

// dependency reads one entry of a dependency table of m, whose edition decides
// what a member may override.
func (l *loader) dependency(m *manifest, edition, key string, v *value) (Dependency, error) {
	inherited, err := inherits(v)
	if err != nil {
		return Dependency{}, err
	}
	if !inherited {
		return readDependency(key, v, m.dir)
	}
	entry, root, err := l.workspaceDependency(m, key, v)
	if err != nil {
		return Dependency{}, err
	}
	d, err := readDependency(key, entry, root.dir)
	if err != nil {
		return Dependency{}, err
	}
	return inheritDependency(edition, d, v)
}

// inheritDependency applies what a member may add to an inherited dependency.
func inheritDependency(edition string, d Dependency, v *value) (Dependency, error) {
	var r reader
	d.Span = v.span()
	d.Optional = r.boolean(v.get("optional"), false)
	if features := r.strs(v.get("features")); len(features) > 0 {
		d.Features = append(append([]string{}, d.Features...), features...)
	}
	own := v.first("default-features", "default_features")
	// Before edition 2024 a member can turn default features on, but not off.
	if r.boolean(own, false) || own != nil && edition >= "2024" {
		d.DefaultFeatures = r.boolean(own, false)
	}
	if r.err == nil {
		r.fail(checkDependencyFeatures(d, v))
	}
	return d, r.err
}

// readDependency reads an entry that is written out. dir is what its path is
// relative to.
func readDependency(key string, v *value, dir string) (Dependency, error) {
	d := Dependency{Key: key, Package: key, DefaultFeatures: true, Span: v.span()}
	if err := validateName(key, "package name"); err != nil {
		return d, v.fault("%v", err)
	}
	var r reader
	switch v.kind {
	case stringValue:
		d.Requirement = v.text
	case tableValue:
		readDetails(&r, &d, v)
	default:
		return d, v.fault("invalid type: %s, expected a version string like \"0.9.8\" or a detailed dependency like "+
			"{ version = \"0.9.8\" }", v.describe())
	}
	if r.err != nil {
		return d, r.err
	}
	for _, check := range []func(*Dependency, *value) error{checkPackageName, checkSource, checkRequirement} {
		if err := check(&d, v); err != nil {
			return d, err
		}
	}
	if err := checkDependencyFeatures(d, v); err != nil {
		return d, err
	}
	if p := v.get("path"); p != nil {
		joined, err := joinPath(dir, p.text)
		if err != nil {
			return d, pathError(p, fmt.Sprintf("the path of dependency `%s`", key), p.text, err)
		}
		d.Path = joined
	}
	return d, nil
}

func readDetails(r *reader, d *Dependency, v *value) {
	d.Requirement = r.str(v.get("version"))
	if p := v.get("package"); p != nil {
		d.Package = r.str(p)
	}
	r.str(v.get("path"))
	d.Registry = r.str(v.get("registry"))
	d.RegistryIndex = r.str(v.get("registry-index"))
	d.Features = r.strs(v.get("features"))
	d.Optional = r.boolean(v.get("optional"), false)
	d.DefaultFeatures = r.boolean(v.first("default-features", "default_features"), true)
	d.Artifact = r.strOrStrs(v.get("artifact"))
	git := GitReference{
		URL: r.str(v.get("git")), Branch: r.str(v.get("branch")),
		Tag: r.str(v.get("tag")), Rev: r.str(v.get("rev")),
	}
	if v.get("git") != nil {
		d.Git = &git
	} else if stray := v.first("branch", "tag", "rev"); stray != nil {
		r.fail(stray.fault("key `%s` is ignored for dependency (%s).", strings.TrimSpace(keyOf(v, stray)), d.Key))
	}
	if base := v.get("base"); base != nil {
		r.fail(base.fault("the cargo feature `path-bases` requires a nightly version of Cargo"))
	}
}

// keyOf returns the key under which a table holds a field.
func keyOf(table, field *value) string {
	for _, key := range table.keys {
		if table.fields[key] == field {
			return key
		}
	}
	return ""
}

func checkPackageName(d *Dependency, v *value) error {
	if err := validateName(d.Package, "package name"); err != nil {
		return v.fault("%v", err)
	}
	if d.Registry != "" {
		if err := validateName(d.Registry, "registry name"); err != nil {
			return v.fault("%v", err)
		}
	}
	return nil
}

// checkSource refuses ambiguous or unusable places to take a package from.
func checkSource(d *Dependency, v *value) error {
	hasPath := v.get("path") != nil
	const ambiguous = "dependency (%s) specification is ambiguous. Only one of %s is allowed."
	switch {
	case d.Requirement == "" && v.get("version") == nil && v.kind == tableValue && !hasPath && d.Git == nil:
		return v.fault("dependency (%s) specified without providing a local path, Git repository, version, "+
			"or workspace dependency to use", d.Key)
	case d.Git != nil && hasPath:
		return v.fault(ambiguous, d.Key, "`git` or `path`")
	case d.Registry != "" && d.RegistryIndex != "":
		return v.fault(ambiguous, d.Key, "`registry` or `registry-index`")
	}
	if d.RegistryIndex != "" {
		if err := checkURL(v.get("registry-index"), strings.TrimPrefix(d.RegistryIndex, "sparse+"), d.Key); err != nil {
			return err
		}
	}
	if d.Git == nil {
		return nil
	}
	references := 0
	for _, ref := range []string{"branch", "tag", "rev"} {
		if v.get(ref) != nil {
			references++
		}
	}
	if references > 1 {
		return v.fault(ambiguous, d.Key, "`branch`, `tag` or `rev`")
	}
	return checkURL(v.get("git"), d.Git.URL, d.Key)
}

// checkURL refuses a URL that is malformed or holds credentials, without
// repeating those.
func checkURL(v *value, written, key string) error {
	_, err := parseURL(written)
	if err == nil {
		return nil
	}
	fault := v.fault("dependency (%s): %v", key, err)
	if user, rest, ok := strings.Cut(written, "@"); ok && !strings.Contains(written, "://") && !strings.Contains(user, ":") {
		if host, repository, ok := strings.Cut(rest, ":"); ok {
			fault.Fix = fmt.Sprintf("Cargo needs a URL: write the address as `ssh://%s@%s/%s`.", user, host, repository)
		}
	}
	if err == errCredentials {
		fault.Err = errCredentials
		fault.Fix = "Remove user and password from the URL, and give the token as a build secret. " +
			"Consider the one written here as leaked."
	}
	return fault
}

func checkRequirement(d *Dependency, v *value) error {
	if v.kind == tableValue && v.get("version") == nil {
		return nil
	}
	if _, err := parseRequirement(d.Requirement); err != nil {
		at := v
		if version := v.get("version"); version != nil {
			at = version
		}
		return at.fault("failed to parse the version requirement `%s` for dependency `%s`: %v", d.Requirement, d.Key, err)
	}
	return nil
}

func checkDependencyFeatures(d Dependency, v *value) error {
	for _, feature := range d.Features {
		switch {
		case strings.Contains(feature, "/"):
			return v.fault("feature `%s` in dependency `%s` is not allowed to contain slashes", feature, d.Key)
		case strings.HasPrefix(feature, "dep:"):
			return v.fault("feature `%s` in dependency `%s` is not allowed to use explicit `dep:` syntax", feature, d.Key)
		}
	}
	return nil
}

// manifestPath is the Cargo.toml of a path dependency.
func (d Dependency) manifestPath() string { return path.Join(d.Path, "Cargo.toml") }
