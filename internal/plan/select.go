package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
)

// selection is the requested binaries, the entrypoint first.
type selection struct {
	binaries []candidate
}

// packages are the packages of the selected binaries, sorted by directory.
func (s *selection) packages() []*cargo.Package {
	var out []*cargo.Package
	for _, b := range s.binaries {
		if !slices.Contains(out, b.pkg) {
			out = append(out, b.pkg)
		}
	}
	slices.SortFunc(out, func(a, b *cargo.Package) int { return strings.Compare(a.Dir, b.Dir) })
	return out
}

// candidate is a binary that could be asked for.
type candidate struct {
	pkg    *cargo.Package
	target cargo.Target
}

// Candidates lists the names of the binaries a user can ask for, in the order
// of their packages' directories.
func Candidates(ws *cargo.Workspace, o *options.Options) []Binary {
	var out []Binary
	for _, c := range candidates(ws.Members, o) {
		out = append(out, Binary{Name: c.target.Name, Package: c.pkg.Name})
	}
	return out
}

func candidates(packages []*cargo.Package, o *options.Options) []candidate {
	var out []candidate
	for _, p := range packages {
		if o.Package != "" && !matchesSpec(p, o.Package) {
			continue
		}
		for _, t := range p.Targets {
			if t.Kind == cargo.KindBin {
				out = append(out, candidate{p, t})
			}
		}
	}
	return out
}

