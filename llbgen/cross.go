package llbgen

import (
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/rustfile/rustfile/internal/plan"
)

// toolchains are the root filesystems of commands. host has nothing that is
// about the target: what it compiles or unpacks is the same for all platforms
// of a build, and for builds of other platforms. sources has no steps of the
// user's either: it unpacks sources, which no step may change.
type toolchains struct{ host, target, sources llb.State }

func (g *generator) toolchains() toolchains {
	sources := g.rustup()
	host := g.prepared(sources)
	return toolchains{host: host, target: g.standardLibrary(host), sources: sources}
}

// standardLibrary adds the standard library of the target to the toolchain. It
// uses the network, as the vertex of the toolchain itself does.
func (g *generator) standardLibrary(toolchain llb.State) llb.State {
	if g.plan.Cross == nil || !g.plan.Cross.Std {
		return toolchain
	}
	opts := []llb.RunOption{
		llb.Args([]string{"/bin/sh", "/rustfile/target.sh", g.plan.Triple}), llb.Dir("/"),
		llb.AddMount("/rustfile", g.script("target.sh"), llb.Readonly),
		llb.Network(pb.NetMode_UNSET), llb.Platform(g.platform),
		g.named(NameToolchain + "rustup adds the standard library of " + g.plan.Triple),
	}
	return toolchain.Run(append(opts, g.downloads()...)...).Root()
}

// crossing is the environment of commands that compile or link for the target.
// All of them have it, needed or not: cargo compares the name of the linker
// when it decides what is fresh.
func (g *generator) crossing() []llb.RunOption {
	if g.plan.Cross == nil {
		return nil
	}
	return variables(g.plan.Cross.Environment)
}

// native is a generator of the same plan for what is compiled for the machine
// that builds: with the names and the environment that it has whatever the
// target is.
func (g *generator) native() *generator {
	n := *g
	n.in.MultiPlatform = false
	if g.plan.Cross != nil {
		p := *g.plan
		p.Cross = &plan.Cross{Platform: g.plan.BuildPlatform(), Triple: g.plan.HostTriple()}
		n.plan = &p
	}
	return &n
}
