package llbgen

import (
	"io/fs"
	"maps"
	"path"

	"github.com/moby/buildkit/client/llb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/runtimeneeds"
)

// CABundle is where the builder image has its CA certificates, and where the
// image gets them.
const CABundle = "/etc/ssl/certs/ca-certificates.crt"

// defaultPath is BuildKit's own for Linux images without one.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// runtime adds what the base lacks and the binaries to the base: two layers,
// of which the first changes more seldom, whose bytes follow from their
// contents alone.
func (g *generator) runtime(r *Result, needs runtimeneeds.Needs) (state llb.State, added []llb.State) {
	base := g.base(needs.Packages)
	layers := []llb.State{base}
	onto := func() llb.State {
		if g.in.NoMerge {
			return layers[len(layers)-1]
		}
		return llb.Scratch()
	}
	again := g.again
	if g.in.NoMerge { // each layer is on top of the last
		again = g.basedAgain
	}
	if support := g.support(r.Builder, needs); support != nil {
		layers = append(layers, onto().File(support, append(again("packages"), g.named(nameSupport))...))
	}
	if assets := g.assets(); assets != nil {
		opts := []llb.ConstraintsOpt{g.named(nameAssets)}
		if g.in.NoMerge { // it is on top of packages, else of nothing
			opts = append(opts, again("packages")...)
		}
		layers = append(layers, onto().File(assets, opts...))
	}
	var fa *llb.FileAction
	for _, b := range g.plan.Binaries {
		fa = fa.Copy(r.Binaries, path.Join("/bin", b.Name), b.Path(), g.added(0o755))
	}
	if needs.CACertificates {
		fa = fa.Copy(g.in.Toolchain.State, CABundle, CABundle, g.added(0o644))
	}
	layers = append(layers, onto().File(fa, append(again("build"), g.named(nameImage))...))
	if g.in.NoMerge {
		return layers[len(layers)-1], nil
	}
	return llb.Merge(layers, append(g.basedAgain("build"), g.named(nameMerge), llb.WithoutExportCache())...), layers[1:]
}

// added is a copy of one file into the image. BuildKit gives the directories it
// makes for a file the file's numeric mode, and one of mode 0644 is closed to
// the image's user; it does not do so for a symbolic one. Where there are none,
// the file keeps its own.
func (g *generator) added(mode fs.FileMode) *llb.CopyInfo {
	owner := &llb.ChownOpt{User: &llb.UserOpt{UID: 0}, Group: &llb.UserOpt{UID: 0}}
	info := &llb.CopyInfo{CreateDestPath: true, FollowSymlinks: true, CreatedTime: &g.epoch, ChownOpt: owner}
	switch {
	case mode&0o111 != 0:
		info.Mode = &llb.ChmodOpt{Mode: mode}
	case !g.in.NoSymbolicModes:
		info.Mode = &llb.ChmodOpt{ModeStr: symbolic(mode)}
	}
	return info
}

// image is the image's config: the base's, with the plan's on top.
func (g *generator) image(needs runtimeneeds.Needs) dockerspec.DockerOCIImage {
	base, p := g.in.Runtime.Config, g.plan.Image
	img := base
	img.Platform = g.target
	img.Created = &g.epoch
	img.Author = ""
	img.RootFS = ocispecs.RootFS{Type: "layers"}
	img.Config.Entrypoint = p.Entrypoint
	img.Config.User = p.User
	img.Config.WorkingDir = p.Workdir
	if g.target.OS == "windows" && p.Workdir == "/" {
		img.Config.WorkingDir = `C:\`
	}
	if _, ok := envOf(base.Config.Env, "PATH"); !ok && g.plan.Artifact == nil {
		img.Config.Env = append([]string{"PATH=" + defaultPath}, base.Config.Env...)
	}
	img.Config.Labels = map[string]string{}
	maps.Copy(img.Config.Labels, base.Config.Labels)
	maps.Copy(img.Config.Labels, p.Labels)
	maps.Copy(img.Config.Labels, g.in.Labels)
	g.configure(&img.Config)
	img.History = g.supportHistory(img.History, needs)
	if g.assets() != nil {
		img.History = append(img.History[:len(img.History):len(img.History)], ocispecs.History{
			Created: &g.epoch, CreatedBy: "rustfile: add the assets", Comment: "rustfile",
		})
	}
	img.History = append(img.History[:len(img.History):len(img.History)], ocispecs.History{
		Created: &g.epoch, CreatedBy: "rustfile: add " + g.plan.Binaries[0].Name, Comment: "rustfile",
	})
	return img
}
