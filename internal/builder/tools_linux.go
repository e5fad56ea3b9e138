package builder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rustfile/rustfile/internal/gotools"
)

// tools are the executables that the embedded builder runs.
type tools struct {
	buildkitd string
	runc      string
}

// tool is one executable and where it may lie.
type tool struct {
	env   string
	names []string
}

func buildkitdTool() tool {
	return tool{env: "RUSTFILE_BUILDKITD", names: []string{"buildkitd"}}
}

func runcTool() tool {
	return tool{env: "RUSTFILE_RUNC", names: []string{"buildkit-runc", "runc"}}
}

// finder looks for tools. Its fields are the process's own, but for tests.
type finder struct {
	getenv func(string) string
	notice io.Writer
	exe    string
	cwd    string
}

func newFinder(o Options) finder {
	exe, _ := os.Executable()
	if real, err := filepath.EvalSymlinks(exe); err == nil {
		exe = real
	}
	cwd, _ := os.Getwd()
	return finder{getenv: o.Getenv, notice: o.Notice, exe: exe, cwd: cwd}
}

// tools finds both executables. What an environment variable names always
// counts; then a source checkout's own tools, built from the versions in
// go.mod if need be; then what is installed.
func (f finder) tools(ctx context.Context) (tools, error) {
	var t tools
	var err error
	if t.buildkitd, err = f.fromEnv(buildkitdTool()); err != nil {
		return t, err
	}
	if t.runc, err = f.fromEnv(runcTool()); err != nil {
		return t, err
	}
	var buildErr error
	if root := f.checkout(); root != "" && (t.buildkitd == "" || t.runc == "") {
		if buildErr = f.fromCheckout(ctx, root, &t); buildErr == nil {
			return t, nil
		}
	}
	if t.buildkitd == "" {
		if t.buildkitd = f.installed(buildkitdTool()); t.buildkitd == "" {
			return t, buildkitdTool().missing(buildErr)
		}
	}
	if t.runc == "" {
		if t.runc = f.installed(runcTool()); t.runc == "" {
			return t, runcTool().missing(buildErr)
		}
	}
	return t, nil
}

func (f finder) fromEnv(t tool) (string, error) {
	path := f.getenv(t.env)
	if path == "" {
		return "", nil
	}
	if !isExecutable(path) {
		return "", fmt.Errorf("%s=%s is not an executable file", t.env, path)
	}
	return filepath.Abs(path)
}

// installed looks next to this executable, in ../libexec/rustfile and on PATH.
func (f finder) installed(t tool) string {
	if f.exe != "" {
		dir := filepath.Dir(f.exe)
		for _, d := range []string{dir, filepath.Join(dir, "..", "libexec", "rustfile")} {
			for _, name := range t.names {
				if path := filepath.Join(d, name); isExecutable(path) {
					return path
				}
			}
		}
	}
	for _, name := range t.names {
		if path, err := exec.LookPath(name); err == nil {
			if abs, err := filepath.Abs(path); err == nil {
				return abs
			}
		}
	}
	return ""
}

func (t tool) missing(buildErr error) error {
	msg := fmt.Errorf("the embedded builder needs %s, which is neither next to rustfile nor on PATH: install it, set %s to it, start docker, or give a running BuildKit with --builder or BUILDKIT_HOST", t.names[0], t.env)
	return errors.Join(msg, buildErr)
}

// checkout returns the source checkout that this executable belongs to, or "".
// The working directory counts only for an executable of "go run" and "go
// test": an installed rustfile must never run a program because of the
// directory it was called in.
func (f finder) checkout() string {
	if f.exe == "" {
		return ""
	}
	dir := filepath.Dir(f.exe)
	if f.isGoTemporary() {
		dir = f.cwd
	}
	root, err := gotools.ModuleRoot(dir)
	if err != nil {
		return ""
	}
	return root
}

// isGoTemporary tells whether the go command built this executable for one run.
func (f finder) isGoTemporary() bool {
	return strings.HasSuffix(f.exe, ".test") || strings.Contains(f.exe, string(filepath.Separator)+"go-build")
}

// fromCheckout fills in what is missing from dist/bin.
func (f finder) fromCheckout(ctx context.Context, root string, t *tools) error {
	set, err := gotools.Ensure(ctx, root, filepath.Join(root, "dist", "bin"), f.notice, gotools.Buildkitd, gotools.Runc)
	if err != nil {
		return fmt.Errorf("build buildkitd and runc from go.mod: %w", err)
	}
	if t.buildkitd == "" {
		t.buildkitd = set.Path(gotools.Buildkitd)
	}
	if t.runc == "" {
		t.runc = set.Path(gotools.Runc)
	}
	return nil
}

func isExecutable(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0
}
