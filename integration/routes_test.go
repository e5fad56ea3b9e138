package integration

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/buildkit/client"
	digest "github.com/opencontainers/go-digest"

	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/internal/imagediff"
	"github.com/rustfile/rustfile/llbgen"
)

// way is one way to build a project.
type way struct {
	name  string
	build func(t *testing.T, d *testenv.Daemon, p *project) *testenv.Result
	// every is set for the ways that every example takes; the others are taken once.
	every bool
}

var ways = []way{
	{name: "gateway image by named context", every: true, build: func(t *testing.T, d *testenv.Daemon, p *project) *testenv.Result {
		return (&testenv.Builder{Daemon: d, Route: testenv.Gateway}).MustBuild(t, testenv.BuildOptions{Context: p.Dir})
	}},
	{name: "buildx, syntax line, frontend by oci-layout", every: true, build: func(t *testing.T, d *testenv.Daemon, p *project) *testenv.Result {
		return buildx(d).MustBuild(t, testenv.BuildOptions{Context: p.Dir})
	}},
	{name: "buildx, syntax line, frontend by registry", every: true, build: func(t *testing.T, d *testenv.Daemon, p *project) *testenv.Result {
		if err := testenv.Env(t).PushFrontend(t.Context()); err != nil {
			t.Fatal(err)
		}
		return buildx(d).MustBuild(t, testenv.BuildOptions{Context: p.Dir, NoFrontendContext: true})
	}},
	{name: "buildx, syntax line in Cargo.toml", build: func(t *testing.T, d *testenv.Daemon, p *project) *testenv.Result {
		p.must(os.Remove(p.path("Rustfile")))
		p.write("Cargo.toml", "# syntax="+testenv.FrontendRef+"\n"+p.read("Cargo.toml"))
		return buildx(d).MustBuild(t, testenv.BuildOptions{Context: p.Dir, File: p.path("Cargo.toml")})
	}},
	{name: "buildx, BUILDKIT_SYNTAX", build: func(t *testing.T, d *testenv.Daemon, p *project) *testenv.Result {
		p.write("Rustfile", "")
		args := map[string]string{"BUILDKIT_SYNTAX": testenv.FrontendRef}
		return buildx(d).MustBuild(t, testenv.BuildOptions{Context: p.Dir, BuildArgs: args})
	}},
	{name: "buildx bake", build: bake},
}

func buildx(d *testenv.Daemon) *testenv.Builder {
	return &testenv.Builder{Daemon: d, Route: testenv.Buildx}
}

// bake builds with a bake file that says no more than a user's would.
func bake(t *testing.T, d *testenv.Daemon, p *project) *testenv.Result {
	images, _ := bakeTargets(t, d, p, "")
	return images[0]
}

// bakeTargets builds an image for each of the project's targets with one bake file. It returns the images and buildx's
// progress as JSON lines.
func bakeTargets(t *testing.T, d *testenv.Daemon, p *project, targets ...string) ([]*testenv.Result, string) {
	t.Helper()
	layout, err := testenv.Env(t).FrontendLayout(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	out := func(target string) string { return filepath.Join(dir, "image-"+target) }
	builds, names := map[string]any{}, []string{}
	for _, target := range targets {
		names = append(names, "of-"+target)
		builds["of-"+target] = map[string]any{
			"context": p.Dir, "dockerfile": "Rustfile", "target": target, "output": []string{"type=oci,tar=false,dest=" + out(target)},
			"contexts": map[string]string{testenv.FrontendRef: "oci-layout://" + layout},
		}
	}
	text, err := json.Marshal(map[string]any{"group": map[string]any{"default": map[string]any{"targets": names}}, "target": builds})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "docker-bake.json")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	progress, err := d.RunBuildx(t.Context(), "bake", "--file", file, "--provenance=false", "--allow", "fs=*", "--progress", "rawjson")
	if err != nil {
		t.Fatal(err)
	}
	var images []*testenv.Result
	for _, target := range targets {
		images = append(images, openImage(t, out(target)))
	}
	return images, progress
}

