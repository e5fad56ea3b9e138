package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
)

// builtinProfiles are the profiles that need no table in a manifest.
var builtinProfiles = []string{"bench", "dev", "release", "test"}

// checkProfile refuses a profile that the project does not define. Cargo would
// say so too, but only inside of a vertex, when everything was downloaded.
func checkProfile(ws *cargo.Workspace, o *options.Options) error {
	known := slices.Concat(builtinProfiles, slices.Collect(maps.Keys(ws.Profiles)))
	if configured, ok := ws.Config.Values["profile"].(map[string]any); ok {
		known = append(known, slices.Collect(maps.Keys(configured))...)
	}
	if slices.Contains(known, o.Profile) {
		return nil
	}
	slices.Sort(known)
	return &cargo.Error{
		Span:    spanOr(o.Spans["profile"], rootSpan(ws)),
		Message: fmt.Sprintf("profile `%s` is not defined", o.Profile),
		Fix: fmt.Sprintf("profiles: %s; define another in a [profile.%s] table of %s",
			strings.Join(slices.Compact(known), ", "), o.Profile, ws.RootManifest),
	}
}

// checkFeatures refuses a feature that no selected package has. Features of
// dependencies are left for cargo to judge.
func checkFeatures(ws *cargo.Workspace, o *options.Options, s *selection) error {
	for _, f := range o.Features {
		candidates := s.packages()
		name := f
		if of, feature, ok := strings.Cut(f, "/"); ok {
			i := slices.IndexFunc(ws.Members, func(p *cargo.Package) bool { return p.Name == of })
			if i < 0 {
				continue
			}
			candidates, name = ws.Members[i:i+1], feature
		}
		if !slices.ContainsFunc(candidates, func(p *cargo.Package) bool { return hasFeature(p, name) }) {
			return unknownFeature(o, candidates, name)
		}
	}
	return nil
}

func hasFeature(p *cargo.Package, name string) bool {
	_, ok := p.Features[name]
	return ok || name == "default"
}

func unknownFeature(o *options.Options, packages []*cargo.Package, name string) error {
	var names, features []string
	for _, p := range packages {
		names = append(names, "`"+p.Name+"`")
		features = slices.AppendSeq(features, maps.Keys(p.Features))
	}
	slices.Sort(features)
	e := &cargo.Error{
		Span:    spanOr(o.Spans["features"], packages[0].Span("package.name")),
		Message: fmt.Sprintf("package %s has no feature `%s`", strings.Join(names, ", "), name),
		Fix:     "features: " + strings.Join(slices.Compact(features), ", "),
	}
	if len(features) == 0 {
		e.Fix = "the package has no features; leave features away"
	}
	return e
}
