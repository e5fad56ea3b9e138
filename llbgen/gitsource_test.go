package llbgen

import (
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/rustfile/rustfile/internal/plan"
)

// TestGitSource: a repository over ssh gets the agent and the keys of servers, so that the client need not ask a server
// for its key; others get neither.
func TestGitSource(t *testing.T) {
	const commit = "d43a2a6a109f17c098fcd783f075075884417f39"
	g := &generator{plan: &plan.Plan{Sources: plan.Sources{KnownHosts: []string{"a key", "b key"}}}}
	for _, test := range []struct{ url, full, agent, known string }{
		// Nothing answers at this address; asking it for a key would fail, and leave the attribute out.
		{"ssh://git@127.0.0.1:1/a/b.git", "ssh://git@127.0.0.1:1/a/b.git", "default", "a key\nb key\n"},
		{"ssh://127.0.0.1:1/a/b.git", "ssh://git@127.0.0.1:1/a/b.git", "default", "a key\nb key\n"},
		{"https://127.0.0.1:1/a/b.git", "https://127.0.0.1:1/a/b.git", "", ""},
	} {
		def, err := llb.Scratch().File(llb.Copy(g.gitSource(plan.GitSource{URL: test.url, Commit: commit, Line: 3}), "/", "/")).Marshal(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var source *pb.SourceOp
		for _, data := range def.Def {
			var op pb.Op
			if err := op.UnmarshalVT(data); err != nil {
				t.Fatal(err)
			}
			if op.GetSource() != nil {
				source = op.GetSource()
			}
		}
		if want := "git://127.0.0.1:1/a/b.git#" + commit; source.GetIdentifier() != want {
			t.Errorf("%s: the source is %s, want %s", test.url, source.GetIdentifier(), want)
		}
		for attr, want := range map[string]string{
			pb.AttrFullRemoteURL: test.full, pb.AttrMountSSHSock: test.agent, pb.AttrKnownSSHHosts: test.known,
		} {
			if got := source.Attrs[attr]; got != want {
				t.Errorf("%s: %s is %q, want %q", test.url, attr, got, want)
			}
		}
	}
}
