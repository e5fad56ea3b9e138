package unitgraph

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// cratesIO is how lock files write the source of a crate.
const cratesIO = "registry+https://github.com/rust-lang/crates.io-index"

// target is the target triple of synthetic units.
const target = "x86_64-unknown-linux-gnu"

// synthetic makes a unit graph from lines "name types dependencies". The types
// are crate types joined by "+"; or "script" and "run" for a build script,
// which belong to the package before the dot of the name. A "!" after the
// types puts the unit on the build machine. Units named root... are the roots,
// or the first is.
func synthetic(t testing.TB, lto string, lines ...string) *units {
	t.Helper()
	g := &units{Version: formatVersion}
	at := map[string]int{}
	for i, line := range lines {
		at[strings.Fields(line)[0]] = i
	}
	for i, line := range lines {
		fields := strings.Fields(line)
		var u unit
		name, _, _ := strings.Cut(fields[0], ".")
		types, host := strings.CutSuffix(fields[1], "!")
		u.PackageID, u.Mode, u.Profile.LTO, u.Target.Name = name, modeBuild, lto, name
		u.Target.Kind = strings.Split(types, "+")
		u.Target.CrateTypes = u.Target.Kind
		switch types {
		case "run":
			u.Mode = modeRunScript
			fallthrough
		case "script":
			u.Target.Kind, u.Target.CrateTypes, host = []string{"custom-build"}, []string{"bin"}, host || types == "script"
		case "proc-macro":
			host = true
		}
		if !host {
			triple := target
			u.Platform = &triple
		}
		for _, d := range fields[2:] {
			to, ok := at[d]
			if !ok {
				t.Fatalf("%q needs the unknown unit %s", line, d)
			}
			u.Dependencies = append(u.Dependencies, unitDependency{Index: to})
		}
		g.Units = append(g.Units, u)
		if strings.HasPrefix(name, "root") {
			g.Roots = append(g.Roots, i)
		}
	}
	if len(g.Roots) == 0 {
		g.Roots = []int{0}
	}
	return g
}

// packagesOf makes the metadata of a synthetic graph: of each package version
// 1.0.0 from crates.io, without dependencies.
func packagesOf(g *units) *metadata {
	m := &metadata{}
	known := map[string]bool{}
	for _, u := range g.Units {
		if !known[u.PackageID] {
			known[u.PackageID] = true
			m.add(metadataPackage{ID: u.PackageID, Name: u.PackageID, Version: "1.0.0", Source: cratesIO})
		}
	}
	return m
}

// add adds a package and what cargo chose for its dependencies.
func (m *metadata) add(p metadataPackage, choices ...choice) {
	m.Packages = append(m.Packages, p)
	m.Resolve.Nodes = append(m.Resolve.Nodes, resolveNode{ID: p.ID, Dependencies: choices})
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// graphOf is New for a graph and metadata that are no text yet.
func graphOf(t testing.TB, g *units, m *metadata) *Graph {
	t.Helper()
	out, err := New(marshal(t, g), marshal(t, m))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// permuted puts unit order[i] of a graph at position i.
func permuted(g *units, order []int) *units {
	at := make([]int, len(order))
	for to, from := range order {
		at[from] = to
	}
	out := &units{Version: g.Version}
	for _, from := range order {
		u := g.Units[from]
		u.Dependencies = slices.Clone(u.Dependencies)
		for i := range u.Dependencies {
			u.Dependencies[i].Index = at[u.Dependencies[i].Index]
		}
		slices.Reverse(u.Dependencies)
		out.Units = append(out.Units, u)
	}
	for _, r := range g.Roots {
		out.Roots = append(out.Roots, at[r])
	}
	return out
}

// modeNames are the modes as rustc's flags show them.
var modeNames = map[lto]string{
	ltoUnknown: "unknown", ltoRun: "run", ltoOff: "off", ltoOnlyBitcode: "bitcode", ltoObjectAndBitcode: "both", ltoOnlyObject: "objects",
}

// modesOf writes the mode of each unit of a graph.
func modesOf(g *units, modes []lto) string {
	var out []string
	for i, u := range g.Units {
		out = append(out, fmt.Sprintf("%s=%s", u.Target.Name, modeNames[modes[i]]))
	}
	return strings.Join(out, " ")
}