// selectBinaries finds the binaries that o asks for: the target first, then
// the named bins; when nothing is named, the only candidate or default-run.
func selectBinaries(ws *cargo.Workspace, o *options.Options) (*selection, error) {
	if err := checkPackage(ws, o); err != nil {
		return nil, err
	}
	names := slices.Clone(o.Bins)
	if o.Target != "" {
		names = slices.DeleteFunc(names, func(n string) bool { return n == o.Target })
		names = slices.Insert(names, 0, o.Target)
	}
	s := &selection{}
	if len(names) == 0 {
		c, err := defaultBinary(ws, o)
		if err != nil {
			return nil, err
		}
		s.binaries = []candidate{c}
	}
	all := candidates(ws.Members, o)
	for _, name := range names {
		c, err := findBinary(ws, o, all, name)
		if err != nil {
			return nil, err
		}
		s.binaries = append(s.binaries, c)
	}
	for _, c := range s.binaries {
		if err := checkRequiredFeatures(c, o); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// matchesSpec reports whether a package is the one that NAME or NAME@VERSION means.
func matchesSpec(p *cargo.Package, spec string) bool {
	name, version, pinned := strings.Cut(spec, "@")
	return p.Name == name && (!pinned || p.Version == version)
}

func checkPackage(ws *cargo.Workspace, o *options.Options) error {
	if o.Package == "" {
		return nil
	}
	var names []string
	for _, p := range ws.Members {
		if matchesSpec(p, o.Package) {
			return nil
		}
		names = append(names, p.Name)
	}
	return &cargo.Error{
		Span:    spanOr(o.Spans["package"], rootSpan(ws)),
		Message: fmt.Sprintf("no workspace member is called `%s`", o.Package),
		Fix:     "members: " + strings.Join(names, ", "),
	}
}

func findBinary(ws *cargo.Workspace, o *options.Options, all []candidate, name string) (candidate, error) {
	var found []candidate
	for _, c := range all {
		if c.target.Name == name {
			found = append(found, c)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		e := &cargo.Error{
			Span:    spanOr(o.Spans["bins"], rootSpan(ws)),
			Message: fmt.Sprintf("no binary is called `%s`", name),
			Fix:     "binaries: " + listCandidates(all),
		}
		if len(all) == 0 {
			e.Message, e.Fix = noBinary(ws)
		}
		return candidate{}, e
	}
	var packages []string
	for _, c := range found {
		packages = append(packages, c.pkg.Name)
	}
	return candidate{}, &cargo.Error{
		Span:    found[0].target.Span,
		Message: fmt.Sprintf("%d packages have a binary called `%s`", len(found), name),
		Fix:     "choose one with --build-arg package=NAME: " + strings.Join(packages, ", "),
	}
}

func defaultBinary(ws *cargo.Workspace, o *options.Options) (candidate, error) {
	roots := ws.DefaultMembers
	if o.Package != "" {
		roots = ws.Members
	}
	all := candidates(roots, o)
	if len(all) == 0 {
		all = candidates(ws.Members, o)
	}
	if len(all) == 0 {
		message, fix := noBinary(ws)
		return candidate{}, &cargo.Error{Span: rootSpan(ws), Message: message, Fix: fix}
	}
	if len(all) == 1 {
		return all[0], nil
	}
	var defaults, buildable []candidate
	for _, c := range all {
		if c.pkg.DefaultRun == c.target.Name {
			defaults = append(defaults, c)
		}
		if len(missingFeatures(c, o)) == 0 {
			buildable = append(buildable, c)
		}
	}
	if len(defaults) == 1 {
		return defaults[0], nil
	}
	if len(buildable) == 1 {
		return buildable[0], nil
	}
	return candidate{}, &cargo.Error{
		Span:    rootSpan(ws),
		Message: "the project has several binaries and the build does not say which one the image is for",
		Fix: "choose one with --target NAME, or set default-run in its package's Cargo.toml; binaries: " +
			listCandidates(all),
	}
}

func noBinary(ws *cargo.Workspace) (message, fix string) {
	return "the project has no binary target, so there is nothing to put into an image",
		"add src/main.rs, a file in src/bin or a [[bin]] table to a package of " + ws.RootManifest
}

func checkRequiredFeatures(c candidate, o *options.Options) error {
	missing := missingFeatures(c, o)
	if len(missing) == 0 {
		return nil
	}
	return &cargo.Error{
		Span: spanOr(c.target.Span, c.pkg.Span("package.name")),
		Message: fmt.Sprintf("binary `%s` requires the features %s, which are not enabled",
			c.target.Name, strings.Join(missing, ", ")),
		Fix: "build with --build-arg features=" + strings.Join(append(slices.Clone(o.Features), missing...), ","),
	}
}

// missingFeatures are the required features of a binary that the options do
// not enable.
func missingFeatures(c candidate, o *options.Options) []string {
	if len(c.target.RequiredFeatures) == 0 || o.AllFeatures {
		return nil
	}
	enabled := enabledFeatures(c.pkg, o)
	var missing []string
	for _, f := range c.target.RequiredFeatures {
		// A dependency's feature ("dep/feat") is left for cargo to judge.
		if !strings.Contains(f, "/") && !enabled[f] {
			missing = append(missing, f)
		}
	}
	return missing
}

// enabledFeatures is the set of the package's own features that the options
// turn on, directly or through other features of the package.
func enabledFeatures(p *cargo.Package, o *options.Options) map[string]bool {
	on := map[string]bool{}
	queue := slices.Clone(o.Features)
	if !o.NoDefaultFeatures {
		queue = append(queue, "default")
	}
	for len(queue) > 0 {
		f := strings.TrimPrefix(queue[0], p.Name+"/")
		queue = queue[1:]
		if dep, _, ok := strings.Cut(f, "/"); ok {
			if strings.HasSuffix(dep, "?") {
				continue
			}
			f = dep // enabling a dependency's feature enables the dependency
		}
		if _, known := p.Features[f]; !known || on[f] {
			continue
		}
		on[f] = true
		queue = append(queue, p.Features[f]...)
	}
	return on
}

func listCandidates(all []candidate) string {
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = c.target.Name
		if len(c.target.RequiredFeatures) > 0 {
			names[i] += " (needs features " + strings.Join(c.target.RequiredFeatures, ",") + ")"
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}

func rootSpan(ws *cargo.Workspace) cargo.Span {
	if p := ws.PackageAt(ws.Root); p != nil {
		return p.Span("package.name")
	}
	return cargo.Span{File: ws.RootManifest, Start: cargo.Position{Line: 1, Column: 1}}
}

func spanOr(s, fallback cargo.Span) cargo.Span {
	if s.File == "" {
		return fallback
	}
	return s
}
