package unitgraph

import "slices"

// lto is what cargo asks rustc for with regard to link-time optimisation.
type lto int

const (
	ltoUnknown lto = iota
	ltoRun
	ltoOff
	ltoOnlyBitcode
	ltoObjectAndBitcode
	ltoOnlyObject
)

// ltoModes works out the mode of each unit. It flows from the programs to what
// they depend on, so it is no property of a unit and its dependencies; and it
// changes the name of the compiled library.
// The rules are those of https://github.com/rust-lang/cargo/blob/master/src/cargo/core/compiler/lto.rs
func ltoModes(g *units) []lto {
	modes := make([]lto, len(g.Units))
	for _, r := range g.Roots {
		u := &g.Units[r]
		from := ltoOnlyBitcode
		switch {
		case u.Profile.LTO == "false":
			from = ltoOnlyObject
		case u.Profile.LTO == "off":
			from = ltoOff
		case u.forHost():
			from = ltoOnlyObject
		case needsObject(u):
			from = withObject(u)
		}
		flow(g, modes, r, from)
	}
	return modes
}

// flow visits a unit from a dependent in mode parent.
func flow(g *units, modes []lto, at int, parent lto) {
	u := &g.Units[at]
	mode := merge(modes[at], own(u, parent))
	if mode == modes[at] {
		return
	}
	modes[at] = mode
	for _, d := range u.Dependencies {
		flow(g, modes, d.Index, mode)
	}
}

// own is the mode that a dependent in mode parent asks of a unit.
func own(u *unit, parent lto) lto {
	switch {
	case u.forHost():
		return ltoOnlyObject
	case every(u, "bin", "staticlib", "cdylib"):
		switch u.Profile.LTO {
		case "false":
			return ltoOnlyObject
		case "off":
			return ltoOff
		}
		return ltoRun
	}
	object := needsObject(u)
	switch {
	case parent == ltoRun && !object:
		return ltoOnlyBitcode
	case (parent == ltoRun || parent == ltoOnlyBitcode) && object:
		return withObject(u)
	}
	return parent
}

// merge is the mode that serves two dependents.
func merge(a, b lto) lto {
	switch {
	case a == ltoUnknown || a == b:
		return b
	case a == ltoRun || b == ltoRun:
		return ltoRun
	case a == ltoOff || b == ltoOff:
		return ltoOff
	}
	return ltoObjectAndBitcode
}

func needsObject(u *unit) bool {
	return slices.ContainsFunc(u.Target.CrateTypes, func(t string) bool {
		return slices.Contains([]string{"bin", "staticlib", "cdylib", "dylib", "proc-macro"}, t)
	})
}

func withObject(u *unit) lto {
	if every(u, "dylib") {
		return ltoOnlyObject
	}
	return ltoObjectAndBitcode
}

// every reports whether all crate types of a unit are among types.
func every(u *unit, types ...string) bool {
	return !slices.ContainsFunc(u.Target.CrateTypes, func(t string) bool { return !slices.Contains(types, t) })
}
