package frontend

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/moby/buildkit/frontend/dockerui"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/runtimeneeds"
	"github.com/rustfile/rustfile/llbgen"
	"golang.org/x/sync/errgroup"
)

// prepare completes a plan by what the build context and the base hold, and
// refuses, before anything is compiled, what the options name and nobody has.
func (b *build) prepare(ctx context.Context, p *plan.Plan, in llbgen.Inputs, platform ocispecs.Platform) error {
	eg, run := errgroup.WithContext(ctx)
	eg.Go(func() (err error) {
		defer recoverPanic(&err)
		if err := b.checkFiles(run, p, in, platform); err != nil {
			return err
		}
		return b.fitToBase(run, p, in, platform)
	})
	eg.Go(func() (err error) {
		defer recoverPanic(&err)
		return b.checkSecrets(run, p, in, platform)
	})
	return eg.Wait()
}

// checkFiles looks for the files of the context that the options name.
func (b *build) checkFiles(ctx context.Context, p *plan.Plan, in llbgen.Inputs, platform ocispecs.Platform) error {
	if !p.NeedsFiles() {
		return nil
	}
	ref, err := b.solve(ctx, in.Context, llb.Platform(platform))
	if err != nil {
		return err
	}
	return p.CheckFiles(newRefFS(ctx, ref), b.options, b.context.excludes)
}

// fitToBase finds in the base what the plan depends on: users, places and
// programs.
func (b *build) fitToBase(ctx context.Context, p *plan.Plan, in llbgen.Inputs, platform ocispecs.Platform) error {
	st, err := b.stepped(ctx, p, in, platform)
	if err != nil {
		return err
	}
	// A program of a package is there when the package is.
	programs := p.NamesPrograms(b.options) && !b.installsPackages()
	if p.Image.DebugOnly || !programs && !p.NeedsBase() {
		return nil
	}
	root, err := b.rootOf(ctx, st, platform)
	if err != nil {
		return told(err, "cannot read the base image %s: %v", in.Runtime.Ref, err)
	}
	passwd, err := readOptional(root, "etc/passwd")
	if err != nil {
		return err
	}
	group, err := readOptional(root, "etc/group")
	if err != nil {
		return err
	}
	if passwd == nil && group == nil && p.Image.Users {
		passwd, group = []byte(runtimeneeds.Passwd), []byte(runtimeneeds.Group)
	}
	if err := p.ResolveUsers(b.options, passwd, group); err != nil {
		return err
	}
	if err := p.Place(root, b.options); err != nil {
		return err
	}
	if !programs {
		return nil
	}
	return p.CheckPrograms(b.options, root, llbgen.SearchPath(in.Runtime.Config.Config.Env))
}

// installsPackages reports whether the image gets packages, whose files are
// not known before.
func (b *build) installsPackages() bool {
	return len(b.options.RuntimePackages) > 0 || b.options.Image.Init
}

// checkInstalled looks in the finished image for the programs that the options
// name, where packages could have brought them.
func (b *build) checkInstalled(ctx context.Context, s *solved) error {
	if s.plan.Image.DebugOnly || !b.installsPackages() || !s.plan.NamesPrograms(b.options) {
		return nil
	}
	return s.plan.CheckPrograms(b.options, newRefFS(ctx, s.ref), llbgen.SearchPath(s.res.Image.Config.Env))
}

// rootOf opens the root of a state, nil for an empty one.
func (b *build) rootOf(ctx context.Context, st llb.State, platform ocispecs.Platform) (fs.FS, error) {
	if st.Output() == nil {
		return nil, nil
	}
	ref, err := b.solve(ctx, st, llb.Platform(platform))
	if err != nil {
		return nil, err
	}
	return newRefFS(ctx, ref), nil
}

// readOptional reads a file of an image, nil when there is none.
func readOptional(root fs.FS, name string) ([]byte, error) {
	if root == nil {
		return nil, nil
	}
	data, err := fs.ReadFile(root, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// checkSecrets asks the client for the secrets that a build cannot do without.
func (b *build) checkSecrets(ctx context.Context, p *plan.Plan, in llbgen.Inputs, platform ocispecs.Platform) error {
	st, err := llbgen.SecretCheck(p, in)
	if st == nil {
		return err
	}
	_, err = b.evaluate(ctx, *st, llb.Platform(platform))
	if err == nil {
		return nil
	}
	for _, s := range b.options.Build.Secrets {
		// The words of BuildKit's session/secrets.
		if !s.Required || !strings.Contains(err.Error(), "secret "+s.ID+": not found") {
			continue
		}
		fault := b.options.Fault(options.KeySecrets, "the build needs the secret `"+s.ID+"`, which was not given",
			"give it with --secret id="+s.ID+",src=FILE or ,env=VARIABLE, or set required = false")
		if s.Span.File != "" {
			fault.Span = s.Span
		}
		return fault
	}
	return err
}

// annotate hands the annotations of the manifests to the exporter.
func (b *build) annotate(rb *dockerui.ResultBuilder) {
	for key, value := range b.options.Image.Annotations {
		rb.AddMeta(exptypes.AnnotationManifestKey(nil, key), []byte(value))
	}
}
