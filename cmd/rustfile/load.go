package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/rustfile/rustfile/internal/builder"
)

// prepareExports fits the outputs to the builder: a docker engine's BuildKit
// keeps the image itself, any other sends it to "docker load". The returned
// function ends the load once the build has ended with err, and returns the
// error of both.
func (a *app) prepareExports(ctx context.Context, r *request, driver builder.Driver) (finish func(error) error, err error) {
	finish = func(err error) error { return err }
	if r.call != nil {
		return finish, nil
	}
	if driver == builder.DriverDocker && len(r.outputs) == 0 {
		r.outputs = []output{{typ: client.ExporterDocker, attrs: map[string]string{}}}
		if err := nameOutputs(r.outputs, r.tags); err != nil {
			return nil, err
		}
		if r.opt.Exports, err = exportEntries(r.outputs, a.stdout); err != nil {
			return nil, err
		}
	}
	for i := range r.opt.Exports {
		e := &r.opt.Exports[i]
		load := e.Type == client.ExporterDocker && e.Output == nil && e.OutputDir == ""
		switch {
		case driver == builder.DriverDocker && (load || e.Type == client.ExporterImage):
			e.Type = "moby"
		case load:
			if r.platforms > 1 {
				return nil, errors.New("--load takes an image of one platform: build one, or use --output type=oci,dest=FILE or --push")
			}
			l, err := startLoad(ctx, e.Attrs["context"], a.stderr)
			if err != nil {
				return nil, err
			}
			delete(e.Attrs, "context")
			e.Output = streamTo(l)
			finish = l.finish
		}
	}
	return finish, nil
}

// dockerLoad is a running "docker load" that the exporter writes into.
type dockerLoad struct {
	io.WriteCloser
	cmd    *exec.Cmd
	stderr strings.Builder
}

// startLoad checks that there is an engine, before anything is built, and
// starts the load.
func startLoad(ctx context.Context, dockerContext string, messages io.Writer) (*dockerLoad, error) {
	docker, err := exec.LookPath("docker")
	if err != nil {
		return nil, noEngine("the docker command is not on PATH")
	}
	var args []string
	if dockerContext != "" {
		args = append(args, "--context", dockerContext)
	}
	probe := exec.CommandContext(ctx, docker, append(args[:len(args):len(args)], "version", "--format", "{{.Server.Version}}")...)
	if out, err := probe.CombinedOutput(); err != nil {
		return nil, noEngine(strings.TrimSpace(string(out)))
	}
	l := &dockerLoad{cmd: exec.CommandContext(ctx, docker, append(args, "load")...)}
	l.cmd.Stdout, l.cmd.Stderr = messages, &l.stderr
	if l.WriteCloser, err = l.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("docker load: %w", err)
	}
	if err := l.cmd.Start(); err != nil {
		return nil, fmt.Errorf("docker load: %w", err)
	}
	return l, nil
}

func noEngine(why string) error {
	return fmt.Errorf("--load puts the image into a docker engine, and there is none (%s): start docker, or write a file with --output type=docker,dest=image.tar or type=oci,dest=image.tar", why)
}

// finish waits for the load. After a failed build docker gets an end of its
// input, refuses the rest, and its message means nothing.
func (l *dockerLoad) finish(buildErr error) error {
	// The exporter has closed it after a build that succeeded.
	_ = l.Close()
	err := l.cmd.Wait()
	if buildErr != nil {
		return buildErr
	}
	if err != nil {
		return fmt.Errorf("docker load: %w: %s", err, strings.TrimSpace(l.stderr.String()))
	}
	return nil
}
