package llbgen

import (
	"path"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
)

// rustup is the builder image with what rustup has to add to it for any
// target. This vertex, [generator.standardLibrary], those that install packages
// and steps that the user lets are the only ones that use the network: rustup
// verifies what it downloads, and the output is keyed by the image's digest and
// the names asked for.
func (g *generator) rustup() llb.State {
	t := g.plan.Toolchain
	if t.Install == "" && len(t.Components) == 0 && len(t.Targets) == 0 {
		return g.in.Toolchain.State
	}
	args := []string{t.Install}
	for _, c := range t.Components {
		args = append(args, "component", c)
	}
	for _, target := range t.Targets {
		args = append(args, "target", target)
	}
	opts := []llb.RunOption{
		llb.Args(append([]string{"/bin/sh", "/rustfile/toolchain.sh"}, args...)),
		llb.AddMount("/rustfile", g.script("toolchain.sh"), llb.Readonly),
		llb.Network(pb.NetMode_UNSET),
		llb.Platform(g.platform),
		common(NameToolchain + "rustup adds what rust-toolchain.toml asks for"),
	}
	opts = append(opts, g.downloads()...)
	st := g.in.Toolchain.State.Run(opts...).Root()
	if t.Install != "" {
		st = st.AddEnv("RUSTUP_TOOLCHAIN", t.Install)
	}
	return st
}

// downloads keeps what rustup began to download.
func (g *generator) downloads() []llb.RunOption {
	home, ok := envOf(g.in.Toolchain.Config.Config.Env, "RUSTUP_HOME")
	if !ok {
		return nil
	}
	return []llb.RunOption{llb.AddMount(path.Join(home, "downloads"), llb.Scratch(),
		llb.AsPersistentCacheDir("rustfile/rustup-downloads", llb.CacheMountLocked))}
}

func envOf(env []string, key string) (string, bool) {
	for _, kv := range env {
		if len(kv) > len(key) && kv[len(key)] == '=' && kv[:len(key)] == key {
			return kv[len(key)+1:], true
		}
	}
	return "", false
}
