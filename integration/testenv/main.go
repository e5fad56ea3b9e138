package testenv

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	ctrdlog "github.com/containerd/log"

	"github.com/rustfile/rustfile/integration/scratch"
	"github.com/rustfile/rustfile/integration/standin"
	"github.com/rustfile/rustfile/internal/gotools"
)

// Environment is what all tests of one process share.
type Environment struct {
	// Root is the source checkout.
	Root string
	// Dir is a temporary directory, removed at the end unless RUSTFILE_TEST_KEEP is set.
	Dir string
	// Tools are buildkitd, buildctl, runc and docker-buildx.
	Tools gotools.Set
	// Standin says where base images come from.
	Standin *standin.Standin
	// Registry is a local registry that every daemon may pull from, push to and uses as mirror of docker.io.
	Registry *standin.Registry

	log      io.Writer
	scratch  *scratch.Dir
	mu       sync.Mutex
	daemons  map[Worker]*Daemon
	running  map[*Daemon]bool
	frontend string // OCI layout of the frontend image
}

var (
	envOnce sync.Once
	env     *Environment
	envErr  error
)

// Main runs the tests of a package and removes everything they started. It is the body of TestMain.
func Main(m *testing.M) { os.Exit(mainCode(m)) }

func mainCode(m *testing.M) int {
	flag.Parse()
	if testing.Short() {
		fmt.Println("integration tests are left out: -short is set")
		return 0
	}
	if os.Geteuid() != 0 {
		fmt.Println("integration tests run BuildKit and need root: run `sudo make test`, or `go test -short ./...` for the rest")
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	interrupted := context.AfterFunc(ctx, func() {
		closeShared()
		os.Exit(1)
	})
	code := m.Run()
	interrupted()
	if err := closeShared(); err != nil {
		fmt.Println("clean-up:", err)
		code = max(code, 1)
	}
	return code
}

// Env returns the shared environment of the tests, made at the first call.
func Env(t testing.TB) *Environment {
	t.Helper()
	envOnce.Do(func() { env, envErr = NewEnvironment(context.Background(), os.Stderr) })
	if envErr != nil {
		t.Fatal(envErr)
	}
	return env
}

// NewEnvironment builds the tools and finds out where base images come from; progress goes to log. Tests call
// Env instead.
func NewEnvironment(ctx context.Context, log io.Writer) (*Environment, error) {
	if err := ctrdlog.SetLevel("error"); err != nil { // the content store warns about file systems without fsverity
		return nil, err
	}
	root, err := gotools.ModuleRoot(".")
	if err != nil {
		return nil, err
	}
	e := &Environment{Root: root, log: log, daemons: map[Worker]*Daemon{}, running: map[*Daemon]bool{}}
	if e.Tools, err = gotools.Ensure(ctx, root, filepath.Join(root, "dist", "bin"), log); err != nil {
		return nil, err
	}
	if e.Standin, err = standin.Start(ctx, standin.Options{Log: log}); err != nil {
		return nil, err
	}
	fmt.Fprintln(log, e.Standin.Describe())
	if e.Registry = e.Standin.Registry(); e.Registry == nil {
		if e.Registry, err = standin.NewRegistry(); err != nil {
			return nil, err
		}
	}
	if e.scratch, err = scratch.New("rustfile-test"); err != nil {
		return nil, errors.Join(err, e.Registry.Close())
	}
	e.Dir = e.scratch.Path
	return e, nil
}

func closeShared() error {
	if env == nil {
		return nil
	}
	return env.Close()
}

// Close ends all daemons and removes the temporary directory.
func (e *Environment) Close() error {
	e.mu.Lock()
	running := e.running
	e.running = map[*Daemon]bool{}
	e.mu.Unlock()
	var errs []error
	for d := range running {
		errs = append(errs, d.stop())
	}
	errs = append(errs, e.Registry.Close())
	if os.Getenv("RUSTFILE_TEST_KEEP") != "" {
		fmt.Fprintf(e.log, "kept %s\n", e.Dir)
		errs = append(errs, e.scratch.Keep())
	} else {
		errs = append(errs, removeAll(e.Dir), e.scratch.Close())
	}
	return errors.Join(errs...)
}
