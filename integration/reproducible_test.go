package integration

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/moby/buildkit/client"

	"github.com/rustfile/rustfile/integration/testenv"
)

// TestReproducible builds one project on daemons that know nothing of each other and differ in all that must not
// matter: the digest of the image is the same. The project has a procedural macro, build scripts, a library with
// two crate types, and files that the image ships. That a
// difference would be noticed is what checkClock shows.
func TestReproducible(t *testing.T) {
	p := unitProject(t, "profiles")
	p.write("assets/notes.txt", "shipped\n")
	p.write("assets/more/page.html", "shipped, too\n")
	p.append("Rustfile", "env = { MODE = \"test\" }\n\n[[copy]]\nsource = \"assets\"\ndestination = \"/srv\"\n")
	cache := testenv.Env(t).Registry.Host() + "/reproducible:cache"
	first := inProcess(testenv.FreshDaemon(t, testenv.DaemonOptions{}))
	want := buildUnits(t, first, testenv.BuildOptions{Context: p.Dir,
		CacheTo: []client.CacheOptionsEntry{{Type: "registry", Attrs: map[string]string{"ref": cache, "mode": "max"}}}})
	if got := want.Run(t); got != profilesPrints {
		t.Errorf("the program prints %q", got)
	}

	// Another checkout of another user, on a machine with one processor.
	q := &project{t: t, Dir: filepath.Join(t.TempDir(), "another place", "for", "the-checkout")}
	q.must(os.CopyFS(q.Dir, os.DirFS(p.Dir)))
	q.date(time.Date(2030, 1, 2, 3, 4, 5, 6, time.UTC))
	q.restrict()
	second := testenv.FreshDaemon(t, testenv.DaemonOptions{
		Wrap: []string{"taskset", "--cpu-list", "0", "sh", "-c", `umask 077; exec "$@"`, "sh"},
		Env:  []string{"TZ=Asia/Tokyo", "LANG=tr_TR.UTF-8", "HOME=/nonexistent"},
	})
	url, commit := serveCommit(t, p.Dir)
	t.Run("another daemon, place, umask, date, and one processor", func(t *testing.T) {
		r := buildUnits(t, inProcess(second), testenv.BuildOptions{Context: q.Dir})
		if got := compileVertices(r); got == "" {
			t.Error("nothing was compiled")
		}
		checkSameImage(t, r, want)
	})
	t.Run("everything again", func(t *testing.T) {
		checkSameImage(t, buildUnits(t, inProcess(second), testenv.BuildOptions{Context: q.Dir, Attrs: everyUnitAgain}), want)
	})
	t.Run("the frontend's image", func(t *testing.T) {
		r := (&testenv.Builder{Daemon: second, Route: testenv.Gateway}).MustBuild(t, inUnits(testenv.BuildOptions{Context: p.Dir, Attrs: buildAgain}))
		checkSameImage(t, r, want)
	})
	t.Run("in one vertex", func(t *testing.T) {
		checkSameImage(t, inProcess(second).MustBuild(t, withGranularity(testenv.BuildOptions{Context: p.Dir}, "coarse")), want)
	})
	// The commit is the one thing that a directory does not say.
	t.Run("a git URL", func(t *testing.T) {
		label := map[string]string{revisionLabel: commit}
		labelled := buildUnits(t, first, testenv.BuildOptions{Context: p.Dir, Labels: label})
		checkSameImage(t, buildUnits(t, inProcess(second), testenv.BuildOptions{ContextURL: url, Attrs: buildAgain}), labelled)
	})
	t.Run("a cache", func(t *testing.T) {
		third := inProcess(testenv.FreshDaemon(t, testenv.DaemonOptions{}))
		r := buildUnits(t, third, testenv.BuildOptions{Context: q.Dir,
			CacheFrom: []client.CacheOptionsEntry{{Type: "registry", Attrs: map[string]string{"ref": cache}}}})
		if got := compileVertices(r); got != "" && got != "build" {
			t.Errorf("dependencies were compiled: %s", got)
		}
		checkSameImage(t, r, want)
	})
}

// restrict gives the files the modes of a user whom nobody may look over the shoulder.
func (p *project) restrict() {
	p.t.Helper()
	p.must(filepath.WalkDir(p.Dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		if d.IsDir() {
			return os.Chmod(name, 0o700)
		}
		return os.Chmod(name, 0o600)
	}))
}
