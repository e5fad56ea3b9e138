package frontend

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client/llb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/unitgraph"
	"github.com/rustfile/rustfile/llbgen"
)

// maxPlannerOutput bounds what is read of the planner vertex, in bytes.
const maxPlannerOutput = 256 << 20

// refinement is a coarse plan and what cargo's unit graph made of it.
type refinement struct {
	coarse *plan.Plan
	// finest has vertices for units and members; nil when the coarse plan could
	// not be cut, for the reason given.
	finest *plan.Plan
	reason string
	// withoutMembers cuts again, and leaves the workspace in one vertex.
	withoutMembers func() (*plan.Plan, error)
}

// refine asks cargo for the unit graph and cuts the plan by it. When the plan
// cannot be cut, a warning says why.
func (b *build) refine(ctx context.Context, p *plan.Plan, ws *cargo.Workspace, in llbgen.Inputs, platform ocispecs.Platform) (*refinement, error) {
	r := &refinement{coarse: p, reason: plan.Unsplittable(p, ws, b.options)}
	if r.reason == "" && !b.caps.merge {
		r.reason = "the BuildKit daemon cannot merge layers"
	}
	system, err := b.system(ctx, p, ws, in, platform)
	if err != nil {
		return nil, err
	}
	if r.reason != "" {
		if b.options.Granularity == options.GranularityUnit || b.options.Granularity == options.GranularityGroup {
			b.warn(ctx, "dependencies are compiled in one vertex: "+r.reason)
		}
		if err := b.coarsePackages(ctx, p, ws, system, in, platform); err != nil {
			return nil, err
		}
		r.coarse, err = b.withPackages(ctx, p, ws, in, platform)
		return r, err
	}
	if len(p.Toolchain.Steps) > 0 {
		// Steps run on top of the packages, and once: so these are known first.
		if err := b.addPackages(p, ws, system, nil); err != nil {
			return nil, err
		}
	}
	answer, err := b.ask(ctx, p, in, platform)
	var daemon *daemonError
	if errors.As(err, &daemon) {
		return nil, daemon.err
	}
	if err := b.addPackages(p, ws, system, answer.Graph); err != nil {
		return nil, err
	}
	cut := func(members bool) (*plan.Plan, error) {
		return plan.Refine(p, ws, b.options, answer, members)
	}
	if err == nil {
		p, err = plan.Resolved(p, ws, b.options, answer.Graph)
	}
	if err == nil {
		r.coarse = p
		r.withoutMembers = func() (*plan.Plan, error) { return cut(false) }
		r.finest, err = cut(true)
	}
	if err != nil {
		r.reason = err.Error()
		b.warn(ctx, "dependencies are compiled in one vertex: "+r.reason)
		return r, nil
	}
	if b.options.Granularity == options.GranularityUnit && r.finest.Mode != plan.Unit {
		b.warn(ctx, "units are compiled in groups: with a vertex for each, BuildKit could not import the build's cache")
	}
	return r, nil
}

// withPackages asks cargo for the packages of a plan that is not cut: the lock
// file knows more than are compiled. Its errors are those of the user's steps,
// which the question finds first.
func (b *build) withPackages(ctx context.Context, p *plan.Plan, ws *cargo.Workspace, in llbgen.Inputs, platform ocispecs.Platform) (*plan.Plan, error) {
	if !b.options.Auditable && b.ui.SBOM == nil || p.Dependencies.Empty || len(p.Sources.Vendored) > 0 {
		return p, nil
	}
	answer, err := b.ask(ctx, p, in, platform)
	if err == nil {
		var out *plan.Plan
		if out, err = plan.Resolved(p, ws, b.options, answer.Graph); err == nil {
			return out, nil
		}
	}
	var fault *cargo.Error
	if len(p.Toolchain.Steps) > 0 && errors.As(err, &fault) {
		return nil, fault
	}
	if ctx.Err() == nil {
		b.warn(ctx, "the list of packages is that of the lock file, which may have packages that are not compiled: "+err.Error())
	}
	return p, nil
}

// daemonError is a failure of the daemon and not of the plan.
type daemonError struct{ err error }

func (e *daemonError) Error() string { return e.err.Error() }
func (e *daemonError) Unwrap() error { return e.err }

