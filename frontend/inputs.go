package frontend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerui"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/llbgen"
	"golang.org/x/sync/errgroup"
)

// The named contexts (--build-context) that replace the base images.
const (
	builderContext = "rust"
	runtimeContext = "runtime"
)

// inputs asks the daemon for what a plan leaves open.
func (b *build) inputs(ctx context.Context, ws *cargo.Workspace, p *plan.Plan, platform ocispecs.Platform) (llbgen.Inputs, error) {
	in := llbgen.Inputs{
		Labels: b.ui.Labels, MultiPlatform: b.ui.MultiPlatformRequested, NoMerge: !b.caps.merge, NoSymbolicModes: !b.caps.modes,
		IgnoreCache: b.ui.IsNoCache, Files: b.files, Downloads: map[string]string{},
	}
	eg, ctx := errgroup.WithContext(ctx)
	run := func(f func() error) {
		eg.Go(func() (err error) {
			defer recoverPanic(&err)
			return f()
		})
	}
	run(func() (err error) {
		in.Toolchain, err = b.builder(ctx, p.Toolchain)
		return err
	})
	run(func() (err error) {
		in.Runtime, err = b.base(ctx, runtimeContext, p.Image.Base, platform)
		return err
	})
	run(func() (err error) {
		in.Context, err = b.sources(ctx, p)
		return err
	})
	run(func() (err error) {
		in.Epoch, err = b.epoch(ctx)
		return err
	})
	run(func() error { return b.downloads(ctx, p.Sources.Registries, in.Downloads) })
	err := eg.Wait()
	return in, err
}

// builder resolves the image that compiles. When nobody chose it, the fault of
// one that does not exist is that of the package that needs it.
func (b *build) builder(ctx context.Context, t plan.Toolchain) (llbgen.Base, error) {
	base, err := b.base(ctx, builderContext, t.Image, b.platformOr(nil))
	var missing *missingImageError
	if errors.As(err, &missing) && t.Needed != nil {
		return base, t.Needed.Fault("and there is no image of it: "+err.Error(),
			"correct it, or choose a toolchain in rust-toolchain.toml, with --build-arg toolchain=… or with --build-arg builder-image=…")
	}
	return base, err
}

// missingImageError is a base image that the registry does not give.
type missingImageError struct{ error }

func (e *missingImageError) Unwrap() error { return e.error }

// base resolves a base image: a named context of the user's, or the image that
// the plan names, pinned to its digest of now.
func (b *build) base(ctx context.Context, name, ref string, platform ocispecs.Platform) (llbgen.Base, error) {
	nc, err := b.ui.NamedContext(name, dockerui.ContextOpt{Platform: &platform, ResolveMode: b.ui.ImageResolveMode.String()})
	if err != nil {
		return llbgen.Base{}, err
	}
	if nc != nil {
		st, img, err := nc.Load(ctx)
		if err != nil {
			return llbgen.Base{}, told(err, "cannot load the build context %q: %v", name, err)
		}
		base := llbgen.Base{State: *st, Override: true, Ref: "build context " + name}
		if img != nil {
			base.Config = *img
		}
		return base, nil
	}
	if ref == "scratch" {
		return llbgen.Base{State: llb.Scratch()}, nil
	}
	return b.image(ctx, name, ref, platform)
}

// chosenBy are the options that choose the base images, by the named contexts
// that replace them.
var chosenBy = map[string][]string{
	builderContext: {options.KeyBuilderImage, options.KeyToolchain, options.KeySuite},
	runtimeContext: {options.KeyRuntimeImage, options.KeySuite},
}

// noMatch are the words of containerd for an image without the platform.
const noMatch = "no match for platform in manifest"

