package plan

import (
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
)

// LockFile is the vertex in which cargo writes the project's lock file. It sees
// manifests and no source, so that an edit of a source does not run it again.
type LockFile struct {
	// Platform is that of the machine that builds.
	Platform  string
	Toolchain Toolchain
	// Files are the manifests, the Cargo configuration, the lock file where there
	// is one, and empty files for the targets that cargo wants to exist; sorted
	// by path, which is relative to the context's root.
	Files []File
	// Workdir is the workspace root, relative to the context's root.
	Workdir string
	// Args is the cargo command.
	Args []string
	// Tokens are the registries that may want a token.
	Tokens []RegistryToken
	// KnownHosts are lines of a known_hosts file. They are empty when no manifest
	// names a repository over ssh, and cargo gets no agent then.
	KnownHosts []string
	// GitHosts are the hosts of the repositories that the manifests name and that
	// are fetched over HTTP: they may want a token. They are sorted and unique.
	GitHosts []string
	// Location is the line that a failure points at.
	Location Location
}

// RegistryToken is how a registry's token comes to cargo.
type RegistryToken struct {
	// Host is that of the registry's index.
	Host string
	// Variable is the variable that cargo reads.
	Variable string
}

// NewLockFile plans the vertex for the machine that builds. A workspace without
// a lock file gets a new one; of one that has it, only what the manifests no
// longer agree with changes.
func NewLockFile(ws *cargo.Workspace, o *options.Options, buildPlatform string) (*LockFile, error) {
	if err := checkUnlocked(ws, o); err != nil {
		return nil, err
	}
	host, err := hostTriple(buildPlatform)
	if err != nil {
		return nil, err
	}
	l := &LockFile{Platform: buildPlatform, Workdir: ws.Root, Args: []string{"generate-lockfile"}, Tokens: registryTokens(ws.Config)}
	if l.Toolchain, err = planToolchain(ws, o, nil, host); err != nil {
		return nil, err
	}
	if l.KnownHosts, err = manifestsKnownHosts(ws, o); err != nil {
		return nil, err
	}
	l.GitHosts = gitHosts(ws)
	span := rootSpan(ws)
	l.Location = Location{File: span.File, Line: span.Start.Line}
	files := map[string]string{}
	for _, p := range slices.Concat(ws.Members, ws.PathPackages, ws.OtherRoots) {
		for _, name := range placeholders(p) {
			files[name] = ""
		}
	}
	lock := path.Join(ws.Root, "Cargo.lock")
	for name, data := range ws.Files {
		if path.Base(name) == "Cargo.toml" || slices.Contains(ws.Config.Paths, name) {
			files[name] = string(data)
		}
	}
	if data, ok := ws.Files[lock]; ok {
		files[lock] = string(data)
		l.Args = []string{"update", "--workspace"}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		l.Files = append(l.Files, File{Path: name, Content: files[name]})
	}
	return l, nil
}

// checkUnlocked refuses what contradicts a lock file that cargo writes.
func checkUnlocked(ws *cargo.Workspace, o *options.Options) error {
	for _, flag := range []string{options.KeyFrozen, options.KeyOffline} {
		if o.Unlocked && slices.Contains(o.LockedFlags, flag) {
			return o.Fault(options.KeyLocked, "conflicts with `"+flag+"`: cargo asks the registries for versions", "remove one of the two")
		}
	}
	sources, _ := ws.Config.Values["source"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		if table, _ := sources[name].(map[string]any); table["directory"] != nil || table["local-registry"] != nil {
			return &cargo.Error{
				Span:    configSpan(ws.Config, rootSpan(ws)),
				Message: "cargo cannot write the lock file in the build: source `" + name + "` is a directory",
				Fix:     "run cargo generate-lockfile in the project, and set locked = true",
			}
		}
	}
	return nil
}

// gitHosts are the hosts of repositories over HTTP.
func gitHosts(ws *cargo.Workspace) []string {
	var hosts []string
	for _, d := range gitDependencies(ws) {
		if u, err := url.Parse(d.Git.URL); err == nil && (u.Scheme == "https" || u.Scheme == "http") {
			hosts = append(hosts, u.Host)
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// registryTokens are the registries that the configuration names. The variable
// is cargo's: https://doc.rust-lang.org/cargo/reference/config.html#registriesnametoken
func registryTokens(c *cargo.Config) []RegistryToken {
	registries, _ := c.Values["registries"].(map[string]any)
	var tokens []RegistryToken
	for _, name := range slices.Sorted(maps.Keys(registries)) {
		u, err := url.Parse(strings.TrimPrefix(registryIndex(c, name), "sparse+"))
		if err != nil || u.Hostname() == "" {
			continue
		}
		variable := "CARGO_REGISTRIES_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_TOKEN"
		tokens = append(tokens, RegistryToken{Host: u.Hostname(), Variable: variable})
	}
	return tokens
}