// ask runs the planner vertex.
func (b *build) ask(ctx context.Context, p *plan.Plan, in llbgen.Inputs, platform ocispecs.Platform) (plan.Answer, error) {
	var answer plan.Answer
	st, err := llbgen.Planner(p, in)
	if err != nil {
		return answer, err
	}
	ref, err := b.evaluate(ctx, st, llb.Platform(platform))
	if err != nil {
		return answer, &daemonError{b.explained(ctx, err, p, in)}
	}
	out := newRefFS(ctx, ref)
	if said, err := out.ReadFile("error"); err == nil {
		return answer, fmt.Errorf("cargo gives no unit graph: %s", strings.Join(strings.Fields(string(said)), " "))
	} else if !errors.Is(err, fs.ErrNotExist) {
		return answer, &daemonError{err}
	}
	units, err := unzip(out, "units.json.gz")
	if err != nil {
		return answer, err
	}
	packages, err := unzip(out, "packages.json.gz")
	if err != nil {
		return answer, err
	}
	sizes, err := unzip(out, "sizes.gz")
	if err != nil {
		return answer, err
	}
	if answer.Sizes, err = parseSizes(string(sizes)); err != nil {
		return answer, err
	}
	answer.Graph, err = unitgraph.New(units, packages)
	return answer, err
}

// parseSizes reads lines of a size and a crate's directory.
func parseSizes(list string) (map[string]int64, error) {
	sizes := map[string]int64{}
	for line := range strings.Lines(list) {
		size, dir, ok := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.ParseInt(size, 10, 64)
		if !ok || err != nil {
			return nil, fmt.Errorf("the planner vertex gives a size as %q", line)
		}
		sizes[dir] = n
	}
	return sizes, nil
}

func unzip(fsys fs.FS, name string) ([]byte, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, &daemonError{err}
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s of the planner vertex is damaged: %w", name, err)
	}
	out, err := io.ReadAll(io.LimitReader(z, maxPlannerOutput+1))
	if err != nil {
		return nil, fmt.Errorf("%s of the planner vertex is damaged: %w", name, err)
	}
	if len(out) > maxPlannerOutput {
		return nil, fmt.Errorf("%s of the planner vertex has more than %d bytes", name, maxPlannerOutput)
	}
	return out, nil
}

// The exit codes by which the scripts of llbgen say that another plan may do.
const (
	// notFresh means that cargo wants to compile a crate that is there as a
	// manifest alone.
	notFresh = "exit code: 75"
	// unitFailed and memberFailed mean that a unit cannot be compiled by itself.
	unitFailed   = "exit code: 76"
	memberFailed = "exit code: 77"
)

// failedWith reports whether a vertex ended with one of the exit codes above.
func failedWith(err error, code string) bool {
	return err != nil && strings.Contains(err.Error(), code)
}

// try solves the finest plan. When that shows that a unit cannot be compiled
// apart, it falls back to a plan that always can be built, at the cost of time.
func (b *build) try(ctx context.Context, r *refinement, in llbgen.Inputs, platform ocispecs.Platform) (*solved, error) {
	if r.finest == nil {
		return b.attempt(ctx, r.coarse, r.reason, in, platform)
	}
	p := r.finest
	s, err := b.attempt(ctx, p, "", in, platform)
	if failedWith(err, memberFailed) && ctx.Err() == nil {
		b.warn(ctx, "a workspace member could not be compiled by itself, so the workspace is compiled in one vertex")
		var failed error
		if p, failed = r.withoutMembers(); failed != nil {
			return nil, failed
		}
		s, err = b.attempt(ctx, p, "", in, platform)
	}
	switch {
	case ctx.Err() != nil:
	case failedWith(err, notFresh):
		b.warn(ctx, "cargo did not find all third-party units fresh, and compiles them again with the sources of all crates; "+
			"please report this with the file that --metadata-file writes")
		in.WholeSources = true
		return b.attempt(ctx, p, "", in, platform)
	case failedWith(err, unitFailed):
		b.warn(ctx, "a unit could not be compiled by itself, so dependencies are compiled in one vertex")
		return b.attempt(ctx, r.coarse, "a unit could not be compiled by itself", in, platform)
	}
	return s, err
}

// command finds the command of a compile vertex in BuildKit's error. It holds
// a whole manifest, and says nothing to a user.
var command = regexp.MustCompile(`(?s)process "/bin/sh /rustfile/unit\.sh (dependency|member) .*" did not complete successfully`)

// shortened puts the failure of a compile vertex into few words; cargo's own
// are in the vertex's log.
func shortened(err error) error {
	text := err.Error()
	if !command.MatchString(text) {
		return err
	}
	return told(err, "%s", command.ReplaceAllLiteralString(text, "cargo build did not complete successfully"))
}
