package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/rustfile/rustfile/frontend"
	"github.com/rustfile/rustfile/internal/builder"
)

// TestMain lets this test executable be the embedded builder's supervisor,
// which runs the executable that needs it with "builder serve".
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "builder" && os.Args[2] == "serve" {
		a := &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}
		os.Exit(a.main(context.Background(), os.Args[1:]))
	}
	os.Exit(m.Run())
}

// fakeFrontend stands for the real one: it makes a file of the build context's
// Rustfile, so that the CLI's own work is tested without a Rust toolchain.
func fakeFrontend(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
	opts := c.BuildOpts().Opts
	res := gateway.NewResult()
	if id := opts["requestid"]; id != "" {
		res.AddMeta("result.txt", []byte("asked for "+id+"\n"))
		res.AddMeta("result.statuscode", []byte("3"))
		return res, nil
	}
	if opts["target"] == "broken" {
		return nil, errdefs.WithSource(errors.New("no such binary"), &errdefs.Source{
			Info:   &pb.SourceInfo{Filename: "Cargo.toml", Data: []byte("[package]\n")},
			Ranges: []*pb.Range{{Start: &pb.Position{Line: 1}, End: &pb.Position{Line: 1}}},
		})
	}
	file := llb.Local("dockerfile", llb.IncludePatterns([]string{opts["filename"]}), llb.SessionID(c.BuildOpts().SessionID))
	st := llb.Scratch().File(llb.Copy(file, opts["filename"], "/made"), llb.WithCustomName("[fake] make the file"))
	if opts["target"] == "slow" {
		st = st.Run(llb.Args([]string{"/made"}), llb.WithCustomName("[fake] a step that fails")).Root()
	}
	def, err := st.Marshal(ctx)
	if err != nil {
		return nil, err
	}
	if opts["target"] == "hang" {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	r, err := c.Solve(ctx, gateway.SolveRequest{Definition: def.ToPB(), Evaluate: true})
	if err != nil {
		return nil, err
	}
	ref, err := r.SingleRef()
	if err != nil {
		return nil, err
	}
	res.SetRef(ref)
	return res, nil
}

// buildApp is an app on an embedded builder of its own, with a project.
func buildApp(t *testing.T) (*app, string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: buildkitd mounts and makes namespaces")
	}
	home := t.TempDir()
	env := map[string]string{
		"RUSTFILE_BUILDER_HOME": home,
		"DOCKER_CONFIG":         filepath.Join(home, "no-docker"),
		"DOCKER_HOST":           "unix://" + filepath.Join(home, "no-engine.sock"),
		"RUSTFILE_BUILDKITD":    os.Getenv("RUSTFILE_BUILDKITD"),
		"RUSTFILE_RUNC":         os.Getenv("RUSTFILE_RUNC"),
	}
	a := testApp(env)
	a.solve = inProcess(fakeFrontend)
	o := builder.Options{Getenv: a.getenv, Notice: testWriter{t}}
	b, err := builder.Resolve(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	c, err := b.Client(t.Context())
	if err != nil {
		t.Skipf("no embedded builder here: %v", err)
	}
	c.Close()
	t.Cleanup(func() {
		b.Close()
		if _, err := builder.Stop(context.Background(), o, true); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"Rustfile": "# this file\n"})
	return a, dir
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func TestBuild(t *testing.T) {
	a, dir := buildApp(t)
	out := t.TempDir()
	image, iid, meta := filepath.Join(out, "sub/image.tar"), filepath.Join(out, "iid"), filepath.Join(out, "meta.json")
	writeFiles(t, out, map[string]string{"iid": "stale"})
	status, stdout, stderr := runApp(t, a, "build", dir, "--progress", "plain", "-t", "me/x:1", "-o", "type=oci,dest="+image, "--iidfile", iid, "--metadata-file", meta)
	if status != 0 {
		t.Fatalf("status %d\n%s", status, stderr)
	}
	for _, want := range []string{"building with embedded builder", "[fake] make the file"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("no %q in\n%s", want, stderr)
		}
	}
	if stdout != "" || strings.Contains(stderr, "No output specified") {
		t.Errorf("stdout %q, stderr\n%s", stdout, stderr)
	}
	names := tarNames(t, image)
	id, err := os.ReadFile(iid)
	if err != nil || !names["blobs/sha256/"+strings.TrimPrefix(string(id), "sha256:")] {
		t.Errorf("the image ID %q, %v is not in the archive", id, err)
	}
	var m map[string]any
	dt, err := os.ReadFile(meta)
	if err := errors.Join(err, json.Unmarshal(dt, &m)); err != nil {
		t.Fatal(err)
	}
	desc, ok := m["containerimage.descriptor"].(map[string]any)
	if !ok || m["image.name"] != "docker.io/me/x:1" || desc["digest"] != m["containerimage.digest"] {
		t.Errorf("metadata %s", dt)
	}
	status, stdout, stderr = runApp(t, a, "build", "-q", dir, "-o", "type=docker,dest="+image)
	if status != 0 || !strings.HasPrefix(stdout, "sha256:") || stderr != "" {
		t.Errorf("quiet: %d, %q, %q", status, stdout, stderr)
	}
}

func tarNames(t *testing.T, path string) map[string]bool {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	names := map[string]bool{}
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names[h.Name] = true
	}
}

