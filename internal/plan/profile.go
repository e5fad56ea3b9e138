package plan

import (
	"maps"
	"strings"
)

// builtinParents are the profiles that a built-in profile takes its settings
// from. https://doc.rust-lang.org/cargo/reference/profiles.html
var builtinParents = map[string]string{"bench": "release", "test": "dev"}

// profiles are the profile that is built and those it inherits from, without
// overrides for packages that are not in the closure: edits of the others must
// not recompile it.
func (g *stubs) profiles() map[string]any { return g.profilesWith(g.overrides) }

// profilesWith chooses the overrides by a function.
func (g *stubs) profilesWith(choose func(all map[string]any) map[string]any) map[string]any {
	out := map[string]any{}
	seen := map[string]bool{}
	for name := g.o.Profile; name != "" && !seen[name]; {
		seen[name] = true
		profile := g.ws.Profiles[name]
		kept := map[string]any{}
		for k, v := range profile {
			if overrides, ok := v.(map[string]any); ok && k == "package" {
				if overrides = choose(overrides); len(overrides) == 0 {
					continue
				}
				v = overrides
			}
			kept[k] = v
		}
		if len(kept) > 0 {
			out[name] = kept
		}
		parent, ok := profile["inherits"].(string)
		if !ok {
			parent = builtinParents[name]
		}
		name = parent
	}
	return out
}

// overrides are those of the third-party packages in the closure.
func (g *stubs) overrides(all map[string]any) map[string]any {
	names := map[string]bool{}
	for i := range g.c.locked {
		if p := g.ws.Lock.Packages[i]; p.Source != "" {
			names[p.Name] = true
		}
	}
	return overridesOf(all, names)
}

// overridesOf are the overrides of the named packages and of all packages.
func overridesOf(all map[string]any, names map[string]bool) map[string]any {
	kept := maps.Clone(all)
	maps.DeleteFunc(kept, func(spec string, _ any) bool { return spec != "*" && !names[specName(spec)] })
	return kept
}

// specName is the name in a package id specification.
// https://doc.rust-lang.org/cargo/reference/pkgid-spec.html
func specName(spec string) string {
	name := spec[strings.LastIndexAny(spec, "/#")+1:]
	name, _, _ = strings.Cut(name, "@")
	name, _, _ = strings.Cut(name, ":")
	return name
}
