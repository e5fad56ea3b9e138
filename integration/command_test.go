package integration

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/internal/gotools"
)

// commandLine is the CLI with an embedded builder of the test's own.
type commandLine struct {
	program string
	env     []string
}

// newCommandLine builds the CLI; its builder stops with the test.
func newCommandLine(t *testing.T) *commandLine {
	t.Helper()
	e := testenv.Env(t)
	dir, err := os.MkdirTemp(e.Dir, "cli-")
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "buildkitd.toml")
	if err := os.WriteFile(config, []byte(e.Standin.BuildkitdConfig()), 0o644); err != nil {
		t.Fatal(err)
	}
	c := &commandLine{program: filepath.Join(dir, "rustfile")}
	goOutput(t, e.Root, nil, "build", "-o", c.program, "./cmd/rustfile")
	c.env = slices.DeleteFunc(os.Environ(), func(kv string) bool {
		return strings.HasPrefix(kv, "BUILDKIT_") || strings.HasPrefix(kv, "BUILDX_") || strings.HasPrefix(kv, "DOCKER_")
	})
	c.env = append(c.env, "DOCKER_CONFIG="+filepath.Join(dir, "docker"), "RUSTFILE_BUILDER_HOME="+filepath.Join(dir, "b"), "RUSTFILE_BUILDKITD_CONFIG="+config,
		"RUSTFILE_BUILDKITD="+e.Tools.Path(gotools.Buildkitd), "RUSTFILE_RUNC="+e.Tools.Path(gotools.Runc))
	t.Cleanup(func() {
		// The test's context is done by now.
		cmd := exec.Command(c.program, "builder", "stop", "--force")
		cmd.Env = c.env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("rustfile builder stop: %v\n%s", err, out)
		}
	})
	return c
}

// run runs a command of the CLI and returns its standard output.
func (c *commandLine) run(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), c.program, args...)
	cmd.Env = c.env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("rustfile %q: %v\n%s", args, err, stderr.Bytes())
	}
	return out
}

// TestCommandLine builds an example with the CLI and the embedded builder: the image is that of every other way.
func TestCommandLine(t *testing.T) {
	c := newCommandLine(t)
	e := example(t, "hello")
	var images [2]*testenv.Result
	for i := range images {
		out := filepath.Join(t.TempDir(), "image")
		start := time.Now()
		c.run(t, "build", "--builder", "embedded", "--output", "type=oci,tar=false,dest="+out, e.Dir)
		t.Logf("build %d took %s", i+1, time.Since(start).Round(100*time.Millisecond))
		images[i] = openImage(t, out)
	}
	checkSameImage(t, images[1], images[0])
	checkRun(t, images[0], &e.Cases[0])
	daemon := testenv.SharedDaemon(t, testenv.OCI)
	checkSameImage(t, images[0], inProcess(daemon).MustBuild(t, testenv.BuildOptions{Context: e.Dir}))
	if status := c.run(t, "builder", "status"); !bytes.Contains(status, []byte("Cache:")) {
		t.Errorf("the builder's status is\n%s", status)
	}
}

// TestDefinition pipes `rustfile llb` into buildctl. The definition was made without a daemon; what the daemon makes of
// it holds the program of the image.
func TestDefinition(t *testing.T) {
	e := example(t, "hello")
	d := testenv.SharedDaemon(t, testenv.OCI)
	want := inProcess(d).MustBuild(t, testenv.BuildOptions{Context: e.Dir})
	definition := newCommandLine(t).run(t, "llb", e.Dir)
	out := t.TempDir()
	cmd := exec.CommandContext(t.Context(), testenv.Env(t).Tools.Path(gotools.Buildctl), "--addr", d.Address,
		"build", "--local", "context="+e.Dir, "--output", "type=local,dest="+out)
	cmd.Stdin = bytes.NewReader(definition)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("buildctl build: %v\n%s", err, text)
	}
	var programs [2][]byte
	for i, dir := range []string{out, want.Rootfs(t)} {
		var err error
		if programs[i], err = os.ReadFile(filepath.Join(dir, binDir, "hello")); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(programs[0], programs[1]) {
		t.Error("the definition gives another program than the build")
	}
}
