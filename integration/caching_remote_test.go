package integration

import (
	"testing"

	"github.com/moby/buildkit/client"

	"github.com/rustfile/rustfile/integration/testenv"
)

// localCache is a cache in a directory, to export to and to import from.
func localCache(t testing.TB) (to, from []client.CacheOptionsEntry) {
	dir := t.TempDir()
	to = []client.CacheOptionsEntry{{Type: "local", Attrs: map[string]string{"dest": dir, "mode": "max"}}}
	from = []client.CacheOptionsEntry{{Type: "local", Attrs: map[string]string{"src": dir}}}
	return to, from
}

// TestWhatAChangeRunsWithRemoteCache holds the promises on a daemon that knows nothing but an imported cache: the
// dependencies are not compiled again. Unpacked crates need not be in the cache, as they can be fetched by their
// checksums, but BuildKit exports them when the exporting build unpacked them itself.
func TestWhatAChangeRunsWithRemoteCache(t *testing.T) {
	base := copyOf(t, "several-members")
	to, from := localCache(t)
	inProcess(testenv.SharedDaemon(t, testenv.OCI)).
		MustBuild(t, withGranularity(testenv.BuildOptions{Context: base.Dir, Target: "a", CacheTo: to, Output: testenv.OutputNone}, "coarse"))
	b := inProcess(testenv.FreshDaemon(t, testenv.DaemonOptions{}))
	imported := func(o *testenv.BuildOptions) { o.CacheFrom = from }
	for _, c := range []change{
		// The first one meets a daemon with an empty store; what each next one wants, no earlier one made.
		{name: "source of the binary", options: imported, unpacks: true, work: "build image", compiled: membersOfA, prints: "A 434f4d4d4f4e 3\n",
			do: func(p *project) { p.replace("a/src/main.rs", `"a {} {}"`, `"A {} {}"`) }},
		{name: "nothing", options: imported, prints: "a 434f4d4d4f4e 3\n"},
		{name: "README", options: imported, do: func(p *project) { p.append("README.md", "More.\n") }},
		{name: "description", options: imported, work: "build", compiled: membersOfA,
			do: func(p *project) {
				p.replace("a/Cargo.toml", "[dependencies]\n", "description = \"A.\"\n\n[dependencies]\n")
			}},
		{name: "feature of a dependency", options: imported, work: "deps build image", compiled: allOfA,
			do: func(p *project) {
				p.replace("lib-a/Cargo.toml", `memchr = { version = "2.7", default-features = false }`, `memchr = "2.7"`)
			}},
	} {
		t.Run(c.name, func(t *testing.T) { c.check(t, b, base) })
	}
}
