package llbgen

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/pelletier/go-toml/v2"
	"github.com/rustfile/rustfile/internal/plan"
)

// The names of the vertices that the lock file comes from.
const (
	// nameManifestsOfProject is what the vertex sees that writes the lock file.
	nameManifestsOfProject = "[internal] manifests of the project"
	nameLockFile           = "[internal] the lock file"
)

// Lock is the vertex that writes the project's lock file; its output holds
// Cargo.lock. It uses the network: which versions there are is not in its key,
// so what it found stays until a manifest changes or the cache loses it.
func Lock(l *plan.LockFile, in Inputs) (llb.State, error) {
	g, err := newGenerator(&plan.Plan{Platform: l.Platform, Toolchain: l.Toolchain}, in)
	if err != nil {
		return llb.State{}, err
	}
	files := llb.Scratch().File(write(nil, l.Files), common(nameManifestsOfProject))
	config, err := sshConfig(l.KnownHosts)
	if err != nil {
		return llb.State{}, err
	}
	helper, tokens := gitTokens(l.GitHosts)
	opts := []llb.RunOption{
		llb.Args(append([]string{"/bin/sh", "/rustfile/lock.sh"}, l.Args...)),
		llb.Dir(path.Join(sourceDir, l.Workdir)),
		llb.AddEnv("CARGO_TERM_COLOR", "never"),
		llb.AddMount("/rustfile", g.script("lock.sh", slices.Concat(config, helper)...), llb.Readonly),
		llb.AddMount(sourceDir, files, llb.ForceNoOutput),
		llb.Network(pb.NetMode_UNSET), llb.Platform(g.platform),
		common(NameLock + "cargo " + strings.Join(l.Args, " ")),
	}
	for _, t := range l.Tokens {
		// Whatever keeps the project's tokens elsewhere is not there.
		opts = append(opts, llb.AddEnv(strings.TrimSuffix(t.Variable, "_TOKEN")+"_CREDENTIAL_PROVIDER", "cargo:token"))
		opts = append(opts, llb.AddSecret(t.Variable, llb.SecretID("HTTP_AUTH_HEADER_"+t.Host), llb.SecretAsEnvName(t.Variable), llb.SecretOptional))
	}
	if len(config) > 0 {
		opts = append(opts, llb.AddSSHSocket(llb.SSHID(SSHID)))
	}
	opts = append(opts, tokens...)
	if in.IgnoreCache != nil && in.IgnoreCache("lock") {
		opts = append(opts, llb.IgnoreCache)
	}
	opts = append(opts, g.location(l.Location)...)
	return g.rustup().Run(opts...).AddMount("/out", llb.Scratch()), nil
}

// sshConfig is the configuration by which cargo knows ssh servers, none without
// lines. Git's own program would look for them elsewhere, so cargo does without.
// https://doc.rust-lang.org/cargo/reference/config.html#netsshknown-hosts
func sshConfig(knownHosts []string) ([]dataFile, error) {
	if len(knownHosts) == 0 {
		return nil, nil
	}
	data, err := toml.Marshal(map[string]any{"net": map[string]any{
		"git-fetch-with-cli": false, "ssh": map[string]any{"known-hosts": knownHosts},
	}})
	if err != nil {
		return nil, fmt.Errorf("cannot render cargo's configuration for ssh: %w", err)
	}
	return []dataFile{generated("ssh.toml", data)}, nil
}

// gitTokens are the tokens that BuildKit, too, would use for repositories, and
// what gives them to cargo's git. None has to be there: a repository may be
// public.
func gitTokens(hosts []string) ([]dataFile, []llb.RunOption) {
	if len(hosts) == 0 {
		return nil, nil
	}
	ids := []string{llb.GitAuthTokenKey}
	for _, host := range hosts {
		ids = append(ids, llb.GitAuthTokenKey+"."+host)
	}
	var opts []llb.RunOption
	for _, id := range ids {
		opts = append(opts, llb.AddSecret("/run/secrets/"+id, llb.SecretID(id), llb.SecretOptional))
	}
	helper := file("git-token.sh")
	helper.mode = 0o755
	return []dataFile{helper}, opts
}

// LockFile is a state that holds a lock file alone.
func LockFile(data []byte) llb.State {
	return llb.Scratch().File(llb.Mkfile("/Cargo.lock", 0o644, data, llb.WithCreatedTime(sourceTime)), common(nameLockFile))
}
