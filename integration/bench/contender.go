package main

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	gwclient "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/rustfile/rustfile/frontend"
	"github.com/rustfile/rustfile/integration/testenv"
)

// The contenders that the report treats apart from the others.
const (
	ours = "rustfile"
	// reference is what all ratios refer to.
	reference = "cargo-chef"
)

// allContenders are rustfile and the Dockerfiles in peers, by their file names.
var allContenders = []string{ours, reference, "cache-mounts", "dummy-main", "naive"}

//go:embed peers/*.Dockerfile
var peers embed.FS

// rustfileText is all that a user writes.
const rustfileText = "# syntax=" + testenv.FrontendRef + "\n"

// contender is one way to build an image of a project.
type contender struct {
	name    string
	builder testenv.Builder
	// file is the file to build. It is not in the build context: all contenders build the same files.
	file string
	// targetArg names the build argument that picks the binary, "" for --target.
	targetArg string
}

// newContenders writes the contenders' files to dir.
func newContenders(d *testenv.Daemon, cfg config, dir string) ([]contender, error) {
	var list []contender
	for _, name := range cfg.contenders {
		c := contender{name: name, file: filepath.Join(dir, name, "Dockerfile"), targetArg: "BIN"}
		c.builder = testenv.Builder{Daemon: d, Route: testenv.InProcess, Frontend: dockerfileFrontend}
		text := []byte(rustfileText)
		if name == ours {
			c.builder.Route, c.builder.Frontend = cfg.route, frontend.Build
			c.file, c.targetArg = filepath.Join(dir, name, "Rustfile"), ""
		} else {
			var err error
			if text, err = fs.ReadFile(peers, "peers/"+name+".Dockerfile"); err != nil {
				return nil, err
			}
		}
		if err := os.MkdirAll(filepath.Dir(c.file), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(c.file, text, 0o644); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// dockerfileFrontend lets the daemon run the Dockerfile frontend that is part of it, as `docker build` does for a
// Dockerfile without a syntax line.
func dockerfileFrontend(ctx context.Context, c gwclient.Client) (*gwclient.Result, error) {
	return c.Solve(ctx, gwclient.SolveRequest{Frontend: "dockerfile.v0", FrontendOpt: c.BuildOpts().Opts})
}

// build builds the image of the project in dir.
func (c contender) build(ctx context.Context, p project, dir string) (*testenv.Result, error) {
	o := testenv.BuildOptions{Context: dir, File: c.file}
	if c.targetArg == "" {
		o.Target = p.name
	} else {
		o.BuildArgs = map[string]string{c.targetArg: p.name}
	}
	res, err := c.builder.Build(ctx, o)
	if err != nil && res != nil {
		err = &buildError{err: err, logs: res.Logs()}
	}
	return res, err
}

// buildError is a failed build and what its processes printed.
type buildError struct {
	err  error
	logs string
}

// Error ends with the end of what was printed.
func (e *buildError) Error() string {
	return e.err.Error() + "\n" + e.logs[max(0, len(e.logs)-shownLogBytes):]
}

// Unwrap returns the error of the build.
func (e *buildError) Unwrap() error { return e.err }

const shownLogBytes = 2000

// reason is the line of a failure that says most: cargo's own error where there is one.
func reason(err error) string {
	var failed *buildError
	if errors.As(err, &failed) {
		for line := range strings.Lines(failed.logs) {
			if strings.HasPrefix(line, "error") {
				return strings.TrimSpace(line)
			}
		}
		err = failed.err
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
