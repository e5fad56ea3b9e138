package testenv

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/buildkit/client"

	"github.com/rustfile/rustfile/internal/gotools"
)

// buildx runs `docker-buildx build` with the remote driver and a configuration directory of the daemon's own.
// The plugin is run directly: it needs no docker.
func (b *Builder) buildx(ctx context.Context, o BuildOptions, res *Result) error {
	config, err := b.Daemon.buildxConfig(ctx)
	if err != nil {
		return err
	}
	args, err := b.buildxArgs(ctx, o, res.Dir)
	if err != nil {
		return err
	}
	cmd := b.Daemon.buildxCommand(ctx, config, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = o.ContextTar, &stdout, &stderr
	runErr := cmd.Run()
	rest := res.readRawJSON(stderr.Bytes(), o)
	res.Stdout = stdout.String()
	if runErr != nil {
		return fmt.Errorf("docker buildx build: %w\n%s", runErr, strings.TrimSpace(rest))
	}
	if meta, err := os.ReadFile(metadataFile(res.Dir)); err == nil && o.Call == "" {
		var values map[string]json.RawMessage
		if err := json.Unmarshal(meta, &values); err != nil {
			return err
		}
		res.Meta = map[string][]byte{}
		for k, v := range values {
			res.Meta[k] = v
		}
	}
	return nil
}

func metadataFile(out string) string { return filepath.Join(filepath.Dir(out), "metadata.json") }

func (b *Builder) buildxArgs(ctx context.Context, o BuildOptions, out string) ([]string, error) {
	args := []string{"build", "--builder", "test", "--progress", "rawjson", "--provenance=false", "-f", o.File}
	for _, k := range slices.Sorted(maps.Keys(o.BuildArgs)) {
		args = append(args, "--build-arg", k+"="+o.BuildArgs[k])
	}
	for _, k := range slices.Sorted(maps.Keys(o.Labels)) {
		args = append(args, "--label", k+"="+o.Labels[k])
	}
	if !o.NoFrontendContext {
		layout, err := b.Daemon.env.FrontendLayout(ctx)
		if err != nil {
			return nil, err
		}
		args = append(args, "--build-context", FrontendRef+"=oci-layout://"+layout)
	}
	for _, k := range slices.Sorted(maps.Keys(o.NamedContexts)) {
		args = append(args, "--build-context", k+"="+o.NamedContexts[k])
	}
	for _, k := range slices.Sorted(maps.Keys(o.Secrets)) {
		file := filepath.Join(filepath.Dir(out), "secret-"+k)
		if err := os.WriteFile(file, o.Secrets[k], 0o600); err != nil {
			return nil, err
		}
		args = append(args, "--secret", "id="+k+",src="+file)
	}
	for _, spec := range o.SSH {
		args = append(args, "--ssh", spec)
	}
	for _, c := range o.CacheFrom {
		args = append(args, "--cache-from", csv("type="+c.Type, c.Attrs))
	}
	for _, c := range o.CacheTo {
		args = append(args, "--cache-to", csv("type="+c.Type, c.Attrs))
	}
	if o.Target != "" {
		args = append(args, "--target", o.Target)
	}
	if len(o.Platforms) > 0 {
		args = append(args, "--platform", strings.Join(o.Platforms, ","))
	}
	if o.NoCache {
		args = append(args, "--no-cache")
	}
	return append(append(args, outputArgs(o, out)...), contextArg(o)), nil
}

func outputArgs(o BuildOptions, out string) []string {
	if o.Call != "" {
		return []string{"--call", o.Call + ",format=json"}
	}
	args := []string{"--metadata-file", metadataFile(out)}
	switch o.Output {
	case OutputImage:
		return append(args, "--output", csv("type=oci,tar=false,dest="+out, o.ExportAttrs))
	case OutputDir:
		return append(args, "--output", csv("type=local,dest="+out, o.ExportAttrs))
	}
	return append(args, "--output", "type=cacheonly")
}

func contextArg(o BuildOptions) string {
	if o.ContextURL != "" {
		return o.ContextURL
	}
	if o.ContextTar != nil {
		return "-"
	}
	return o.Context
}

func csv(first string, attrs map[string]string) string {
	for _, k := range slices.Sorted(maps.Keys(attrs)) {
		first += "," + k + "=" + attrs[k]
	}
	return first
}

// buildxConfig makes the builder "test" once per daemon and returns the configuration directory that knows it.
func (d *Daemon) buildxConfig(ctx context.Context) (string, error) {
	d.env.mu.Lock()
	defer d.env.mu.Unlock()
	dir := filepath.Join(d.Dir, "docker")
	if _, err := os.Stat(filepath.Join(dir, "ready")); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	create := d.buildxCommand(ctx, dir, "create", "--name", "test", "--driver", "remote", d.Address)
	if out, err := create.CombinedOutput(); err != nil {
		return "", fmt.Errorf("docker buildx create: %w\n%s", err, out)
	}
	return dir, os.WriteFile(filepath.Join(dir, "ready"), nil, 0o644)
}

// buildxCommand runs the plugin with nothing of the user's docker settings.
func (d *Daemon) buildxCommand(ctx context.Context, config string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, d.env.Tools.Path(gotools.Buildx), args...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return strings.HasPrefix(name, "DOCKER_") || strings.HasPrefix(name, "BUILDX_") || strings.HasPrefix(name, "BUILDKIT_")
	})
	cmd.Env = append(cmd.Env, "DOCKER_CONFIG="+config, "BUILDX_METADATA_PROVENANCE=disabled")
	return cmd
}

// readRawJSON takes in the progress of `--progress rawjson` and returns the lines that are something else: errors.
func (r *Result) readRawJSON(stderr []byte, o BuildOptions) string {
	var rest strings.Builder
	for line := range bytes.Lines(stderr) {
		var m client.SolveStatus
		dec := json.NewDecoder(bytes.NewReader(line))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&m); err != nil || !bytes.HasPrefix(line, []byte("{")) {
			rest.Write(line)
			continue
		}
		r.add(&m)
		if o.Progress != nil {
			for _, l := range m.Logs {
				o.Progress.Write(l.Data)
			}
		}
	}
	return rest.String()
}

// RunBuildx runs any other buildx command on this daemon and returns what it printed.
func (d *Daemon) RunBuildx(ctx context.Context, args ...string) (string, error) {
	config, err := d.buildxConfig(ctx)
	if err != nil {
		return "", err
	}
	cmd := d.buildxCommand(ctx, config, args...)
	cmd.Env = append(cmd.Env, "BUILDX_BUILDER=test")
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = errors.Join(err, errors.New(strings.TrimSpace(string(out))))
	}
	return string(out), err
}
