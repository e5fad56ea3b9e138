package plan

import "strings"

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

func (g *stubs) overrides(all map[string]any) map[string]any {
	kept := map[string]any{}
	for spec, override := range all {
		name := specName(spec)
		for i := range g.c.locked {
			if p := g.ws.Lock.Packages[i]; spec == "*" || p.Name == name && p.Source != "" {
				kept[spec] = override
			}
		}
	}
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
