package frontend

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/llbgen"
)

// gitFault is a reason why a repository cannot be fetched.
type gitFault struct {
	// schemes are those of the URLs that can have it, nil for any.
	schemes []string
	// says are words of the programs by which it is known.
	says []string
	// cause and help are for the user; HOST in them stands for the host, and
	// KEYSCAN for the command that shows its keys.
	cause, help string
}

var (
	overSSH  = []string{"ssh"}
	overHTTP = []string{"http", "https"}
)

// noAgent is what BuildKit says when the client forwards no agent, and giveAgent
// what helps.
var noAgent = []string{"forwarded from the client", "unset ssh forward key"}

const giveAgent = "Give it yours with --ssh " + llbgen.SSHID + ", or a key with --ssh " + llbgen.SSHID + "=FILE."

// gitFaults are in the order in which they are tried: git ends most of its
// errors with the same guess at the access rights, so single words mislead.
// The first two have the words of BuildKit's source/git and
// session/sshforward/sshprovider, the others those of OpenSSH and git.
var gitFaults = []gitFault{
	{overSSH, noAgent, "the build has no ssh agent", giveAgent},
	{overSSH, []string{"cannot run ssh", "ssh: not found", "ssh: command not found"}, "the builder has no ssh program",
		"Install openssh-client where buildkitd runs; the image moby/buildkit has it."},
	{overSSH, []string{"Host key verification failed", "REMOTE HOST IDENTIFICATION HAS CHANGED"},
		"a server shows a key that is not known for it",
		"Compare the keys that `KEYSCAN` prints with what the server's operator says, and give the right ones in " +
			options.KeyKnownHosts + "; servers of submodules need theirs there, too."},
	{overSSH, []string{"Permission denied (", "Too many authentication failures"}, "HOST accepts no key of the ssh agent",
		"`ssh-add -l` lists the agent's keys: one of them must have access to the repository and its submodules."},
	{overHTTP, []string{"could not read Username", "Authentication failed", "error: 401", "error: 403"}, "HOST wants to know who asks",
		"Give a token that may read the repository with --secret id=" + llb.GitAuthTokenKey + ",env=VARIABLE."},
	{nil, []string{"not our ref", "unadvertised object", "unable to read tree"}, "the repository has no such commit any more",
		"Run `cargo update` for its packages."},
	{nil, []string{"Could not resolve host", "Connection refused", "Connection timed out", "No route to host"},
		"the builder does not reach HOST", "It is the builder that fetches, and not this machine."},
}

// explainGit names the repository that could not be fetched, its line of the
// lock file, and what helps.
func explainGit(err error, p *plan.Plan, g plan.GitSource) error {
	where := fmt.Sprintf("%s:%d: cannot get %s at %.12s", p.Sources.Lock, g.Line, g.URL, g.Commit)
	u, bad := url.Parse(g.URL)
	if bad != nil {
		return told(err, "%s: %v", where, err)
	}
	for _, f := range gitFaults {
		if says(err, f.says) && (f.schemes == nil || slices.Contains(f.schemes, u.Scheme)) {
			named := strings.NewReplacer("HOST", u.Hostname(), "KEYSCAN", plan.KeyScan(u))
			return told(err, "%s: %s: %v\n%s", where, named.Replace(f.cause), err, named.Replace(f.help))
		}
	}
	return told(err, "%s: %v", where, err)
}

// explainLock says why cargo wrote no lock file.
func explainLock(err error, l *plan.LockFile) error {
	if says(err, noAgent) {
		return told(err, "%s:%d: cargo cannot write the lock file: a repository is over ssh, and the build has no ssh agent: %v\n%s",
			l.Location.File, l.Location.Line, err, giveAgent)
	}
	return told(err, "cargo cannot write the lock file: %v", err)
}

// says reports whether any of the words are in an error.
func says(err error, any []string) bool {
	return slices.ContainsFunc(any, func(words string) bool { return strings.Contains(err.Error(), words) })
}
