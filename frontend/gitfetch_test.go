package frontend

import (
	"errors"
	"strings"
	"testing"

	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/rustfile/rustfile/internal/plan"
)

// TestExplainGit: the error of a repository names its line, and what git says
// about access rights at the end of every error misleads nobody.
func TestExplainGit(t *testing.T) {
	const rights = "\nfatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists."
	p := &plan.Plan{Sources: plan.Sources{Lock: "Cargo.lock", Git: []plan.GitSource{
		{URL: "ssh://git@git.example.com:2222/a.git", Commit: "d43a2a6a109f17c098fcd783f075075884417f39", Line: 7},
		{URL: "https://git.example.com/b.git", Commit: "d43a2a6a109f17c098fcd783f075075884417f39", Line: 9},
	}}}
	const ssh, https = 7, 9
	for _, tc := range []struct {
		name, text string
		line       int32
		want       []string
	}{
		{"no agent", `no SSH key "default" forwarded from the client`, ssh,
			[]string{"Cargo.lock:7: cannot get ssh://git@git.example.com:2222/a.git at d43a2a6a109f: the build has no ssh agent", "--ssh default"}},
		{"another agent", "unset ssh forward key default", ssh, []string{"the build has no ssh agent"}},
		{"key of the server", "Host key verification failed." + rights, ssh, []string{"known for it", "`ssh-keyscan -p 2222 git.example.com`", "known-hosts"}},
		{"key of the client", "git@git.example.com: Permission denied (publickey)." + rights, ssh, []string{"git.example.com accepts no key", "ssh-add -l"}},
		{"no program", "error: cannot run ssh: No such file or directory" + rights, ssh, []string{"openssh-client"}},
		{"unreachable", "ssh: Could not resolve hostname git.example.com: Name or service not known" + rights, ssh, []string{"does not reach git.example.com"}},
		{"no commit", "fatal: remote error: upload-pack: not our ref d43a", ssh, []string{"no such commit", "cargo update"}},
		{"unknown", "something new" + rights, ssh, []string{"Cargo.lock:7: cannot get ssh://", "something new"}},
		{"token", "fatal: could not read Username for 'https://git.example.com': terminal prompts disabled", https,
			[]string{"Cargo.lock:9: ", "wants to know who asks", "--secret id=GIT_AUTH_TOKEN"}},
		{"no agent over https", "Permission denied (publickey)", https, []string{"at d43a2a6a109f: Permission denied"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			source := &errdefs.Source{Info: &pb.SourceInfo{Filename: "Cargo.lock"}, Ranges: []*pb.Range{{Start: &pb.Position{Line: tc.line}}}}
			err := explain(errdefs.WithSource(errors.New(tc.text), source), p, nil)
			for _, want := range append(tc.want, tc.text) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error is %q, want %q in it", err, want)
				}
			}
			if len(errdefs.Sources(err)) != 1 {
				t.Error("the lines that the error is about are lost")
			}
		})
	}
}
