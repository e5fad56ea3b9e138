package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
)

// Configure puts the options of the project's manifests below those that were
// parsed before the project was read. The table of a package counts when the
// image runs one of the package's binaries; which one that is, the other
// places and --target decide. Errors a user can cause are *[cargo.Error].
func Configure(ws *cargo.Workspace, o *options.Options) (*options.Options, error) {
	image := *o
	target, debug := debugTarget(ws, o)
	if debug {
		image.Target = target
	}
	merged, err := complete(ws, &image)
	if err != nil {
		return nil, err
	}
	if merged.Image.Init && !slices.Contains(merged.RuntimePackages, initProgram) {
		merged.RuntimePackages = append(merged.RuntimePackages, initProgram)
	}
	if !debug {
		return merged, nil
	}
	if merged.Image.Debug != options.DebugSplit {
		return nil, merged.Fault(options.KeyDebug, fmt.Sprintf("--target %s asks for debug information, which is not split off", o.Target),
			"set debug = \"split\", and debug information in the profile")
	}
	merged.DebugTarget = true
	return merged, nil
}

// debugSuffix follows the name of a binary or variant in a target that is its
// debug information.
const debugSuffix = ".debug"

// debugTarget is the target whose debug information --target asks for.
func debugTarget(ws *cargo.Workspace, o *options.Options) (target string, ok bool) {
	name, ok := strings.CutSuffix(o.Target, debugSuffix)
	if !ok || name == "" || options.HasVariant(ws.Settings, o.Target) {
		return "", false
	}
	taken := slices.ContainsFunc(candidates(ws.Members, o), func(c candidate) bool { return c.target.Name == o.Target }) ||
		slices.ContainsFunc(o.Variants(), func(v options.Variant) bool { return v.Name == o.Target }) ||
		slices.ContainsFunc(ws.Members, func(p *cargo.Package) bool { return options.HasVariant(p.Settings, o.Target) })
	return name, !taken
}

// complete puts the tables of the manifests and the chosen variant into place.
func complete(ws *cargo.Workspace, o *options.Options) (*options.Options, error) {
	m := options.Metadata{Workspace: ws.Settings}
	withWorkspace, err := o.With(m)
	if err != nil {
		return nil, err
	}
	pkg, err := chooseVariant(ws, withWorkspace, &m)
	if err != nil {
		return nil, err
	}
	if m.Variant != "" {
		if withWorkspace, err = o.With(m); err != nil {
			return nil, err
		}
	}
	if pkg == nil {
		pkg = imagePackage(ws, withWorkspace)
	}
	if pkg == nil || pkg.Settings == nil {
		return withWorkspace, nil
	}
	m.Package = pkg.Settings
	merged, err := o.With(m)
	if err != nil {
		return nil, err
	}
	return merged, checkStays(ws, merged, pkg)
}

// chooseVariant finds the variant that --target names, if it names one, and
// the package whose own variant it is, nil when it is the project's.
func chooseVariant(ws *cargo.Workspace, o *options.Options, m *options.Metadata) (*cargo.Package, error) {
	if o.Target == "" {
		return nil, nil
	}
	var owners []*cargo.Package
	for _, p := range ws.Members {
		if options.HasVariant(p.Settings, o.Target) && (o.Package == "" || matchesSpec(p, o.Package)) {
			owners = append(owners, p)
		}
	}
	span := cargo.Span{}
	for _, v := range o.Variants() {
		if v.Name == o.Target {
			span = v.Span
		}
	}
	switch {
	case span.File == "" && len(owners) == 0:
		return nil, nil // a binary, or nothing
	case span.File == "" && len(owners) > 1:
		return nil, &cargo.Error{
			Span:    owners[1].Settings.Span,
			Message: fmt.Sprintf("the packages %s have a variant `%s` each", names(owners), o.Target),
			Fix:     "name one with --build-arg package=NAME, or rename the variants",
		}
	case span.File == "":
		span = owners[0].Settings.Span
		m.Package = owners[0].Settings
	}
	for _, c := range candidates(ws.Members, o) {
		if c.target.Name == o.Target {
			return nil, &cargo.Error{
				Span:    span,
				Message: fmt.Sprintf("the variant `%s` has the name of a binary of package `%s`", o.Target, c.pkg.Name),
				Fix:     "rename the variant: --target names both",
			}
		}
	}
	m.Variant = o.Target
	if m.Package != nil {
		return owners[0], nil
	}
	return nil, nil
}

func names(packages []*cargo.Package) string {
	list := make([]string, len(packages))
	for i, p := range packages {
		list[i] = "`" + p.Name + "`"
	}
	return strings.Join(list, ", ")
}

// imagePackage is the package whose binary the image runs, nil when the
// options leave it open. A package's table may itself say which of several
// binaries it is.
func imagePackage(ws *cargo.Workspace, o *options.Options) *cargo.Package {
	if s, err := selectBinaries(ws, o); err == nil {
		return s.binaries[0].pkg
	}
	named := o.Target
	if named == "" && len(o.Bins) > 0 {
		named = o.Bins[0]
	}
	lists := [][]*cargo.Package{ws.DefaultMembers, ws.Members}
	if o.Package != "" || named != "" {
		lists = lists[1:]
	}
	for _, list := range lists {
		var found []*cargo.Package
		for _, c := range candidates(list, o) {
			if (named == "" || c.target.Name == named) && (len(found) == 0 || found[len(found)-1] != c.pkg) {
				found = append(found, c.pkg)
			}
		}
		if len(found) == 1 {
			return found[0]
		}
		if len(found) > 1 {
			return nil
		}
	}
	return nil
}

// checkStays refuses a package's table that makes the image run a binary of
// another package: then it would be that package's table that counts.
func checkStays(ws *cargo.Workspace, o *options.Options, pkg *cargo.Package) error {
	s, err := selectBinaries(ws, o)
	if err != nil || s.binaries[0].pkg == pkg {
		return nil // planning reports an error with its place
	}
	return &cargo.Error{
		Span: spanOr(o.Spans[options.KeyBins], pkg.Settings.Span),
		Message: fmt.Sprintf("the options of package `%s` make the image run `%s` of package `%s`",
			pkg.Name, s.binaries[0].target.Name, s.binaries[0].pkg.Name),
		Fix: "move them to [workspace.metadata.rustfile] or to the Rustfile",
	}
}
