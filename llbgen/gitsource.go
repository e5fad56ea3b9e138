package llbgen

import (
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/rustfile/rustfile/internal/plan"
)

// SSHID is the client's name for the agent that git uses, as --ssh gives it.
const SSHID = "default"

// gitSource fetches the commit of a git repository, with its submodules. Its
// key is the commit alone: neither the agent nor the keys of servers are in it.
func (g *generator) gitSource(s plan.GitSource) llb.State {
	opts := []llb.GitOption{common(nameGit(s))}
	if opt := at(g.lock, s.Line); opt != nil {
		opts = append(opts, opt)
	}
	address := s.URL
	if u, ok := s.SSH(); ok {
		address = u.String()
		// Without keys the client would ask the server for its key, from here.
		opts = append(opts, llb.MountSSHSock(SSHID), llb.KnownSSHHosts(strings.Join(g.plan.Sources.KnownHosts, "\n")+"\n"))
	}
	return llb.Git(address, s.Commit, opts...)
}
