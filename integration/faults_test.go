package integration

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/gateway/client"
	digest "github.com/opencontainers/go-digest"

	"github.com/rustfile/rustfile/frontend"
	"github.com/rustfile/rustfile/integration/examples"
	"github.com/rustfile/rustfile/integration/testenv"
)

// TestWrongBytesFromRegistry: the error names the crate and its line, nothing is kept of the wrong bytes, and with the
// right ones the build succeeds.
func TestWrongBytesFromRegistry(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	f := newFakeRegistry(t)
	one, two := crate{name: "one"}, crate{name: "two"}
	p := f.projectOf(t, one, two)
	right := two.archive(t)
	wrong := append([]byte(nil), right...)
	wrong[len(wrong)-1] ^= 1
	for range 2 { // the second time would find what the first one had kept
		f.publish(two, wrong)
		checkRefusal(t, b, testenv.BuildOptions{Context: p.Dir}, examples.BadInput{
			File: "Cargo.lock", Line: 17, Message: "cannot get crate two 1.0.0: digest mismatch",
		}, true)
	}
	f.publish(two, right)
	if got, want := b.MustBuild(t, testenv.BuildOptions{Context: p.Dir}).Run(t), "one\ntwo\n"; got != want {
		t.Errorf("the program prints %q, want %q", got, want)
	}
}

// status answers every download with a status.
func status(code int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasPrefix(r.URL.Path, "/crates/") {
			http.Error(w, "broken", code)
			return true
		}
		return false
	}
}

// TestRegistryFails: whatever is the matter with the registry, the error names the crate, and when the registry is well
// again the build succeeds without any clean-up.
func TestRegistryFails(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault func(http.ResponseWriter, *http.Request) bool
		want  string
	}{
		{"not found", status(http.StatusNotFound), "invalid response status 404"},
		{"forbidden", status(http.StatusForbidden), "invalid response status 403"},
		{"too many requests", status(http.StatusTooManyRequests), "invalid response status 429"},
		{"unavailable", status(http.StatusServiceUnavailable), "invalid response status 503"},
		{"truncated", func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasPrefix(r.URL.Path, "/crates/") {
				return false
			}
			w.Header().Set("Content-Length", "100000")
			w.Write([]byte("short"))
			panic(http.ErrAbortHandler)
		}, "EOF"},
		{"hangs up", func(_ http.ResponseWriter, r *http.Request) bool {
			if strings.HasPrefix(r.URL.Path, "/crates/") {
				panic(http.ErrAbortHandler)
			}
			return false
		}, "EOF"},
		{"redirects in a circle", func(w http.ResponseWriter, r *http.Request) bool {
			if strings.HasPrefix(r.URL.Path, "/crates/") {
				http.Redirect(w, r, r.URL.Path, http.StatusFound)
				return true
			}
			return false
		}, "redirects"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
			f := newFakeRegistry(t)
			p := f.projectOf(t, crate{name: "one"})
			f.setFault(tc.fault)
			_, err := b.Build(t.Context(), testenv.BuildOptions{Context: p.Dir})
			checkFailure(t, err, "Cargo.lock:10: cannot get crate one 1.0.0: ", tc.want)
			f.setFault(nil)
			if got := b.MustBuild(t, testenv.BuildOptions{Context: p.Dir}).Run(t); got != "one\n" {
				t.Errorf("the program prints %q", got)
			}
		})
	}
}

func checkFailure(t *testing.T, err error, want ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("the build succeeded")
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error does not say %q: %v", w, err)
		}
	}
}

// TestRegistryIsDown: the registry cannot even be connected to.
func TestRegistryIsDown(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	f := newFakeRegistry(t)
	p := f.projectOf(t, crate{name: "one"})
	f.down()
	_, err := b.Build(t.Context(), testenv.BuildOptions{Context: p.Dir})
	checkFailure(t, err, "cannot read the registry http://"+f.address, "connection refused")
	f.up(t)
	if got := b.MustBuild(t, testenv.BuildOptions{Context: p.Dir}).Run(t); got != "one\n" {
		t.Errorf("the program prints %q", got)
	}
}

