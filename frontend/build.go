package frontend

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/hermetic"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/runtimeneeds"
	"github.com/rustfile/rustfile/llbgen"
)

// planKey is the result metadata that holds the plan; BuildKit hands keys that
// begin with "frontend." to the client, and buildx writes them to
// --metadata-file.
const planKey = "frontend.rustfile.plan"

// Build builds the image of the project in the build context. It is a
// [client.BuildFunc]. Errors that a user can cause carry the lines they are
// about (see [github.com/moby/buildkit/solver/errdefs.Sources]).
func Build(ctx context.Context, c client.Client) (_ *client.Result, err error) {
	defer recoverPanic(&err)
	b, err := newBuild(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() { err = b.withSources(err) }()
	if res, ok, err := b.subrequest(ctx); ok || err != nil {
		return res, err
	}
	ws, err := b.read(ctx)
	if err != nil {
		return nil, err
	}
	if b.wantsLock {
		return b.lockFile(ctx, ws)
	}
	// All of them, before work on the first begins.
	for _, platform := range b.ui.TargetPlatforms {
		if err := plan.CheckPlatform(platforms.Format(platforms.Normalize(platform)), b.options); err != nil {
			return nil, err
		}
	}
	rb, err := b.ui.Build(ctx, func(ctx context.Context, p *ocispecs.Platform, _ int) (*dockerui.BuildResult, error) {
		return b.platform(ctx, ws, b.platformOr(p))
	})
	if err != nil {
		return nil, err
	}
	for key, data := range b.metadata {
		rb.AddMeta(key, data)
	}
	b.annotate(rb)
	if err := b.attest(ctx, rb); err != nil {
		return nil, err
	}
	return rb.Finalize()
}

// platform builds the image for one platform.
func (b *build) platform(ctx context.Context, ws *cargo.Workspace, platform ocispecs.Platform) (_ *dockerui.BuildResult, err error) {
	defer recoverPanic(&err) // dockerui calls this in a goroutine of its own
	p, err := b.plan(ctx, ws, platform)
	if err != nil {
		return nil, err
	}
	in, err := b.inputs(ctx, ws, p, platform)
	if err != nil {
		return nil, err
	}
	if err := b.prepare(ctx, p, in, platform); err != nil {
		return nil, err
	}
	r, err := b.refineOnBase(ctx, p, ws, in, platform)
	if err != nil {
		return nil, err
	}
	b.warnMusl(ctx, p)
	s, err := b.try(ctx, r, in, platform)
	if err != nil {
		return nil, err
	}
	if err := b.checkInstalled(ctx, s); err != nil {
		return nil, err
	}
	if err := b.test(ctx, s, in, platform); err != nil {
		return nil, err
	}
	if err := b.keepPlan(s.plan); err != nil {
		return nil, err
	}
	b.showWarnings(ctx, s)
	b.keepReport(ctx, s, in, platform)
	if err := b.keepSBOM(ctx, s, in, platform); err != nil {
		return nil, err
	}
	return &dockerui.BuildResult{Reference: s.ref, Image: &s.res.Image, BaseImage: baseConfig(s.res), Epoch: in.Epoch}, nil
}

// solved is a plan's graph and what came of it.
type solved struct {
	plan *plan.Plan
	// reason says why the plan is coarse, "" when it is not.
	reason string
	res    *llbgen.Result
	linked
	needs runtimeneeds.Needs
	// ref is the image.
	ref client.Reference
	// out reads the output of the source vertex, nil until it is asked for.
	out *refFS
}

// output reads what the source vertex wrote.
func (s *solved) output(ctx context.Context) *refFS {
	if s.out == nil {
		s.out = newRefFS(ctx, s.binaries)
	}
	return s.out
}

// attempt makes and solves the graph of a plan, which is coarse for a reason.
// The programs come first: what they need of the base decides about the image.
func (b *build) attempt(ctx context.Context, p *plan.Plan, reason string, in llbgen.Inputs, platform ocispecs.Platform) (*solved, error) {
	res, err := llbgen.Build(p, in)
	if err != nil {
		return nil, err
	}
	if err := b.checkHermetic(ctx, res.State, in, platform); err != nil {
		return nil, err
	}
	l, err := b.link(ctx, p, res, platform)
	if err != nil {
		return nil, shortened(b.explained(ctx, err, p, in))
	}
	needs, err := b.needs(ctx, p, res, l, in, platform)
	if err != nil {
		return nil, b.explained(ctx, err, p, in)
	}
	res = res.With(needs)
	if err := b.checkHermetic(ctx, res.State, in, platform); err != nil {
		return nil, err
	}
	ref, err := b.evaluate(ctx, res.State, llb.Platform(platform))
	if err != nil {
		return nil, explainImage(b.explained(ctx, err, p, in), p)
	}
	return &solved{plan: p, reason: reason, res: res, linked: *l, needs: needs, ref: ref}, nil
}

// explained is the failure of a vertex of a plan, told so that a user can act on it.
func (b *build) explained(ctx context.Context, err error, p *plan.Plan, in llbgen.Inputs) error {
	if fault := b.failedStep(err, p, in); fault != nil {
		return fault
	}
	err = explain(err, p, func(c plan.Crate) error { return b.refusal(ctx, p, in.Downloads, c) })
	return hintLibraries(explainPackages(b.explainZig(err, p), p), p)
}

// checkHermetic refuses a graph in which anything but rustup, the package
// manager and steps that the user lets could use the network or a download has no checksum. No plan leads to one; this is the
// proof, on every build, and not only in tests. It is also that no command runs
// under emulation. More names are prefixes of vertices that may use it, too.
func (b *build) checkHermetic(ctx context.Context, st llb.State, in llbgen.Inputs, platform ocispecs.Platform, more ...string) error {
	constraints := []llb.ConstraintsOpt{llb.Platform(platform), llb.WithCaps(b.client.BuildOpts().LLBCaps)}
	def, err := st.Marshal(ctx, constraints...)
	if err != nil {
		return err
	}
	var given []*llb.Definition
	for _, st := range []llb.State{in.Context, in.Toolchain.State, in.Runtime.State} {
		d, err := st.Marshal(ctx, constraints...)
		if err != nil {
			return err
		}
		given = append(given, d)
	}
	network := func(name string) bool {
		return usesNetwork(name) || slices.ContainsFunc(more, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	}
	return errors.Join(hermetic.Check(def, network, given...), hermetic.CheckPlatform(def, b.platformOr(nil), given...))
}

// plan decides what is built for a platform.
func (b *build) plan(ctx context.Context, ws *cargo.Workspace, platform ocispecs.Platform) (*plan.Plan, error) {
	revision, err := b.revision(ctx)
	if err != nil {
		return nil, err
	}
	p, err := plan.New(ws, b.options, plan.Inputs{
		Platform: platforms.Format(platform), BuildPlatform: platforms.Format(b.platformOr(nil)), Context: b.fs, Revision: revision,
	})
	if err != nil {
		return nil, err
	}
	b.warnUnsaved(ctx, p)
	return p, b.tellCommit(ctx, p)
}

// keepPlan notes a plan for the result's metadata.
func (b *build) keepPlan(p *plan.Plan) error {
	data, err := p.JSON()
	if err != nil {
		return err
	}
	b.keep(planKey, p.Platform, data)
	return nil
}

// keep notes what the result's metadata say about a platform.
func (b *build) keep(key, platform string, data []byte) {
	if b.ui.MultiPlatformRequested {
		key += "/" + platform
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.metadata[key] = data
}

// platformOr is a platform that was asked for, or that of the machine which
// builds, as images without one are for it.
func (b *build) platformOr(p *ocispecs.Platform) ocispecs.Platform {
	if p != nil {
		return platforms.Normalize(*p)
	}
	if len(b.ui.BuildPlatforms) > 0 {
		return platforms.Normalize(b.ui.BuildPlatforms[0])
	}
	return platforms.DefaultSpec()
}

// recoverPanic turns a panic into a build error: the daemon shows a frontend's
// standard error to nobody, and the user would only learn that it went away.
func recoverPanic(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("rustfile has a bug, please report it: %v\n%s", v, debug.Stack())
	}
}
