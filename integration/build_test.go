package integration

import (
	"context"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rustfile/rustfile/integration/examples"
	"github.com/rustfile/rustfile/integration/gitserver"
	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/llbgen"
)

// example returns an example project of the repository.
func example(t testing.TB, name string) *examples.Example {
	t.Helper()
	all, err := examples.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.Name == name {
			return &e
		}
	}
	t.Fatalf("there is no example %q", name)
	return nil
}

// needsGit are the examples whose lock file pins a commit of the repository that gitserver serves.
var needsGit = map[string]bool{"git-dep": true}

// serveGreeting serves that repository until the test ends.
func serveGreeting(t testing.TB, dir string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server, err := gitserver.StartGreeting(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("git server: %v", server.ConnectionErrors())
		}
		closeIn(t, server)
	})
}

func closeIn(t testing.TB, c io.Closer) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// vertex returns the vertex whose name begins with a prefix; there must be one.
func vertex(t testing.TB, res *testenv.Result, prefix string) *testenv.Vertex {
	t.Helper()
	var found []*testenv.Vertex
	for _, v := range res.Vertices {
		if strings.HasPrefix(v.Name, prefix) {
			found = append(found, v)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d vertices have names that begin with %q, want one", len(found), prefix)
	}
	return found[0]
}

// compilingLine is how cargo says that it compiles something; members of the workspace are shown with their path.
var compilingLine = regexp.MustCompile(`(?m)^\s*Compiling (\S+) v\S+(?: \(proc-macro\))?( \(/src[/)])?`)

// checkOnlyMembersCompiled fails the test when the source vertex compiled anything but workspace members, or did
// not run.
func checkOnlyMembersCompiled(t testing.TB, res *testenv.Result) {
	t.Helper()
	v := vertex(t, res, llbgen.NameMembers+"cargo ")
	lines := compilingLine.FindAllStringSubmatch(v.Log, -1)
	if len(lines) == 0 {
		t.Errorf("the source vertex compiled nothing; its log is\n%s", v.Log)
	}
	for _, m := range lines {
		if m[2] == "" {
			t.Errorf("the source vertex compiled %s, which is no member", m[1])
		}
	}
	if strings.Contains(v.Log, "third-party units were compiled again") {
		t.Errorf("the source vertex says:\n%s", v.Log)
	}
}

// buildAgain are frontend options that run the source vertex whatever the cache holds, so that its log can be read.
var buildAgain = map[string]string{"no-cache": "build"}
