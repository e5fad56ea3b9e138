package frontend

import (
	"context"
	"strings"

	"github.com/moby/buildkit/client/llb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/runtimeneeds"
	"github.com/rustfile/rustfile/llbgen"
	"golang.org/x/sync/errgroup"
)

// refineOnBase refines a plan, and meanwhile refuses a base of which it is
// certain already that the image cannot be made of it. Both end before anything
// is compiled.
func (b *build) refineOnBase(ctx context.Context, p *plan.Plan, ws *cargo.Workspace, in llbgen.Inputs, platform ocispecs.Platform) (r *refinement, err error) {
	eg, run := errgroup.WithContext(ctx)
	early := *p // refining completes the plan
	eg.Go(func() (err error) {
		defer recoverPanic(&err)
		r, err = b.refine(run, p, ws, in, platform)
		return err
	})
	eg.Go(func() (err error) {
		defer recoverPanic(&err)
		return b.checkBasePackages(run, &early, in, platform)
	})
	eg.Go(func() (err error) {
		defer recoverPanic(&err)
		return b.checkStart(run, &early, ws, in, platform)
	})
	err = eg.Wait()
	return r, err
}

// checkBasePackages installs the packages that the user wants in the image,
// which is where a wrong name shows, and looks for the programs that the
// options name among what they brought.
func (b *build) checkBasePackages(ctx context.Context, p *plan.Plan, in llbgen.Inputs, platform ocispecs.Platform) error {
	if len(p.Image.Packages) == 0 || p.Image.DebugOnly {
		return nil
	}
	shell, err := b.hasShell(ctx, in, platform)
	if err != nil {
		return err
	}
	if !shell {
		return b.packageFault("", "packages cannot be installed in "+baseName(p, in)+", which has no package manager: "+strings.Join(p.Image.Packages, ", "),
			"use a base that is made of Debian or Alpine packages, or one that has these already")
	}
	st, err := llbgen.RuntimeBase(p, in)
	if err != nil {
		return err
	}
	ref, err := b.evaluate(ctx, st, llb.Platform(platform))
	// The packages of libraries, which are known later, could bring a program.
	if err != nil || p.Image.Libraries == options.LibrariesPackages || !p.NamesPrograms(b.options) {
		return b.explainBase(err, p)
	}
	return p.CheckPrograms(b.options, newRefFS(ctx, ref), llbgen.SearchPath(in.Runtime.Config.Config.Env))
}

// hasShell reports whether the base has the shell that every package manager
// brings along. Without it, nothing could run that says what is missing.
func (b *build) hasShell(ctx context.Context, in llbgen.Inputs, platform ocispecs.Platform) (bool, error) {
	if in.Runtime.State.Output() == nil {
		return false, nil
	}
	base, err := b.root(ctx, in.Runtime.State, nil, platform)
	if err != nil {
		return false, told(err, "cannot read the base image %s: %v", in.Runtime.Ref, err)
	}
	return base.Exists("/bin/sh")
}

// checkStart looks whether programs of the GNU C library can start on the base.
// The default base is of the builder's own release; all that is not certain
// shows when the programs are linked.
func (b *build) checkStart(ctx context.Context, p *plan.Plan, ws *cargo.Workspace, in llbgen.Inputs, platform ocispecs.Platform) error {
	own := p.Image.DefaultBase && !in.Runtime.Override && b.options.BuilderImage == "" && !in.Toolchain.Override
	if own || p.Image.DebugOnly || len(p.Image.Packages) > 0 || len(p.Image.Steps) > 0 || !p.WillBeDynamic(ws) {
		return nil
	}
	q := runtimeneeds.Question{Platform: p.Platform, Base: runtimeneeds.NewRoot(nil, nil), BaseName: baseName(p, in), Libraries: runtimeneeds.None}
	if in.Runtime.State.Output() != nil {
		base, err := b.root(ctx, in.Runtime.State, in.Runtime.Config.Config.Env, platform)
		if err != nil {
			return told(err, "cannot read the base image %s: %v", in.Runtime.Ref, err)
		}
		q.Base = base
	}
	var builder *runtimeneeds.Root
	if p.Cross == nil && p.Zig == nil { // which link with a C library of their own
		var err error
		if builder, err = b.root(ctx, in.Toolchain.State, nil, b.platformOr(nil)); err != nil {
			return told(err, "cannot read the builder image %s: %v", in.Toolchain.Ref, err)
		}
	}
	expected, err := runtimeneeds.Expected(p.Platform, builder)
	if err != nil {
		return err
	}
	for _, bin := range p.Binaries {
		q.Programs = append(q.Programs, runtimeneeds.Program{Name: bin.Name, Path: bin.Path()})
		q.Files = append(q.Files, expected)
	}
	_, err = runtimeneeds.Decide(q)
	return b.cannotStart(err, in)
}
