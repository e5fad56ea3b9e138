package frontend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/frontend/subrequests"
	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/frontend/subrequests/outline"
	"github.com/moby/buildkit/frontend/subrequests/targets"
	"github.com/moby/buildkit/solver/pb"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
)

// requestPlan returns the plan of a build without building anything.
var requestPlan = subrequests.Request{
	Name: "frontend.plan", Version: "1.0.0", Type: subrequests.TypeRPC,
	Description: "Show what a build would do",
	Opts:        []subrequests.Named{{Name: "target", Description: "The binary of the image"}},
	Metadata:    []subrequests.Named{{Name: "result.json"}, {Name: "result.txt"}},
}

// answered are the requests beside a build. All of buildx's own must be among
// them: for one that is not, buildx would run the Dockerfile frontend on our file.
var answered = []subrequests.Request{
	outline.SubrequestsOutlineDefinition,
	targets.SubrequestsTargetsDefinition,
	lint.SubrequestLintDefinition,
	requestPlan,
	requestImages,
	subrequests.SubrequestsDescribeDefinition,
}

// subrequest answers a request that is not a build; ok is false when it is one.
func (b *build) subrequest(ctx context.Context) (*client.Result, bool, error) {
	switch b.client.BuildOpts().Opts["requestid"] {
	case subrequests.RequestSubrequestsDescribe:
		// dockerui's own answer leaves out what it does not know.
		res, err := describe()
		return res, true, err
	case requestPlan.Name:
		res, err := b.showPlan(ctx)
		return res, true, err
	case requestImages.Name:
		res, err := b.images(ctx)
		return res, true, err
	}
	return b.ui.HandleSubrequest(ctx, dockerui.RequestHandler{
		Outline: b.outline, ListTargets: b.targets, Lint: b.lint,
	})
}

func describe() (*client.Result, error) {
	data, err := json.MarshalIndent(answered, "", "  ")
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	for _, r := range answered {
		fmt.Fprintf(&text, "%s %s\t%s\n", r.Name, r.Version, r.Description)
	}
	return textResult(data, text.String(), subrequests.SubrequestsDescribeDefinition.Version), nil
}

func textResult(data []byte, text, version string) *client.Result {
	res := client.NewResult()
	res.AddMeta("result.json", data)
	res.AddMeta("result.txt", []byte(text))
	res.AddMeta("version", []byte(version))
	return res
}

// planned is the workspace and the plan of a build.
func (b *build) planned(ctx context.Context) (*cargo.Workspace, *plan.Plan, error) {
	ws, err := b.read(ctx)
	if err != nil {
		return nil, nil, err
	}
	p, err := b.plan(ctx, ws, b.platformOr(nil))
	return ws, p, err
}

func (b *build) showPlan(ctx context.Context) (*client.Result, error) {
	_, p, err := b.planned(ctx)
	if err != nil {
		return nil, err
	}
	data, err := p.JSON()
	if err != nil {
		return nil, err
	}
	return textResult(data, p.Tree(), requestPlan.Version), nil
}

// outline lists the build arguments.
func (b *build) outline(ctx context.Context) (*outline.Outline, error) {
	_, p, err := b.planned(ctx)
	if err != nil {
		return nil, err
	}
	o := &outline.Outline{Name: p.Binaries[0].Name, Description: "image of binary " + p.Binaries[0].Name}
	for _, key := range options.Keys() {
		if len(key.Args) > 0 {
			o.Args = append(o.Args, outline.Arg{Name: key.Args[0], Description: key.Description})
		}
	}
	for _, s := range p.Members.Secrets {
		o.Secrets = append(o.Secrets, outline.Secret{Name: s.ID, Required: s.Required})
	}
	return o, nil
}

// targets lists the binaries and variants that --target can name.
func (b *build) targets(ctx context.Context) (*targets.List, error) {
	ws, p, err := b.planned(ctx)
	if ws == nil {
		return nil, err
	}
	chosen := ""
	if err == nil { // a project with several binaries has no plan without a target
		chosen = p.Binaries[0].Name
	}
	list := &targets.List{}
	for _, c := range plan.Candidates(ws, b.options) {
		list.Targets = append(list.Targets, targets.Target{
			Name: c.Name, Default: c.Name == chosen, Description: "binary of package " + c.Package,
		})
	}
	for _, v := range b.options.Variants() {
		list.Targets = append(list.Targets, targets.Target{Name: v.Name, Description: "variant of " + v.Span.String()})
	}
	return list, nil
}

// lint plans the build and reports what stands in its way, without building.
func (b *build) lint(ctx context.Context) (*lint.LintResults, error) {
	results := &lint.LintResults{Warnings: []lint.Warning{}}
	_, _, err := b.planned(ctx)
	// buildx shows the lines of an answer under the name of the file that -f names, whatever their own file is. An error
	// about another file is therefore the call's error, as it would be the build's.
	var fault *cargo.Error
	if !errors.As(err, &fault) || fault.Span.File != path.Base(b.entry.Filename) {
		return results, err
	}
	data := b.bytesOf(fault)
	// AddSource wants a source map with an LLB definition, which a file that was read has no more.
	results.Sources = []*pb.SourceInfo{{Filename: fault.Span.File, Language: "TOML", Data: data}}
	results.Error = &lint.BuildError{Message: fault.Error(), Location: pb.Location{Ranges: ranges(fault.Span)}}
	return results, nil
}
