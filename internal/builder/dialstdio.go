package builder

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/docker/cli/cli/connhelper/commandconn"
	"github.com/moby/buildkit/client"
)

// errNoBuildx means that a buildx builder was chosen but buildx is missing.
var errNoBuildx = errors.New("buildx is not installed: install docker-buildx, or give a BuildKit address with --builder or BUILDKIT_HOST")

// pluginDirs are the places where the docker CLI looks for its plugins, after
// the user's own.
func pluginDirs(configDir string) []string {
	return []string{
		filepath.Join(configDir, "cli-plugins"),
		"/usr/local/lib/docker/cli-plugins",
		"/usr/local/libexec/docker/cli-plugins",
		"/usr/lib/docker/cli-plugins",
		"/usr/libexec/docker/cli-plugins",
	}
}

// buildxCommand finds buildx. The plugin is run directly when it is found: it
// is the same program, and needs no docker CLI.
func buildxCommand(getenv func(string) string) ([]string, error) {
	for _, dir := range pluginDirs(dockerConfigDir(getenv)) {
		file := filepath.Join(dir, "docker-buildx")
		if st, err := os.Stat(file); err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0 {
			return []string{file}, nil
		}
	}
	for _, name := range []string{"docker-buildx", "buildx"} {
		if file, err := exec.LookPath(name); err == nil {
			return []string{file}, nil
		}
	}
	return nil, errNoBuildx
}

// dialStdio returns a builder that is reached through "buildx dial-stdio": one
// process per connection, BuildKit's protocol on its standard streams.
func dialStdio(o Options, name string) (*Builder, error) {
	argv, err := buildxCommand(o.Getenv)
	if err != nil {
		return nil, fmt.Errorf("builder %q: %w", name, err)
	}
	argv = append(argv, "dial-stdio", "--builder", name)
	if o.Platform != "" {
		argv = append(argv, "--platform", o.Platform)
	}
	dial := func(ctx context.Context, _ string) (net.Conn, error) {
		return commandconn.New(ctx, argv[0], argv[1:]...)
	}
	return &Builder{
		driver: DriverDocker,
		what:   fmt.Sprintf("docker's builder %q", name),
		opts:   []client.ClientOpt{client.WithContextDialer(dial)},
	}, nil
}
