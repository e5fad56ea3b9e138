package integration

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rustfile/rustfile/integration/examples"
	"github.com/rustfile/rustfile/integration/testenv"
)

// unitFixture is a project and a way to build it in units. What it prints is what `cargo run` printed.
type unitFixture struct {
	name string
	// project is a directory of testdata/units.
	project string
	// manifest and config are appended to Cargo.toml and .cargo/config.toml.
	manifest, config string
	do               func(p *project)
	args             map[string]string
	// vertices are the names of the dependency vertices.
	vertices string
	prints   string
	// coarse is set when the coarse build must give the same bytes.
	coarse bool
	// seldom is set for those that resemble another, and that `make test` leaves to `make test-real`.
	seldom bool
}

const (
	profilesVertices = "autocfg 1.5.1 (host), deunicode 1.6.2, fnv 1.0.7, itoa 1.0.19 (host), memoffset 0.9.1, rustversion 1.0.23 (host), slug 0.1.6"
	profilesPrints   = "42 strasse-nach-koln 8181e61fc0436767 4 true\n"
)

// unitFixtures are small projects, each for one thing that must not cost freshness. The project profiles has a library
// that is a cdylib too (slug) with a dependency (deunicode), a procedural macro with a build script (rustversion), a
// build script with a dependency (memoffset), and a dependency of its own build script (itoa).
var unitFixtures = []unitFixture{
	{name: "thin LTO", project: "profiles", coarse: true, manifest: "[profile.release]\nlto = \"thin\"\n"},
	{name: "fat LTO", project: "profiles", manifest: "[profile.release]\nlto = true\ncodegen-units = 1\n"},
	{name: "LTO off, line tables", seldom: true, project: "profiles",
		manifest: "[profile.release]\nlto = \"off\"\ndebug = 1\nstrip = \"none\"\nsplit-debuginfo = \"off\"\n"},
	{name: "panic abort and strip", seldom: true, project: "profiles", coarse: true, manifest: "[profile.release]\npanic = \"abort\"\nstrip = true\n"},
	{name: "overrides of packages", project: "profiles", manifest: `
[profile.release.package.memoffset]
opt-level = 1
[profile.release.package."fnv@1.0.7"]
opt-level = "s"
[profile.release.package.profiles]
opt-level = 1
[profile.release.package."*"]
opt-level = 2
codegen-units = 4
`},
	{name: "override of the build", project: "profiles",
		manifest: "[profile.release.build-override]\nopt-level = 1\ncodegen-units = 2\ndebug = 1\n"},
	{name: "debug", seldom: true, project: "profiles", manifest: "[profile.release]\ndebug = true\n"},
	// Cargo strips a program unless a dependency has debug information.
	{name: "debug of one package", seldom: true, project: "profiles", coarse: true,
		manifest: "[profile.release.package.deunicode]\ndebug = \"line-tables-only\"\n"},
	{name: "dev profile", seldom: true, project: "profiles", args: map[string]string{"profile": "dev"}},
	{name: "dev profile with options", project: "profiles", args: map[string]string{"profile": "dev"},
		manifest: "[profile.dev]\ndebug = 0\nincremental = true\n[profile.dev.package.\"*\"]\nopt-level = 1\n[profile.dev.build-override]\ndebug = true\n"},
	{name: "custom profile", project: "profiles", coarse: true, args: map[string]string{"profile": "dist"},
		manifest: "[profile.release]\nopt-level = \"s\"\n[profile.dist]\ninherits = \"release\"\nlto = \"thin\"\n[profile.dist.package.memoffset]\nopt-level = 3\n"},
	{name: "profile in the configuration", seldom: true, project: "profiles",
		config: "[profile.release]\nopt-level = 1\n[profile.release.package.fnv]\nopt-level = 2\n"},
	{name: "rustflags and environment", project: "profiles",
		config: "[build]\nrustflags = [\"-Cforce-frame-pointers=yes\", \"--cfg\", \"flagged\"]\n[env]\nFLAVOUR = \"sweet\"\nNEAR = { value = \"tools\", relative = true }\n"},
	{name: "rustflags and linker of the target", seldom: true, project: "profiles", coarse: true,
		config: "[target.x86_64-unknown-linux-gnu]\nlinker = \"gcc\"\nrustflags = [\"-Clink-arg=-Wl,--build-id=sha1\"]\n\n[target.'cfg(unix)']\nrustflags = [\"--cfg\", \"on_unix\"]\n"},
	{name: "linker of the project", project: "profiles", config: "[target.x86_64-unknown-linux-gnu]\nlinker = \"tools/project-gcc\"\n",
		do: func(p *project) {
			p.write("tools/project-gcc", "#!/bin/sh\nexec gcc \"$@\"\n")
			p.must(os.Chmod(p.path("tools/project-gcc"), 0o755))
		}},

	{name: "native code", project: "native", coarse: true, prints: "1.0.8, 13-Jul-2019 6\n",
		vertices: "bzip2-sys 0.1.13+1.0.8, cc 1.11.3 (host), find-msvc-tools 0.1.15 (host), pkg-config 0.3.34 (host), shlex 2.0.1 (host)"},
	{name: "macros with dependencies", project: "macros", prints: "nothing was found at 7\n",
		vertices: "displaydoc 0.2.7 (host), proc-macro2 1.0.107 (host), quote 1.0.47 (host), syn 3.0.10 (host), thiserror 2.0.21, thiserror-impl 2.0.21 (host), unicode-ident 1.0.27 (host)"},
	{name: "resolver 2", project: "features", prints: "03 78 2\n",
		vertices: "hex 0.4.3, hex 0.4.3 (host), memchr 2.8.3, memchr 2.8.3 (host)"},
	{name: "resolver 1", project: "features", coarse: true, prints: "03 78 2\n",
		vertices: "hex 0.4.3, hex 0.4.3 (host), memchr 2.8.3, memchr 2.8.3 (host)",
		do:       func(p *project) { p.replace("Cargo.toml", `resolver = "2"`, `resolver = "1"`) }},
	{name: "resolver 3", project: "features", prints: "03 78 2\n",
		vertices: "hex 0.4.3, hex 0.4.3 (host), memchr 2.8.3, memchr 2.8.3 (host)",
		do: func(p *project) {
			p.replace("Cargo.toml", "edition = \"2021\"\nresolver = \"2\"", "edition = \"2024\"\nrust-version = \"1.85\"")
		}},
	{name: "renamed, and two versions", project: "versions", coarse: true, prints: "5 10\n",
		vertices: "bitflags 1.3.2, bitflags 2.13.2, itoa 0.4.8, itoa 1.0.19"},
	{name: "weak feature off", seldom: true, project: "optional", prints: "small false\n", vertices: "smol_str 0.3.7"},
	{name: "weak feature on", project: "optional", prints: "small true\n", args: map[string]string{"features": "serde"},
		vertices: "serde_core 1.0.229, smol_str 0.3.7"},
	{name: "other platforms", project: "platforms", prints: "2 1\n",
		vertices: "errno 0.3.15, libc 0.2.191, same-file 1.0.6, walkdir 2.5.0"},
}

