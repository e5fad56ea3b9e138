package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client"

	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/llbgen"
)

// TestUnitsTravel exports the cache of a build in units to a registry, and imports it on a daemon that knows nothing else.
// With mode=max no dependency is compiled after an edit, and after a bump only what depends on the library. With mode=min
// BuildKit exports the image and nothing below it, so all that holds is that nothing is compiled when nothing changed.
func TestUnitsTravel(t *testing.T) {
	host := testenv.Env(t).Registry.Host()
	f := newFakeRegistry(t)
	builder := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	modes := []string{"max", "min"}
	// With a profile each, the two have no vertex in common.
	layers := func(mode string) *graph {
		g := layered()
		g.tables = fmt.Sprintf("\n[profile.release]\nopt-level = %d\n", slices.Index(modes, mode)+1)
		return g
	}
	ref := func(mode string) string { return host + "/units/layered:" + mode }
	for _, mode := range modes {
		to := []client.CacheOptionsEntry{{Type: "registry", Attrs: map[string]string{"ref": ref(mode), "mode": mode}}}
		buildUnits(t, builder, testenv.BuildOptions{Context: layers(mode).project(t, f, nil).Dir, CacheTo: to, Output: testenv.OutputNone})
	}
	b := inProcess(testenv.FreshDaemon(t, testenv.DaemonOptions{}))
	build := func(t *testing.T, mode string, g *graph, do func(p *project), want, prints string) {
		from := []client.CacheOptionsEntry{{Type: "registry", Attrs: map[string]string{"ref": ref(mode)}}}
		p := g.project(t, f, nil)
		do(p)
		r := buildUnits(t, b, testenv.BuildOptions{Context: p.Dir, CacheFrom: from})
		if got := compileVertices(r); got != want {
			t.Errorf("compile vertices that ran: %q, want %q", got, want)
		}
		if got := r.Run(t); got != prints {
			t.Errorf("the program prints %q, want %q", got, prints)
		}
	}
	unchanged := func(*project) {}
	t.Run("min, nothing changed", func(t *testing.T) { build(t, "min", layers("min"), unchanged, "", layeredPrints) })
	t.Run("max, nothing changed", func(t *testing.T) { build(t, "max", layers("max"), unchanged, "", layeredPrints) })
	t.Run("max, edit", func(t *testing.T) {
		build(t, "max", layers("max"), func(p *project) { p.append("src/main.rs", "// more\n") }, "build", layeredPrints)
	})
	t.Run("max, bump", func(t *testing.T) {
		g := layers("max")
		g.lib("mid").patch = 1
		build(t, "max", g, unchanged, "mid 1.0.1, top 1.0.0, build", "alone0\nmaker0 words0\nside0 leaf0\ntop0 mid1 leaf0\n")
	})
}

// compileVertices are the dependency vertices that ran, and "build" when the source vertex did.
func compileVertices(r *testenv.Result) string {
	ran := r.Ran()
	names := unitVertices(ran)
	if slices.ContainsFunc(ran, func(n string) bool { return strings.HasPrefix(n, llbgen.NameMembers) }) {
		names = strings.TrimPrefix(names+", build", ", ")
	}
	return names
}
