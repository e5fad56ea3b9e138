package llbgen_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"github.com/rustfile/rustfile/internal/hermetic"
	"github.com/rustfile/rustfile/internal/llbtext"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/plan/plantest"
	"github.com/rustfile/rustfile/llbgen"
)

func shell(text string) plan.Step { return plan.Step{Command: options.Command{Shell: text}} }

// cargoVertices are the digests of the vertices that run cargo, by name.
func cargoVertices(t *testing.T, def *llb.Definition) map[string]digest.Digest {
	t.Helper()
	all, err := llbtext.Digest(def)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]digest.Digest{}
	for name, d := range all {
		if strings.HasPrefix(name, llbgen.NameDependencies) || strings.HasPrefix(name, llbgen.NameMembers) {
			out[name] = d
		}
	}
	return out
}

// TestStepsReach: a step of the builder is in the key of every vertex that compiles, and one of the image, like a test,
// in none; crates are unpacked without either.
func TestStepsReach(t *testing.T) {
	small(t, func(t *testing.T, w *plantest.Workspace, granularity string) {
		p := planOf(t, w, granularity)
		p.AddPackages("a test", plan.Location{}, "mold")
		plain := marshal(t, p)
		p.Image.Steps = []plan.Step{shell("useradd app")}
		p.Tests = []plan.Test{{Name: "x", Command: &options.Command{Shell: "app"}}}
		ofImage := marshal(t, p)
		p.Image.Steps = nil
		p.Toolchain.Steps = []plan.Step{shell("touch /x")}
		ofBuilder := marshal(t, p)
		before := cargoVertices(t, plain)
		if len(before) == 0 {
			t.Fatal("no vertex compiles")
		}
		for name, d := range before {
			if got := cargoVertices(t, ofImage)[name]; got != d {
				t.Errorf("a step of the image changes %q", name)
			}
			if got, ok := cargoVertices(t, ofBuilder)[name]; !ok || got == d {
				t.Errorf("a step of the builder does not change %q", name)
			}
		}
		if head(t, plain) == head(t, ofImage) {
			t.Error("a step of the image does not change the image")
		}
		unpacked, _ := llbtext.Digest(plain)
		for name, d := range unpacked {
			if after, _ := llbtext.Digest(ofBuilder); strings.HasPrefix(name, "[sources] ") && after[name] != d {
				t.Errorf("a step of the builder changes %q", name)
			}
		}
	})
}

// steps are the steps of a graph, in order, as "MODE USER DIR ARGS ENV".
func steps(t *testing.T, def *llb.Definition) []string {
	t.Helper()
	vertices, err := llbtext.Vertices(def)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, v := range vertices {
		if e := v.Op.GetExec(); e != nil && strings.HasPrefix(v.Name, "[step") {
			env := slices.DeleteFunc(slices.Clone(e.Meta.Env), func(kv string) bool { return strings.HasPrefix(kv, "PATH=") || strings.HasPrefix(kv, "RUSTUP_") })
			out = append(out, fmt.Sprintf("%s %s %s %q %q", e.Network, e.Meta.User, e.Meta.Cwd, e.Meta.Args, env))
		}
	}
	return out
}

func TestSteps(t *testing.T) {
	p := examplePlan(t, "hello")
	p.Toolchain.Packages = []string{"mold"}
	p.Toolchain.Steps = []plan.Step{
		{Command: options.Command{Args: []string{"curl", "-O", "https://example.com/x y"}}, Network: true, Env: map[string]string{"B": "2", "A": "1"}},
		shell("  echo 1\n"),
	}
	p.Image.Steps = []plan.Step{{Command: options.Command{Shell: "useradd app"}, Secrets: []plan.Secret{{ID: "token", Env: "TOKEN", Required: true}}}}
	in := inputs(p)
	in.Runtime.Config.Config.Shell = []string{"/bin/bash", "-ec"}
	res, err := llbgen.Build(p, in)
	if err != nil {
		t.Fatal(err)
	}
	def, err := res.State.Marshal(t.Context(), llb.Platform(amd64))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`NONE 0 / ["/bin/bash" "-ec" "useradd app"] []`,
		`UNSET 0 / ["curl" "-O" "https://example.com/x y"] ["A=1" "B=2"]`,
		`NONE 0 / ["/bin/sh" "-c" "  echo 1\n"] []`,
	}
	if got := steps(t, def); !slices.Equal(got, want) {
		t.Errorf("the steps are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	allow := func(name string) bool {
		return strings.HasPrefix(name, llbgen.NameNetworkStep) || strings.HasPrefix(name, llbgen.NameToolchain)
	}
	if err := hermetic.Check(def, allow); err != nil {
		t.Error(err)
	}
	if hermetic.Check(def, func(name string) bool { return strings.HasPrefix(name, llbgen.NameToolchain) }) == nil {
		t.Error("a step with a network passes as one without")
	}
	var history []string
	for _, h := range res.Image.History {
		history = append(history, h.CreatedBy)
	}
	if want := []string{"rustfile: run useradd app", "rustfile: add hello"}; !slices.Equal(history, want) {
		t.Errorf("the history is %q, want %q", history, want)
	}
	if vertices, _ := llbtext.Vertices(def); slices.ContainsFunc(vertices, func(v llbtext.Vertex) bool {
		e := v.Op.GetExec()
		return e != nil && strings.HasPrefix(v.Name, llbgen.NameMembers) && e.Meta.User != ""
	}) {
		t.Error("the user of a step is that of what follows")
	}
}