func TestBuildOutputs(t *testing.T) {
	a, dir := buildApp(t)
	out := filepath.Join(t.TempDir(), "out")
	if status, _, stderr := runApp(t, a, "build", dir, "-o", out); status != 0 {
		t.Fatalf("local: %s", stderr)
	}
	if got, err := os.ReadFile(filepath.Join(out, "made")); err != nil || string(got) != "# this file\n" {
		t.Errorf("local: %q, %v", got, err)
	}
	status, stdout, stderr := runApp(t, a, "build", dir, "-o", "-")
	if status != 0 {
		t.Fatalf("tar: %s", stderr)
	}
	h, err := tar.NewReader(bytes.NewReader([]byte(stdout))).Next()
	if err != nil || h.Name != "made" {
		t.Errorf("tar on standard output: %+v, %v", h, err)
	}
	status, _, stderr = runApp(t, a, "build", dir)
	if status != 0 || !strings.Contains(stderr, "No output specified") || !strings.Contains(stderr, "type=oci,dest=") {
		t.Errorf("no output: %d\n%s", status, stderr)
	}
	cache := filepath.Join(t.TempDir(), "cache")
	if status, _, stderr = runApp(t, a, "build", dir, "--cache-to", "type=local,dest="+cache, "--cache-from", "type=local,src="+cache); status != 0 {
		t.Errorf("cache: %s", stderr)
	}
	if _, err := os.Stat(filepath.Join(cache, "index.json")); err != nil {
		t.Errorf("the cache was not exported: %v", err)
	}
}

func TestBuildFailures(t *testing.T) {
	a, dir := buildApp(t)
	status, stdout, stderr := runApp(t, a, "build", dir, "--call", "outline")
	if status != 3 || !strings.Contains(stdout, "asked for frontend.outline") {
		t.Errorf("call: %d, %q\n%s", status, stdout, stderr)
	}
	status, _, stderr = runApp(t, a, "build", dir, "--target", "broken")
	if status != 1 || !strings.Contains(stderr, "Cargo.toml:1\n") || !strings.Contains(stderr, "no such binary") {
		t.Errorf("source of an error: %d\n%s", status, stderr)
	}
	image := filepath.Join(t.TempDir(), "image.tar")
	iid := filepath.Join(t.TempDir(), "iid")
	writeFiles(t, filepath.Dir(image), map[string]string{"image.tar": "old"})
	writeFiles(t, filepath.Dir(iid), map[string]string{"iid": "old"})
	status, _, stderr = runApp(t, a, "build", dir, "--target", "slow", "-o", "type=oci,dest="+image, "--iidfile", iid)
	if status != 1 || !strings.Contains(stderr, "[fake] a step that fails") {
		t.Errorf("failed step: %d\n%s", status, stderr)
	}
	if got, _ := os.ReadFile(image); string(got) != "old" {
		t.Errorf("a failed build wrote %d bytes over the old image", len(got))
	}
	if _, err := os.Stat(iid); err == nil {
		t.Error("a failed build left the old image ID")
	}
	status, _, stderr = runApp(t, a, "build", dir, "--load")
	if status != 1 || !strings.Contains(stderr, "--load puts the image into a docker engine") {
		t.Errorf("load without an engine: %d\n%s", status, stderr)
	}
}

