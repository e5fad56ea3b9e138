package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/containerd/console"
	"github.com/moby/buildkit/client/llb"
	"github.com/rustfile/rustfile/llbgen"
	"github.com/spf13/cobra"
)

// llbCommand is "rustfile llb": the graph of a build, without a BuildKit.
func (a *app) llbCommand() *cobra.Command {
	f := &planFlags{}
	cmd := &cobra.Command{
		Use:   "llb [PATH]",
		Short: "Write the build's LLB definition to standard output",
		Long: "Write the build's LLB definition to standard output, for buildctl:\n\n" +
			"  rustfile llb . | buildctl debug dump-llb\n" +
			"  rustfile llb . | buildctl build --local context=. --output type=local,dest=out\n\n" +
			"The definition holds the image's files; the image's config (entrypoint, user, labels) is no part of LLB.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.llb(cmd.Context(), f, pathArg(args))
		},
	}
	f.register(cmd.Flags(), a.getenv)
	return cmd
}

func (a *app) llb(ctx context.Context, f *planFlags, dir string) error {
	if isTerminal(a.stdout) {
		return errors.New("a definition is binary: pipe it into buildctl, or into a file")
	}
	p, err := loadProject(f, dir)
	if err != nil {
		return err
	}
	// What the base holds is not known without a builder.
	if err := p.plan.ResolveUsers(p.options, nil, nil); err != nil {
		return err
	}
	if err := p.plan.Place(nil, p.options); err != nil {
		return err
	}
	in, err := p.inputs(ctx)
	if err != nil {
		return err
	}
	res, err := llbgen.Build(p.plan, in)
	if err != nil {
		return err
	}
	def, err := res.State.Marshal(ctx, llb.Platform(p.platform))
	if err != nil {
		return fmt.Errorf("the definition: %w", err)
	}
	if err := llb.WriteTo(def, a.stdout); err != nil {
		return fmt.Errorf("write the definition: %w", err)
	}
	return nil
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(console.File)
	if !ok {
		return false
	}
	_, err := console.ConsoleFromFile(f)
	return err == nil
}

// inputs fills in what a builder would be asked for.
func (p *project) inputs(ctx context.Context) (llbgen.Inputs, error) {
	in := llbgen.Inputs{
		Context:     p.localContext(),
		Files:       p.files,
		Downloads:   map[string]string{},
		IgnoreCache: func(string) bool { return false },
	}
	var err error
	if in.Toolchain, err = p.base(ctx, p.plan.Toolchain.Image, thisMachine()); err != nil {
		return in, err
	}
	if in.Runtime, err = p.base(ctx, p.plan.Image.Base, p.platform); err != nil {
		return in, err
	}
	for _, r := range p.plan.Sources.Registries {
		if r.Download == "" {
			if in.Downloads[r.URL], err = downloadTemplate(ctx, r); err != nil {
				return in, err
			}
		}
	}
	if seconds := p.options.SourceDateEpoch; seconds != nil {
		t := time.Unix(*seconds, 0).UTC()
		in.Epoch = &t
	}
	return in, nil
}

// localContext is the part of the project's directory that the plan copies
// from. It has BuildKit's own random identity: two builds of different
// directories on one daemon must not be taken for one.
func (p *project) localContext() llb.State {
	include, exclude := p.plan.ContextPatterns()
	return llb.Local("context",
		llb.IncludePatterns(include), llb.ExcludePatterns(append(exclude, p.ignore...)),
		llb.SharedKeyHint("context-rustfile-sources"), llb.WithCustomName("[internal] load sources"))
}
