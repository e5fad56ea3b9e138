package llbgen

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/rootfs"
)

// packagesCache is the cache mount that keeps package lists and archives.
const packagesCache = "rustfile/packages"

// system is the toolchain with packages of its image's distribution: those
// that every vertex gets, and extra. A toolchain with steps has the former.
func (g *generator) system(toolchain llb.State, extra []string) llb.State {
	packages := g.plan.Toolchain.Packages
	if len(g.plan.Toolchain.Steps) == 0 {
		return g.equipped(toolchain, slices.Concat(packages, extra))
	}
	there := func(name string) bool { return slices.Contains(packages, name) }
	return g.equipped(toolchain, slices.DeleteFunc(slices.Clone(extra), there), g.steppedAgain()...)
}

// equipped is the toolchain with packages; without any it is the toolchain
// itself. This vertex uses the network: the package manager checks signatures,
// and the output is keyed by the toolchain and the names of the packages, in
// whatever order they are given.
func (g *generator) equipped(toolchain llb.State, packages []string, opts ...llb.RunOption) llb.State {
	if len(packages) == 0 {
		return toolchain
	}
	packages = slices.Clone(packages)
	slices.Sort(packages)
	packages = slices.Compact(packages)
	foreign := slices.Clone(g.plan.Toolchain.Architectures)
	for _, name := range packages {
		if _, arch, ok := strings.Cut(name, ":"); ok {
			foreign = append(foreign, arch)
		}
	}
	slices.Sort(foreign)
	foreign = slices.Compact(foreign)
	return g.install(toolchain, installation{script: PackagesScript, foreign: foreign, packages: packages, prefix: NameToolchain}, opts...)
}

// installation says what a vertex installs.
type installation struct {
	// script is the command's path, which tells the vertices of the builder and
	// of the base apart.
	script string
	// foreign are architectures, as dpkg names them; both lists are sorted.
	foreign, packages []string
	// prefix begins the vertex's name.
	prefix string
}

// install adds packages to a root filesystem.
func (g *generator) install(onto llb.State, i installation, opts ...llb.RunOption) llb.State {
	args := append([]string{"/bin/sh", i.script, fmt.Sprint(len(i.foreign))}, i.foreign...)
	opts = append(opts,
		llb.Args(append(args, i.packages...)), llb.Dir("/"),
		llb.AddMount(path.Dir(i.script), g.script(path.Base(i.script)), llb.Readonly),
		// The manager must not meet another one of itself in it.
		llb.AddMount("/var/cache/rustfile-packages", llb.Scratch(), llb.AsPersistentCacheDir(packagesCache, llb.CacheMountLocked)),
		llb.Network(pb.NetMode_UNSET), llb.Platform(g.platform),
		g.named(i.prefix+namePackages(i.packages)),
	)
	if g.ignores("packages") {
		opts = append(opts, llb.IgnoreCache)
	}
	return onto.Run(opts...).Root()
}

// Installed is a state that holds what the builder image notes about its
// packages: the files dpkg and apk, as far as the image has them; see
// [github.com/rustfile/rustfile/internal/native.NewSystem].
func Installed(p *plan.Plan, in Inputs) (llb.State, error) {
	g, err := newGenerator(p, in)
	if err != nil {
		return llb.State{}, err
	}
	return in.Toolchain.State.Run(
		llb.Args([]string{"/bin/sh", "/rustfile/installed.sh", rootfs.DpkgStatus, "dpkg", rootfs.ApkInstalled, "apk"}), llb.Dir("/"),
		llb.AddMount("/rustfile", g.script("installed.sh"), llb.Readonly),
		llb.Network(pb.NetMode_NONE), llb.Platform(g.platform), common(nameInstalled), llb.WithExportCache(),
	).AddMount("/out", llb.Scratch()), nil
}

// maxNamed is how many packages a vertex's name lists.
const maxNamed = 6

func namePackages(packages []string) string {
	more := ""
	if n := len(packages) - maxNamed; n > 0 {
		packages, more = packages[:maxNamed], fmt.Sprintf(" and %d more", n)
	}
	return "install " + strings.Join(packages, ", ") + more
}

// PackagesScript is the command that installs packages in the builder image, and
// RuntimePackagesScript the same in the base of the image. A failure to find the
// package with index i of those that it was given ends it with the exit code
// [UnknownPackage] + i, and an image without a package manager with
// [NoPackageManager].
const (
	PackagesScript        = "/rustfile/packages.sh"
	RuntimePackagesScript = "/rustfile/base/packages.sh"

	NoPackageManager = 78
	UnknownPackage   = 150
)
