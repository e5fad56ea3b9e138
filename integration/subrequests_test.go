package integration

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/subrequests"
	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/frontend/subrequests/outline"
	"github.com/moby/buildkit/frontend/subrequests/targets"

	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/internal/plan"
)

// dockerfileFrontend is whom buildx asks about our file when we do not answer, or say that we cannot.
const dockerfileFrontend = "docker/dockerfile"

// call asks the frontend for something else than a build, in buildx's own way, and reads the JSON of the answer.
func call(t *testing.T, dir, target, name string, into any) {
	t.Helper()
	res := buildx(testenv.SharedDaemon(t, testenv.OCI)).MustBuild(t, testenv.BuildOptions{Context: dir, Target: target, Call: name})
	checkAskedUsOnly(t, res)
	if err := json.Unmarshal([]byte(res.Stdout), into); err != nil {
		t.Fatalf("the answer is no JSON: %v\n%s", err, res.Stdout)
	}
}

// checkAskedUsOnly wants no trace of the Dockerfile frontend, and no compilation.
func checkAskedUsOnly(t *testing.T, res *testenv.Result) {
	t.Helper()
	for _, v := range res.Vertices {
		if strings.Contains(v.Name, dockerfileFrontend) || strings.Contains(v.Name, "cargo build") {
			t.Errorf("the call ran %q", v.Name)
		}
	}
}

func TestCallOutline(t *testing.T) {
	var o outline.Outline
	call(t, example(t, "features").Dir, "", "outline", &o)
	if o.Name != "features" {
		t.Errorf("the outline is of %q", o.Name)
	}
	for _, want := range []string{"features", "no-default-features", "all-features", "profile", "package"} {
		if !slices.ContainsFunc(o.Args, func(a outline.Arg) bool { return a.Name == want && a.Description != "" }) {
			t.Errorf("the outline lacks the build argument %q", want)
		}
	}
}

func TestCallTargets(t *testing.T) {
	for _, c := range []struct {
		example, chosen string
		want            []string
	}{
		{"multi-bin", "", []string{"admin-tool", "convert", "multi-bin", "report"}},
		{"web", "server", []string{"server", "worker"}},
	} {
		t.Run(c.example, func(t *testing.T) {
			var list targets.List
			call(t, example(t, c.example).Dir, "", "targets", &list)
			var names []string
			for _, target := range list.Targets {
				names = append(names, target.Name)
				if target.Default != (target.Name == c.chosen) {
					t.Errorf("target %s: default is %t", target.Name, target.Default)
				}
			}
			slices.Sort(names)
			if !slices.Equal(names, c.want) {
				t.Errorf("targets %q, want %q", names, c.want)
			}
		})
	}
}

func TestCallDescribe(t *testing.T) {
	var list []subrequests.Request
	call(t, example(t, "hello").Dir, "", "subrequests.describe", &list)
	for _, want := range []string{"outline", "targets", "lint", "plan", "subrequests.describe"} {
		if !slices.ContainsFunc(list, func(r subrequests.Request) bool { return r.Name == "frontend."+want }) {
			t.Errorf("%s is not described: %+v", want, list)
		}
	}
}

func TestCallPlan(t *testing.T) {
	var p plan.Plan
	call(t, example(t, "web").Dir, "worker", "plan", &p)
	if len(p.Binaries) != 1 || p.Binaries[0].Name != "worker" || p.Version != plan.Version {
		t.Errorf("the plan has version %d and the binaries %+v", p.Version, p.Binaries)
	}
}

func TestCallLint(t *testing.T) {
	var results lint.LintResults
	call(t, example(t, "hello").Dir, "", "lint", &results)
	if results.Error != nil || len(results.Warnings) > 0 {
		t.Errorf("the example is not clean: %+v", results)
	}
}

// TestCheck runs `docker buildx build --check`, as a user or a continuous integration job would.
func TestCheck(t *testing.T) {
	out, err := check(t, example(t, "hello").Dir, "Rustfile")
	if err != nil || !strings.Contains(out, "no warnings found") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestCheckBad wants the faulty line, under its file's name, and a status that is not zero.
func TestCheckBad(t *testing.T) {
	for _, c := range []struct {
		project, file string
		want          []string
	}{
		{"bad/stale-requirement", "Rustfile", []string{"Cargo.toml:8\n", "the lock file"}},
		{"bad/bad-toml", "Rustfile", []string{"Cargo.toml:4\n", "basic strings"}},
		{"bad/bad-toml", "Cargo.toml", []string{"Cargo.toml:5\n", "basic strings"}},
		{"bad/no-binary", "Rustfile", []string{"Cargo.toml:2\n", "binary"}},
		{"bad/lock-version-5", "Rustfile", []string{"Cargo.lock:", "version"}},
	} {
		t.Run(filepath.Base(c.project)+" -f "+c.file, func(t *testing.T) {
			p := copyOf(t, c.project)
			if c.file != "Rustfile" {
				p.write(c.file, "# syntax="+testenv.FrontendRef+"\n"+p.read(c.file))
			}
			out, err := check(t, p.Dir, c.file)
			if err == nil {
				t.Errorf("the status is 0; buildx printed\n%s", out)
			}
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("buildx did not print %q but\n%s", want, out)
				}
			}
			if strings.Contains(out, "Rustfile:") {
				t.Errorf("buildx shows lines of the Rustfile:\n%s", out)
			}
		})
	}
}

func check(t *testing.T, dir, file string) (string, error) {
	t.Helper()
	layout, err := testenv.Env(t).FrontendLayout(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out, err := testenv.SharedDaemon(t, testenv.OCI).RunBuildx(t.Context(), "build", "--check", "--progress", "plain",
		"--build-context", testenv.FrontendRef+"=oci-layout://"+layout, "-f", filepath.Join(dir, file), dir)
	if strings.Contains(out, dockerfileFrontend) || strings.Contains(out, "cargo build") {
		t.Errorf("buildx asked somebody else, or a build ran:\n%s", out)
	}
	return out, err
}
