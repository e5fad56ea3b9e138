package frontend

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
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

// refine asks cargo for the unit graph and cuts the plan by it. When that is
// not possible the plan stays coarse, with a warning that says why.
func (b *build) refine(ctx context.Context, p *plan.Plan, ws *cargo.Workspace, in llbgen.Inputs, platform ocispecs.Platform) (*plan.Plan, error) {
	why := plan.Unsplittable(p, ws, b.options)
	if why == "" && !b.caps.merge {
		why = "the BuildKit daemon cannot merge layers"
	}
	if why != "" {
		if b.options.Granularity == options.GranularityUnit || b.options.Granularity == options.GranularityGroup {
			b.warn(ctx, "dependencies are compiled in one vertex: "+why)
		}
		return p, nil
	}
	g, err := b.unitGraph(ctx, p, in, platform)
	if err == nil {
		var refined *plan.Plan
		if refined, err = plan.Refine(p, ws, b.options, g); err == nil {
			return refined, nil
		}
	}
	var daemon *daemonError
	if errors.As(err, &daemon) {
		return nil, daemon.err
	}
	b.warn(ctx, "dependencies are compiled in one vertex: "+err.Error())
	return p, nil
}

// daemonError is a failure of the daemon and not of the plan.
type daemonError struct{ err error }

func (e *daemonError) Error() string { return e.err.Error() }
func (e *daemonError) Unwrap() error { return e.err }

// unitGraph runs the planner vertex.
func (b *build) unitGraph(ctx context.Context, p *plan.Plan, in llbgen.Inputs, platform ocispecs.Platform) (*unitgraph.Graph, error) {
	st, err := llbgen.Planner(p, in)
	if err != nil {
		return nil, err
	}
	ref, err := b.evaluate(ctx, st, llb.Platform(platform))
	if err != nil {
		return nil, &daemonError{explain(err, p, func(c plan.Crate) error { return b.refusal(ctx, p, in.Downloads, c) })}
	}
	out := newRefFS(ctx, ref)
	if said, err := out.ReadFile("error"); err == nil {
		return nil, fmt.Errorf("cargo gives no unit graph: %s", firstLine(string(said)))
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, &daemonError{err}
	}
	units, err := unzip(out, "units.json.gz")
	if err != nil {
		return nil, err
	}
	packages, err := unzip(out, "packages.json.gz")
	if err != nil {
		return nil, err
	}
	return unitgraph.New(units, packages)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
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
	out, err := io.ReadAll(io.LimitReader(z, maxPlannerOutput))
	if err != nil {
		return nil, fmt.Errorf("%s of the planner vertex is damaged: %w", name, err)
	}
	return out, nil
}

// notFresh is the exit code of the source vertex when cargo wants to compile a
// crate that is there as a manifest alone.
const notFresh = "exit code: 75"

// build solves a plan. A plan with units falls back to what can always be
// built, at the cost of time: a source vertex with all sources when a unit was
// not fresh, and the coarse plan when a unit cannot be compiled by itself.
func (b *build) build(ctx context.Context, coarse, p *plan.Plan, in llbgen.Inputs, platform ocispecs.Platform) (*solved, error) {
	s, err := b.attempt(ctx, p, in, platform)
	if err == nil || p.Units == nil || ctx.Err() != nil {
		return s, err
	}
	switch {
	case strings.Contains(err.Error(), notFresh):
		b.warn(ctx, "cargo did not find all third-party units fresh, and compiles them again with the sources of all crates; "+
			"please report this with the output of rustfile plan")
		in.WholeSources = true
		return b.attempt(ctx, p, in, platform)
	case strings.Contains(err.Error(), "/rustfile/unit.sh"):
		b.warn(ctx, "a unit could not be compiled by itself, so dependencies are compiled in one vertex: "+firstLine(err.Error()))
		return b.attempt(ctx, coarse, in, platform)
	}
	return s, err
}
