package standin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/rustfile/rustfile/integration/scratch"
)

// Registry is a container registry on a free port of the loopback interface. It keeps what is pushed to it in a
// temporary directory and serves OCI layouts where they lie.
type Registry struct {
	listener net.Listener
	server   *http.Server
	blobs    *blobStore
}

// NewRegistry starts an empty registry.
func NewRegistry() (*Registry, error) {
	dir, err := scratch.New("rustfile-registry")
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	blobs := &blobStore{dir: dir, pushed: registry.NewDiskBlobHandler(dir.Path)}
	handler := registry.New(registry.WithBlobHandler(blobs), registry.Logger(log.New(io.Discard, "", 0)))
	r := &Registry{listener: l, blobs: blobs, server: &http.Server{Handler: wholeBlobs(handler), ReadHeaderTimeout: time.Minute}}
	go r.server.Serve(l)
	return r, nil
}

// wholeBlobs answers a request for the rest of a blob ("bytes=5-"), as a daemon makes it after a download that was
// interrupted, with all of it: the registry knows closed ranges only and would refuse. Clients skip what they have.
func wholeBlobs(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if strings.HasSuffix(req.Header.Get("Range"), "-") {
			req.Header.Del("Range")
		}
		next.ServeHTTP(w, req)
	})
}

// Host returns the registry's host:port.
func (r *Registry) Host() string { return r.listener.Addr().String() }

// BuildkitdConfig returns the lines of a buildkitd.toml that allow plain HTTP to this registry.
func (r *Registry) BuildkitdConfig() string {
	return fmt.Sprintf("[registry.%q]\n  http = true\n", r.Host())
}

// Close stops the registry and deletes what was pushed to it.
func (r *Registry) Close() error {
	return errors.Join(r.server.Close(), r.blobs.dir.Close())
}

// Serve offers the one image (or index) of the OCI layout at dir under every name of refs ("library/debian:tag").
func (r *Registry) Serve(ctx context.Context, dir string, refs []string) error {
	path, err := layout.FromPath(dir)
	if err != nil {
		return err
	}
	idx, err := path.ImageIndex()
	if err != nil {
		return err
	}
	m, err := idx.IndexManifest()
	if err != nil {
		return err
	}
	if len(m.Manifests) != 1 {
		return fmt.Errorf("%s: want an OCI layout with one image, it has %d", dir, len(m.Manifests))
	}
	r.blobs.add(path)
	desc := m.Manifests[0]
	for _, ref := range refs {
		tag, err := name.NewTag(r.Host()+"/"+ref, name.Insecure)
		if err != nil {
			return err
		}
		if err := push(ctx, idx, desc, tag); err != nil {
			return fmt.Errorf("serve %s: %w", ref, err)
		}
	}
	return nil
}

// push uploads the manifests; the registry already has the blobs, so none of them travels.
func push(ctx context.Context, idx v1.ImageIndex, desc v1.Descriptor, tag name.Tag) error {
	if desc.MediaType.IsIndex() {
		child, err := idx.ImageIndex(desc.Digest)
		if err != nil {
			return err
		}
		return remote.WriteIndex(tag, child, remote.WithContext(ctx))
	}
	img, err := idx.Image(desc.Digest)
	if err != nil {
		return err
	}
	return remote.Write(tag, img, remote.WithContext(ctx))
}

// blobStore looks for a blob among the pushed ones and then in the layouts.
type blobStore struct {
	dir    *scratch.Dir
	pushed registry.BlobHandler

	mu      sync.RWMutex
	layouts []layout.Path
}

var (
	_ registry.BlobHandler     = (*blobStore)(nil)
	_ registry.BlobStatHandler = (*blobStore)(nil)
	_ registry.BlobPutHandler  = (*blobStore)(nil)
)

func (b *blobStore) add(p layout.Path) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.layouts = append(b.layouts, p)
}

// Get implements registry.BlobHandler.
func (b *blobStore) Get(ctx context.Context, repo string, h v1.Hash) (io.ReadCloser, error) {
	if f, err := b.open(h); err == nil {
		return f, nil
	}
	f, err := b.pushed.Get(ctx, repo, h)
	if errors.Is(err, os.ErrNotExist) {
		return nil, registry.ErrNotFound
	}
	return f, err
}

// Stat implements registry.BlobStatHandler.
func (b *blobStore) Stat(ctx context.Context, repo string, h v1.Hash) (int64, error) {
	if f, err := b.open(h); err == nil {
		defer f.Close()
		st, err := f.Stat()
		if err != nil {
			return 0, err
		}
		return st.Size(), nil
	}
	return b.pushed.(registry.BlobStatHandler).Stat(ctx, repo, h)
}

// Put implements registry.BlobPutHandler.
func (b *blobStore) Put(ctx context.Context, repo string, h v1.Hash, rc io.ReadCloser) error {
	return b.pushed.(registry.BlobPutHandler).Put(ctx, repo, h, rc)
}

// open finds a blob in the layouts.
func (b *blobStore) open(h v1.Hash) (*os.File, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, p := range b.layouts {
		rc, err := p.Blob(h)
		if err != nil {
			continue
		}
		if f, ok := rc.(*os.File); ok {
			return f, nil
		}
		rc.Close()
	}
	return nil, os.ErrNotExist
}