// TestBakeCompilesOnce builds the images of all binaries of a workspace in one go: what they share is compiled once.
func TestBakeCompilesOnce(t *testing.T) {
	p := copyOf(t, "several-members")
	// With a profile of its own it shares nothing with other tests.
	p.append("Cargo.toml", "\n[profile.release]\noverflow-checks = true\n")
	// All of them want the library with the same features.
	p.replace("b/Cargo.toml", "\nlib-common = { workspace = true }", "\nlib-common = { workspace = true, features = [\"loud\"] }")
	targets := []string{"a", "b", "c"}
	images, progress := bakeTargets(t, testenv.SharedDaemon(t, testenv.OCI), p, targets...)
	for i, want := range []string{"a 434f4d4d4f4e 3\n", "b COMMON 42\n", "c 0\n"} {
		if got := images[i].Run(t); got != want {
			t.Errorf("the program of image %s prints %q, want %q", targets[i], got, want)
		}
	}
	times := map[string]int{}
	for name, log := range logsByVertex(progress) {
		for _, crate := range []string{"a", "b", "c", "lib-a", "lib-common", "hex"} {
			if strings.Contains(log, "Compiling "+crate+" v") {
				times[crate]++
				t.Logf("%s is compiled in %s", crate, name)
			}
		}
	}
	if want := map[string]int{"a": 1, "b": 1, "c": 1, "lib-a": 1, "lib-common": 1, "hex": 1}; !maps.Equal(times, want) {
		t.Errorf("compiled: %v, want %v", times, want)
	}
}

// logsByVertex puts the logs in buildx's progress together. Builds that share a vertex tell of it one by one.
func logsByVertex(progress string) map[digest.Digest]string {
	logs, seen := map[digest.Digest]string{}, map[string]bool{}
	for line := range strings.Lines(progress) {
		var m client.SolveStatus
		if json.Unmarshal([]byte(line), &m) != nil {
			continue
		}
		for _, l := range m.Logs {
			if id := fmt.Sprint(l.Vertex, l.Timestamp.UnixNano()); !seen[id] {
				seen[id] = true
				logs[l.Vertex] += string(l.Data)
			}
		}
	}
	return logs
}

