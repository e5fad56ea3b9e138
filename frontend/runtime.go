package frontend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/runtimeneeds"
	"github.com/rustfile/rustfile/llbgen"
	"golang.org/x/sync/errgroup"
)

// linked is what the source vertex made, and the base, nil for scratch.
type linked struct{ binaries, base client.Reference }

// link compiles and links the programs, and gets the base meanwhile.
func (b *build) link(ctx context.Context, p *plan.Plan, res *llbgen.Result, platform ocispecs.Platform) (*linked, error) {
	l := &linked{}
	eg, run := errgroup.WithContext(ctx)
	eg.Go(func() (err error) {
		defer recoverPanic(&err)
		// A remote cache of mode=min has the image and nothing below it, so what
		// is probably the image comes first. What it is to get and the builder lacks
		// may not be needed, or better said when the base was looked at.
		if _, err := b.evaluate(run, res.State, llb.Platform(platform)); err != nil && !lacksFile.MatchString(err.Error()) {
			return b.explainBase(err, p)
		}
		l.binaries, err = b.evaluate(run, res.Binaries, llb.Platform(platform))
		return err
	})
	eg.Go(func() (err error) {
		defer recoverPanic(&err)
		if st := res.Runtime(nil); st.Output() != nil && !p.Image.DebugOnly {
			l.base, err = b.evaluate(run, st, llb.Platform(platform))
		}
		return b.explainBase(err, p)
	})
	return l, eg.Wait()
}

// root opens the root file system of a state, with the environment of its
// config.
func (b *build) root(ctx context.Context, st llb.State, env []string, platform ocispecs.Platform) (*runtimeneeds.Root, error) {
	ref, err := b.evaluate(ctx, st, llb.Platform(platform))
	if err != nil {
		return nil, err
	}
	return runtimeneeds.NewRoot(newRefFS(ctx, ref), env), nil
}

// needs finds out what the base lacks for the programs to start.
func (b *build) needs(ctx context.Context, p *plan.Plan, res *llbgen.Result, l *linked, in llbgen.Inputs, platform ocispecs.Platform) (runtimeneeds.Needs, error) {
	if p.Image.DebugOnly {
		return runtimeneeds.Needs{}, nil
	}
	if p.Artifact != nil {
		return artifacts(newRefFS(ctx, l.binaries), p)
	}
	q := runtimeneeds.Question{
		Platform: p.Platform, Base: runtimeneeds.NewRoot(nil, nil), BaseName: baseName(p, in), Libraries: runtimeneeds.Mode(p.Image.Libraries), Foreign: p.BuildPlatform() != p.Platform,
		CACertificates: runtimeneeds.When(p.Image.CACertificates), Others: p.ShipsMore(), TimeZones: p.Image.TimeZones, Users: p.Image.Users,
		Builder: func() (*runtimeneeds.Root, error) { return b.root(ctx, res.Builder, nil, platform) },
	}
	if l.base != nil {
		q.Base = runtimeneeds.NewRoot(newRefFS(ctx, l.base), in.Runtime.Config.Config.Env)
	}
	if err := scanPrograms(&q, newRefFS(ctx, l.binaries), p); err != nil {
		return runtimeneeds.Needs{}, err
	}
	if err := b.checkGlibc(&q, newRefFS(ctx, l.binaries), p); err != nil {
		return runtimeneeds.Needs{}, err
	}
	needs, err := runtimeneeds.Decide(q)
	if err == nil && len(needs.Packages) > 0 {
		// Whether the packages have what is missing is seen when they are there.
		q.Base, err = b.root(ctx, res.Runtime(needs.Packages), in.Runtime.Config.Config.Env, platform)
		if err = b.explainBase(err, p); err == nil {
			q.Libraries = runtimeneeds.None
			packages := needs.Packages
			needs, err = runtimeneeds.Decide(q)
			needs.Packages = packages
		}
	}
	return needs, b.cannotStart(err, in)
}

