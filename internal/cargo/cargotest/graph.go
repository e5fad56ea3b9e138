package cargotest

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rustfile/rustfile/internal/cargo"
)

// compareGraph compares the locked packages and their edges with the graph
// that cargo resolves for all features, targets and members.
func compareGraph(t *testing.T, dir string, ws *cargo.Workspace) {
	t.Helper()
	want, err := runCargo(dir, "--all-features", "--offline")
	if err != nil && os.Getenv("RUSTFILE_TEST_NETWORK") != "" {
		want, err = runCargo(dir, "--all-features")
	}
	if err != nil {
		t.Logf("the locked graph is not compared, because cargo cannot resolve it offline "+
			"(set RUSTFILE_TEST_NETWORK=1 to let it use the network): %v", err)
		return
	}
	g := graph{t: t, ws: ws, packages: map[string]metadataPackage{}}
	for _, p := range want.Packages {
		g.packages[p.ID] = p
	}
	for _, node := range want.Resolve.Nodes {
		var deps []string
		for _, d := range node.Deps {
			deps = append(deps, d.Package)
		}
		g.compareNode(dir, node.ID, deps)
	}
}

type graph struct {
	t        *testing.T
	ws       *cargo.Workspace
	packages map[string]metadataPackage // by cargo's package id
}

func lockLine(name, version, source string) string {
	if id, err := cargo.ParseSourceID(source); err == nil {
		source = id.String()
	}
	return name + " " + version + " " + source
}

func (g graph) theirs(id string) string {
	p := g.packages[id]
	return lockLine(p.Name, p.Version, text(p.Source))
}

func (g graph) ours(i int) string {
	p := g.ws.Lock.Packages[i]
	return lockLine(p.Name, p.Version, p.Source)
}

func (g graph) compareNode(dir, id string, deps []string) {
	g.t.Helper()
	at := g.theirs(id)
	index := slices.IndexFunc(g.ws.Lock.Packages, func(p cargo.LockPackage) bool {
		return lockLine(p.Name, p.Version, p.Source) == at
	})
	if index < 0 {
		g.t.Errorf("cargo resolves %s, which is not in our lock", at)
		return
	}
	var locked, want []string
	for _, i := range g.ws.Lock.Packages[index].Dependencies {
		locked = append(locked, g.ours(i))
	}
	for _, dep := range deps {
		if dep == id {
			continue
		}
		want = append(want, g.theirs(dep))
		if !slices.Contains(locked, g.theirs(dep)) {
			g.t.Errorf("%s: cargo's edge to %s is not in our lock", at, g.theirs(dep))
		}
	}
	rel, err := filepath.Rel(dir, filepath.Dir(g.packages[id].Manifest))
	if err != nil {
		return
	}
	if p := g.ws.PackageAt(filepath.ToSlash(rel)); p != nil && slices.Contains(g.ws.Members, p) {
		g.compareMember(p, index, want)
	}
}

// compareMember compares what each dependency of a member resolves to.
func (g graph) compareMember(p *cargo.Package, index int, want []string) {
	g.t.Helper()
	if i, ok := g.ws.LockEntry(p); !ok || i != index {
		g.t.Errorf("lock entry of %s: got %d, %v; cargo has %d", p.Name, i, ok, index)
	}
	seen := map[string]bool{}
	got := []string{}
	for _, d := range p.Dependencies {
		if d.Path == p.Dir { // a package may be its own development dependency
			continue
		}
		i, ok := g.ws.Lock.Resolve(index, d)
		if !ok {
			g.t.Errorf("dependency %s of %s does not resolve", d.Key, p.Name)
			continue
		}
		if line := g.ours(i); !seen[line] {
			seen[line] = true
			got = append(got, line)
		}
	}
	compareLines(g.t, "dependencies of member "+p.Name, sorted(got), sorted(slices.Compact(sorted(want))))
}