func openImage(t *testing.T, dir string) *testenv.Result {
	t.Helper()
	res, err := testenv.OpenImage(dir, testenv.Env(t).Tools)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// TestRoutes builds one project in every way that leads to the frontend: each gives the same image.
func TestRoutes(t *testing.T) {
	d := testenv.SharedDaemon(t, testenv.OCI)
	for _, name := range []string{"hello", "web"} {
		e := example(t, name)
		want := inProcess(d).MustBuild(t, testenv.BuildOptions{Context: e.Dir})
		for _, w := range ways {
			if name != "hello" && !w.every {
				continue
			}
			t.Run(name+"/"+w.name, func(t *testing.T) {
				got := w.build(t, d, copyDir(t, e.Dir))
				checkSameImage(t, got, want)
			})
		}
		checkRun(t, want, &e.Cases[0])
	}
}

// copyDir copies a project that a test changes.
func copyDir(t testing.TB, dir string) *project {
	t.Helper()
	return (&project{t: t, Dir: dir}).clone(t)
}

func checkSameImage(t *testing.T, got, want *testenv.Result) {
	t.Helper()
	if got.Descriptor.Digest == want.Descriptor.Digest {
		return
	}
	report, err := imagediff.Compare(imagediff.Image{Image: asImage(t, want)}, imagediff.Image{Image: asImage(t, got)})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := imagediff.Text(&text, report); err != nil {
		t.Fatal(err)
	}
	t.Errorf("the image is not the expected one; the first is what is wanted, the second what was built\n%s", text.String())
}

// TestSyntaxLineInCargoToml holds the comment line in Cargo.toml to what any comment in it is: nothing that the
// dependencies would be compiled again for.
func TestSyntaxLineInCargoToml(t *testing.T) {
	d := testenv.SharedDaemon(t, testenv.OCI)
	p := copyDir(t, example(t, "hello").Dir)
	inProcess(d).MustBuild(t, testenv.BuildOptions{Context: p.Dir, Output: testenv.OutputNone})
	p.write("Cargo.toml", "# syntax="+testenv.FrontendRef+"\n"+p.read("Cargo.toml"))
	res := inProcess(d).MustBuild(t, testenv.BuildOptions{Context: p.Dir, File: p.path("Cargo.toml"), Output: testenv.OutputNone})
	for _, name := range res.Ran() {
		if strings.HasPrefix(name, llbgen.NameDependencies) {
			t.Errorf("%s was compiled again", name)
		}
	}
}

// TestContainerdWorker builds on the other worker: other snapshots, the same image.
func TestContainerdWorker(t *testing.T) {
	for _, name := range []string{"hello", "features"} {
		t.Run(name, func(t *testing.T) {
			e := example(t, name)
			o := testenv.BuildOptions{Context: e.Dir, Attrs: buildAgain}
			res := inProcess(testenv.SharedDaemon(t, testenv.Containerd)).MustBuild(t, o)
			checkOnlyMembersCompiled(t, res)
			checkImage(t, res, &e.Cases[0])
			checkRun(t, res, &e.Cases[0])
			checkSameImage(t, res, inProcess(testenv.SharedDaemon(t, testenv.OCI)).MustBuild(t, testenv.BuildOptions{Context: e.Dir}))
		})
	}
	e := example(t, "hello")
	got := buildx(testenv.SharedDaemon(t, testenv.Containerd)).MustBuild(t, testenv.BuildOptions{Context: e.Dir})
	checkSameImage(t, got, inProcess(testenv.SharedDaemon(t, testenv.OCI)).MustBuild(t, testenv.BuildOptions{Context: e.Dir}))
}

// TestLabels adds a label and replaces one that comes from Cargo.toml.
func TestLabels(t *testing.T) {
	labels := map[string]string{"org.opencontainers.image.title": "mine", "com.example.team": "a b=c"}
	res := buildx(testenv.SharedDaemon(t, testenv.OCI)).MustBuild(t, testenv.BuildOptions{Context: example(t, "hello").Dir, Labels: labels})
	for k, want := range labels {
		if got := res.Image.Config.Labels[k]; got != want {
			t.Errorf("label %s is %q, want %q", k, got, want)
		}
	}
	if got := res.Image.Config.Labels["org.opencontainers.image.version"]; got != "1.2.3" {
		t.Errorf("the version's label is %q", got)
	}
}

// TestBaseImages replaces both base images by named contexts.
func TestBaseImages(t *testing.T) {
	d := testenv.SharedDaemon(t, testenv.OCI)
	builder := pushWithEnv(t, builderBase, "test/builder:marked", "BUILDER_MARK=of-the-test")
	runtime := pushWithEnv(t, runtimeBase, "test/runtime:marked", "RUNTIME_MARK=of-the-test")
	res := buildx(d).MustBuild(t, testenv.BuildOptions{Context: copyOf(t, "context-files").Dir, NamedContexts: map[string]string{
		"rust": "docker-image://" + builder, "runtime": "docker-image://" + runtime,
	}})
	if want := "files: kept.txt\nmark of the builder: of-the-test\n"; res.Run(t) != want {
		t.Errorf("the program printed %q, want %q", res.Run(t), want)
	}
	if env := strings.Join(res.Image.Config.Env, "\n"); !strings.Contains(env, "RUNTIME_MARK=of-the-test") || strings.Contains(env, "BUILDER_MARK") {
		t.Errorf("the image's environment is\n%s", env)
	}
	checkUser(t, res)
}
