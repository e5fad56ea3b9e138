package cargo

import (
	"errors"
	"fmt"
	"slices"
)

// errStale is a lock file that cargo has to bring up to date.
var errStale = errors.New("the lock file is older than the manifests")

// checkLock finds out whether the lock file is older than the manifests, as
// far as that shows without resolving: every local package that cargo must
// resolve has its entry, and each of its dependencies its package.
func (w *Workspace) checkLock() error {
	w.Lock.local = map[string]string{}
	for dir, p := range w.byDir {
		w.Lock.local[dir] = p.Version
	}
	seen := map[*Package]bool{}
	for _, p := range w.Members {
		seen[p] = true // so that a dependency on a member does not check it as a path package
	}
	for _, p := range w.Members {
		if err := w.checkPackage(p, true, seen); err != nil {
			return err
		}
	}
	return nil
}

// checkPackage checks a package and the local packages that it needs. Of a
// package that is no member, cargo resolves no development dependencies and
// only those optional ones that something enables, which is not known here.
func (w *Workspace) checkPackage(p *Package, member bool, seen map[*Package]bool) error {
	if !member && seen[p] {
		return nil
	}
	seen[p] = true
	entry, ok := w.LockEntry(p)
	if !ok {
		at := p.Span("package.version")
		if !w.hasLocal(p.Name) {
			at = p.Span("package.name")
		}
		return w.staleLock(at, fmt.Sprintf("package `%s` %s is not in it", p.Name, p.Version))
	}
	for _, d := range p.Dependencies {
		if !member && (d.Optional || d.Kind == DevDependency) {
			continue
		}
		if err := w.checkDependency(entry, d, seen); err != nil {
			return err
		}
	}
	return nil
}

func (w *Workspace) checkDependency(entry int, d Dependency, seen map[*Package]bool) error {
	if len(d.Artifact) > 0 {
		return nil
	}
	if p := w.PackageAt(d.Path); d.Path != "" && p != nil && p.Name != d.Package {
		return &Error{Span: d.Span,
			Message: fmt.Sprintf("no matching package named `%s` found\nlocation searched: `%s`, which holds `%s`", d.Package, p.Dir, p.Name),
			Fix:     fmt.Sprintf("Write `package = %q` in the dependency, or correct its path.", p.Name)}
	}
	index, sameSource, ok := w.Lock.resolve(entry, d, w.Config)
	if !ok || !sameSource && !w.patched(d) {
		if !ok && w.isSelf(entry, d) {
			return nil
		}
		return w.staleLock(d.Span, fmt.Sprintf("no package in it is the dependency `%s` of `%s`", d.Key, w.Lock.Packages[entry].Name))
	}
	if d.Path == "" || w.Lock.Packages[index].Source != "" {
		return nil
	}
	if p := w.PackageAt(d.Path); p != nil {
		return w.checkPackage(p, false, seen)
	}
	return nil
}

// isSelf reports whether a package depends on itself, as development
// dependencies may, which the lock file does not record.
func (w *Workspace) isSelf(entry int, d Dependency) bool {
	pkg := w.Lock.Packages[entry]
	return pkg.Name == d.Package && d.Path != "" && w.Lock.local[d.Path] == pkg.Version
}

// patched reports whether a patch, a replacement or a configured path may put
// another source in the place of the one that a dependency names.
func (w *Workspace) patched(d Dependency) bool {
	for _, p := range w.Patches {
		if p.Package == d.Package {
			return true
		}
	}
	_, replacesSources := w.Config.Values["source"]
	_, overrides := w.Config.Values["paths"]
	return replacesSources || overrides
}

func (w *Workspace) hasLocal(name string) bool {
	return slices.ContainsFunc(w.Lock.Packages, func(p LockPackage) bool { return p.Name == name && p.Source == "" })
}

func (w *Workspace) staleLock(at Span, why string) error {
	return &Error{Span: at, Err: errStale,
		Message: fmt.Sprintf("the lock file `%s` needs to be updated but --locked was passed to prevent this: %s", w.Lock.Path, why),
		Fix:     "Run `cargo update --workspace` (or `cargo generate-lockfile`) and commit Cargo.lock."}
}
