package frontend

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/llbgen"
)

// stepped is the base of the image as the plan finds it: with steps, after these
// have run, since they may make what the plan depends on.
func (b *build) stepped(ctx context.Context, p *plan.Plan, in llbgen.Inputs, platform ocispecs.Platform) (llb.State, error) {
	if len(p.Image.Steps) == 0 {
		return in.Runtime.State, nil
	}
	if in.Runtime.State.Output() == nil {
		return llb.State{}, b.options.StepFault(p.Image.Steps[0].Index, "scratch has no program that could run", "choose another base with images.runtime, or ship files with [[copy]]")
	}
	st, err := llbgen.RuntimeBase(p, in)
	if err != nil {
		return llb.State{}, err
	}
	if err := b.checkHermetic(ctx, st, in, platform); err != nil {
		return llb.State{}, err
	}
	_, err = b.evaluate(ctx, st, llb.Platform(platform))
	if fault := b.failedBaseStep(err, p, in); fault != nil {
		return llb.State{}, fault
	}
	return st, b.explainBase(err, p)
}

// failedBaseStep is [build.failedStep] when only the base's steps have run: the
// builder may have one of the same command.
func (b *build) failedBaseStep(err error, p *plan.Plan, in llbgen.Inputs) *cargo.Error {
	base := *p
	base.Toolchain.Steps = nil
	return b.failedStep(err, &base, in)
}

// exitCode is how BuildKit's error about a process ends.
var exitCode = regexp.MustCompile(`exit code: (\d+)`)

// failedStep is the failure of a step at the line that asks for it, nil when the
// error is another. What the command printed is in the vertex's log, whose end
// clients show.
func (b *build) failedStep(err error, p *plan.Plan, in llbgen.Inputs) *cargo.Error {
	if err == nil {
		return nil
	}
	for _, list := range []struct {
		steps []plan.Step
		base  llbgen.Base
		where string
	}{{p.Toolchain.Steps, in.Toolchain, "the builder image " + p.Toolchain.Image}, {p.Image.Steps, in.Runtime, "the base " + p.Image.Base}} {
		for _, s := range list.steps {
			words := strings.Join(llbgen.CommandArgs(s.Command, list.base.Config), " ")
			if !strings.Contains(err.Error(), fmt.Sprintf("process %q did not complete successfully", words)) {
				continue
			}
			return b.stepFault(err, s, list.where)
		}
	}
	return nil
}

func (b *build) stepFault(err error, s plan.Step, where string) *cargo.Error {
	message, fix := fmt.Sprintf("`%s` failed in %s", s, where), "its output is in the log of the step"
	switch m := exitCode.FindStringSubmatch(err.Error()); {
	case m == nil:
		message += ": " + err.Error()
	case m[1] == "127" || strings.Contains(err.Error(), "no such file or directory"):
		message, fix = message+" with status "+m[1], fix+"; that status says that the image has no such program"
	default:
		message += " with status " + m[1]
	}
	if !s.Network {
		fix += "; the step has no network unless it says network = true"
	}
	return b.options.StepFault(s.Index, message, fix)
}

// usesNetwork reports whether a vertex may use the network: those that install
// what was asked for, and steps that the user lets. The name has the platform
// before it in builds for several.
func usesNetwork(name string) bool {
	return slices.ContainsFunc([]string{llbgen.NameToolchain, llbgen.NameRuntimePackages, llbgen.NameNetworkStep},
		func(prefix string) bool { return strings.Contains(name, prefix) })
}
