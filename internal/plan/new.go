package plan

import (
	"cmp"
	"errors"
	"io/fs"
	"path"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
)

// Inputs are what a plan depends on beside the workspace and the options.
type Inputs struct {
	// Platform is the image's platform, for example "linux/amd64".
	Platform string
	// BuildPlatform is that of the machine that builds, "" when it is Platform.
	BuildPlatform string
	// Context reads the Rust sources of the build context. They are only
	// searched for the names of documentation files; nil keeps all of those.
	Context fs.FS
	// Revision is the commit of the build context when that is a git
	// repository, "" otherwise.
	Revision string
}

// New plans the build of ws that o asks for. Errors a user can cause are
// *[cargo.Error].
func New(ws *cargo.Workspace, o *options.Options, in Inputs) (*Plan, error) {
	triple, err := targetTriple(in.Platform, o)
	if err != nil {
		return nil, err
	}
	buildPlatform := cmp.Or(in.BuildPlatform, in.Platform)
	host, err := hostTriple(buildPlatform)
	if err != nil {
		return nil, err
	}
	selection, err := selectBinaries(ws, o)
	if err != nil {
		return nil, err
	}
	if err := checkOptions(ws, o, selection); err != nil {
		return nil, err
	}
	closure, err := newClosure(ws, selection)
	if err != nil {
		return nil, err
	}
	toolchain, err := planToolchain(ws, o, closure, host)
	if err != nil {
		return nil, err
	}
	sources, err := planSources(ws, o, closure)
	if err != nil {
		return nil, err
	}
	deps, err := planDependencies(ws, o, selection, closure, sources.Vendored, triple)
	if err != nil {
		return nil, err
	}
	mentions, err := findMentions(in.Context, closure)
	if err != nil {
		return nil, err
	}
	assets, err := planAssets(in.Context, ws, closure, mentions.outside, o.Image.Copies)
	if err != nil {
		return nil, err
	}
	mentions.assets = notCompiled(assets)
	p := &Plan{
		Version: Version, Mode: Coarse, Platform: in.Platform, Triple: triple,
		Cross:     planCross(ws, closure, in.Platform, triple, buildPlatform, host, toolchain),
		Toolchain: toolchain, Sources: sources, Dependencies: deps,
		Members:  planMembers(ws, o, selection, closure, sources.Vendored, mentions, triple),
		Compiled: lockedPackages(ws, closure),
		mentions: mentions,
	}
	for _, b := range selection.binaries {
		p.Binaries = append(p.Binaries, Binary{Name: b.target.Name, Package: b.pkg.Name})
	}
	p.setZig(ws, o)
	p.setBuildOptions(o)
	p.addBuildPackages(o)
	p.Members.Git = gitUse(o, closure, mentions)
	return p, errors.Join(p.setImage(o, selection, in, assets), p.setSqlx(in.Context, ws, closure))
}

// cargoArgs is the cargo command that builds targets, without --locked,
// --offline and the paths.
func cargoArgs(o *options.Options, triple string, packages, bins []string) []string {
	args := []string{"build", "--profile", o.Profile, "--target", triple}
	for _, p := range packages {
		args = append(args, "--package", p)
	}
	for _, b := range bins {
		args = append(args, "--bin", b)
	}
	if o.AllFeatures {
		args = append(args, "--all-features")
	}
	if o.NoDefaultFeatures {
		args = append(args, "--no-default-features")
	}
	for _, f := range o.Features {
		args = append(args, "--features", f)
	}
	return args
}

// outputDir is the directory below the target directory that cargo puts the
// binaries of a profile into.
func outputDir(profile, triple string) string {
	switch profile {
	case "dev", "test":
		profile = "debug"
	case "bench":
		profile = "release"
	}
	return path.Join(triple, profile)
}
