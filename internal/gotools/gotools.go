package gotools

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Tool is a program this package can build; its value is the file name of the built program.
type Tool string

// The programs that Ensure can build.
const (
	Buildkitd Tool = "buildkitd"
	Buildctl  Tool = "buildctl"
	// Runc is named so that buildkitd finds it on PATH before a runc of the system.
	Runc   Tool = "buildkit-runc"
	Buildx Tool = "docker-buildx"
	// bareRunc is the runc that the shim starts where runc has no seccomp.
	bareRunc Tool = "runc"
)

// All lists every tool, in the order of their build.
var All = []Tool{Buildkitd, Buildctl, Runc, Buildx}

// recipe says how one tool is built.
type recipe struct {
	pkg  string
	cgo  bool // runc enters namespaces before the Go runtime starts, which only C code can do
	tags string
}

var recipes = map[Tool]recipe{
	Buildkitd: {pkg: "github.com/moby/buildkit/cmd/buildkitd"},
	Buildctl:  {pkg: "github.com/moby/buildkit/cmd/buildctl"},
	Runc:      {pkg: "github.com/opencontainers/runc", cgo: true},
	Buildx:    {pkg: "github.com/docker/buildx/cmd/buildx"},
}

// shim is built as Runc where libseccomp is missing.
var shim = recipe{pkg: "github.com/rustfile/rustfile/internal/gotools/runcshim"}

// lockPoll is how often a process that waits for another one's build looks again.
const lockPoll = 200 * time.Millisecond

// Set is a directory of built tools.
type Set struct {
	// Dir holds the programs.
	Dir string
	// Seccomp tells whether runc applies seccomp profiles.
	Seccomp bool
}

// Path returns the path of a tool.
func (s Set) Path(t Tool) string { return filepath.Join(s.Dir, string(t)) }

// Ensure builds the named tools of the module at moduleDir into dir, all of them when none is named.
// A tool is built again only when go.sum, the Go version or the presence of libseccomp changed.
// Two processes may call it at once. Progress lines go to log.
func Ensure(ctx context.Context, moduleDir, dir string, log io.Writer, tools ...Tool) (Set, error) {
	if len(tools) == 0 {
		tools = All
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Set{}, err
	}
	lock := flock.New(filepath.Join(dir, ".lock"))
	if _, err := lock.TryLockContext(ctx, lockPoll); err != nil {
		return Set{}, fmt.Errorf("wait for another build of the tools in %s: %w", dir, err)
	}
	defer lock.Unlock()
	set := Set{Dir: dir, Seccomp: haveLibseccomp(ctx)}
	for _, t := range tools {
		r, ok := recipes[t]
		if !ok {
			return Set{}, fmt.Errorf("unknown tool %q", t)
		}
		if t == Runc && set.Seccomp {
			r.tags = "seccomp"
		} else if t == Runc {
			if err := ensure(ctx, moduleDir, dir, bareRunc, r, log); err != nil {
				return Set{}, err
			}
			r = shim
		}
		if err := ensure(ctx, moduleDir, dir, t, r, log); err != nil {
			return Set{}, err
		}
	}
	return set, nil
}

// ensure builds one tool unless the key file beside it says that it is up to date.
func ensure(ctx context.Context, moduleDir, dir string, t Tool, r recipe, log io.Writer) error {
	key, err := buildKey(moduleDir, r)
	if err != nil {
		return err
	}
	out := filepath.Join(dir, string(t))
	keyFile := filepath.Join(dir, "."+string(t)+".key")
	if have, err := os.ReadFile(keyFile); err == nil && string(have) == key {
		if _, err := os.Stat(out); err == nil {
			return nil
		}
	}
	fmt.Fprintf(log, "building %s from %s\n", t, r.pkg)
	if err := goBuild(ctx, moduleDir, r, out); err != nil {
		return err
	}
	return os.WriteFile(keyFile, []byte(key), 0o644)
}

// goBuild compiles beside out and renames, so that a running program is never written over.
func goBuild(ctx context.Context, moduleDir string, r recipe, out string) error {
	tmp := out + ".new"
	args := []string{"build", "-ldflags=-s -w", "-o", tmp} // no -trimpath: the objects are shared with `go test`
	if r.tags != "" {
		args = append(args, "-tags", r.tags)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, r.pkg)...)
	cmd.Dir = moduleDir
	cgo := "CGO_ENABLED=0"
	if r.cgo {
		cgo = "CGO_ENABLED=1"
	}
	cmd.Env = append(os.Environ(), cgo, "GOFLAGS=", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", r.pkg, err, strings.TrimSpace(string(text)))
	}
	return os.Rename(tmp, out)
}

// buildKey names everything that decides the bytes of a tool.
func buildKey(moduleDir string, r recipe) (string, error) {
	h := sha256.New()
	sum, err := os.ReadFile(filepath.Join(moduleDir, "go.sum"))
	if err != nil {
		return "", err
	}
	h.Write(sum)
	fmt.Fprintf(h, "\n2 %s %s %s", runtime.Version(), r.pkg, r.tags)
	if r.pkg == shim.pkg {
		src, err := os.ReadFile(filepath.Join(moduleDir, "internal/gotools/runcshim/main.go"))
		if err != nil {
			return "", err
		}
		h.Write(src)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func haveLibseccomp(ctx context.Context) bool {
	return exec.CommandContext(ctx, "pkg-config", "--exists", "libseccomp").Run() == nil
}

// ModuleRoot finds the source checkout of this module at or above dir.
func ModuleRoot(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(mod), "module github.com/rustfile/rustfile\n") {
			return dir, nil
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("not inside a source checkout of github.com/rustfile/rustfile (no go.mod of it at or above the working directory)")
		}
		dir = up
	}
}
