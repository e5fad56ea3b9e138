package cargo

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"
)

// patches reads [patch] and [replace] of the root manifest, and [patch] of the
// configuration.
func (l *loader) patches(ws *Workspace, root *manifest) error {
	var r reader
	replace := r.table(root.doc.root.get("replace"))
	patch := r.table(root.doc.root.get("patch"))
	switch {
	case r.err != nil:
		return r.err
	case patch != nil && replace != nil:
		return replace.fault("cannot specify both [replace] and [patch]")
	case patch != nil:
		if err := l.patchTables(ws, patch, root.dir); err != nil {
			return err
		}
	case replace != nil:
		if err := l.replacements(ws, replace, root.dir); err != nil {
			return err
		}
	}
	if err := l.configPatches(ws); err != nil {
		return err
	}
	sort.SliceStable(ws.Patches, func(i, j int) bool {
		x, y := ws.Patches[i], ws.Patches[j]
		if x.Source != y.Source {
			return x.Source < y.Source
		}
		return x.Key < y.Key
	})
	return nil
}

// patchTables reads the tables of a [patch]; dir is what their paths are
// relative to.
func (l *loader) patchTables(ws *Workspace, patch *value, dir string) error {
	var r reader
	for _, source := range patch.keys {
		table := r.table(patch.fields[source])
		if r.err != nil {
			return r.err
		}
		if strings.Contains(source, "://") {
			if err := checkURL(table, strings.TrimPrefix(source, "sparse+"), "patch"); err != nil {
				return err
			}
		}
		for _, key := range table.keys {
			d, err := readDependency(key, table.fields[key], dir)
			if err != nil {
				return err
			}
			d.Kind = NormalDependency
			ws.Patches = append(ws.Patches, Patch{Source: source, Dependency: d})
		}
	}
	return nil
}

// replacements reads the older [replace], whose keys are package id specs. The
// entry is kept under the source and the name that the spec has.
func (l *loader) replacements(ws *Workspace, replace *value, dir string) error {
	for _, spec := range replace.keys {
		v := replace.fields[spec]
		source, name, version := splitSpec(spec)
		if _, err := parseVersion(version); err != nil {
			return v.fault("replacements must specify a valid semver version to replace, but `%s` does not", spec)
		}
		if v.kind == stringValue || v.get("version") != nil {
			return v.fault("replacements cannot specify a version requirement, but found one for `%s`", spec)
		}
		d, err := readDependency(name, v, dir)
		if err != nil {
			return err
		}
		d.Kind, d.Requirement = NormalDependency, "="+version
		ws.Patches = append(ws.Patches, Patch{Source: source, Dependency: d})
	}
	return nil
}

// splitSpec splits "name:version", "name@version" or "URL#name:version".
func splitSpec(spec string) (source, name, version string) {
	source = "crates-io"
	if url, rest, ok := strings.Cut(spec, "#"); ok {
		source, spec = url, rest
	}
	if i := strings.IndexAny(spec, ":@"); i >= 0 {
		return source, spec[:i], spec[i+1:]
	}
	return source, spec, ""
}

// configPatches reads [patch] of the configuration files. Their paths are
// relative to the directory that holds .cargo.
func (l *loader) configPatches(ws *Workspace) error {
	for _, name := range ws.Config.Paths {
		doc, err := parseTOML(name, fmt.Sprintf("could not parse TOML configuration in `%s`", name), l.tree.files[name])
		if err != nil {
			return err
		}
		var r reader
		patch := r.table(doc.root.get("patch"))
		if r.err != nil {
			return r.err
		}
		if patch != nil {
			if err := l.patchTables(ws, patch, path.Dir(path.Dir(name))); err != nil {
				return err
			}
		}
	}
	return nil
}

// pathPackages loads the local packages that are not members.
func (l *loader) pathPackages(ws *Workspace) error {
	seen := map[string]bool{}
	for _, p := range ws.Members {
		seen[p.Dir] = true
	}
	var queue []Dependency
	for _, p := range ws.Members {
		queue = append(queue, p.Dependencies...)
	}
	for _, patch := range ws.Patches {
		queue = append(queue, patch.Dependency)
	}
	for ; len(queue) > 0; queue = queue[1:] {
		d := queue[0]
		if d.Path == "" || seen[d.Path] {
			continue
		}
		seen[d.Path] = true
		p, err := l.pathPackage(d)
		if err != nil {
			return err
		}
		if p == nil {
			continue
		}
		ws.PathPackages = append(ws.PathPackages, p)
		for _, next := range p.Dependencies {
			// Cargo resolves development dependencies of members only, and
			// looks at an optional dependency only when something enables it.
			if next.Kind == DevDependency || next.Optional && next.Path != "" && !l.tree.exists(next.manifestPath()) {
				continue
			}
			queue = append(queue, next)
		}
	}
	sort.Slice(ws.PathPackages, func(i, j int) bool { return ws.PathPackages[i].Dir < ws.PathPackages[j].Dir })
	return nil
}

// otherRoots finds the roots of other workspaces that path packages inherit
// from, unless they are path packages themselves. Cargo reads nothing of them
// but the root manifest, and wants the targets of that to exist.
func (l *loader) otherRoots(ws *Workspace) error {
	local := map[string]bool{ws.RootManifest: true}
	for _, p := range ws.PathPackages {
		local[p.Manifest] = true
	}
	for _, name := range sortedKeys(l.inherited) {
		if local[name] {
			continue
		}
		m := l.manifests[name]
		root := &Package{Dir: m.dir, Manifest: m.path}
		if m.pkg != nil {
			var err error
			if root, err = l.pkg(m); err != nil {
				return err
			}
		}
		ws.OtherRoots = append(ws.OtherRoots, root)
	}
	return nil
}

func (l *loader) pathPackage(d Dependency) (*Package, error) {
	m, err := l.manifest(d.manifestPath(), d.Span)
	if err != nil {
		var fault *Error
		if errors.As(err, &fault) && errors.Is(err, fs.ErrNotExist) {
			return nil, dependencyFault(d, err)
		}
		return nil, err
	}
	if m.pkg == nil {
		return nil, &Error{Span: d.Span, Message: fmt.Sprintf("failed to load manifest for dependency `%s`: found a virtual manifest "+
			"at `%s` instead of a package manifest", d.Package, m.path), Fix: "Point the path at the directory of a package."}
	}
	return l.pkg(m)
}
