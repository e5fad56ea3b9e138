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
	f := &ltoFlow{units: g, modes: make([]lto, len(g.Units))}
	for _, r := range g.Roots {
		f.pending = append(f.pending, ltoRequest{unit: r, parent: ofRoot(&g.Units[r])})
	}
	f.run()
	return f.modes
}

// ltoFlow carries modes from dependents to dependencies until none changes. A
// unit's mode only ever grows, from unknown to bitcode or objects, then to
// both, so that it is passed on a few times at most, in whatever order the
// requests are served; and the list of them, unlike a recursion, has no depth.
type ltoFlow struct {
	units   *units
	modes   []lto
	pending []ltoRequest
	// served counts requests.
	served int
}

// ltoRequest is what a dependent in mode parent asks of a unit.
type ltoRequest struct {
	unit   int
	parent lto
}

func (f *ltoFlow) run() {
	for len(f.pending) > 0 {
		r := f.pending[len(f.pending)-1]
		f.pending = f.pending[:len(f.pending)-1]
		f.served++
		u := &f.units.Units[r.unit]
		mode := merge(f.modes[r.unit], own(u, r.parent))
		if mode == f.modes[r.unit] {
			continue
		}
		f.modes[r.unit] = mode
		for _, d := range u.Dependencies {
			f.pending = append(f.pending, ltoRequest{unit: d.Index, parent: mode})
		}
	}
}

// ofRoot is the mode that cargo starts with at a root.
func ofRoot(u *unit) lto {
	switch {
	case u.Profile.LTO == "false":
		return ltoOnlyObject
	case u.Profile.LTO == "off":
		return ltoOff
	case u.forHost():
		return ltoOnlyObject
	case needsObject(u):
		return withObject(u)
	}
	return ltoOnlyBitcode
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
