package standin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		ok     bool
	}{
		{"open registry", http.StatusOK, true},
		{"registry that wants a token", http.StatusUnauthorized, true},
		{"proxy that forbids", http.StatusForbidden, false},
		{"proxy that cannot reach it", http.StatusBadGateway, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(c.status) }))
			defer srv.Close()
			if err := Probe(t.Context(), srv.URL+"/v2/"); (err == nil) != c.ok {
				t.Errorf("error %v", err)
			}
		})
	}
	t.Run("nothing listens", func(t *testing.T) {
		srv := httptest.NewServer(http.NotFoundHandler())
		srv.Close()
		if Probe(t.Context(), srv.URL+"/v2/") == nil {
			t.Error("no error")
		}
	})
}

// fakeRecipe makes an image of one small file instead of a root file system.
func fakeRecipe(builds *atomic.Int32, fail error) recipe {
	return recipe{
		name: "fake", key: "k", refs: []string{"library/fake:1", "library/fake:latest"},
		build: func(context.Context, *builder) (v1.Image, error) {
			builds.Add(1)
			if fail != nil {
				return nil, fail
			}
			img, err := newImage("nothing much", []string{"PATH=/bin"})
			if err != nil {
				return nil, err
			}
			var t tree
			t.dir("etc", 0o755)
			t.file("etc/hello", 0o644, []byte("hello"))
			t.symlink("etc/link", "hello")
			return addTar(img, t.stream(), "test")
		},
	}
}

func TestMadeOnceByManyAtOnce(t *testing.T) {
	cache := t.TempDir()
	var builds atomic.Int32
	var wg sync.WaitGroup
	for range 8 { // each has its own Standin, as two processes would
		wg.Go(func() {
			s := &Standin{cacheDir: cache, log: io.Discard}
			dir, err := s.cached(t.Context(), fakeRecipe(&builds, nil))
			if err != nil {
				t.Error(err)
			} else if made, err := madeOf(dir); err != nil || made != "nothing much" {
				t.Errorf("label %q, %v", made, err)
			}
		})
	}
	wg.Wait()
	if n := builds.Load(); n != 1 {
		t.Errorf("made %d times", n)
	}
}

func TestFailureLeavesNothing(t *testing.T) {
	cache := t.TempDir()
	if err := os.Mkdir(filepath.Join(cache, ".work-fake-killed"), 0o755); err != nil {
		t.Fatal(err)
	}
	var builds atomic.Int32
	s := &Standin{cacheDir: cache, log: io.Discard}
	broken := errors.New("no packages today")
	if _, err := s.cached(t.Context(), fakeRecipe(&builds, broken)); !errors.Is(err, broken) {
		t.Fatalf("error %v", err)
	}
	left, err := os.ReadDir(cache)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 1 || left[0].Name() != "fake.lock" {
		t.Errorf("left behind: %v", left)
	}
	if _, err := s.cached(t.Context(), fakeRecipe(&builds, nil)); err != nil {
		t.Errorf("the next attempt: %v", err)
	}
}

func TestRegistryServesLayoutsAndTakesPushes(t *testing.T) {
	var builds atomic.Int32
	s := &Standin{cacheDir: t.TempDir(), log: io.Discard}
	r := fakeRecipe(&builds, nil)
	dir, err := s.cached(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	reg, err := NewRegistry()
	if err != nil {
		t.Fatal(err)
	}
	defer reg.Close()
	if err := reg.Serve(t.Context(), dir, r.refs); err != nil {
		t.Fatal(err)
	}
	want, err := onlyImage(layout.Path(dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range r.refs {
		if got := pull(t, reg.Host()+"/"+ref); digest(t, got) != digest(t, want) {
			t.Errorf("%s is another image", ref)
		} else if text, err := io.ReadAll(mutate.Extract(got)); err != nil || !strings.Contains(string(text), "hello") {
			t.Errorf("%s: %v", ref, err)
		}
	}
	pushed, err := random.Image(100, 2)
	if err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag(reg.Host()+"/pushed:1", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(tag, pushed); err != nil {
		t.Fatal(err)
	}
	if got := pull(t, tag.String()); digest(t, got) != digest(t, pushed) {
		t.Error("the pushed image came back as another one")
	}
	if _, err := remote.Image(tag.Context().Tag("2")); err == nil {
		t.Error("found a tag that nobody pushed")
	}
	if !strings.HasPrefix(reg.Host(), "127.0.0.1:") {
		t.Errorf("the registry listens on %s", reg.Host())
	}
}

func TestReachableNeedsNothing(t *testing.T) {
	s := &Standin{Reachable: true}
	if s.Mirror() != "" || s.BuildkitdConfig() != "" || s.Registry() != nil || s.Add(t.Context(), Rust) != nil || s.Close() != nil {
		t.Error("a reachable docker.io must need no registry")
	}
	if got := s.Describe(); got != "base images: pulled from docker.io" {
		t.Error(got)
	}
}

func TestCopyDir(t *testing.T) {
	src := t.TempDir()
	for file, text := range map[string]string{"bin/tool": "x", "share/doc": "y", "lib/a.so": "z"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(src, file)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(src, file), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("from outside"), 0o644); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"lib/near": "a.so", "lib/far": outside} {
		if err := os.Symlink(target, filepath.Join(src, link)); err != nil {
			t.Fatal(err)
		}
	}
	var tr tree
	if err := tr.copyDir(src, "opt/x", "share"); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range tr.entries {
		names = append(names, e.hdr.Name)
	}
	want := "opt/x/ opt/x/bin/ opt/x/bin/tool opt/x/lib/ opt/x/lib/a.so opt/x/lib/far opt/x/lib/near"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	text, err := io.ReadAll(tr.stream())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "from outside") {
		t.Error("a link out of the directory was not replaced by its content")
	}
}

func pull(t *testing.T, ref string) v1.Image {
	t.Helper()
	r, err := name.ParseReference(ref, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	img, err := remote.Image(r)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func digest(t *testing.T, img v1.Image) string {
	t.Helper()
	d, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d.String()
}