// TestUnitsAreFresh builds each fixture with every compile vertex run again: each compiles one package, and the source
// vertex finds them all.
func TestUnitsAreFresh(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	for _, f := range unitFixtures {
		t.Run(f.name, func(t *testing.T) {
			if f.seldom {
				onlyWithReal(t)
			}
			f.check(t, b)
		})
	}
}

// make makes the project.
func (f unitFixture) make(t *testing.T) *project {
	p := unitProject(t, f.project)
	p.append("Cargo.toml", "\n"+f.manifest)
	p.append(".cargo/config.toml", "\n"+f.config)
	if f.do != nil {
		f.do(p)
	}
	return p
}

// complete fills in what all fixtures with the project profiles have in common.
func (f *unitFixture) complete() {
	if f.project == "profiles" {
		f.vertices, f.prints = profilesVertices, profilesPrints
	}
}

func (f unitFixture) check(t *testing.T, b *testenv.Builder) {
	f.complete()
	p := f.make(t)
	o := testenv.BuildOptions{Context: p.Dir, BuildArgs: f.args, Attrs: everyUnitAgain}
	r := buildUnits(t, b, o)
	t.Logf("built in %s", r.Took.Round(100*time.Millisecond))
	if got := unitVertices(vertexNames(r)); got != f.vertices {
		t.Errorf("dependency vertices are %q, want %q", got, f.vertices)
	}
	checkFresh(t, r)
	checkListed(t, r)
	if got := r.Run(t); got != f.prints {
		t.Errorf("the program prints %q, want %q", got, f.prints)
	}
	if f.coarse {
		o.Attrs = nil
		whole := b.MustBuild(t, withGranularity(o, "coarse"))
		if got, want := programLayer(r), programLayer(whole); got != want {
			t.Errorf("the program's layer is %s, the coarse build's %s", got, want)
		}
	}
}

// TestExamplesInUnits builds example projects in units: a git repository with two packages, local procedural macros, a
// local build script, and resolver 1 with its united features.
func TestExamplesInUnits(t *testing.T) {
	all, err := examples.Buildable()
	if err != nil {
		t.Fatal(err)
	}
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	often, seldom := []string{"build-script", "git-dep"}, []string{"features", "proc-macro", "resolver1"}
	for _, e := range all {
		if !slices.Contains(slices.Concat(often, seldom), e.Name) {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			if slices.Contains(seldom, e.Name) {
				onlyWithReal(t)
			}
			if needsGit[e.Name] {
				serveGreeting(t, e.Dir)
			}
			p := &project{t: t, Dir: filepath.Join(t.TempDir(), "context")}
			p.must(os.CopyFS(p.Dir, os.DirFS(e.Dir)))
			p.verbose()
			c := e.Cases[0]
			r := buildUnits(t, b, testenv.BuildOptions{Context: p.Dir, Target: c.Target, BuildArgs: c.BuildArgs, Attrs: everyUnitAgain})
			checkFresh(t, r)
			checkListed(t, r)
			checkRun(t, r, &c)
		})
	}
}

// TestUnitsOfPatchedPackages has third-party code that depends on a local package: the build says that this cannot be cut
// and does without.
func TestUnitsOfPatchedPackages(t *testing.T) {
	e := example(t, "path-dep")
	r := inProcess(testenv.SharedDaemon(t, testenv.OCI)).MustBuild(t, inUnits(testenv.BuildOptions{Context: e.Dir}))
	if got := strings.Join(r.Warnings, "\n"); !strings.Contains(got, "dependencies are compiled in one vertex: third-party packages depend on local ones through [patch]") {
		t.Errorf("the warnings are %q", got)
	}
	checkRun(t, r, &e.Cases[0])
}
