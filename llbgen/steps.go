package llbgen

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
)

// prepared is the toolchain with the packages that every vertex gets and the
// user's steps on top, if there are steps: they may need the packages.
func (g *generator) prepared(toolchain llb.State) llb.State {
	t := g.plan.Toolchain
	if len(t.Steps) == 0 {
		return toolchain
	}
	return g.steps(g.equipped(toolchain, t.Packages), t.Steps, g.in.Toolchain, common)
}

// steps runs the user's steps on top of an image, each as root and in the root
// directory, with the environment of the image and of nothing before it.
func (g *generator) steps(st llb.State, steps []plan.Step, base Base, named func(string) llb.ConstraintsOpt) llb.State {
	for _, s := range steps {
		network, name := pb.NetMode_NONE, NameStep
		if s.Network {
			network, name = pb.NetMode_UNSET, NameNetworkStep
		}
		opts := []llb.RunOption{
			llb.Args(CommandArgs(s.Command, base.Config)), llb.Dir("/"), llb.User("0"),
			llb.Network(network), llb.Platform(g.platform), named(name + brief(s.String())),
		}
		opts = append(opts, variables(s.Env)...)
		opts = append(opts, secrets(s.Secrets)...)
		opts = append(opts, g.location(s.Location)...)
		if g.ignores("steps") || g.ignores("packages") {
			opts = append(opts, llb.IgnoreCache)
		}
		// The user and the variables are those of the step alone.
		st = st.WithOutput(st.Run(opts...).Root().Output())
	}
	return st
}

// CommandArgs are the words that a command of an image is started with. The
// shell is the one that the image's config names, as Docker has it.
// https://docs.docker.com/reference/dockerfile/#shell
func CommandArgs(c options.Command, config dockerspec.DockerOCIImage) []string {
	if c.Shell == "" {
		return c.Args
	}
	shell := config.Config.Shell
	if len(shell) == 0 {
		shell = []string{"/bin/sh", "-c"}
	}
	return append(slices.Clone(shell), c.Shell)
}

// maxBrief is how many characters of a command a vertex's name has.
const maxBrief = 60

func brief(text string) string {
	if len(text) <= maxBrief {
		return text
	}
	return strings.ToValidUTF8(text[:maxBrief], "") + "…"
}

// steppedAgain makes a vertex run again in which the steps of the builder image
// are that run again.
func (g *generator) steppedAgain() []llb.RunOption {
	if len(g.plan.Toolchain.Steps) > 0 && (g.ignores("steps") || g.ignores("packages")) {
		return []llb.RunOption{llb.IgnoreCache}
	}
	return nil
}

// basedAgain is [generator.again] for what is made of the image's base, too.
func (g *generator) basedAgain(name string) []llb.ConstraintsOpt {
	if len(g.plan.Image.Steps) > 0 && g.ignores("steps") {
		return []llb.ConstraintsOpt{llb.IgnoreCache}
	}
	return g.again(name)
}

// RuntimeBase is the base of the image with the plan's packages and steps.
func RuntimeBase(p *plan.Plan, in Inputs) (llb.State, error) {
	g, err := newGenerator(p, in)
	if err != nil {
		return llb.State{}, err
	}
	return g.base(nil), nil
}
