package main

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/rustfile/rustfile/internal/builder"
)

// solveFunc runs a build with the frontend in this process. It returns the
// exporters' answer and the metadata of the frontend's result.
type solveFunc func(context.Context, *client.Client, client.SolveOpt, chan *client.SolveStatus) (*client.SolveResponse, map[string][]byte, error)

// build is "rustfile build".
func (a *app) build(ctx context.Context, f *buildFlags, path string) error {
	r, err := a.request(f, path)
	if err != nil {
		return err
	}
	defer r.cleanup()
	if err := removeStale(r.iidFile); err != nil {
		return err
	}
	last := lastReports(r.metadataFile)
	b, err := a.resolve(ctx, r)
	if err != nil {
		return err
	}
	defer b.Close()
	finishLoad, err := a.prepareExports(ctx, r, b.Driver())
	if err != nil {
		return err
	}
	c, err := b.Client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	resp, meta, warnings, err := a.runGuessed(ctx, c, r, b)
	if err = finishLoad(err); err != nil {
		return err
	}
	a.printWarnings(r, warnings)
	a.report(r, last, resp, meta)
	return a.finish(r, b, resp, meta)
}

// connect finds the builder of a request and talks to it; close ends both.
func (a *app) connect(ctx context.Context, r *request) (b *builder.Builder, c *client.Client, closeBoth func(), err error) {
	if b, err = a.resolve(ctx, r); err != nil {
		return nil, nil, nil, err
	}
	if c, err = b.Client(ctx); err != nil {
		b.Close()
		return nil, nil, nil, err
	}
	return b, c, func() { c.Close(); b.Close() }, nil
}

func (a *app) resolve(ctx context.Context, r *request) (*builder.Builder, error) {
	return builder.Resolve(ctx, builder.Options{Builder: a.builder, Platform: r.platform, Notice: a.notices(r), Getenv: a.getenv})
}

// runGuessed is run, again with the manifest when a remote context has no
// Rustfile and nobody named a file.
func (a *app) runGuessed(ctx context.Context, c *client.Client, r *request, b *builder.Builder) (*client.SolveResponse, map[string][]byte, []client.VertexWarning, error) {
	resp, meta, warnings, err := a.run(ctx, c, r, b)
	if r.fileGuessed && lacksRustfile(err) {
		fmt.Fprintf(a.notices(r), "no %s there, building from %s\n", rustfileName, manifestName)
		r.opt.FrontendAttrs["filename"] = manifestName
		return a.run(ctx, c, r, b)
	}
	return resp, meta, warnings, err
}

// lacksRustfile tells that a remote context has no Rustfile. The error comes
// through the daemon, which keeps nothing but its text.
func lacksRustfile(err error) bool {
	return err != nil && strings.Contains(err.Error(), "open "+rustfileName+": no such file or directory")
}

// run solves with the progress on the screen. The display ends with the build,
// not with ctx: a cancelled build still shows what it was doing.
func (a *app) run(ctx context.Context, c *client.Client, r *request, b *builder.Builder) (*client.SolveResponse, map[string][]byte, []client.VertexWarning, error) {
	display, err := progressui.NewDisplay(a.stderr, r.display, progressui.WithDesc("building with "+b.Describe(), string(b.Driver())))
	if err != nil {
		return nil, nil, nil, fmt.Errorf("--progress: %w", err)
	}
	ch := make(chan *client.SolveStatus)
	var warnings []client.VertexWarning
	shown := make(chan error, 1)
	go func() {
		var err error
		warnings, err = display.UpdateFrom(context.WithoutCancel(ctx), ch)
		shown <- err
	}()
	opt := r.opt
	opt.FrontendAttrs = maps.Clone(opt.FrontendAttrs)
	resp, meta, err := a.solve(ctx, c, opt, ch)
	if displayErr := <-shown; err == nil && displayErr != nil {
		err = fmt.Errorf("the progress display: %w", displayErr)
	}
	return resp, meta, warnings, err
}
