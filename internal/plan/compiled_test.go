package plan_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/examples"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
)

// resolvedExample is the plan of an example with the packages of its recorded
// unit graph.
func resolvedExample(t *testing.T, e *examples.Example) *plan.Plan {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "graphs", e.Name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var answer plan.Answer
	if err := json.Unmarshal(data, &answer); err != nil {
		t.Fatal(err)
	}
	ws, err := cargo.Load(os.DirFS(e.Dir), cargo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Resolved(planExample(t, e), ws, options.Defaults(), answer.Graph)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// describePackage is a package in one line, without its checksum.
func describePackage(list []plan.Package, p plan.Package) string {
	names := func(indexes []int) string {
		var out []string
		for _, i := range indexes {
			out = append(out, list[i].Name)
		}
		return strings.Join(out, ",")
	}
	kind := "linked"
	if p.Build {
		kind = "build"
	}
	scheme, _, _ := strings.Cut(p.Source, "+")
	return fmt.Sprintf("%s %s [%s] %s needs %s; to compile %s", p.Name, p.Version, scheme, kind, names(p.Dependencies), names(p.BuildDependencies))
}

// TestResolvedPackages: the packages are those of the unit graph under the
// names of the project, with the checksums of the lock file.
func TestResolvedPackages(t *testing.T) {
	all, err := examples.All()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"git-dep": {
			"git-dep 0.7.0 [] linked needs greeting,itoa; to compile ",
			"greeting 1.2.0 [git] linked needs either,words; to compile ",
			"itoa 1.0.19 [registry] linked needs ; to compile ",
		},
		"web": {
			"server 0.3.0 [] linked needs axum,shared,tokio; to compile ",
			"serde 1.0.229 [registry] linked needs serde_core; to compile serde_derive",
			"serde_derive 1.0.229 [registry] build needs ; to compile proc-macro2,quote,syn",
			"windows-sys",
		},
	}
	for _, e := range all {
		lines, ok := want[e.Name]
		if !ok {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			p := resolvedExample(t, &e)
			list := p.Compiled.Packages
			var got []string
			for _, q := range list {
				got = append(got, describePackage(list, q))
				if strings.HasPrefix(q.Source, "registry+") && len(q.SHA256) != 64 {
					t.Errorf("%s has the checksum %q", q.Name, q.SHA256)
				}
				if strings.HasPrefix(q.Name, "rustfile-stub") {
					t.Errorf("a stub is listed: %s", q.Name)
				}
			}
			text := strings.Join(got, "\n")
			for _, line := range lines {
				// windows-sys is in the lock file, and nothing compiles it.
				if strings.Contains(text, line) != (line != "windows-sys") {
					t.Errorf("%q is or is not in\n%s", line, text)
				}
			}
			if !p.Compiled.Exact {
				t.Error("the packages are not called exact")
			}
			for _, b := range p.Binaries {
				if r := p.Root(b); r < 0 || list[r].Name != b.Package {
					t.Errorf("the package of %s is number %d", b.Name, r)
				}
			}
			checkLocked(t, planExample(t, &e).Compiled, list)
		})
	}
}

// checkLocked holds that the lock file's list has every package and edge of
// the exact one.
func checkLocked(t *testing.T, locked plan.Compiled, exact []plan.Package) {
	t.Helper()
	if locked.Exact {
		t.Error("the packages of the lock file are called exact")
	}
	edges := func(list []plan.Package) []string {
		var out []string
		for _, p := range list {
			out = append(out, p.Name+" "+p.Version)
			for _, d := range slices.Concat(p.Dependencies, p.BuildDependencies) {
				out = append(out, p.Name+" "+p.Version+" needs "+list[d].Name+" "+list[d].Version)
			}
		}
		return out
	}
	have := edges(locked.Packages)
	for _, edge := range edges(exact) {
		if !slices.Contains(have, edge) {
			t.Errorf("the lock file's list lacks %q", edge)
		}
	}
}
