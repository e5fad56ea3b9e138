// Package builder finds the BuildKit that a build runs on, and starts a
// private one when there is none.
//
// # What is chosen
//
// In this order: the --builder value (a BuildKit address or the name of a
// buildx builder), BUILDKIT_HOST, the current buildx builder, a running docker
// engine, and at last the embedded builder. [Builder.Describe] says which one
// and why in one line. A builder of buildx is read from buildx's own store and
// reached through "buildx dial-stdio", which works for every driver; the remote
// driver's endpoint is dialled directly. buildx itself is not linked in.
//
// # The embedded builder
//
// It is a buildkitd with runc that belongs to one user: its cache, its logs and
// its locks lie in one directory, kept between runs. The first command that
// needs it starts a supervisor (this same executable, in a session of its own,
// running [Serve]), the supervisor starts buildkitd, and both outlive the
// command. The hard part is that any of the processes may be killed at any
// moment and nothing may stay broken, so everything that means "alive" is a
// flock, which the kernel drops with its holder:
//
//   - start.lock is held by a command while it looks for, starts or stops the
//     daemon, so that two commands at once share one daemon;
//   - in-use is held shared by every command that uses the daemon, and taken
//     exclusively by the supervisor before it stops an idle one;
//   - supervisor.lock is held by the supervisor for its whole life.
//
// A killed supervisor takes its buildkitd with it (parent-death signal), a
// killed buildkitd ends its supervisor, and the next start waits for what is
// left of the old daemon, then kills the containers it left behind. buildkitd
// runs in a mount namespace of its own, so its mounts vanish with it.
//
// The package may import BuildKit's client, but no gateway and no frontend.
package builder
