package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rustfile/rustfile/integration/bench/project"
	"github.com/rustfile/rustfile/integration/testenv"
)

// box is one container of the builder image that stays as long as the run: projects lie in it, cargo prepares them,
// and plain cargo builds them there.
type box struct {
	image *testenv.Result
	root  string // its root file system on this machine
}

const (
	boxDockerfile = "FROM rust:1.95-bookworm\nENTRYPOINT []\n"
	// boxWork has the projects, boxTargets what plain cargo makes of them.
	boxWork     = "/projects"
	boxTargets  = "/targets"
	boxRegistry = "/usr/local/cargo/registry"
	boxTimeout  = time.Hour
)

// newBox makes the container's root file system.
func (l *lab) newBox(ctx context.Context) (*box, error) {
	dir := filepath.Join(l.work, "box")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "Dockerfile")
	if err := os.WriteFile(file, []byte(boxDockerfile), 0o644); err != nil {
		return nil, err
	}
	b := testenv.Builder{Daemon: l.daemon, Route: testenv.InProcess, Frontend: dockerfileFrontend}
	image, err := b.Build(ctx, testenv.BuildOptions{Context: dir, File: file})
	if err != nil {
		return nil, fmt.Errorf("get the builder image: %w", err)
	}
	root, err := image.Unpack()
	if err != nil {
		return nil, fmt.Errorf("unpack the builder image: %w", err)
	}
	// Names are resolved as on this machine.
	if text, err := os.ReadFile("/etc/resolv.conf"); err == nil {
		if err := os.WriteFile(filepath.Join(root, "etc", "resolv.conf"), text, 0o644); err != nil {
			return nil, err
		}
	}
	return &box{image: image, root: root}, os.MkdirAll(filepath.Join(root, boxWork), 0o755)
}

// dir is the directory of a project on this machine.
func (b *box) dir(name string) string { return filepath.Join(b.root, boxWork, name) }

// inside is the path of a file within the container.
func (b *box) inside(path string) (string, error) {
	rel, err := filepath.Rel(b.root, path)
	if err != nil || !filepath.IsLocal(rel) {
		return "", fmt.Errorf("%s is not in the container", path)
	}
	return "/" + rel, nil
}

// run runs a program in a directory and returns the container when it has ended.
func (b *box) run(ctx context.Context, dir string, env []string, args ...string) (*testenv.Container, error) {
	at, err := b.inside(dir)
	if err != nil {
		return nil, err
	}
	c, err := b.image.StartContainer(testenv.RunOptions{
		Entrypoint: append([]string{"env", "-C", at}, args...), HostNetwork: true, Env: append(proxies(), env...),
	})
	if err != nil {
		return nil, err
	}
	defer c.Stop()
	done := make(chan error, 1)
	go func() { done <- c.Wait(boxTimeout) }()
	select {
	case err = <-done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		err = &buildError{err: fmt.Errorf("%s: %w", strings.Join(args, " "), err), logs: c.Output()}
	}
	return c, err
}

// proxies are this machine's settings for reaching the registry.
func proxies() []string {
	var env []string
	for _, name := range []string{"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"} {
		if value := os.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// cargo runs cargo to prepare a project.
func (b *box) cargo(ctx context.Context, dir string, args ...string) ([]byte, error) {
	c, err := b.run(ctx, dir, nil, append([]string{"cargo"}, args...)...)
	if err != nil {
		return nil, err
	}
	return []byte(c.Stdout()), nil
}

// build is plain cargo: what the Dockerfiles run, with nothing around it.
func (b *box) build(ctx context.Context, t project.Target) (*testenv.Result, error) {
	env := []string{"CARGO_TARGET_DIR=" + boxTargets + "/" + filepath.Base(t.Dir)}
	start := time.Now()
	c, err := b.run(ctx, t.Dir, env, "cargo", "build", "--release", "--locked", "--bin", t.Bin)
	res := &testenv.Result{Status: &testenv.Status{}, Took: time.Since(start)}
	if c != nil {
		res.Vertices = []*testenv.Vertex{{Name: "cargo build", Started: true, Log: c.Output(), Took: res.Took}}
	}
	return res, err
}

// prune removes what plain cargo downloaded and made.
func (b *box) prune() error {
	return errors.Join(os.RemoveAll(filepath.Join(b.root, boxRegistry)), os.RemoveAll(filepath.Join(b.root, boxTargets)))
}
