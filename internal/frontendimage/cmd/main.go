// Command cmd writes the frontend's image as an OCI layout:
// `go run ./internal/frontendimage/cmd -o DIR [-arch amd64,arm64]`.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/rustfile/rustfile/internal/frontendimage"
	"github.com/rustfile/rustfile/internal/gotools"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "frontend image:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	fs := flag.NewFlagSet("frontendimage", flag.ContinueOnError)
	out := fs.String("o", "", "directory of the OCI layout")
	arch := fs.String("arch", "", "architectures, separated by commas (default: this machine's)")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *out == "" || fs.NArg() > 0 {
		return errors.New("usage: frontendimage -o DIR [-arch amd64,arm64]")
	}
	root, err := gotools.ModuleRoot(".")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(*out)), 0o755); err != nil {
		return err
	}
	o := frontendimage.Options{ModuleDir: root, Dir: filepath.Clean(*out)}
	if *arch != "" {
		o.Arch = strings.Split(*arch, ",")
	}
	if err := frontendimage.Build(ctx, o); err != nil {
		return err
	}
	fmt.Printf("%s: try it with\n  docker buildx build --build-context rustfile/rustfile:1=oci-layout://%s PROJECT\n", *out, absolute(*out))
	return nil
}

func absolute(p string) string {
	if abs, err := filepath.Abs(p); err == nil {
		return abs
	}
	return p
}
