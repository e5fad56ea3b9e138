package builder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/grpcerrors"
	"google.golang.org/grpc/codes"
)

// answerTimeout bounds the wait for a first answer; it leaves time for a
// helper such as ssh or kubectl to connect.
const answerTimeout = 60 * time.Second

// startAttempts is how often an embedded daemon that dies while it is being
// connected to is started again.
const startAttempts = 3

// Options say which builder is wanted. The zero value means "the one that
// Resolve finds in the environment".
type Options struct {
	// Builder is a BuildKit address or the name of a buildx builder; it comes
	// from --builder.
	Builder string
	// Platform chooses the node of a buildx builder that has several; empty
	// for the default node.
	Platform string
	// Notice receives what the user should know while something slow goes on,
	// such as building the tools or starting the daemon. Nil discards it.
	Notice io.Writer
	// Getenv reads the environment; nil is os.Getenv.
	Getenv func(string) string
	// ServeCommand is the command line that runs Serve in a new process. Nil
	// is this executable with "builder serve".
	ServeCommand []string
}

func (o Options) withDefaults() Options {
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Notice == nil {
		o.Notice = io.Discard
	}
	return o
}

// Driver tells what kind of BuildKit a Builder is, as far as a caller has to
// treat it differently.
type Driver string

const (
	// DriverRemote is any buildkitd reached by address or through buildx.
	DriverRemote Driver = "remote"
	// DriverDocker is the BuildKit inside a docker engine. It keeps images in
	// the engine and has the "moby" exporter instead of "image".
	DriverDocker Driver = "docker"
	// DriverEmbedded is the private buildkitd that this package runs.
	DriverEmbedded Driver = "embedded"
)

// Builder is a chosen BuildKit. Close it when the last client is done: an
// embedded daemon counts its users by open Builders.
type Builder struct {
	driver  Driver
	what    string
	why     string
	address string
	opts    []client.ClientOpt
	// start makes an embedded daemon ready and returns its address; nil for
	// any other builder.
	start func(context.Context) (address string, release func() error, err error)
	// release is set between start and Close.
	release func() error
}

// Resolve chooses the builder. It reads the environment and buildx's files,
// but connects to nothing and starts nothing: Client does.
func Resolve(ctx context.Context, o Options) (*Builder, error) {
	o = o.withDefaults()
	if o.Builder != "" {
		return fromFlag(o)
	}
	if host := o.Getenv("BUILDKIT_HOST"); host != "" {
		if !isAddress(host) {
			return nil, fmt.Errorf("BUILDKIT_HOST=%q is not a BuildKit address: want one like unix:///run/buildkit/buildkitd.sock (%s)", host, schemeList())
		}
		return fromAddress(host, "BUILDKIT_HOST")
	}
	b, err := currentBuildx(ctx, o)
	if b != nil || err != nil {
		return b, err
	}
	return embeddedBuilder(o), nil
}

// fromFlag resolves the --builder value.
func fromFlag(o Options) (*Builder, error) {
	if isAddress(o.Builder) {
		return fromAddress(o.Builder, "--builder")
	}
	if o.Builder == embeddedName {
		b := embeddedBuilder(o)
		b.why = "--builder"
		return b, nil
	}
	return namedBuildx(o, o.Builder, "--builder")
}

func fromAddress(address, why string) (*Builder, error) {
	return &Builder{driver: DriverRemote, what: address, why: why, address: address}, nil
}

// Driver returns the kind of the builder.
func (b *Builder) Driver() Driver { return b.driver }

// Describe returns one line for the screen: which builder, and why that one.
func (b *Builder) Describe() string {
	return b.what + " (" + b.why + ")"
}

// Client starts the builder if it has to be started, connects, and returns
// once BuildKit has answered.
func (b *Builder) Client(ctx context.Context) (*client.Client, error) {
	for attempt := 1; ; attempt++ {
		c, err := b.connect(ctx)
		if err == nil || b.release == nil || attempt == startAttempts || ctx.Err() != nil {
			return c, err
		}
		// The embedded daemon was there a moment ago: it is being killed, and
		// its locks are not free yet.
		if err := b.Close(); err != nil {
			return nil, err
		}
	}
}

func (b *Builder) connect(ctx context.Context) (*client.Client, error) {
	if b.start != nil && b.release == nil {
		address, release, err := b.start(ctx)
		if err != nil {
			return nil, err
		}
		b.address, b.release = address, release
	}
	c, err := client.New(ctx, b.address, b.opts...)
	if err != nil {
		return nil, fmt.Errorf("builder %s: %w", b.Describe(), err)
	}
	if err := answers(ctx, c, answerTimeout); err != nil {
		c.Close()
		return nil, fmt.Errorf("no BuildKit answers at builder %s: %w", b.Describe(), err)
	}
	return c, nil
}

// Close tells an embedded daemon that this user is gone.
func (b *Builder) Close() error {
	if b.release == nil {
		return nil
	}
	release := b.release
	b.release = nil
	return release()
}

// answers asks for the daemon's version. A daemon too old to know the question
// (before 0.11) has answered, too.
func answers(ctx context.Context, c *client.Client, timeout time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no answer within %s", timeout))
	defer cancel()
	_, err := c.Info(ctx)
	if err == nil || grpcerrors.Code(err) == codes.Unimplemented {
		return nil
	}
	if ctx.Err() != nil {
		return errors.Join(context.Cause(ctx), err)
	}
	return err
}
