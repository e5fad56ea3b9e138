package integration

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/buildkit/client"

	"github.com/rustfile/rustfile/integration/examples"
	"github.com/rustfile/rustfile/integration/gitserver"
	"github.com/rustfile/rustfile/integration/testenv"
)

// selfhash is the fixture whose program prints a hash of the sources it was compiled from, so a stale binary gives
// itself away. The library alpha is below everything else.
type selfhash struct{ *project }

func newSelfhash(t testing.TB) selfhash { return selfhash{copyOf(t, "selfhash")} }

const alpha, nested = "alpha/src/lib.rs", "beta/src/nested/mod.rs"

// set changes a number in a source file; the file's size stays.
func (s selfhash) set(file string, value int) {
	s.t.Helper()
	const declaration = "pub const VALUE: u32 = "
	before, after, found := strings.Cut(s.read(file), declaration)
	if !found {
		s.t.Fatalf("%s has no VALUE", file)
	}
	s.write(file, fmt.Sprintf("%s%s%d%s", before, declaration, value, after[1:]))
}

// want is what the program must print.
func (s selfhash) want() string {
	s.t.Helper()
	hash, err := examples.SelfHash(s.Dir)
	s.must(err)
	value := func(file string) int {
		_, after, _ := strings.Cut(s.read(file), "pub const VALUE: u32 = ")
		return int(after[0] - '0')
	}
	a := value(alpha)
	return fmt.Sprintf("hash %s\nversion 0.1.0\nalpha %d\nbeta %d\napp 1\n", hash, a, a+value(nested)+1)
}

// check builds the tree as it is and runs the program.
func (s selfhash) check(t *testing.T, b *testenv.Builder, o testenv.BuildOptions) {
	t.Helper()
	if o.ContextURL == "" {
		o.Context = s.Dir
	}
	if got, want := b.MustBuild(t, o).Run(t), s.want(); got != want {
		t.Errorf("the image has a stale program: it prints\n%swant\n%s", got, want)
	}
}

var (
	longAgo = time.Unix(0, 0)
	future  = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// history is a sequence of states of one tree, most of them reverts, with modification times that would deceive
// cargo: it takes a file for unchanged when it is not newer than what was compiled from it.
var history = []struct {
	name string
	do   func(s selfhash)
}{
	{"first", func(selfhash) {}},
	{"edited", func(s selfhash) { s.set(alpha, 2) }},
	{"reverted, older than ever", func(s selfhash) { s.set(alpha, 1); s.date(longAgo) }},
	{"edited, older than ever", func(s selfhash) { s.set(alpha, 2); s.date(longAgo.Add(time.Second)) }},
	{"edited again, from the future", func(s selfhash) { s.set(alpha, 3); s.date(future) }},
	{"reverted, from a year ago", func(s selfhash) { s.set(alpha, 1); s.date(time.Now().AddDate(-1, 0, 0)) }},
	{"only touched", func(s selfhash) { s.date(time.Now().Add(time.Hour)) }},
	{"deep module edited, older than ever", func(s selfhash) { s.set(nested, 5); s.date(longAgo) }},
	{"two files edited", func(s selfhash) { s.set(nested, 6); s.set(alpha, 4); s.date(future) }},
	{"all reverted, older than ever", func(s selfhash) { s.set(nested, 1); s.set(alpha, 1); s.date(longAgo) }},
}

// TestNoStaleProgram goes through the history with the plain build and with a date of the image.
func TestNoStaleProgram(t *testing.T) {
	for _, args := range []map[string]string{nil, {"SOURCE_DATE_EPOCH": "0"}} {
		t.Run(fmt.Sprint(args), func(t *testing.T) {
			b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
			s := newSelfhash(t)
			for _, h := range history {
				h.do(s)
				t.Run(h.name, func(t *testing.T) { s.check(t, b, testenv.BuildOptions{BuildArgs: args}) })
			}
		})
	}
}

// TestSameSizeSameTime edits files so that neither their size nor their modification time changes, as tools that
// give every file of a checkout one constant time do. BuildKit's transfer of a directory compares only those.
func TestSameSizeSameTime(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	s := newSelfhash(t)
	at := time.Unix(1, 0)
	for value := range 3 {
		s.set(alpha, value)
		s.date(at)
		s.check(t, b, testenv.BuildOptions{})
	}
	// A manifest, too: the version has as many bytes as before.
	s.replace("Cargo.toml", "0.1.0", "0.2.0")
	s.replace("Cargo.lock", "0.1.0", "0.2.0")
	s.date(at)
	got := b.MustBuild(t, testenv.BuildOptions{Context: s.Dir}).Run(t)
	if want := strings.Replace(s.want(), "version 0.1.0", "version 0.2.0", 1); got != want {
		t.Errorf("the image has a stale program: it prints\n%swant\n%s", got, want)
	}
}

// TestNoStaleProgramFromGit builds the commits of a repository back and forth.
func TestNoStaleProgramFromGit(t *testing.T) {
	s := newSelfhash(t)
	trees := map[string]selfhash{}
	repository := gitserver.Repository{Name: "selfhash"}
	for i, tag := range []string{"one", "two"} {
		s.set(alpha, i+1)
		trees[tag] = selfhash{s.clone(t)}
		repository.Commits = append(repository.Commits, gitserver.Commit{Dir: trees[tag].Dir, Message: tag, Tag: tag})
	}
	url := serveRepository(t, repository)
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	for _, tag := range []string{"one", "two", "one", "two"} {
		trees[tag].check(t, b, testenv.BuildOptions{ContextURL: url + "#" + tag})
		trees[tag].check(t, b, testenv.BuildOptions{ContextURL: url + "#" + tag, BuildArgs: map[string]string{"SOURCE_DATE_EPOCH": "context"}})
	}
}

// serveRepository creates a repository and serves it on a free port until the test ends.
func serveRepository(t *testing.T, repository gitserver.Repository) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := repository.Create(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	closeIn(t, l)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server, err := gitserver.Serve(ctx, dir, port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeIn(t, server) })
	return server.URL(repository.Name)
}

