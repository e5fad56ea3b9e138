package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/moby/buildkit/client"

	"github.com/rustfile/rustfile/integration/bench/schedule"
	"github.com/rustfile/rustfile/integration/standin"
	"github.com/rustfile/rustfile/integration/testenv"
)

// probeDockerfile makes the daemon pull and unpack every base image, and asks them for their versions.
const probeDockerfile = `FROM lukemathwalker/cargo-chef:latest-rust-1.95 AS chef
RUN mkdir /out && cargo chef --version > /out/cargo-chef
FROM rust:1.95-bookworm AS rust
RUN mkdir /out && rustc --version > /out/rustc && cargo --version > /out/cargo
FROM debian:bookworm-slim AS debian
RUN mkdir /out && cat /etc/debian_version > /out/debian
FROM scratch
COPY --from=chef /out/ /
COPY --from=rust /out/ /
COPY --from=debian /out/ /
`

// lab is the one daemon that everything is built on.
type lab struct {
	env    *testenv.Environment
	daemon *testenv.Daemon
	work   string // temporary directory
}

// newLab starts the daemon and makes the base images available.
func newLab(ctx context.Context, cfg config) (*lab, error) {
	env, err := testenv.NewEnvironment(ctx, os.Stderr)
	if err != nil {
		return nil, err
	}
	l := &lab{env: env, work: filepath.Join(env.Dir, "bench")}
	if slices.Contains(cfg.contenders, schedule.Chef) {
		if err := env.Standin.Add(ctx, standin.CargoChef); err != nil {
			return l, fmt.Errorf("look-alike of the cargo-chef image: %w", err)
		}
	}
	if err := os.MkdirAll(l.work, 0o755); err != nil {
		return l, err
	}
	l.daemon, err = env.Start(ctx, testenv.DaemonOptions{})
	return l, err
}

// versions are the versions of BuildKit and of the base images' programs, by name.
func (l *lab) versions(ctx context.Context, cfg config) (map[string]string, error) {
	text := probeDockerfile
	if !slices.Contains(cfg.contenders, schedule.Chef) {
		_, text, _ = strings.Cut(text, "cargo-chef\nFROM")
		text = strings.Replace("FROM"+text, "COPY --from=chef /out/ /\n", "", 1)
	}
	dir := filepath.Join(l.work, "probe")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(text), 0o644); err != nil {
		return nil, err
	}
	b := testenv.Builder{Daemon: l.daemon, Route: testenv.InProcess, Frontend: dockerfileFrontend}
	res, err := b.Build(ctx, testenv.BuildOptions{Context: dir, File: filepath.Join(dir, "Dockerfile"), Output: testenv.OutputDir})
	if err != nil {
		return nil, fmt.Errorf("pull the base images: %w", err)
	}
	all := map[string]string{"BuildKit": moduleVersion("github.com/moby/buildkit")}
	files, err := os.ReadDir(res.Dir)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(res.Dir, f.Name()))
		if err != nil {
			return nil, err
		}
		all[f.Name()] = versionIn(string(text))
	}
	return all, nil
}

// versionIn is what a program's --version prints, without the program's name: "cargo-chef-chef 0.1.78".
func versionIn(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if name, version, ok := strings.Cut(line, " "); ok && !strings.ContainsAny(name, "0123456789") {
		return version
	}
	return line
}

// moduleVersion is the version of a module that this program is linked with; the daemon is built from the same go.mod.
func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, m := range info.Deps {
		if m.Path == path {
			return m.Version
		}
	}
	return "unknown"
}

// A record that cannot be removed is tried this often, with a pause before each try.
const (
	pruneTries = 5
	pruneWait  = 300 * time.Millisecond
)

// pulled begins the description of the layers of a base image.
const pulled = "pulled from "

// prune removes everything from the daemon but base images, and fails when something stays.
func (l *lab) prune(ctx context.Context) error { return l.restore(ctx, nil) }

// restore removes everything from the daemon but base images and the given records.
func (l *lab) restore(ctx context.Context, keep map[string]bool) error {
	var left []string
	for stuck, last := 0, -1; stuck < pruneTries; {
		all, err := l.cached(ctx)
		if err != nil {
			return err
		}
		left = slices.DeleteFunc(all, func(id string) bool { return keep[id] })
		if len(left) == 0 {
			return nil
		}
		// What a record refers to can only be removed after it, and what a build has just used a little later.
		if stuck++; last < 0 || len(left) < last {
			stuck = 0
		}
		if last = len(left); stuck > 0 {
			time.Sleep(pruneWait)
		}
		var filters []string
		for _, id := range left {
			filters = append(filters, "id=="+id)
		}
		if err := l.daemon.Client().Prune(ctx, nil, client.PruneAll, client.WithFilter(filters)); err != nil {
			return fmt.Errorf("prune the daemon's cache: %w", err)
		}
	}
	return fmt.Errorf("prune the daemon's cache: %d records stay, among them %s", len(left), l.describe(ctx, left))
}

// describe says what records are.
func (l *lab) describe(ctx context.Context, ids []string) string {
	records, err := l.daemon.Client().DiskUsage(ctx)
	if err != nil {
		return err.Error()
	}
	var list []string
	for _, r := range records {
		if slices.Contains(ids, r.ID) {
			list = append(list, fmt.Sprintf("%s (%.60s, in use: %t)", r.ID, r.Description, r.InUse))
		}
	}
	return strings.Join(list, "; ")
}

// cached returns the records of the daemon's cache that are no layers of a base image.
func (l *lab) cached(ctx context.Context) ([]string, error) {
	records, err := l.daemon.Client().DiskUsage(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, r := range records {
		if !strings.HasPrefix(r.Description, pulled) {
			ids = append(ids, r.ID)
		}
	}
	return ids, nil
}

// snapshot is the set of records that a later restore keeps.
func (l *lab) snapshot(ctx context.Context) (map[string]bool, error) {
	ids, err := l.cached(ctx)
	keep := map[string]bool{}
	for _, id := range ids {
		keep[id] = true
	}
	return keep, err
}
