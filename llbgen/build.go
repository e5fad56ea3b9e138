package llbgen

import (
	"fmt"
	"time"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/runtimeneeds"
)

// Inputs are the facts and states that a plan leaves open.
type Inputs struct {
	// Context is the build context without what .dockerignore names.
	Context llb.State
	// Toolchain and Runtime are the base images, pinned by digest where a
	// registry could be asked. The toolchain is for the plan's build platform,
	// the runtime base for its platform.
	Toolchain Base
	Runtime   Base
	// Downloads maps the URL of each registry that has an index to the `dl`
	// template of its config.json.
	Downloads map[string]string
	// Labels given by the user; they win over the plan's.
	Labels map[string]string
	// Epoch is the time stamp of the image and of the files added to it, in
	// UTC; nil means the Unix epoch.
	Epoch *time.Time
	// MultiPlatform prefixes the names of vertices that depend on the target
	// with its platform.
	MultiPlatform bool
	// NoMerge is true when the daemon has no MergeOp; the binaries are then
	// copied onto the base, which costs a new layer when the base changes.
	NoMerge bool
	// NoSymbolicModes is true when the daemon takes numeric permissions only;
	// it would read a symbolic mode as 0.
	NoSymbolicModes bool
	// IgnoreCache holds the names of the vertices to run again ("deps", "packages",
	// "steps", "build", "tests"), from --no-cache-filter.
	IgnoreCache func(name string) bool
	// WholeSources gives the source vertex of a plan with units the sources of
	// all crates, and not only their manifests, so that it can compile what it
	// does not find fresh.
	WholeSources bool
	// Files are the project's files whose lines a failing vertex points at.
	Files map[string][]byte
}

// Base is an image to start from.
type Base struct {
	State llb.State
	// Ref is the image's reference, with its digest where that is known; it is
	// for people.
	Ref string
	// Config is the image's config; its zero value stands for scratch.
	Config dockerspec.DockerOCIImage
	// Override is true when the user gave the image as a named context.
	Override bool
}

// Result is what comes out of a plan.
type Result struct {
	// State is the root filesystem of the image, Image its config. They assume
	// what [Assumed] says of the base; [Result.With] takes what was found out.
	State llb.State
	// Builder is the root filesystem that the source vertex runs in: libraries
	// that the programs were linked with are there.
	Builder llb.State
	// Binaries is the output of the source vertex. Its file sums has the SHA-1
	// and SHA-256 of each binary as the programs sha1sum and sha256sum write them,
	// with the name below /bin, and warnings has what the user should know. With units, its file record
	// has a line "time START END VERTEX" for each vertex, in milliseconds since
	// 1970, and a line "source SHA256 DIRECTORY" for each member.
	Binaries llb.State
	Image    dockerspec.DockerOCIImage
	// Base is the config of the runtime base.
	Base dockerspec.DockerOCIImage
	// Added are the layers on top of the base; none when the daemon cannot merge
	// layers, since then they hold the base as well.
	Added []llb.State

	generator *generator
}

// With is the result for an image that gets what its base lacks.
func (r *Result) With(needs runtimeneeds.Needs) *Result {
	with := *r
	if r.generator.plan.Image.DebugOnly {
		with.State, with.Image = r.generator.debugInfo(r.Binaries), r.generator.debugImage()
		with.Base = dockerspec.DockerOCIImage{}
		return &with
	}
	with.State, with.Added = r.generator.runtime(r, needs)
	with.Image = r.generator.image(needs)
	return &with
}

// generator holds what every vertex constructor needs; it does not change.
type generator struct {
	plan *plan.Plan
	in   Inputs
	// platform is that of the machine that builds, where all commands run.
	platform ocispecs.Platform
	// target is the image's platform.
	target ocispecs.Platform
	epoch  time.Time
	// lock holds the lines of the lock file, nil when they are not given.
	lock *llb.SourceMap
}

func newGenerator(p *plan.Plan, in Inputs) (*generator, error) {
	platform, err := platforms.Parse(p.BuildPlatform())
	if err != nil {
		return nil, fmt.Errorf("plan names an invalid build platform: %w", err)
	}
	target, err := platforms.Parse(p.Platform)
	if err != nil {
		return nil, fmt.Errorf("plan names an invalid platform: %w", err)
	}
	g := &generator{plan: p, in: in, platform: platform, target: target, epoch: time.Unix(0, 0).UTC()}
	if in.Epoch != nil {
		g.epoch = in.Epoch.UTC()
	}
	g.lock = g.sourceMap(p.Sources.Lock)
	return g, nil
}

// Build makes the graph of a plan. It fails only when the plan and the inputs
// do not fit together.
func Build(p *plan.Plan, in Inputs) (*Result, error) {
	g, err := newGenerator(p, in)
	if err != nil {
		return nil, err
	}
	t := g.toolchains()
	var binaries llb.State
	if p.Units != nil {
		binaries, err = g.linked(t)
	} else {
		binaries, err = g.coarse(t)
	}
	if err != nil {
		return nil, err
	}
	r := &Result{Builder: g.builder(t), Binaries: binaries, Base: in.Runtime.Config, generator: g}
	return r.With(Assumed(p, in)), nil
}

// coarse compiles the dependencies in one vertex and the members in another.
func (g *generator) coarse(t toolchains) (llb.State, error) {
	sources, err := g.sources(t.sources)
	if err != nil {
		return llb.State{}, err
	}
	opts := append(mountCrates(sources.all), g.gitMounts(t.sources, allPackages)...)
	if target := g.dependencies(t, sources); target != nil {
		opts = append(opts, llb.AddMount(targetDir, *target, llb.ForceNoOutput, llb.ContentCache(llb.MountContentCacheOff)))
	}
	return g.members(t, sources.allConfig, opts)
}
