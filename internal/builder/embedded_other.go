//go:build !linux

package builder

import (
	"context"
	"errors"
)

// errOnlyLinux names the alternatives where there is no embedded builder.
var errOnlyLinux = errors.New("the embedded builder runs on Linux only: start docker, create a buildx builder, or give a BuildKit address with --builder or BUILDKIT_HOST")

func startEmbedded(context.Context, Options) (string, func() error, error) {
	return "", nil, errOnlyLinux
}

// Serve runs the embedded builder's supervisor.
func Serve(context.Context, ServeOptions) error { return errOnlyLinux }

// ServeOptions are the command line of the supervisor.
type ServeOptions struct {
	Home, Address, OtelSocket, Buildkitd, Runc, Config, Idle string
	ReadyFD                                                  int
}

// ReadStatus returns the state of the embedded builder.
func ReadStatus(Options) (*Status, error) { return nil, errOnlyLinux }

// Stop stops the embedded builder.
func Stop(context.Context, Options, bool) (bool, error) { return false, errOnlyLinux }
