package builder

import (
	"context"
	"time"
)

// embeddedName is what --builder takes to ask for the embedded builder even
// when there is another one.
const embeddedName = "embedded"

func embeddedBuilder(o Options) *Builder {
	b := &Builder{
		driver: DriverEmbedded,
		what:   "embedded builder",
		why:    "no --builder, no BUILDKIT_HOST, no buildx builder, no docker engine",
	}
	b.start = func(ctx context.Context) (string, func() error, error) {
		return startEmbedded(ctx, o)
	}
	return b
}

// Status describes the embedded builder.
type Status struct {
	// Home is its directory.
	Home string
	// Running tells whether its supervisor lives; the fields below are empty
	// when it does not.
	Running bool
	// InUse tells whether a command uses it now.
	InUse bool
	// Address is the daemon's BuildKit address.
	Address string
	// SupervisorPID and DaemonPID are its processes.
	SupervisorPID, DaemonPID int
	// Buildkitd is the daemon's executable.
	Buildkitd string
	// Idle is after how long without use it stops.
	Idle string
	// Started is when it started.
	Started time.Time
	// Log is the daemon's log file.
	Log string
}
