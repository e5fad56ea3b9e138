package frontend

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	digest "github.com/opencontainers/go-digest"
	"github.com/rustfile/rustfile/internal/gitmeta"
	"github.com/rustfile/rustfile/internal/imagelock"
	"github.com/rustfile/rustfile/internal/options"
)

// epochKey is the build argument that dates the image.
// https://reproducible-builds.org/specs/source-date-epoch/
const epochKey = "SOURCE_DATE_EPOCH"

// build is one request to the frontend.
type build struct {
	client  client.Client
	ui      *dockerui.Client
	caps    capabilities
	entry   *dockerui.Source
	options *options.Options
	// lock holds the digests of base images, nil when the project has none.
	lock    *imagelock.Lock
	context *buildContext
	// fs reads the manifests and Rust sources of the build context.
	fs fs.FS
	// files are the project's files that errors and vertices show.
	files map[string][]byte

	// started is when the request came, for the report.
	started time.Time

	headOnce  sync.Once
	headFound *gitmeta.Head
	headErr   error

	// wantsLock is true when the lock file is asked for, and no image.
	wantsLock bool

	// muslWarning is for the warning about musl's allocator.
	muslWarning sync.Once

	mu sync.Mutex
	// first is the first vertex that was solved; warnings are shown below it.
	first digest.Digest
	// metadata is what the result says of the plans and units of each platform.
	metadata map[string][]byte
	// sboms are the documents of the platforms, by platform.
	sboms map[string][]attachment
}

// newBuild reads the request's options and the file that it names.
func newBuild(ctx context.Context, c client.Client) (*build, error) {
	caps, err := checkCapabilities(c.BuildOpts())
	if err != nil {
		return nil, err
	}
	ui, err := dockerui.NewClient(c)
	if err != nil {
		return nil, err
	}
	b := &build{client: c, ui: ui, caps: caps, files: map[string][]byte{}, metadata: map[string][]byte{}, sboms: map[string][]attachment{}, started: time.Now()}
	if b.entry, err = ui.ReadEntrypoint(ctx, "TOML", entryFiles(c.BuildOpts().Opts["filename"])...); err != nil {
		return nil, told(err, "cannot read the file that -f names: %v", err)
	}
	name := path.Base(b.entry.Filename)
	b.files[name] = b.entry.Data
	if b.options, err = options.Parse(name, b.entry.Data, ui.BuildArgs); err != nil {
		return nil, b.withSources(err)
	}
	target := ui.Target
	if target == lockTarget {
		b.wantsLock, target = true, ""
	}
	if err := b.options.SetTarget(target); err != nil {
		return nil, b.withSources(err)
	}
	if b.lock, err = b.readLock(ctx); err != nil && !b.mayReplaceLock(err) {
		return nil, b.withSources(err)
	}
	return b, nil
}

// epoch is the time that the image is stamped with, nil when the user gave none.
func (b *build) epoch(ctx context.Context) (*time.Time, error) {
	if seconds := b.options.SourceDateEpoch; seconds != nil {
		t := time.Unix(*seconds, 0).UTC()
		return &t, nil
	}
	if strings.EqualFold(b.ui.BuildArgs[epochKey], "context") {
		return b.ui.ResolveMainContextSourceDateEpoch(ctx)
	}
	return nil, nil
}

// solve makes a reference of a state. It is lazy: what fails, fails when the
// reference is read.
func (b *build) solve(ctx context.Context, st llb.State, opts ...llb.ConstraintsOpt) (client.Reference, error) {
	return b.request(ctx, st, client.SolveRequest{}, opts)
}

// evaluate solves a state to the end, so that its failures can be explained.
func (b *build) evaluate(ctx context.Context, st llb.State, opts ...llb.ConstraintsOpt) (client.Reference, error) {
	ref, err := b.solve(ctx, st, opts...)
	if err != nil {
		return nil, err
	}
	return ref, ref.Evaluate(ctx)
}

func (b *build) request(ctx context.Context, st llb.State, req client.SolveRequest, opts []llb.ConstraintsOpt) (client.Reference, error) {
	opts = append(opts, llb.WithCaps(b.client.BuildOpts().LLBCaps))
	def, err := st.Marshal(ctx, opts...)
	if err != nil {
		return nil, err
	}
	if head, err := def.Head(); err == nil {
		b.mu.Lock()
		b.first = cmp.Or(b.first, head)
		b.mu.Unlock()
	}
	req.Definition, req.CacheImports = def.ToPB(), b.ui.CacheImports
	res, err := b.client.Solve(ctx, req)
	if err != nil {
		return nil, err
	}
	ref, err := res.SingleRef()
	if err != nil {
		return nil, err
	}
	if ref == nil {
		return nil, errors.New("the build came out empty")
	}
	return ref, nil
}

// warn shows a warning that does not stop the build.
func (b *build) warn(ctx context.Context, message string) {
	b.mu.Lock()
	at := b.first
	b.mu.Unlock()
	// A client that cannot show warnings is no reason to fail.
	_ = b.client.Warn(ctx, at, message, client.WarnOpts{Level: 1, Detail: [][]byte{[]byte(message)}})
}
