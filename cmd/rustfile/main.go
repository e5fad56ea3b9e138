package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/rustfile/rustfile/frontend"
)

func main() {
	os.Exit(run())
}

// run keeps main free of state that os.Exit would skip.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	a := &app{
		stdin:  os.Stdin,
		stdout: os.Stdout,
		stderr: os.Stderr,
		getenv: os.Getenv,
		solve:  inProcess(frontend.Build),
	}
	return a.main(ctx, os.Args[1:])
}
