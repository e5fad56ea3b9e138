package frontend

import (
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/report"
	"github.com/rustfile/rustfile/llbgen"
	"golang.org/x/sync/errgroup"
)

// maxListers is how many directories are listed at a time.
const maxListers = 16

// treeSize is the size of all files of a reference in bytes.
func treeSize(ctx context.Context, ref client.Reference) (int64, error) {
	var total atomic.Int64
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(maxListers)
	var walk func(dir string) error
	walk = func(dir string) error {
		entries, err := ref.ReadDir(ctx, client.ReadDirRequest{Path: dir})
		if err != nil {
			return err
		}
		for _, e := range entries {
			switch mode := fs.FileMode(e.Mode); {
			case mode.IsDir():
				below := path.Join(dir, path.Base(e.Path))
				if !eg.TryGo(func() error { return walk(below) }) {
					if err := walk(below); err != nil {
						return err
					}
				}
			case mode.IsRegular():
				total.Add(e.Size)
			}
		}
		return nil
	}
	eg.Go(func() error { return walk(".") })
	err := eg.Wait()
	return total.Load(), err
}

// imageReport says what the image is made of. The base is measured when the
// build made new programs: it takes a moment, and nothing changed otherwise.
func (b *build) imageReport(ctx context.Context, s *solved, in llbgen.Inputs, compiled bool, platform ocispecs.Platform) (*report.Image, error) {
	img := &report.Image{Packages: slices.Concat(s.plan.Image.Packages, s.needs.Packages)}
	for _, p := range s.needs.Programs {
		img.Programs = append(img.Programs, report.Program{Path: p.Path, Size: p.Size, Static: p.Static, Glibc: p.Glibc})
	}
	versions := map[string]string{}
	for _, r := range s.needs.Records {
		versions[r.Package] = r.Version
	}
	for _, l := range s.needs.Libraries {
		img.Libraries = append(img.Libraries, report.Library{Path: l.To, Size: l.Size, Package: l.Package, Version: versions[l.Package]})
	}
	if len(s.res.Added) == 0 { // they hold the base, too
		for _, p := range img.Programs {
			img.AddedSize += p.Size
		}
		for _, l := range img.Libraries {
			img.AddedSize += l.Size
		}
	}
	for _, layer := range s.res.Added {
		ref, err := b.solve(ctx, layer, llb.Platform(platform))
		if err != nil {
			return nil, err
		}
		n, err := treeSize(ctx, ref)
		if err != nil {
			return nil, err
		}
		img.AddedSize += n
	}
	if s.base == nil {
		return img, nil
	}
	img.Base = baseName(s.plan, in)
	if _, digest, ok := strings.Cut(in.Runtime.Ref, "@"); ok && !strings.Contains(img.Base, "@") {
		img.Base += "@" + digest
	}
	if !compiled {
		return img, nil
	}
	var err error
	img.BaseSize, err = treeSize(ctx, s.base)
	return img, err
}
