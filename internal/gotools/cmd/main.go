// Command cmd builds the tools of package gotools: `go run ./internal/gotools/cmd DIR`.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/rustfile/rustfile/internal/gotools"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/gotools/cmd DIR")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string) error {
	root, err := gotools.ModuleRoot(".")
	if err != nil {
		return err
	}
	set, err := gotools.Ensure(ctx, root, dir, os.Stderr)
	if err != nil {
		return err
	}
	if !set.Seccomp {
		fmt.Fprintln(os.Stderr, "note: libseccomp's headers are not installed, so runc runs containers without a seccomp filter (install libseccomp-dev and pkg-config to have it)")
	}
	return nil
}
