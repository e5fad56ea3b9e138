package plan

import (
	"fmt"

	"github.com/rustfile/rustfile/internal/options"
)

// Step is a command that changes an image which the build starts from.
type Step struct {
	options.Command
	// Network is true when the command may use the network.
	Network bool `json:"network,omitempty"`
	// Env is the environment of this command alone.
	Env map[string]string `json:"env,omitempty"`
	// Secrets are what the command can read.
	Secrets []Secret `json:"secrets,omitempty"`
	// Location is the line that asks for the step; its File is "" when no file does.
	Location Location `json:"location"`
	// Index is the number of the step among those of the options.
	Index int `json:"index"`
}

// setSteps gives the images the steps that the user wants, in order. Nothing
// but debug information needs no base, and so no steps of one.
func (p *Plan) setSteps(o *options.Options) error {
	for i, s := range o.Steps {
		step := Step{
			Command: s.Command, Network: s.Network, Env: s.Env, Index: i,
			Location: Location{File: s.Span.File, Line: s.Span.Start.Line},
		}
		var err error
		if step.Secrets, err = stepSecrets(o, i); err != nil {
			return err
		}
		if s.In == options.InBuilder {
			p.Toolchain.Steps = append(p.Toolchain.Steps, step)
			continue
		}
		if p.Image.DebugOnly {
			continue
		}
		if err := p.checkImageStep(o, i); err != nil {
			return err
		}
		p.Image.Steps = append(p.Image.Steps, step)
	}
	return nil
}

// checkImageStep refuses a step of the image that could not run.
func (p *Plan) checkImageStep(o *options.Options, i int) error {
	if p.Platform == p.BuildPlatform() {
		return nil
	}
	return o.StepFault(i, fmt.Sprintf("a command cannot run in the image of another platform (%s) than that of the machine that builds (%s): no command runs under emulation",
		p.Platform, p.BuildPlatform()), "use a base that has what the command makes, ship files with [[copy]], or build the image on a machine of its platform")
}

// stepSecrets are the secrets that a step names.
func stepSecrets(o *options.Options, i int) ([]Secret, error) {
	var out []Secret
	for _, id := range o.Steps[i].Secrets {
		known := len(out)
		for _, s := range o.Build.Secrets {
			if s.ID != id {
				continue
			}
			if _, ok := o.Steps[i].Env[s.Env]; ok && s.Env != "" {
				return nil, o.StepFault(i, fmt.Sprintf("`%s` is the variable of the secret `%s`, too", s.Env, id), "remove it from env")
			}
			out = append(out, planSecret(s))
		}
		if len(out) == known {
			return nil, o.StepFault(i, fmt.Sprintf("there is no secret `%s`", id), fmt.Sprintf("add a table [[secrets]] with id = %q", id))
		}
	}
	return out, nil
}
