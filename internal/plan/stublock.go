package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
)

// lock renders the lock file of the stub workspace: the packages of the
// closure as the project's lock file has them, under the stubs' names. Cargo
// takes its versions from it and drops what the stubs do not need.
func (g *stubs) lock() string {
	all := g.ws.Lock.Packages
	var kept []int
	for i := range all {
		if g.c.locked[i] {
			kept = append(kept, i)
		}
	}
	names := map[int]string{}
	for _, i := range kept {
		names[i] = all[i].Name
		if p := g.stubOf(i); p != nil {
			names[i] = g.name(p)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "version = %d\n", max(g.ws.Lock.Version, 3))
	slices.SortStableFunc(kept, func(a, b int) int { return strings.Compare(names[a], names[b]) })
	for _, i := range kept {
		p := all[i]
		fmt.Fprintf(&b, "\n[[package]]\nname = %q\nversion = %q\n", names[i], g.version(i))
		if p.Source != "" {
			fmt.Fprintf(&b, "source = %q\n", p.Source)
		}
		if p.Checksum != "" {
			fmt.Fprintf(&b, "checksum = %q\n", p.Checksum)
		}
		if deps := g.lockDependencies(i, names); len(deps) > 0 {
			fmt.Fprintf(&b, "dependencies = [\n")
			for _, d := range deps {
				fmt.Fprintf(&b, " %q,\n", d)
			}
			b.WriteString("]\n")
		}
	}
	return b.String()
}

func (g *stubs) lockDependencies(i int, names map[int]string) []string {
	var out []string
	for _, d := range g.ws.Lock.Packages[i].Dependencies {
		name, ok := names[d]
		if !ok {
			continue
		}
		ref := name + " " + g.version(d)
		if g.ambiguous(d) {
			ref += " (" + lockSource(g.ws.Lock.Packages[d]) + ")"
		}
		out = append(out, ref)
	}
	slices.Sort(out)
	return out
}

// lockSource is a source as a lock file's dependency names it: a git source
// without the commit.
func lockSource(p cargo.LockPackage) string {
	source, _, _ := strings.Cut(p.Source, "#")
	return source
}

// ambiguous reports whether name and version do not tell a package apart.
func (g *stubs) ambiguous(i int) bool {
	p := g.ws.Lock.Packages[i]
	for j, other := range g.ws.Lock.Packages {
		if j != i && g.c.locked[j] && other.Name == p.Name && other.Version == p.Version {
			return p.Source != ""
		}
	}
	return false
}

// stubOf is the local package that is stubbed for lock entry i, nil when the
// entry is a third-party or a real local package.
func (g *stubs) stubOf(i int) *cargo.Package {
	for p := range g.index {
		if entry, ok := g.ws.LockEntry(p); ok && entry == i {
			return p
		}
	}
	return nil
}

func (g *stubs) version(i int) string {
	if g.stubOf(i) != nil {
		return "0.0.0"
	}
	return g.ws.Lock.Packages[i].Version
}
