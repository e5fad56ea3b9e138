package llbgen

import (
	"path"
	"slices"

	"github.com/moby/buildkit/client/llb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/rootfs"
	"github.com/rustfile/rustfile/internal/runtimeneeds"
)

const zoneinfo = "/usr/share/zoneinfo"

// Assumed is what an image needs as far as that is known without a look at its
// programs and its base: Debian's slim images have no CA certificates, scratch
// has nothing, and any other base has everything. CA certificates are needed
// when a package of the project usually looks for them. An artifact needs
// nothing.
func Assumed(p *plan.Plan, in Inputs) runtimeneeds.Needs {
	img := p.Image
	if p.Artifact != nil {
		return runtimeneeds.Needs{}
	}
	if in.Runtime.State.Output() == nil {
		return runtimeneeds.Needs{CACertificates: p.LikelyCertificates(), TimeZones: img.TimeZones, Users: img.Users, Temp: true}
	}
	return runtimeneeds.Needs{CACertificates: p.LikelyCertificates() && img.DefaultBase && !in.Runtime.Override}
}

// base is the image's base with packages of its own distribution, those that
// the plan names and extra, and with the steps that the user wants.
func (g *generator) base(extra []string) llb.State {
	return g.steps(g.packaged(extra), g.plan.Image.Steps, g.in.Runtime, g.named)
}

// packaged is the image's base with packages; the vertex that installs them may
// use the network.
func (g *generator) packaged(extra []string) llb.State {
	packages := slices.Concat(g.plan.Image.Packages, extra)
	if len(packages) == 0 {
		return g.in.Runtime.State
	}
	slices.Sort(packages)
	packages = slices.Compact(packages)
	return g.install(g.in.Runtime.State, installation{script: RuntimePackagesScript, packages: packages, prefix: NameRuntimePackages}, llb.User("0"))
}

// Runtime is the base of the image with packages of its own distribution and
// with the plan's steps.
func (r *Result) Runtime(packages []string) llb.State { return r.generator.base(packages) }

// support copies what programs read and the base has not; nil is nothing.
func (g *generator) support(builder llb.State, needs runtimeneeds.Needs) *llb.FileAction {
	var fa *llb.FileAction
	at := llb.WithCreatedTime(g.epoch)
	for _, l := range needs.Libraries {
		fa = fa.Copy(builder, l.From, l.To, g.added(0o644))
	}
	if len(needs.Records) > 0 {
		fa = mkdirAt(fa, rootfs.DpkgDirectory, at)
	}
	for _, r := range needs.Records {
		fa = fa.Mkfile(path.Join(rootfs.DpkgDirectory, r.Package), 0o644, []byte(r.Text), at)
	}
	if needs.TimeZones {
		info := g.added(0)
		info.Mode, info.CopyDirContentsOnly = nil, true
		// Copies of all zones that count leap seconds, and of those that do not.
		info.ExcludePatterns = []string{"posix", "right"}
		fa = fa.Copy(builder, zoneinfo, zoneinfo, info)
	}
	if needs.Users {
		fa = mkdirAt(fa, "/etc", at).
			Mkfile("/etc/passwd", 0o644, []byte(runtimeneeds.Passwd), at).
			Mkfile("/etc/group", 0o644, []byte(runtimeneeds.Group), at)
	}
	if needs.Temp {
		fa = fa.Mkdir("/tmp", 0o777, at)
	}
	return fa
}

func mkdirAt(fa *llb.FileAction, dir string, at llb.MkdirOption) *llb.FileAction {
	return fa.Mkdir(dir, 0o755, llb.WithParents(true), at)
}

// supportHistory adds the layers below that of the binaries to a history.
func (g *generator) supportHistory(history []ocispecs.History, needs runtimeneeds.Needs) []ocispecs.History {
	history = slices.Clip(history)
	entry := func(what string) {
		history = append(history, ocispecs.History{Created: &g.epoch, CreatedBy: "rustfile: " + what, Comment: "rustfile"})
	}
	if len(g.plan.Image.Packages)+len(needs.Packages) > 0 {
		entry("install packages")
	}
	for _, s := range g.plan.Image.Steps {
		entry("run " + s.String())
	}
	if g.support(llb.Scratch(), needs) != nil {
		entry("add what the base lacks")
	}
	return history
}