// TestBuildURL asks the real frontend about a project at a URL, which has a
// Cargo.toml and no Rustfile.
func TestBuildURL(t *testing.T) {
	a, _ := buildApp(t)
	a.solve = inProcess(frontend.Build)
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for name, text := range crate() {
		err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))})
		if _, werr := w.Write([]byte(text)); errors.Join(err, werr) != nil {
			t.Fatal(err, werr)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		// A client that goes away fails its own test.
		_, _ = w.Write(archive.Bytes())
	}))
	defer server.Close()
	status, stdout, stderr := runApp(t, a, "build", "--call", "targets", server.URL+"/project.tar")
	if status != 0 || !strings.Contains(stdout, "tiny") || !strings.Contains(stderr, "building from Cargo.toml") {
		t.Errorf("status %d, %q\n%s", status, stdout, stderr)
	}
}

// TestBuildCancelled: an interrupted build ends at once, says so, and leaves
// the builder to the next one.
func TestBuildCancelled(t *testing.T) {
	a, dir := buildApp(t)
	ctx, cancel := context.WithCancel(t.Context())
	var stderr bytes.Buffer
	a.stderr = &stderr
	status := make(chan int, 1)
	go func() { status <- a.main(ctx, []string{"build", dir, "--target", "hang"}) }()
	time.Sleep(500 * time.Millisecond)
	cancel()
	select {
	case got := <-status:
		if got != 130 {
			t.Errorf("status %d\n%s", got, stderr.String())
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the build does not end")
	}
	if got, _, text := runApp(t, a, "build", dir, "-o", "type=oci,dest="+filepath.Join(t.TempDir(), "x.tar")); got != 0 {
		t.Errorf("the next build: %d\n%s", got, text)
	}
}

func TestBuilderCommands(t *testing.T) {
	a, dir := buildApp(t)
	if status, _, stderr := runApp(t, a, "build", dir); status != 0 {
		t.Fatal(stderr)
	}
	status, stdout, stderr := runApp(t, a, "builder", "status")
	for _, want := range []string{"running, in use", "unix://", "Cache:"} {
		if status != 0 || !strings.Contains(stdout, want) {
			t.Errorf("status: %d, no %q in\n%s%s", status, want, stdout, stderr)
		}
	}
	status, stdout, stderr = runApp(t, a, "builder", "prune", "--all")
	var records int
	if _, err := fmt.Sscanf(stdout, "removed %d records", &records); status != 0 || err != nil || records == 0 {
		t.Errorf("prune: %d, %q, %v\n%s", status, stdout, err, stderr)
	}
	if status, _, stderr = runApp(t, a, "builder", "stop"); status != 1 || !strings.Contains(stderr, "--force") {
		t.Errorf("stop of a builder in use: %d, %s", status, stderr)
	}
	if status, stdout, stderr = runApp(t, a, "builder", "stop", "--force"); status != 0 || stdout != "stopped\n" {
		t.Errorf("stop --force: %d, %q, %s", status, stdout, stderr)
	}
	if status, stdout, _ = runApp(t, a, "builder", "status"); status != 0 || !strings.Contains(stdout, "stopped; the next build starts it") {
		t.Errorf("status when stopped: %d\n%s", status, stdout)
	}
}
