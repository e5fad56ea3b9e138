package examples

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rustfile/rustfile/integration/gitserver"
)

// cargoVariable names the environment variable that holds a target directory
// and switches on the tests that compile with the host's cargo. They need a
// toolchain and minutes, and they are there to check the expectation files
// against cargo itself, without any of this repository's builds in between.
const cargoVariable = "RUSTFILE_TEST_CARGO_TARGET_DIR"

func cargoTargetDir(t *testing.T) string {
	dir := os.Getenv(cargoVariable)
	if dir == "" {
		t.Skipf("%s is not set to a target directory", cargoVariable)
	}
	return dir
}

// cargo runs cargo in dir and returns its standard error.
func cargo(t *testing.T, dir, targetDir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "cargo", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CARGO_TARGET_DIR="+targetDir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	return stderr.String(), err
}

// TestCargoAgrees builds every case of every example and fixture with the
// host's cargo and runs the program.
func TestCargoAgrees(t *testing.T) {
	targetDir := cargoTargetDir(t)
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	projects, err := Projects()
	if err != nil {
		t.Fatal(err)
	}
	for _, example := range append(all, projects...) {
		if example.Name == "networked-build-script" {
			continue // The host has a network.
		}
		t.Run(example.Name, func(t *testing.T) {
			prepare(t, example)
			for _, c := range example.Cases {
				t.Run(c.Name, func(t *testing.T) { checkWithCargo(t, example, c, targetDir) })
			}
		})
	}
}

// checkWithCargo builds and runs one case. Cases that end in an error are
// rustfile's to check: cargo builds several binaries where an image needs one.
func checkWithCargo(t *testing.T, example Example, c Case, targetDir string) {
	if len(c.Error) > 0 {
		t.Skip("cargo is not asked for one binary")
	}
	args := []string{"build", "--release", "--locked"}
	name := c.Target
	if name == "" && len(c.Entrypoint) > 0 {
		name = filepath.Base(c.Entrypoint[0])
	}
	if c.Target != "" {
		args = append(args, "--package", packageOf(t, example.Dir, c.Target), "--bin", c.Target)
	}
	for key, value := range c.BuildArgs {
		switch key {
		case "features":
			args = append(args, "--features", value)
		case "no-default-features", "all-features":
			if value == "true" {
				args = append(args, "--"+key)
			}
		default:
			t.Fatalf("build argument %s: this test does not know its flag", key)
		}
	}
	if stderr, err := cargo(t, example.Dir, targetDir, args...); err != nil {
		t.Fatalf("cargo %q: %v\n%s", args, err, stderr)
	}
	if name == "" {
		name = example.Name
	}
	run(t, c, filepath.Join(targetDir, "release", name))
}

// packageOf returns the name of the member that has a binary. Without it cargo
// would select all members and unite their features.
func packageOf(t *testing.T, dir, binary string) string {
	cmd := exec.CommandContext(t.Context(), "cargo", "metadata", "--no-deps", "--format-version=1")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("cargo metadata: %v", err)
	}
	var metadata struct {
		Packages []struct {
			Name    string
			Targets []struct {
				Name string
				Kind []string
			}
		}
	}
	if err := json.Unmarshal(out, &metadata); err != nil {
		t.Fatal(err)
	}
	for _, p := range metadata.Packages {
		for _, target := range p.Targets {
			if target.Name == binary && slices.Contains(target.Kind, "bin") {
				return p.Name
			}
		}
	}
	t.Fatalf("no package has the binary %s", binary)
	return ""
}

// run runs the program of a case and compares what it does.
func run(t *testing.T, c Case, program string) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, c.Args...)
	for key, value := range c.Env {
		cmd.Env = append(cmd.Env, key+"="+value)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, request := range c.HTTP {
		if err := get(ctx, request); err != nil {
			t.Error(err)
		}
	}
	if len(c.HTTP) > 0 {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
	}
	exit := 0
	if err := cmd.Wait(); err != nil {
		var status *exec.ExitError
		if !errors.As(err, &status) {
			t.Fatal(err)
		}
		exit = status.ExitCode()
	}
	if exit != c.ExpectedExit {
		t.Errorf("exit status is %d, want %d\n%s", exit, c.ExpectedExit, stderr.String())
	}
	if err := c.ExpectedOutput.Check(stdout.String()); err != nil {
		t.Error(err)
	}
}

// get makes a request on loopback, again until the port answers.
func get(ctx context.Context, r Request) error {
	url := fmt.Sprintf("http://127.0.0.1:%d%s", r.Port, r.Path)
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			if ctx.Err() != nil {
				return err
			}
			time.Sleep(20 * time.Millisecond)
			continue
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			return err
		}
		if response.StatusCode != r.Status || !strings.Contains(string(body), r.Contains) {
			return fmt.Errorf("%s answers %d %q, want %d with %q", url, response.StatusCode, body, r.Status, r.Contains)
		}
		return nil
	}
}

// prepare starts what an example needs to be built.
func prepare(t *testing.T, example Example) {
	if example.Name != "git-dep" {
		return
	}
	server, err := gitserver.StartGreeting(t.Context(), example.Dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
}