// TestNoStaleProgramFromRemoteCache lets a daemon that knows nothing import what others built from other states of
// the tree, and builds these and a new one.
func TestNoStaleProgramFromRemoteCache(t *testing.T) {
	first := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	second := inProcess(testenv.FreshDaemon(t, testenv.DaemonOptions{}))
	s := newSelfhash(t)
	var imports []client.CacheOptionsEntry
	for value := 1; value <= 2; value++ {
		to, from := localCache(t)
		s.set(alpha, value)
		s.check(t, first, testenv.BuildOptions{CacheTo: to})
		imports = append(imports, from...)
	}
	for _, value := range []int{7, 2, 1, 7} {
		s.set(alpha, value)
		s.date(longAgo)
		s.check(t, second, testenv.BuildOptions{CacheFrom: imports})
	}
}

// TestParallelBuildsDoNotMix builds two states of a tree at the same time on one daemon, several times.
func TestParallelBuildsDoNotMix(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	trees := []selfhash{newSelfhash(t), newSelfhash(t)}
	for round := range 3 {
		results := make([]*testenv.Result, len(trees))
		errs := make([]error, len(trees))
		var group sync.WaitGroup
		for i, s := range trees {
			s.set(nested, 2*round+i)
			s.date(longAgo)
			group.Go(func() { results[i], errs[i] = b.Build(t.Context(), testenv.BuildOptions{Context: s.Dir}) })
		}
		group.Wait()
		for i, s := range trees {
			if errs[i] != nil {
				t.Fatal(errs[i])
			}
			if got, want := results[i].Run(t), s.want(); got != want {
				t.Errorf("round %d: build %d prints\n%swant\n%s", round, i, got, want)
			}
		}
	}
}

// TestBuildOfOtherDirectoryWithSameFiles: the program of one directory is right for another with the same content,
// and nothing has to run for it.
func TestBuildOfOtherDirectoryWithSameFiles(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	s := newSelfhash(t)
	s.set(alpha, 8)
	s.check(t, b, testenv.BuildOptions{})
	other := selfhash{s.clone(t)}
	other.must(os.Chmod(other.path(alpha), 0o644))
	other.date(future)
	r := b.MustBuild(t, testenv.BuildOptions{Context: other.Dir})
	if got := work(r); got != "" {
		t.Errorf("steps that ran: %q, want none", got)
	}
	if got, want := r.Run(t), other.want(); got != want {
		t.Errorf("the program prints\n%swant\n%s", got, want)
	}
}