// explainBase says which package could not be installed in the base.
func (b *build) explainBase(err error, p *plan.Plan) error {
	if err == nil {
		return nil
	}
	m := baseInstallation.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	packages := strings.Fields(m[1])[1:]
	code, _ := strconv.Atoi(m[2])
	switch i := code - llbgen.UnknownPackage; {
	case code == llbgen.NoPackageManager:
		return b.packageFault("", fmt.Sprintf("the base %s has no package manager that rustfile knows (apt-get, apk), to install %s", p.Image.Base, strings.Join(packages, ", ")),
			"use a base that is made of Debian or Alpine packages, or one that has these already")
	case i >= 0 && i < len(packages):
		return b.packageFault(packages[i], fmt.Sprintf("the base %s knows no package `%s`", p.Image.Base, packages[i]),
			"see how its distribution calls the package; https://packages.debian.org finds it by the name of a file")
	}
	return told(err, "the packages %s could not be installed in the base %s: %v\n"+
		"The package manager's words are in the log above. If the network failed, run the build again.", strings.Join(packages, ", "), p.Image.Base, err)
}

// packageFault is an error about a package of the image, at the line that names
// it; the package is "" for all of them. Where nobody asked for it, it is one
// that a library belongs to.
func (b *build) packageFault(name, message, fix string) error {
	switch {
	case b.options.Has(options.KeyRuntimePackages):
	case b.options.Image.Init:
		return b.options.Fault(options.KeyInit, message, fix)
	default:
		return &cargo.Error{Message: message, Fix: fix}
	}
	fault := b.options.Fault(options.KeyRuntimePackages, message, fix)
	if item, ok := b.options.Spans[options.KeyRuntimePackages+"."+name]; ok {
		fault.Span = item
	}
	return fault
}

// scanPrograms reads the programs in the output of the source vertex.
func scanPrograms(q *runtimeneeds.Question, out fs.FS, p *plan.Plan) error {
	for _, bin := range p.Binaries {
		file := path.Join("bin", bin.Name)
		info, err := fs.Stat(out, file)
		if err != nil {
			return fmt.Errorf("the program %s: %w", bin.Name, err)
		}
		o, err := runtimeneeds.ScanFile(out, file)
		if err != nil {
			return fmt.Errorf("the program %s: %w", bin.Name, err)
		}
		q.Files = append(q.Files, o)
		q.Programs = append(q.Programs, runtimeneeds.Program{Name: bin.Name, Path: bin.Path(), Size: info.Size()})
	}
	return nil
}

// cannotStart points a fault of the base at the line or the build argument that
// chose the base.
func (b *build) cannotStart(err error, in llbgen.Inputs) error {
	var fault *runtimeneeds.Fault
	if !errors.As(err, &fault) {
		return err
	}
	for _, key := range []string{options.KeyRuntimeImage, options.KeySuite} {
		if !in.Runtime.Override && b.options.Has(key) {
			return b.options.Fault(key, fault.Message, fault.Fix)
		}
	}
	return &cargo.Error{Message: fault.Message, Fix: fault.Fix, Err: err}
}

// baseName is the base as the user knows it.
func baseName(p *plan.Plan, in llbgen.Inputs) string {
	if in.Runtime.Override {
		return in.Runtime.Ref
	}
	if named, err := reference.ParseNormalizedNamed(p.Image.Base); err == nil {
		return reference.FamiliarString(named)
	}
	return p.Image.Base
}

// lacksFile finds BuildKit's error of a copy whose source is not there.
var lacksFile = regexp.MustCompile(`"/[^"]*": not found`)

// explainImage puts into words that the builder lacks what the image is to get.
func explainImage(err error, p *plan.Plan) error {
	if text := err.Error(); strings.Contains(text, `"`+llbgen.CABundle+`": not found`) {
		return told(err, "neither the base nor the builder image %s has CA certificates (%s)\n"+
			"install the package ca-certificates in one of them, or set ca-certificates = false", p.Toolchain.Image, llbgen.CABundle)
	}
	return err
}

// allocators are crates that replace the C library's allocator.
var allocators = []string{"jemallocator", "mimalloc", "rpmalloc", "snmalloc-rs", "tcmalloc", "tikv-jemallocator"}

// warnMusl says once what users of musl find out late.
func (b *build) warnMusl(ctx context.Context, p *plan.Plan) {
	if !strings.Contains(p.Triple, "-musl") {
		return
	}
	for _, c := range p.Sources.Crates {
		if c.InClosure && slices.Contains(allocators, c.Name) {
			return
		}
	}
	b.muslWarning.Do(func() {
		b.warn(ctx, "the memory allocator of the musl C library is slow with many threads; make mimalloc or tikv-jemallocator the #[global_allocator]")
	})
}
