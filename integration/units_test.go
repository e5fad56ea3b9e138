package integration

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/examples"
	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/llbgen"
)

// unitProject copies a project of testdata/units. Cargo is told to be verbose, so that it lists what it finds fresh; that
// part of the configuration reaches no dependency vertex.
func unitProject(t testing.TB, name string) *project {
	t.Helper()
	root, err := examples.RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	p := &project{t: t, Dir: filepath.Join(t.TempDir(), "context")}
	p.must(os.CopyFS(p.Dir, os.DirFS(filepath.Join(root, "integration", "testdata", "units", name))))
	p.write("Rustfile", "# syntax="+testenv.FrontendRef+"\n")
	p.verbose()
	return p
}

// verbose asks cargo to say what it finds fresh and why it compiles the rest.
func (p *project) verbose() {
	p.t.Helper()
	text := "[term]\nverbose = true\n"
	if before, err := os.ReadFile(p.path(".cargo/config.toml")); err == nil {
		text = string(before) + "\n" + text
	}
	p.write(".cargo/config.toml", text)
}

// inUnits asks for one vertex per unit.
func inUnits(o testenv.BuildOptions) testenv.BuildOptions { return withGranularity(o, "unit") }

func withGranularity(o testenv.BuildOptions, granularity string) testenv.BuildOptions {
	args := map[string]string{"granularity": granularity}
	for k, v := range o.BuildArgs {
		args[k] = v
	}
	o.BuildArgs = args
	return o
}

// everyUnitAgain are frontend options that run all compile vertices whatever the cache holds, so that their logs can be
// read.
var everyUnitAgain = map[string]string{"no-cache": "deps,build"}

// buildUnits builds in unit mode and fails the test when the frontend had to fall back to another one.
func buildUnits(t testing.TB, b *testenv.Builder, o testenv.BuildOptions) *testenv.Result {
	t.Helper()
	r := b.MustBuild(t, inUnits(o))
	checkNoFallback(t, r)
	return r
}

func checkNoFallback(t testing.TB, r *testenv.Result) {
	t.Helper()
	for _, w := range r.Warnings {
		for _, bad := range []string{"compiled in one vertex", "fresh", "by itself"} {
			if strings.Contains(w, bad) {
				t.Errorf("the build warns: %s", w)
			}
		}
	}
	if strings.Contains(r.Logs(), "were compiled again") {
		t.Error("the source vertex compiled third-party units again")
	}
	if failed := r.Failed(); len(failed) > 0 {
		t.Errorf("vertices failed: %q", failed)
	}
}

// unitVertices are the names of the dependency vertices of a build, without the prefix, sorted and joined.
func unitVertices(names []string) string {
	var units []string
	for _, n := range names {
		if name, ok := strings.CutPrefix(n, llbgen.NameDependencies); ok {
			units = append(units, name)
		}
	}
	slices.Sort(units)
	return strings.Join(units, ", ")
}

func vertexNames(r *testenv.Result) []string {
	var names []string
	for _, v := range r.Vertices {
		names = append(names, v.Name)
	}
	return names
}

var (
	compilesLine = regexp.MustCompile(`(?m)^\s*(Compiling|Fresh|Dirty) (\S+) v([^\s:]+)(.*)$`)
	colours      = regexp.MustCompile(`\x1b\[[0-9;]*[A-Za-z]`)
)

// said is what cargo said about packages in a vertex's log: by verb the packages as "name version", stubs left out. Local
// packages are in a map of their own.
func said(log string) (thirdParty, local map[string][]string) {
	thirdParty, local = map[string][]string{}, map[string][]string{}
	for _, m := range compilesLine.FindAllStringSubmatch(colours.ReplaceAllString(log, ""), -1) {
		verb, name := m[1], m[2]+" "+m[3]
		switch {
		case strings.HasPrefix(name, "rustfile-stub"):
		case strings.Contains(m[4], "(/src"):
			local[verb] = append(local[verb], name)
		default:
			thirdParty[verb] = append(thirdParty[verb], name)
		}
	}
	return thirdParty, local
}

// checkFresh fails the test unless every dependency vertex compiled its package and nothing else, and everything else
// found all packages fresh and compiled only local ones. The compile vertices must have run.
func checkFresh(t testing.TB, r *testenv.Result) {
	t.Helper()
	want, fresh, members := map[string]bool{}, map[string]bool{}, 0
	for _, v := range r.Vertices {
		thirdParty, local := said(v.Log)
		if name, ok := strings.CutPrefix(v.Name, llbgen.NameDependencies); ok {
			name = strings.TrimSuffix(name, " (host)")
			want[name] = true
			if got := strings.Join(thirdParty["Compiling"], ", "); got != name {
				t.Errorf("%s%s compiled %q", llbgen.NameDependencies, name, got)
			}
			continue
		}
		for _, verb := range []string{"Compiling", "Dirty"} {
			if got := thirdParty[verb]; len(got) > 0 {
				t.Errorf("%s: %s %q", v.Name, verb, got)
			}
		}
		if got := local["Dirty"]; len(got) > 0 {
			t.Errorf("%s: Dirty %q", v.Name, got)
		}
		for _, name := range thirdParty["Fresh"] {
			fresh[name] = true
		}
		members += len(local["Compiling"])
	}
	if members == 0 {
		t.Error("no local package was compiled")
	}
	for name := range want {
		if !fresh[name] {
			t.Errorf("cargo does not say that %s is fresh", name)
		}
	}
	for name := range fresh {
		if !want[name] {
			t.Errorf("%s is fresh and was compiled in no vertex", name)
		}
	}
	if t.Failed() {
		t.Logf("the build printed:\n%s", r.Logs())
	}
}

// programLayer is the digest of the layer that holds the image's programs and nothing else. Files in it have a fixed date.
func programLayer(r *testenv.Result) string {
	return string(r.Manifest.Layers[len(r.Manifest.Layers)-1].Digest)
}