// notFound is the error for a base image that no registry has, at the line that
// chose it.
func (b *build) notFound(err error, name, ref string, platform ocispecs.Platform) error {
	message, fix := fmt.Sprintf("cannot find the base image %s: %v", ref, err), ""
	if strings.Contains(err.Error(), noMatch) {
		message = fmt.Sprintf("the base image %s is not there for the platform %s: %v", ref, platforms.Format(platform), err)
		fix = "use a base that is, or build for other platforms"
	}
	for _, key := range chosenBy[name] {
		if b.options.Has(key) {
			return b.options.Fault(key, message, fix)
		}
	}
	if fix != "" {
		message += "\n" + fix
	}
	return told(err, "%s", message)
}

// image resolves the base image of a name in chosenBy.
func (b *build) image(ctx context.Context, name, ref string, platform ocispecs.Platform) (llbgen.Base, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return llbgen.Base{}, fmt.Errorf("%q is not an image reference: %w", ref, err)
	}
	named, err = b.pinned(ctx, reference.TagNameOnly(named))
	if err != nil {
		return llbgen.Base{}, err
	}
	resolved, dgst, config, err := b.client.ResolveImageConfig(ctx, named.String(), sourceresolver.Opt{
		LogName: "[internal] load metadata for " + named.String(),
		ImageOpt: &sourceresolver.ResolveImageOpt{
			Platform: &platform, ResolveMode: b.ui.ImageResolveMode.String(),
		},
	})
	if err != nil {
		return llbgen.Base{}, &missingImageError{b.notFound(err, name, reference.FamiliarString(named), platform)}
	}
	if resolvedName, err := reference.ParseNormalizedNamed(resolved); err == nil && dgst != "" {
		if pinned, err := reference.WithDigest(reference.TrimNamed(resolvedName), dgst); err == nil {
			resolved = pinned.String()
		}
	}
	base := llbgen.Base{Ref: resolved}
	if err := json.Unmarshal(config, &base.Config); err != nil {
		return llbgen.Base{}, fmt.Errorf("the config of %s is not valid: %w", ref, err)
	}
	// A registry gives an image that is there for one platform to everybody.
	if c := base.Config; platform.OS == "linux" && c.Architecture != "" && (c.OS != platform.OS || c.Architecture != platform.Architecture) {
		return llbgen.Base{}, b.notFound(fmt.Errorf("%s: it is for %s/%s", noMatch, c.OS, c.Architecture), name, reference.FamiliarString(named), platform)
	}
	st := llb.Image(resolved, llb.Platform(platform), llb.WithCustomName("[base] "+reference.FamiliarString(named)))
	base.State, err = st.WithImageConfig(config)
	return base, err
}

// downloads asks each registry that has an index where its crates are.
// https://doc.rust-lang.org/cargo/reference/registry-index.html#index-configuration
func (b *build) downloads(ctx context.Context, registries []plan.Registry, into map[string]string) error {
	for _, r := range registries {
		if r.Download != "" {
			continue
		}
		st := llb.HTTP(r.Index+"/config.json", llb.Filename("config.json"),
			llb.WithCustomName("[internal] load the configuration of registry "+r.Index))
		ref, err := b.solve(ctx, st)
		if err != nil {
			return told(err, "cannot read the registry %s: %v", r.Index, err)
		}
		data, err := newRefFS(ctx, ref).ReadFile("config.json")
		if err != nil && needsToken(err) {
			return told(err, "cannot read the registry %s: %v\n%s", r.Index, err, tokenFix)
		}
		if err != nil {
			return told(err, "cannot read the registry %s: %v", r.Index, err)
		}
		var config struct {
			DL string `json:"dl"`
		}
		if err := json.Unmarshal(data, &config); err != nil || config.DL == "" {
			return fmt.Errorf("the config.json of registry %s names no download URL", r.Index)
		}
		into[r.URL] = config.DL
	}
	return nil
}

// baseConfig is the base image's config for the exporter, nil for scratch.
func baseConfig(res *llbgen.Result) *dockerspec.DockerOCIImage {
	if res.Base.OS == "" {
		return nil
	}
	return &res.Base
}
