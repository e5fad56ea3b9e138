package unitgraph

import (
	"encoding/json"
	"fmt"
	"slices"
)

// formatVersion is the version of the unit graph's JSON form that is known.
// https://doc.rust-lang.org/cargo/reference/unstable.html#unit-graph
const formatVersion = 1

// unit is a unit of cargo's unit graph: one call of rustc, or one run of a
// build script.
type unit struct {
	PackageID string `json:"pkg_id"`
	Target    struct {
		Kind       []string `json:"kind"`
		CrateTypes []string `json:"crate_types"`
		Name       string   `json:"name"`
	} `json:"target"`
	Profile struct {
		LTO string `json:"lto"`
	} `json:"profile"`
	// Platform is the target triple, nil for the build machine.
	Platform     *string          `json:"platform"`
	Mode         string           `json:"mode"`
	Features     []string         `json:"features"`
	IsStd        bool             `json:"is_std"`
	Dependencies []unitDependency `json:"dependencies"`
}

// unitDependency is the index of a unit that another needs.
type unitDependency struct {
	Index int `json:"index"`
}

// units is the whole unit graph.
type units struct {
	Version int    `json:"version"`
	Units   []unit `json:"units"`
	Roots   []int  `json:"roots"`
}

// The modes of units that a build of programs has.
const (
	modeBuild     = "build"
	modeRunScript = "run-custom-build"
)

func parseUnits(data []byte) (*units, error) {
	var g units
	if err := json.Unmarshal(data, &g); err != nil {
		return nil, fmt.Errorf("cargo's unit graph is not valid JSON: %w", err)
	}
	if g.Version != formatVersion {
		return nil, fmt.Errorf("cargo's unit graph has version %d, and only %d is known", g.Version, formatVersion)
	}
	for i, u := range g.Units {
		if u.Mode != modeBuild && u.Mode != modeRunScript {
			return nil, fmt.Errorf("cargo's unit graph has a unit of mode %q", u.Mode)
		}
		if u.IsStd {
			return nil, fmt.Errorf("the standard library is built from source")
		}
		for _, d := range u.Dependencies {
			if d.Index < 0 || d.Index >= len(g.Units) {
				return nil, fmt.Errorf("cargo's unit graph has no unit %d, which unit %d depends on", d.Index, i)
			}
		}
	}
	for _, r := range g.Roots {
		if r < 0 || r >= len(g.Units) {
			return nil, fmt.Errorf("cargo's unit graph has no unit %d, which is a root", r)
		}
	}
	return &g, nil
}

func (u *unit) host() bool { return u.Platform == nil }

// script reports whether the unit compiles or runs a build script.
func (u *unit) script() bool { return slices.Contains(u.Target.Kind, "custom-build") }

// bin reports whether the unit is a program.
func (u *unit) bin() bool { return slices.Contains(u.Target.Kind, "bin") }

// linked reports whether the linker makes the unit, and it is no program.
func (u *unit) linked() bool {
	return slices.Contains(u.Target.CrateTypes, "cdylib") || slices.Contains(u.Target.CrateTypes, "dylib")
}

// forHost reports whether cargo only ever compiles the target for the build
// machine.
func (u *unit) forHost() bool { return u.script() || slices.Contains(u.Target.Kind, "proc-macro") }

// metadata is the part of cargo metadata that is used.
// https://doc.rust-lang.org/cargo/commands/cargo-metadata.html#json-format
type metadata struct {
	Packages []metadataPackage `json:"packages"`
	Resolve  struct {
		Nodes []resolveNode `json:"nodes"`
	} `json:"resolve"`
}

// metadataPackage is a package as its manifest declares it.
type metadataPackage struct {
	ID           string              `json:"id"`
	Name         string              `json:"name"`
	Version      string              `json:"version"`
	Source       string              `json:"source"`
	License      string              `json:"license"`
	Features     map[string][]string `json:"features"`
	Dependencies []dependency        `json:"dependencies"`
	// Metadata can be of any type.
	Metadata json.RawMessage `json:"metadata"`
}

// systemDeps is [package.metadata.system-deps], nil when there is none.
// https://docs.rs/system-deps
func (p *metadataPackage) systemDeps() map[string]any {
	var m struct {
		SystemDeps map[string]any `json:"system-deps"`
	}
	if json.Unmarshal(p.Metadata, &m) != nil {
		return nil
	}
	return m.SystemDeps
}

// resolveNode is what cargo chose for a package.
type resolveNode struct {
	ID           string   `json:"id"`
	Dependencies []choice `json:"deps"`
}

// choice is a package that cargo chose for dependencies of another.
type choice struct {
	// Name is what the dependent's code calls the library.
	Name    string      `json:"name"`
	Package string      `json:"pkg"`
	Tables  []tableName `json:"dep_kinds"`
}

// tableName is a table of dependencies: "", "build" or "dev", for all targets
// or for some.
type tableName struct {
	Kind   string `json:"kind"`
	Target string `json:"target"`
}

// dependency is a dependency as a package declares it.
type dependency struct {
	Name            string   `json:"name"`
	Source          string   `json:"source"`
	Requirement     string   `json:"req"`
	Kind            string   `json:"kind"`
	Target          string   `json:"target"`
	Rename          string   `json:"rename"`
	Optional        bool     `json:"optional"`
	DefaultFeatures bool     `json:"uses_default_features"`
	Features        []string `json:"features"`
}

// key is the name that the package's own manifest gives the dependency.
func (d dependency) key() string {
	if d.Rename != "" {
		return d.Rename
	}
	return d.Name
}
