package plan

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/knownhosts"
	"github.com/rustfile/rustfile/internal/options"
)

// sshUser is the user of a URL that names none, as cargo tries it first.
// https://github.com/rust-lang/cargo/blob/master/src/cargo/sources/git/utils.rs (with_authentication)
const sshUser = "git"

// SSH returns the address of a repository that is fetched over ssh, false for
// other protocols.
func (g GitSource) SSH() (*url.URL, bool) {
	u, err := url.Parse(g.URL)
	if err != nil || u.Scheme != "ssh" {
		return nil, false
	}
	if u.User == nil {
		u.User = url.User(sshUser)
	}
	return u, true
}

// trustServers finds the keys of the servers that repositories are fetched from
// over ssh, and refuses a server without one: whoever answers would be trusted.
func (s *Sources) trustServers(ws *cargo.Workspace, o *options.Options) error {
	for _, g := range s.Git {
		u, ok := g.SSH()
		if !ok {
			continue
		}
		if s.KnownHosts == nil {
			s.KnownHosts = knownhosts.WithPublished(ownKnownHosts(ws, o))
		}
		if !knownhosts.Knows(s.KnownHosts, u.Hostname(), u.Port()) {
			return unknownServer(ws, o, g, u)
		}
	}
	return nil
}

// ownKnownHosts are the lines that the options and cargo's configuration have.
// Cargo ignores a line of its configuration that it does not understand.
// https://doc.rust-lang.org/cargo/reference/config.html#netsshknown-hosts
func ownKnownHosts(ws *cargo.Workspace, o *options.Options) []string {
	lines := slices.Clone(o.Build.KnownHosts)
	network, _ := ws.Config.Values["net"].(map[string]any)
	ssh, _ := network["ssh"].(map[string]any)
	list, _ := ssh["known-hosts"].([]any)
	for _, item := range list {
		if line := text(item); knownhosts.Check(line) == nil && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// KeyScan is the command that prints the keys of the ssh server of a URL.
func KeyScan(u *url.URL) string {
	if port := cmp.Or(u.Port(), "22"); port != "22" {
		return "ssh-keyscan -p " + port + " " + u.Hostname()
	}
	return "ssh-keyscan " + u.Hostname()
}

// unknownServer is the fault of a repository; its package is what the lock file
// has at its line.
func unknownServer(ws *cargo.Workspace, o *options.Options, g GitSource, u *url.URL) error {
	// The plan was made of the lock file, so the line is that of a package.
	i := slices.IndexFunc(ws.Lock.Packages, func(p cargo.LockPackage) bool { return p.Span.Start.Line == g.Line })
	return noKeyOf(u, ws.Lock.Packages[i].Name, ws.Lock.Packages[i].Span, o)
}

// noKeyOf says that a package comes from a server without a key.
func noKeyOf(u *url.URL, name string, span cargo.Span, o *options.Options) *cargo.Error {
	fault := &cargo.Error{
		Span:    span,
		Message: fmt.Sprintf("package `%s` comes from %s over ssh, and no key of that server is known", name, u.Host),
		Fix: fmt.Sprintf("add the server's keys to %s in the Rustfile, as `%s` prints them and the server's operator confirms them, "+
			"or to net.ssh.known-hosts in .cargo/config.toml", options.KeyKnownHosts, KeyScan(u)),
	}
	if o.Has(options.KeyKnownHosts) {
		fault.Message += fmt.Sprintf(": %s (%s) has none", options.KeyKnownHosts, o.Origin(options.KeyKnownHosts))
	}
	return fault
}

// manifestsKnownHosts finds the keys of the servers that the manifests name, nil
// when none is over ssh, and refuses a server without one.
func manifestsKnownHosts(ws *cargo.Workspace, o *options.Options) ([]string, error) {
	var lines []string
	for _, d := range gitDependencies(ws) {
		u, ok := GitSource{URL: d.Git.URL}.SSH()
		if !ok {
			continue
		}
		if lines == nil {
			lines = knownhosts.WithPublished(ownKnownHosts(ws, o))
		}
		if !knownhosts.Knows(lines, u.Hostname(), u.Port()) {
			return nil, noKeyOf(u, d.Package, d.Span, o)
		}
	}
	return lines, nil
}

// gitDependencies are those of the manifests and patches on git repositories.
func gitDependencies(ws *cargo.Workspace) []cargo.Dependency {
	var all []cargo.Dependency
	for _, p := range localPackages(ws) {
		all = append(all, p.Dependencies...)
	}
	for _, p := range ws.Patches {
		all = append(all, p.Dependency)
	}
	return slices.DeleteFunc(all, func(d cargo.Dependency) bool { return d.Git == nil })
}
