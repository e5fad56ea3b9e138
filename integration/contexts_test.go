package integration

import (
	"archive/tar"
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/rustfile/rustfile/integration/gitserver"
	"github.com/rustfile/rustfile/integration/testenv"
)

const revisionLabel = "org.opencontainers.image.revision"

// TestContexts sends one tree in every form that a build context can have. The program tells which of the tree's
// files it was built with, so .dockerignore has to hold in all of them.
func TestContexts(t *testing.T) {
	d := testenv.SharedDaemon(t, testenv.OCI)
	p := copyOf(t, "context-files")
	url, commit := serveCommit(t, p.Dir)
	// What a checkout has beside the commit's files.
	p.write("target/release/junk", "junk")
	p.write(".git/HEAD", "ref: refs/heads/main\n")
	archive := tarOf(t, p)
	archiveURL := serveFile(t, "context.tar", archive)

	want := inProcess(d).MustBuild(t, testenv.BuildOptions{Context: p.Dir})
	if got := want.Run(t); got != "files: kept.txt\nmark of the builder: none\n" {
		t.Errorf("the program printed %q", got)
	}
	for _, c := range []struct {
		name     string
		builder  *testenv.Builder
		options  testenv.BuildOptions
		revision string
	}{
		{"directory, buildx", buildx(d), testenv.BuildOptions{Context: p.Dir}, ""},
		{"git", inProcess(d), testenv.BuildOptions{ContextURL: url}, commit},
		{"git, buildx", buildx(d), testenv.BuildOptions{ContextURL: url + "#main"}, commit},
		{"archive by HTTP", inProcess(d), testenv.BuildOptions{ContextURL: archiveURL}, ""},
		{"archive by HTTP, buildx", buildx(d), testenv.BuildOptions{ContextURL: archiveURL}, ""},
		{"archive on standard input", buildx(d), testenv.BuildOptions{ContextTar: bytes.NewReader(archive)}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := c.builder.MustBuild(t, c.options)
			last := len(want.Image.RootFS.DiffIDs) - 1
			if len(res.Image.RootFS.DiffIDs) != last+1 || res.Image.RootFS.DiffIDs[last] != want.Image.RootFS.DiffIDs[last] {
				t.Errorf("the layers are %v, those of the directory %v", res.Image.RootFS.DiffIDs, want.Image.RootFS.DiffIDs)
			}
			if got := res.Run(t); got != want.Run(t) {
				t.Errorf("the program printed %q", got)
			}
			if got := res.Image.Config.Labels[revisionLabel]; got != c.revision {
				t.Errorf("the revision's label is %q, want %q", got, c.revision)
			}
			if c.revision == "" {
				checkSameImage(t, res, want)
			}
		})
	}
}

// serveCommit serves a git repository with one commit, which holds the files of a directory.
func serveCommit(t *testing.T, dir string) (url, commit string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	repositories := t.TempDir()
	ids, err := gitserver.Repository{Name: "project", Commits: []gitserver.Commit{{Dir: dir, Message: "A project"}}}.Create(ctx, repositories)
	if err != nil {
		t.Fatal(err)
	}
	server, err := gitserver.Serve(ctx, repositories, gitserver.Port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeIn(t, server) })
	return server.URL("project"), ids[0]
}

// tarOf packs a directory as `tar -c .` does.
func tarOf(t *testing.T, p *project) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	p.must(w.AddFS(os.DirFS(p.Dir)))
	p.must(w.Close())
	return b.Bytes()
}

func serveFile(t *testing.T, file string, data []byte) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, file, time.Unix(1000, 0), bytes.NewReader(data))
	}))
	t.Cleanup(server.Close)
	return server.URL + "/" + file
}

// pushWithEnv pushes a base image with one more variable to the local registry and returns its name there.
func pushWithEnv(t *testing.T, ref, to, variable string) string {
	t.Helper()
	img := base(t, ref)
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.Config.Env = append(config.Config.Env, variable)
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag(testenv.Env(t).Registry.Host()+"/"+to, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(tag, img, remote.WithContext(t.Context())); err != nil {
		t.Fatal(err)
	}
	return tag.String()
}
