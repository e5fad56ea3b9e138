package integration

import (
	"fmt"
	"slices"
	"testing"

	"github.com/moby/buildkit/client"

	"github.com/rustfile/rustfile/integration/testenv"
)

// TestUnitsTravel exports the cache of a build in units to a registry, and imports it on a daemon that knows nothing else: no
// dependency is compiled after an edit, and after a bump only what depends on the library. Unlike with most frontends
// this holds in mode=min, too, because the compile vertices ask to be exported.
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
	for _, mode := range modes {
		t.Run(mode, func(t *testing.T) {
			from := []client.CacheOptionsEntry{{Type: "registry", Attrs: map[string]string{"ref": ref(mode)}}}
			p := layers(mode).project(t, f, nil)
			p.append("src/main.rs", "// more\n")
			r := buildUnits(t, b, testenv.BuildOptions{Context: p.Dir, CacheFrom: from})
			if got := unitVertices(r.Ran()); got != "" {
				t.Errorf("dependencies compiled after an edit: %q", got)
			}
			if got := r.Run(t); got != layeredPrints {
				t.Errorf("the program prints %q, want %q", got, layeredPrints)
			}
			bumped := layers(mode)
			bumped.lib("mid").patch = 1
			r = buildUnits(t, b, testenv.BuildOptions{Context: bumped.project(t, f, nil).Dir, CacheFrom: from, Output: testenv.OutputNone})
			if got, want := unitVertices(r.Ran()), "mid 1.0.1, top 1.0.0"; got != want {
				t.Errorf("dependencies compiled after a bump: %q, want %q", got, want)
			}
		})
	}
}