// TestCratesAreDownloadedOnce: what a daemon has of a crate serves every later build, also of other projects and when
// everything is compiled again.
func TestCratesAreDownloadedOnce(t *testing.T) {
	for _, tc := range []struct{ granularity, other string }{
		{"coarse", "gather manifests plan unpack deps build image"},
		{"unit", "gather manifests plan deps build image"},
	} {
		t.Run(tc.granularity, func(t *testing.T) {
			b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
			f := newFakeRegistry(t)
			one, two := crate{name: "one" + tc.granularity}, crate{name: "two" + tc.granularity}
			o := withGranularity(testenv.BuildOptions{Context: f.projectOf(t, one).Dir, Output: testenv.OutputNone}, tc.granularity)
			b.MustBuild(t, o)
			if n := f.downloads(); n != 1 {
				t.Errorf("%d downloads, want 1", n)
			}
			o.Attrs = map[string]string{"no-cache": "deps,build"}
			if got := work(b.MustBuild(t, o)); got != "deps build image" {
				t.Errorf("steps that ran: %q", got)
			}
			if n := f.downloads(); n != 0 {
				t.Errorf("%d downloads when all is compiled again, want none", n)
			}
			o.Context, o.Attrs = f.projectOf(t, one, two).Dir, nil
			if got := work(b.MustBuild(t, o)); got != tc.other {
				t.Errorf("steps that ran for the other project: %q", got)
			}
			if n := f.downloads(); n != 1 {
				t.Errorf("%d downloads for another project with one new crate, want 1", n)
			}
		})
	}
}

// panicking is a gateway client one of whose calls panics, as a bug of the frontend's would.
type panicking struct {
	client.Client
	solve bool // which call: Solve, or ResolveImageConfig, which runs in a goroutine
}

func (p panicking) Solve(ctx context.Context, r client.SolveRequest) (*client.Result, error) {
	if p.solve {
		panic("a bug")
	}
	return p.Client.Solve(ctx, r)
}

func (p panicking) ResolveImageConfig(context.Context, string, sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	panic("a bug")
}

// TestFrontendPanics: a bug becomes an error of the build that says where it is.
func TestFrontendPanics(t *testing.T) {
	for _, solve := range []bool{true, false} {
		b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
		b.Frontend = func(ctx context.Context, c client.Client) (*client.Result, error) {
			return frontend.Build(ctx, panicking{c, solve})
		}
		_, err := b.Build(t.Context(), testenv.BuildOptions{Context: copyOf(t, "selfhash").Dir})
		checkFailure(t, err, "rustfile has a bug, please report it: a bug", "faults_test.go")
	}
}

// TestCancel: a build that is given up ends at once, in the middle of a process too, and the next one is right.
func TestCancel(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	s := newSelfhash(t)
	s.write("app/build.rs", "fn main() { println!(\"cargo:warning=waiting\"); std::thread::sleep(std::time::Duration::from_secs(1000)); }\n")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	compiling := &trigger{text: "Compiling selfhash", fire: cancel}
	_, err := b.Build(ctx, testenv.BuildOptions{Context: s.Dir, Progress: compiling})
	if err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("the error is %v", err)
	}
	if compiling.at.IsZero() {
		t.Fatal("the build was over before the source vertex compiled")
	}
	if took := time.Since(compiling.at); took > 15*time.Second {
		t.Errorf("the build ended %s after it was given up", took)
	}
	s.must(os.Remove(s.path("app/build.rs")))
	s.set(alpha, 9)
	s.check(t, b, testenv.BuildOptions{})
}

// trigger fires once, when a text was written to it so many times, 0 being once.
type trigger struct {
	text  string
	times int
	fire  func()
	at    time.Time
	seen  strings.Builder
}

func (g *trigger) Write(p []byte) (int, error) {
	g.seen.Write(p)
	if g.at.IsZero() && strings.Count(g.seen.String(), g.text) >= max(g.times, 1) {
		g.at = time.Now()
		g.fire()
	}
	return len(p), nil
}
