package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/grpcerrors"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/spf13/cobra"
	"google.golang.org/grpc/codes"
)

// app is what a command may touch of the process that it runs in.
type app struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	getenv func(string) string
	// solve runs a build on a connected BuildKit.
	solve solveFunc

	// builder is the --builder flag, which every command has.
	builder string
}

// exitError ends the process with a status and prints nothing more.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// main runs one command line and returns the exit status.
func (a *app) main(ctx context.Context, args []string) int {
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	var status exitError
	if errors.As(err, &status) {
		return int(status)
	}
	a.printError(err)
	return exitStatus(err)
}

// printError shows the error as buildx does: first the lines of source that it
// points to.
func (a *app) printError(err error) {
	sources := errdefs.Sources(err)
	var fault *cargo.Error
	if len(sources) == 0 && errors.As(err, &fault) && fault.Source != nil {
		sources = []*errdefs.Source{faultSource(fault)}
	}
	for _, s := range sources {
		// Printing to a closed terminal cannot be reported anywhere.
		_ = s.Print(a.stderr)
	}
	fmt.Fprintf(a.stderr, "ERROR: %v\n", err)
}

// faultSource is the place of an error that did not come through a frontend.
func faultSource(e *cargo.Error) *errdefs.Source {
	start := &pb.Position{Line: int32(e.Span.Start.Line)}
	end := &pb.Position{Line: int32(max(e.Span.End.Line, e.Span.Start.Line))}
	return &errdefs.Source{
		Info:   &pb.SourceInfo{Filename: e.Span.File, Data: e.Source},
		Ranges: []*pb.Range{{Start: start, End: end}},
	}
}

// exitStatus follows buildx, so that scripts can tell a cancelled build from a
// failed one.
func exitStatus(err error) int {
	switch grpcerrors.Code(err) {
	case codes.Internal:
		return 100
	case codes.ResourceExhausted:
		return 102
	case codes.Canceled:
		return 130
	}
	if errors.Is(err, context.Canceled) {
		return 130
	}
	return 1
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "rustfile",
		Short:         "Build container images from Rust projects",
		Long:          "Build container images from Rust projects. A Rustfile is optional: a Cargo.toml with its Cargo.lock is enough.",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.PersistentFlags().StringVar(&a.builder, "builder", "", `BuildKit to use: an address (unix://, tcp://, docker-container://, podman-container://, kube-pod://, ssh://), the name of a buildx builder, or "embedded"`)
	root.AddCommand(
		a.buildCommand(),
		a.builderCommand(),
		a.planCommand(),
		a.llbCommand(),
		a.explainCommand(),
		a.verifyCommand(),
		a.initCommand(),
		a.updateCommand(),
		a.schemaCommand(),
		a.versionCommand(),
	)
	return root
}
