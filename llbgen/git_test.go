package llbgen_test

import (
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/gitmeta"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/plan/plantest"
	"github.com/rustfile/rustfile/llbgen"
)

// atCommit is a plan for a checkout of a commit whose sources ask for everything.
func atCommit(t *testing.T, p *plan.Plan, id, message string) *plan.Plan {
	t.Helper()
	raw := "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a@x> 1700000000 +0100\ncommitter B <b@x> 1700000000 +0100\n\n" + message + "\n"
	h, err := gitmeta.FromObject(strings.Repeat(id, 20), []byte(raw), "refs/heads/main")
	if err != nil {
		t.Fatal(err)
	}
	h.Repository.Index = []gitmeta.Entry{{Path: "Cargo.toml", Mode: 0o100644, ID: strings.Repeat("ab", 20)}}
	p.Members.Git = &plan.GitUse{Why: "a test", Vergen: true, Built: []string{"app"}, Records: []string{"app"}, Repository: true}
	p.SetGit(h)
	return p
}

// TestCommitReachesTheSourceVertexOnly: a commit changes the source vertex, and what is copied from it, and no other.
func TestCommitReachesTheSourceVertexOnly(t *testing.T) {
	small(t, func(t *testing.T, w *plantest.Workspace, granularity string) {
		before := digests(t, atCommit(t, planOf(t, w, granularity), "01", "One"))
		after := digests(t, atCommit(t, planOf(t, w, granularity), "02", "Two"))
		if sourceVertex(t, before) == sourceVertex(t, after) {
			t.Error("the commit is not in the source vertex")
		}
		compared := 0
		for name, d := range before {
			ofUnit := strings.HasPrefix(name, llbgen.NameDependencies) || strings.HasPrefix(name, llbgen.NameMembers) && !strings.HasPrefix(name, llbgen.NameMembers+"cargo ")
			if !ofUnit {
				continue
			}
			compared++
			if after[name] != d {
				t.Errorf("the commit reaches %s", name)
			}
		}
		if compared == 0 && granularity != options.GranularityCoarse {
			t.Error("there was no vertex to compare")
		}
	})
}

// TestNoCommitNoTrace: the vertices of a project that does not ask know nothing of a commit.
func TestNoCommitNoTrace(t *testing.T) {
	p := examplePlan(t, "hello")
	before := head(t, marshal(t, p))
	h, err := gitmeta.FromID(strings.Repeat("01", 20), gitmeta.Dirty)
	if err != nil {
		t.Fatal(err)
	}
	p.SetGit(h)
	if after := head(t, marshal(t, p)); after != before {
		t.Error("the commit changes the graph of a project that does not ask for it")
	}
}
