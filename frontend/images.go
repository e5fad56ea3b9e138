package frontend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/frontend/subrequests"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/imagelock"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
)

// requestImages asks the registries for the digests of the base images, as the
// lock file of images holds them.
var requestImages = subrequests.Request{
	Name: "frontend.images", Version: "1.0.0", Type: subrequests.TypeRPC,
	Description: "Ask for the digests of the base images",
	Metadata:    []subrequests.Named{{Name: "result.json"}, {Name: "result.txt"}},
}

// entryFiles asks for the lock file of images together with the file that -f
// names and its ignore file, which dockerui asks for.
func entryFiles(filename string) []llb.LocalOption {
	if filename == "" {
		return nil // dockerui knows the name
	}
	return []llb.LocalOption{llb.FollowPaths([]string{filename, filename + ".dockerignore", imagelock.Name(filename)})}
}

// readLock reads the lock file of images beside the file that -f names, nil
// when there is none.
func (b *build) readLock(ctx context.Context) (*imagelock.Lock, error) {
	res, err := b.client.Solve(ctx, client.SolveRequest{Definition: b.entry.Definition.ToPB()})
	if err != nil {
		return nil, err
	}
	ref, err := res.SingleRef()
	if err != nil || ref == nil {
		return nil, err
	}
	name := imagelock.Name(b.entry.Filename)
	data, err := newRefFS(ctx, ref).ReadFile(strings.TrimPrefix(path.Clean(name), "/"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, told(err, "cannot read %s: %v", name, err)
	}
	b.files[path.Base(name)] = data
	return imagelock.Parse(path.Base(name), data)
}

// mayReplaceLock reports whether a fault is one of the lock file's text and the
// request is for what `rustfile update` writes in its place.
func (b *build) mayReplaceLock(err error) bool {
	var fault *cargo.Error
	return errors.As(err, &fault) && b.client.BuildOpts().Opts["requestid"] == requestImages.Name
}

// pinned adds to a base image the digest that the lock file has.
func (b *build) pinned(ctx context.Context, named reference.Named) (reference.Named, error) {
	if out, ok := b.lock.Pin(named); ok {
		return out, nil
	}
	name := path.Base(imagelock.Name(b.entry.Filename))
	switch {
	case b.options.LockedImages:
		return nil, imagelock.Refuse(named, name, b.options.Spans[options.KeyLockedImages])
	case b.lock != nil:
		b.warn(ctx, imagelock.Missing(named, name)+"; run `rustfile update`")
	}
	return named, nil
}

// lockedImages is the answer to [requestImages].
type lockedImages struct {
	// File is the name of the lock file beside the file that -f names.
	File string `json:"file"`
	// Images maps references to digests.
	Images map[string]digest.Digest `json:"images"`
	// Dropped are the references that the lock file has, this build does not need
	// and their registry does not have, sorted.
	Dropped []string `json:"dropped,omitempty"`
	// Kept are those of the same kind whose registry did not say; they have the
	// digests of the lock file. Sorted.
	Kept []string `json:"kept,omitempty"`
}

// images answers [requestImages]: the base images, and those
// that the lock file has already.
func (b *build) images(ctx context.Context) (*client.Result, error) {
	ws, err := b.read(ctx)
	if err != nil {
		return nil, err
	}
	answer := lockedImages{File: path.Base(imagelock.Name(b.entry.Filename)), Images: map[string]digest.Digest{}}
	builder, runtime, err := plan.BaseImages(ws, b.options)
	if err != nil {
		return nil, err
	}
	// A digest is that of the index, whatever the platform is asked for; but the
	// image must be there for one.
	here, there := b.platformOr(nil), b.platformOr(nil)
	if len(b.ui.TargetPlatforms) > 0 {
		there = b.ui.TargetPlatforms[0]
	}
	if err := b.lockImage(ctx, builder, here, answer.Images); err != nil {
		return nil, err
	}
	if err := b.lockImage(ctx, runtime, there, answer.Images); err != nil {
		return nil, err
	}
	if b.lock != nil {
		for _, ref := range slices.Sorted(maps.Keys(b.lock.Images)) {
			switch err := b.lockImage(ctx, ref, there, answer.Images); {
			case err == nil:
			case ctx.Err() != nil:
				return nil, err
			case strings.Contains(err.Error(), "not found"): // containerd's word for it
				answer.Dropped = append(answer.Dropped, ref)
			default:
				answer.Kept = append(answer.Kept, ref)
				answer.Images[ref] = b.lock.Images[ref]
			}
		}
	}
	data, err := json.MarshalIndent(answer, "", "  ")
	if err != nil {
		return nil, err
	}
	return textResult(data, string((&imagelock.Lock{Images: answer.Images}).Format()), requestImages.Version), nil
}

// lockImage asks the registry for the digest of an image.
func (b *build) lockImage(ctx context.Context, ref string, p ocispecs.Platform, into map[string]digest.Digest) error {
	if ref == "scratch" {
		return nil
	}
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return fmt.Errorf("%q is not an image reference: %w", ref, err)
	}
	key := imagelock.Key(named)
	if key == "" || into[key] != "" {
		return nil
	}
	_, dgst, _, err := b.client.ResolveImageConfig(ctx, key, sourceresolver.Opt{
		LogName:  "[internal] ask for the digest of " + key,
		ImageOpt: &sourceresolver.ResolveImageOpt{Platform: &p, ResolveMode: llb.ResolveModeForcePull.String()},
	})
	if err != nil {
		return told(err, "cannot find the base image %s: %v", reference.FamiliarString(named), err)
	}
	into[key] = dgst
	return nil
}
