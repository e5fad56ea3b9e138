package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/docker/go-units"
	"github.com/moby/buildkit/client"
	"github.com/rustfile/rustfile/internal/builder"
	"github.com/spf13/cobra"
)

// builderCommand is "rustfile builder": the embedded builder's own commands.
func (a *app) builderCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "builder",
		Short: "Look after the embedded builder",
		Long: "Look after the embedded builder: the private buildkitd that rustfile starts when there is no other BuildKit.\n\n" +
			"It is kept in the user's cache directory (RUSTFILE_BUILDER_HOME to move it) and stops when unused for\n" +
			"5 minutes (RUSTFILE_BUILDER_IDLE to change that). RUSTFILE_BUILDKITD and RUSTFILE_RUNC name its programs,\n" +
			"RUSTFILE_BUILDKITD_CONFIG a buildkitd.toml for it.",
	}
	cmd.AddCommand(a.builderStatusCommand(), a.builderStopCommand(), a.builderPruneCommand(), a.builderServeCommand())
	return cmd
}

func (a *app) builderStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show whether the embedded builder runs, and what it keeps",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.builderStatus(cmd.Context()) },
	}
}

func (a *app) builderStatus(ctx context.Context) error {
	s, err := builder.ReadStatus(builder.Options{Getenv: a.getenv})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "Directory:  %s\n", s.Home)
	if !s.Running {
		fmt.Fprintln(a.stdout, "Status:     stopped; the next build starts it")
		return nil
	}
	status := "running, unused"
	if s.InUse {
		status = "running, in use"
	}
	fmt.Fprintf(a.stdout, "Status:     %s\n", status)
	if s.Address == "" {
		return nil
	}
	fmt.Fprintf(a.stdout, "Address:    %s\n", s.Address)
	fmt.Fprintf(a.stdout, "Processes:  %d (supervisor), %d (buildkitd)\n", s.SupervisorPID, s.DaemonPID)
	fmt.Fprintf(a.stdout, "Started:    %s\n", s.Started.Format(time.RFC3339))
	fmt.Fprintf(a.stdout, "Stops:      after %s without use\n", s.Idle)
	fmt.Fprintf(a.stdout, "Log:        %s\n", s.Log)
	c, err := client.New(ctx, s.Address)
	if err != nil {
		return err
	}
	defer c.Close()
	usage, err := c.DiskUsage(ctx)
	if err != nil {
		return fmt.Errorf("the builder's disk usage: %w", err)
	}
	var size int64
	for _, u := range usage {
		size += u.Size
	}
	fmt.Fprintf(a.stdout, "Cache:      %s in %d records\n", units.HumanSize(float64(size)), len(usage))
	return nil
}

func (a *app) builderStopCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "stop",
		Short: "Stop the embedded builder; its cache stays",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			stopped, err := builder.Stop(cmd.Context(), builder.Options{Getenv: a.getenv}, force)
			if err != nil {
				return err
			}
			if stopped {
				fmt.Fprintln(a.stdout, "stopped")
			} else {
				fmt.Fprintln(a.stdout, "it was not running")
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&force, "force", "f", false, "Stop it under running builds, too")
	return cmd
}

func (a *app) builderPruneCommand() *cobra.Command {
	var all bool
	var keep time.Duration
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Remove the embedded builder's cache",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.builderPrune(cmd.Context(), all, keep)
		},
	}
	cmd.Flags().BoolVarP(&all, "all", "a", false, "Remove what other cache entries share and internal entries, too")
	cmd.Flags().DurationVar(&keep, "keep-duration", 0, "Keep what was used within this time (e.g., 48h)")
	return cmd
}

func (a *app) builderPrune(ctx context.Context, all bool, keep time.Duration) error {
	b, err := builder.Resolve(ctx, builder.Options{Builder: "embedded", Notice: a.stderr, Getenv: a.getenv})
	if err != nil {
		return err
	}
	defer b.Close()
	c, err := b.Client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	opts := []client.PruneOption{client.WithKeepOpt(keep, 0, 0, 0)}
	if all {
		opts = append(opts, client.PruneAll)
	}
	ch := make(chan client.UsageInfo)
	done := make(chan error, 1)
	go func() {
		defer close(ch)
		done <- c.Prune(ctx, ch, opts...)
	}()
	var size int64
	count := 0
	for u := range ch {
		size += u.Size
		count++
	}
	if err := <-done; err != nil {
		return fmt.Errorf("prune: %w", err)
	}
	fmt.Fprintf(a.stdout, "removed %d records, %s\n", count, units.HumanSize(float64(size)))
	return nil
}

// builderServeCommand is the hidden command that runs the supervisor; only the
// builder package starts it.
func (a *app) builderServeCommand() *cobra.Command {
	var s builder.ServeOptions
	cmd := &cobra.Command{
		Use:    "serve",
		Short:  "Run the embedded builder's supervisor",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if s.Home == "" || s.Buildkitd == "" {
				return errors.New("this command is started by rustfile itself")
			}
			fmt.Fprintf(a.stderr, "%s supervisor %d for %s\n", time.Now().Format(time.RFC3339), os.Getpid(), s.Home)
			return builder.Serve(cmd.Context(), s)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&s.Home, "home", "", "")
	fs.StringVar(&s.Address, "address", "", "")
	fs.StringVar(&s.OtelSocket, "otel-socket", "", "")
	fs.StringVar(&s.Buildkitd, "buildkitd", "", "")
	fs.StringVar(&s.Runc, "runc", "", "")
	fs.StringVar(&s.Config, "config", "", "")
	fs.StringVar(&s.Idle, "idle", "", "")
	fs.IntVar(&s.ReadyFD, "ready-fd", 0, "")
	return cmd
}
