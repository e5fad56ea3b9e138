package integration

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/standin"
	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/internal/frontendimage"
)

// TestDockerfile builds the frontend's image as its users' `docker build .` does, and a project with it.
func TestDockerfile(t *testing.T) {
	e := testenv.Env(t)
	if err := e.Standin.Add(t.Context(), standin.Golang); err != nil {
		t.Fatal(err)
	}
	d := testenv.SharedDaemon(t, testenv.OCI)
	out := filepath.Join(t.TempDir(), "frontend")
	// The modules come from this machine, and from nowhere else.
	text, err := d.RunBuildx(t.Context(), "build", "--progress", "plain", "--provenance=false", "--build-arg", "GOPROXY=off",
		"--build-context", "goproxy="+moduleProxy(t, e.Root, "./cmd/rustfile-frontend"), "--output", "type=oci,tar=false,dest="+out, e.Root)
	if err != nil {
		t.Fatalf("docker buildx build: %v\n%s", err, text)
	}
	image := openImage(t, out)
	if got := image.Image.Config.Entrypoint; len(got) != 1 || got[0] != frontendimage.Program {
		t.Errorf("the entry point is %q", got)
	}
	if want := frontendimage.Labels(); !maps.Equal(image.Image.Config.Labels, want) {
		t.Errorf("the labels are %q, want %q", image.Image.Config.Labels, want)
	}
	layout, err := e.FrontendLayout(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if e.Standin.Reachable {
		t.Log("docker.io's Go may be another version than this machine's: the programs are not compared")
	} else if !bytes.Equal(programOf(t, image), programOf(t, openImage(t, layout))) {
		t.Error("the Dockerfile and `make frontend-image` give different programs")
	}
	hello := example(t, "hello")
	res := buildx(d).MustBuild(t, testenv.BuildOptions{
		Context: hello.Dir, NoFrontendContext: true, NamedContexts: map[string]string{testenv.FrontendRef: "oci-layout://" + out},
	})
	checkSameImage(t, res, inProcess(d).MustBuild(t, testenv.BuildOptions{Context: hello.Dir}))
}

// programOf reads the frontend out of its image.
func programOf(t *testing.T, res *testenv.Result) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(res.Rootfs(t), frontendimage.Program))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// moduleProxy makes a directory that serves as a module proxy with what a package is built from, out of this machine's
// module cache: with an empty cache in its place, the go command copies what it needs.
func moduleProxy(t *testing.T, root, pkg string) string {
	t.Helper()
	have := filepath.Join(goOutput(t, root, nil, "env", "GOMODCACHE"), "cache", "download")
	cache := filepath.Join(t.TempDir(), "modules")
	goOutput(t, root, []string{"GOMODCACHE=" + cache, "GOPROXY=file://" + have + "," + goOutput(t, root, nil, "env", "GOPROXY"), "CGO_ENABLED=0"},
		"list", "-modcacherw", "-deps", pkg)
	return filepath.Join(cache, "cache", "download")
}

func goOutput(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %q: %v\n%s", args, err, stderr.Bytes())
	}
	return strings.TrimSpace(string(out))
}