// TestTestVertex: the vertex of a test has the image's user, environment and directory, no network, and no part in the image.
func TestTestVertex(t *testing.T) {
	p := examplePlan(t, "hello")
	p.Image.Env = map[string]string{"LD_PRELOAD": "/usr/lib/libjemalloc.so", "LEVEL": "info"}
	p.Image.Workdir = "/srv"
	before := head(t, marshal(t, p))
	p.Tests = []plan.Test{{Name: "starts", Command: &options.Command{Args: []string{"hello", "two words"}}}}
	if head(t, marshal(t, p)) != before {
		t.Error("a test changes the image")
	}
	res, err := llbgen.Build(p, inputs(p))
	if err != nil {
		t.Fatal(err)
	}
	def, err := res.Test(p.Tests[0], false).Marshal(t.Context(), llb.Platform(amd64))
	if err != nil {
		t.Fatal(err)
	}
	if err := hermetic.Check(def, nil); err != nil {
		t.Error(err)
	}
	vertices, err := llbtext.Vertices(def)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(vertices, func(v llbtext.Vertex) bool { return v.Name == "[test] starts" })
	if i < 0 {
		t.Fatal("there is no vertex of the test")
	}
	e := vertices[i].Op.GetExec()
	args := []string{"/.rustfile/ld.so", "--library-path", "/.rustfile/lib", "/.rustfile/sh", "/.rustfile/test.sh", "1", "LD_PRELOAD=/usr/lib/libjemalloc.so", "hello", "two words"}
	if !slices.Equal(e.Meta.Args, args) || e.Meta.User != "65532:65532" || e.Meta.Cwd != "/srv" || e.Network != pb.NetMode_NONE {
		t.Errorf("the test runs %+v", e)
	}
	if !slices.Contains(e.Meta.Env, "LEVEL=info") || slices.ContainsFunc(e.Meta.Env, func(kv string) bool { return strings.HasPrefix(kv, "LD_") }) {
		t.Errorf("the environment is %q", e.Meta.Env)
	}
}

// TestRunnerScript makes the runner of the host's shell, and runs commands with it where a shell finds no other program.
func TestRunnerScript(t *testing.T) {
	if _, err := exec.LookPath("ldd"); err != nil {
		t.Skip(err)
	}
	root := t.TempDir()
	script := func(name string, dirs ...string) string {
		data, err := os.ReadFile(filepath.Join("scripts", name))
		if err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(root, name)
		if err := os.WriteFile(out, []byte(strings.NewReplacer(dirs...).Replace(string(data))), 0o755); err != nil {
			t.Fatal(err)
		}
		return out
	}
	runner, out := filepath.Join(root, "runner"), filepath.Join(root, "out")
	for _, dir := range []string{runner, out} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	script("test.sh", "/.rustfile/out/w", out)
	if said, err := exec.Command("/bin/sh", script("runner.sh", "/out/out", runner+"/out", "/out", runner, "/rustfile/", root+"/")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	for _, tc := range []struct {
		args                   []string
		status, stdout, stderr string
	}{
		{[]string{"0", "/bin/sh", "-c", "echo out; echo err >&2; exit 3"}, "3", "out\n", "err\n"},
		{[]string{"2", "LD_X=a b", "LD_Y=", "/bin/sh", "-c", `echo "$LD_X,$LD_Y.$#"`, "", "x y"}, "0", "a b,.1\n", ""},
		{[]string{"0", "/usr/bin/env"}, "0", "PATH=/nowhere\n", ""},
		{[]string{"0", "no-such-program"}, "127", "", "no-such-program"},
		{[]string{"0", "/bin/sh", "-c", "kill -TERM $$"}, "143", "", ""},
	} {
		cmd := exec.Command(filepath.Join(runner, "ld.so"), append([]string{"--library-path", filepath.Join(runner, "lib"), filepath.Join(runner, "sh"), filepath.Join(runner, "test.sh")}, tc.args...)...)
		cmd.Env = []string{"PATH=/nowhere"}
		log, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%q: %v: %s", tc.args, err, log)
		}
		for file, want := range map[string]string{"status": tc.status + "\n", "stdout": tc.stdout, "stderr": tc.stderr} {
			got, err := os.ReadFile(filepath.Join(out, file))
			if err != nil || !strings.Contains(string(got), want) || want == "" && len(got) > 0 || strings.Contains(string(got), "PWD=") {
				t.Errorf("%q: %s is %q, %v; want %q", tc.args, file, got, err, want)
			}
			if want != "" && file != "status" && !strings.Contains(string(log), want) {
				t.Errorf("%q: the log %q lacks %q", tc.args, log, want)
			}
		}
	}
}
