package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/buildkit/client"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/rustfile/rustfile/frontend"
	"github.com/rustfile/rustfile/integration/bench/project"
	"github.com/rustfile/rustfile/integration/bench/schedule"
	"github.com/rustfile/rustfile/integration/testenv"
)

//go:embed peers/*.Dockerfile
var peers embed.FS

// rustfileText is all that a user writes.
const rustfileText = "# syntax=" + testenv.FrontendRef + "\n"

// granularities are the variants of rustfile, as build arguments.
var granularities = map[schedule.Contender]string{schedule.OursUnit: "unit", schedule.OursGroup: "group", schedule.OursCoarse: "coarse"}

// contender is one way to build an image of a project.
type contender struct {
	name    schedule.Contender
	builder testenv.Builder
	// file is the file to build. It is not in the build context: all contenders build the same files.
	file string
}

// newContenders writes the contenders' files to dir. Plain cargo is not among them, it builds no image.
func newContenders(d *testenv.Daemon, names []schedule.Contender, route testenv.Route, dir string) (map[schedule.Contender]*contender, error) {
	all := map[schedule.Contender]*contender{}
	for _, name := range names {
		if name == schedule.Plain {
			continue
		}
		c := &contender{name: name, file: filepath.Join(dir, string(name), "Dockerfile")}
		c.builder = testenv.Builder{Daemon: d, Route: testenv.InProcess, Frontend: dockerfileFrontend}
		text := []byte(rustfileText)
		if name.IsOurs() {
			c.builder.Route, c.builder.Frontend = route, frontend.Build
			c.file = filepath.Join(dir, string(name), "Rustfile")
		} else {
			var err error
			if text, err = fs.ReadFile(peers, "peers/"+string(name)+".Dockerfile"); err != nil {
				return nil, err
			}
		}
		if err := os.MkdirAll(filepath.Dir(c.file), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(c.file, text, 0o644); err != nil {
			return nil, err
		}
		all[name] = c
	}
	return all, nil
}

// dockerfileFrontend lets the daemon run the Dockerfile frontend that is part of it, as `docker build` does for a
// Dockerfile without a syntax line.
func dockerfileFrontend(ctx context.Context, c gwclient.Client) (*gwclient.Result, error) {
	return c.Solve(ctx, gwclient.SolveRequest{Frontend: "dockerfile.v0", FrontendOpt: c.BuildOpts().Opts})
}

// build builds the image of what is in a directory.
func (c *contender) build(ctx context.Context, t project.Target, o testenv.BuildOptions) (*testenv.Result, error) {
	o.Context, o.File, o.BuildArgs = t.Dir, c.file, map[string]string{}
	if c.name.IsOurs() {
		o.Target = t.Bin
		if g := granularities[c.name]; g != "" {
			o.BuildArgs["granularity"] = g
		}
	} else {
		o.BuildArgs["BIN"] = t.Bin
	}
	res, err := c.builder.Build(ctx, o)
	if err != nil && res != nil {
		err = &buildError{err: err, logs: res.Logs()}
	}
	return res, err
}

// cacheOf is the reference of a contender's cache of a project.
func (l *lab) cacheOf(p string, c schedule.Contender) string {
	return l.env.Registry.Host() + "/bench/" + p + ":" + string(c)
}

// exportTo and importFrom are --cache-to and --cache-from of a reference.
func exportTo(ref string) []client.CacheOptionsEntry {
	return []client.CacheOptionsEntry{{Type: "registry", Attrs: map[string]string{"ref": ref, "mode": "max"}}}
}

func importFrom(ref string) []client.CacheOptionsEntry {
	return []client.CacheOptionsEntry{{Type: "registry", Attrs: map[string]string{"ref": ref}}}
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

// wrongWork is a build that did other work than its row says, so that its time is of something else.
type wrongWork struct{ text string }

// Error says what is wrong.
func (w *wrongWork) Error() string { return w.text }

func wrong(format string, args ...any) error { return &wrongWork{fmt.Sprintf(format, args...)} }
