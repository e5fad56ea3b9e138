package standin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	// Suite is the Debian release the look-alikes are made of.
	Suite = "bookworm"
	// RustChannel is the tag of the official Rust image that the look-alike answers to.
	RustChannel = "1.95"

	registryURL  = "https://registry-1.docker.io/v2/"
	probeTimeout = 8 * time.Second
)

// Options configures Start.
type Options struct {
	// CacheDir holds the look-alikes; the default is rustfile/standin in the user's cache directory.
	CacheDir string
	// Log receives progress lines; nil discards them.
	Log io.Writer
	// Force uses look-alikes even when docker.io can be reached.
	Force bool
}

// Standin is the answer to where base images come from, and the registry that serves them if that is here.
type Standin struct {
	// Reachable tells that docker.io answered, so that base images are pulled.
	Reachable bool

	registry *Registry
	cacheDir string
	log      io.Writer
	mu       sync.Mutex
	served   map[Image]string // image to what it is made of
	// platforms are those that library/debian is for beside this machine's, sorted.
	platforms []string
}

// Start probes docker.io and, when it cannot be reached, makes (or finds) the look-alikes of the Debian and the
// Rust image and serves them on the loopback interface until Close.
func Start(ctx context.Context, o Options) (*Standin, error) {
	if o.Log == nil {
		o.Log = io.Discard
	}
	s := &Standin{cacheDir: o.CacheDir, log: o.Log, served: map[Image]string{}}
	if !o.Force && os.Getenv("RUSTFILE_STANDIN") != "always" && Probe(ctx, registryURL) == nil {
		s.Reachable = true
		return s, nil
	}
	if s.cacheDir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("no directory for the look-alike images: %w", err)
		}
		s.cacheDir = filepath.Join(base, "rustfile", "standin")
	}
	reg, err := NewRegistry()
	if err != nil {
		return nil, err
	}
	s.registry = reg
	for _, im := range []Image{Debian, Rust} {
		if err := s.Add(ctx, im); err != nil {
			return nil, errors.Join(fmt.Errorf("look-alike of the %s image: %w", im, err), s.Close())
		}
	}
	return s, nil
}

// Probe asks a registry's base address for any answer of a registry. A status of 200 or 401 is one; a refused
// connection, an unknown host, or the answer of some proxy in between is not.
func Probe(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusUnauthorized {
		return fmt.Errorf("%s answered %s, which is not what a registry answers", url, resp.Status)
	}
	return nil
}

// Add serves one more look-alike, making it first if need be. It does nothing when docker.io can be reached.
func (s *Standin) Add(ctx context.Context, im Image) error {
	if s.Reachable {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.served[im]; ok {
		return nil
	}
	r, err := newRecipe(ctx, im)
	if err != nil {
		return err
	}
	dir, err := s.cached(ctx, r)
	if err != nil {
		return err
	}
	if err := s.registry.Serve(ctx, dir, r.refs); err != nil {
		return err
	}
	made, err := madeOf(dir)
	if err != nil {
		return err
	}
	s.served[im] = made
	return nil
}

// Mirror returns host:port of the registry that stands in for docker.io, or "" when docker.io is used itself.
func (s *Standin) Mirror() string {
	if s.registry == nil {
		return ""
	}
	return s.registry.Host()
}

// Registry returns the local registry, or nil when docker.io is used itself.
func (s *Standin) Registry() *Registry { return s.registry }

// BuildkitdConfig returns the lines of a buildkitd.toml that make a daemon use the registry; none are needed
// when docker.io can be reached.
func (s *Standin) BuildkitdConfig() string {
	if s.registry == nil {
		return ""
	}
	config := ""
	for _, host := range []string{"docker.io", "gcr.io"} {
		config += fmt.Sprintf("[registry.%q]\n  mirrors = [%q]\n", host, s.Mirror())
	}
	return config + s.registry.BuildkitdConfig()
}

// Describe says in one line, for the screen, where base images come from.
func (s *Standin) Describe() string {
	if s.Reachable {
		return "base images: pulled from docker.io"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("base images: local look-alikes of debian:%s-slim and rust:%s-%s made of Debian packages and %s, docker.io cannot be reached",
		Suite, RustChannel, Suite, s.served[Rust])
}

// Close stops the registry; the look-alikes stay in the cache.
func (s *Standin) Close() error {
	if s.registry == nil {
		return nil
	}
	return s.registry.Close()
}

func (s *Standin) logf(format string, args ...any) {
	fmt.Fprintln(s.log, strings.TrimRight(fmt.Sprintf(format, args...), "\n"))
}
