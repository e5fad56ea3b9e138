package integration

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/solver/errdefs"

	"github.com/rustfile/rustfile/integration/testenv"
)

// TestImageLock pins a base image whose tag then moves. Builds stay with the image that was pinned until the lock file
// is written anew.
func TestImageLock(t *testing.T) {
	d := testenv.SharedDaemon(t, testenv.OCI)
	e := example(t, "hello")
	p := &project{t: t, Dir: filepath.Join(t.TempDir(), "context")}
	p.must(os.CopyFS(p.Dir, os.DirFS(e.Dir)))
	ref := pushWithEnv(t, runtimeBase, "test/moving:1", "RELEASE=first")
	p.write("Rustfile", "# syntax="+testenv.FrontendRef+"\nlocked-images = true\n[images]\nruntime = \""+ref+"\"\n")

	_, err := inProcess(d).Build(t.Context(), testenv.BuildOptions{Context: p.Dir})
	if err == nil || !strings.Contains(err.Error(), "Rustfile:2") || !strings.Contains(err.Error(), "rustfile update") || len(errdefs.Sources(err)) == 0 {
		t.Errorf("a build without a lock file: %v", err)
	}
	cli := newCommandLine(t)
	update := func(want string) {
		t.Helper()
		out := string(cli.run(t, "update", "--builder", d.Address, p.Dir))
		line := slices.IndexFunc(strings.Split(out, "\n"), func(l string) bool { return strings.HasPrefix(l, ref+" is "+want) })
		if line < 0 {
			t.Errorf("rustfile update says\n%s", out)
		}
	}
	release := func(b *testenv.Builder, want string) *testenv.Result {
		t.Helper()
		res := b.MustBuild(t, testenv.BuildOptions{Context: p.Dir})
		if !slices.Contains(res.Image.Config.Env, "RELEASE="+want) {
			t.Errorf("through %s the image is made of %v, want the %s release", b.Route, res.Image.Config.Env, want)
		}
		return res
	}
	update("pinned")
	for _, ref := range []string{"docker.io/" + builderBase, ref} {
		if !strings.Contains(p.read("Rustfile.lock"), "\""+ref+"\" = \"sha256:") {
			t.Errorf("the lock file has no %s:\n%s", ref, p.read("Rustfile.lock"))
		}
	}
	first := release(inProcess(d), "first")

	pushWithEnv(t, runtimeBase, "test/moving:1", "RELEASE=second")
	checkSameImage(t, release(inProcess(d), "first"), first)
	release(buildx(d), "first")
	update("now")
	release(inProcess(d), "second")
	update("unchanged")
	// Of what this build does not need, a tag that is gone is dropped, and one whose registry is away is kept.
	gone, away := strings.TrimSuffix(ref, "moving:1")+"gone:1", "127.0.0.1:1/test/away:1"
	p.append("Rustfile.lock", "\""+gone+"\" = \"sha256:"+strings.Repeat("a", 64)+"\"\n\""+away+"\" = \"sha256:"+strings.Repeat("b", 64)+"\"\n")
	update("unchanged")
	if lock := p.read("Rustfile.lock"); strings.Contains(lock, gone) || !strings.Contains(lock, away) {
		t.Errorf("the lock file is\n%s", lock)
	}

	// A lock file that does not know the image is no reason to stop, unless it was asked for.
	p.write("Rustfile", "[images]\nruntime = \""+ref+"\"\n")
	p.write("Rustfile.lock", "version = 1\n[images]\n")
	res := release(inProcess(d), "second")
	if !slices.ContainsFunc(res.Warnings, func(w string) bool { return strings.Contains(w, "no digest in Rustfile.lock") }) {
		t.Errorf("the warnings are %q", res.Warnings)
	}
	p.write("Rustfile.lock", "version = 1\n[images]\n\""+ref+"\" = \"latest\"\n")
	_, err = inProcess(d).Build(t.Context(), testenv.BuildOptions{Context: p.Dir})
	if err == nil || !strings.Contains(err.Error(), "Rustfile.lock:3") || len(errdefs.Sources(err)) == 0 {
		t.Errorf("a damaged lock file: %v", err)
	}
	update("pinned")
	release(inProcess(d), "second")
}
