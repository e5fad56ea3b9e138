package integration

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/rustfile/rustfile/integration/gitserver"
	"github.com/rustfile/rustfile/integration/testenv"
)

// git runs git in a project's directory and returns what it prints.
func (p *project) git(args ...string) string {
	p.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = p.Dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_AUTHOR_DATE=2024-02-03T04:05:06+01:00",
		"GIT_COMMITTER_NAME=Ben", "GIT_COMMITTER_EMAIL=ben@example.com", "GIT_COMMITTER_DATE=2024-02-03T04:05:06+01:00")
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimRight(string(out), "\n")
}

// commit makes a commit of all files, or an empty one.
func (p *project) commit(message string) {
	p.t.Helper()
	p.git("add", "--all")
	p.git("commit", "--quiet", "--allow-empty", "--message", message)
}

// gitSays is what the program of the fixture commit prints when it was built from this checkout.
func (p *project) gitSays() string {
	p.t.Helper()
	at, err := time.Parse(time.RFC3339, p.git("log", "-1", "--format=%cI"))
	p.must(err)
	return fmt.Sprintf("%s %s\n%s\n%s\nstatus:%s\n%s %d\n7\n", p.git("rev-parse", "HEAD"), p.git("rev-parse", "--abbrev-ref", "HEAD"),
		p.git("describe", "--tags", "--always", "--dirty=-modified"), p.git("log", "-1", "--format=%s, %an, %cI"),
		strings.ReplaceAll(p.git("status", "--porcelain"), "\n", ";"), p.git("rev-parse", "HEAD"), at.Unix())
}

// TestCommitOfCheckout builds a checkout whose build script asks git. It learns what git says of the checkout, and a
// new commit compiles nothing but the package that asks.
func TestCommitOfCheckout(t *testing.T) {
	p := unitProject(t, "commit")
	p.git("init", "--quiet", "--initial-branch=main")
	p.commit("First")
	p.git("tag", "--annotate", "--message", "One", "v1.0.0")
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	var before *testenv.Result
	for _, step := range []struct {
		name     string
		do       func()
		compiled string // "" when nothing may be compiled, "?" for whatever
	}{
		{"tagged", func() {}, "?"},
		{"nothing", func() {}, ""},
		{"packed", func() { p.git("gc", "--quiet", "--prune=now") }, ""},
		{"files touched", func() { p.date(time.Now().Add(time.Hour)); p.git("status") }, ""},
		{"another commit", func() { p.commit("Second") }, "commit"},
		{"edited", func() { p.append("src/main.rs", "// More.\n") }, "commit"},
		{"committed on a branch", func() { p.git("checkout", "--quiet", "-b", "feature/x"); p.commit("Third") }, "commit"},
		{"a file is left out", func() { p.write(".dockerignore", "notes\n"); p.write("notes", "x"); p.commit("Notes") }, "commit"},
	} {
		t.Run(step.name, func(t *testing.T) {
			step.do()
			r := buildUnits(t, b, testenv.BuildOptions{Context: p.Dir})
			if got := compiled(r); step.compiled != "?" && got != step.compiled {
				t.Errorf("compiled: %q, want %q", got, step.compiled)
			}
			if got, want := r.Run(t), p.gitSays(); got != want {
				t.Errorf("the program prints\n%swant\n%s", got, want)
			}
			if step.compiled == "" {
				checkSameImage(t, r, before)
			}
			before = r
		})
	}
}

// TestCommitOfGitContext is TestCommitOfCheckout for a git URL, of which BuildKit fetches one commit.
func TestCommitOfGitContext(t *testing.T) {
	p := unitProject(t, "commit")
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ids, err := gitserver.Repository{Name: "project", Commits: []gitserver.Commit{{Dir: p.Dir, Message: "A project", Tag: "v2.0.0"}}}.Create(ctx, dir)
	p.must(err)
	server, err := gitserver.Serve(ctx, dir, gitserver.Port)
	p.must(err)
	t.Cleanup(func() { closeIn(t, server) })
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	for ref, want := range map[string]string{
		"": ids[0] + " main\n" + ids[0][:7] + "\n", "#main": ids[0] + " main\n" + ids[0][:7] + "\n", "#v2.0.0": ids[0] + " HEAD\nv2.0.0\n",
	} {
		t.Run("URL"+ref, func(t *testing.T) {
			r := b.MustBuild(t, testenv.BuildOptions{ContextURL: server.URL("project") + ref})
			got := r.Run(t)
			if !strings.HasPrefix(got, want) || !strings.Contains(got, "\nstatus:\n"+ids[0]+" ") {
				t.Errorf("the program prints\n%swant\n%s", got, want)
			}
		})
	}
}

// TestCommitOfCrates is TestCommitOfCheckout with the crates that projects use to ask git.
func TestCommitOfCrates(t *testing.T) {
	onlyWithReal(t)
	p := unitProject(t, "commit-crates")
	p.git("init", "--quiet", "--initial-branch=main")
	p.commit("First")
	p.git("tag", "v1.0.0")
	p.commit("Second")
	id := p.git("rev-parse", "HEAD")
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	for _, step := range []struct {
		name, dirty, marked string
		do                  func()
	}{
		{"clean", "false", "", func() {}},
		{"edited", "true", "-dirty", func() { p.append("src/main.rs", "// More.\n") }},
	} {
		t.Run(step.name, func(t *testing.T) {
			step.do()
			r := buildUnits(t, b, testenv.BuildOptions{Context: p.Dir})
			if step.name != "clean" && compiled(r) != "commit-crates" {
				t.Errorf("compiled: %q", compiled(r))
			}
			describe := "v1.0.0-1-g" + id[:7]
			want := fmt.Sprintf("git-version %s\ncrate-git-revision %s\nsha %s branch main describe %s\ncount 2 dirty %s\n"+
				"commit 2024-02-03T04:05:06.000000000+01:00 Second\nauthor Ada ada@example.com\nbuilt 2024-02-03T03:05:06.000000000Z\n",
				describe+strings.Replace(step.marked, "dirty", "modified", 1), id, id, describe+step.marked, step.dirty)
			if got := r.Run(t); got != want {
				t.Errorf("the program prints\n%swant\n%s", got, want)
			}
		})
	}
}
