package llbgen

import (
	"fmt"

	"github.com/moby/buildkit/client/llb"
	"github.com/rustfile/rustfile/internal/plan"
)

// The names of vertices are what users see and what caching tests assert.
const (
	nameGather = "[sources] gather crates"
	nameUnpack = "[sources] unpack crates"
	nameRest   = "[sources] unpack crates of other packages"
	// namePlan is the planner vertex.
	namePlan      = "[plan] ask cargo for the unit graph"
	nameProbe     = "[plan] ask the toolchain what it can do"
	nameInstalled = "[plan] look which packages the builder image has"
	nameManifests = "[sources] manifests of crates"
	nameInputs    = "[internal] inputs of "
	nameStubs     = "[internal] stub workspace"
	nameSource    = "[internal] workspace sources"
	nameScripts   = "[internal] build script "
	nameSecrets   = "[internal] ask for the build's secrets"
	nameAssets    = "[image] copy the assets"
	nameSupport   = "[image] copy what the base lacks"
	nameDebug     = "[image] copy the debug information"
	nameImage     = "[image] copy the binaries"
	// nameRunner is the vertex that gives tests a shell of their own.
	nameRunner    = NameTest + "take a shell for the tests from the builder image"
	nameZig       = "[zig] zig " + plan.ZigVersion
	nameZigUnpack = "[zig] unpack zig"
	nameZigCache  = "[zig] compile the start files and the unwinder of "
	nameMerge     = "[image] add the binaries to the base"
)

// Prefixes of the names of vertices that run a command.
const (
	// NameToolchain begins the exec vertices that may use the network for what
	// compiles.
	NameToolchain = "[toolchain] "
	// NameLock begins the vertex in which cargo writes the lock file; it may use
	// the network. It is in no graph of an image.
	NameLock = "[lock] "
	// NameRuntimePackages begins the vertex that installs packages in the
	// runtime base; it may use the network, too.
	NameRuntimePackages = "[runtime] "
	// NameStep begins a vertex that runs a step without a network, and
	// NameNetworkStep one that the user lets use it.
	NameStep        = "[step] "
	NameNetworkStep = "[step with network] "
	// NameTest begins the vertex that runs a command of a test.
	NameTest = "[test] "
	// NameDependencies begins the dependency vertex.
	NameDependencies = "[deps] "
	// NameMembers begins the source vertex.
	NameMembers = "[build] "
)

// SourceVertex is what the record in the source vertex's output calls itself.
const SourceVertex = "binaries"

func nameCrate(c plan.Crate) string { return fmt.Sprintf("[crate] %s %s", c.Name, c.Version) }

func nameGit(g plan.GitSource) string { return fmt.Sprintf("[git] %s at %.12s", g.URL, g.Commit) }

func nameGitVendor(g plan.GitSource) string { return fmt.Sprintf("[sources] packages of %s", g.URL) }

// common names a vertex that is the same for all platforms of a build.
func common(name string) llb.ConstraintsOpt { return llb.WithCustomName(name) }

// named names a vertex that is about the target and, on multi-platform builds,
// prefixes the platform as BuildKit's Dockerfile frontend does.
func (g *generator) named(name string) llb.ConstraintsOpt {
	if g.in.MultiPlatform {
		name = "[" + g.plan.Platform + "] " + name
	}
	return llb.WithCustomName(name)
}

// crateGroup shows all downloads as one line of progress.
func crateGroup() llb.ConstraintsOpt {
	return llb.ProgressGroup("rustfile.crates", "[sources] fetch crates", false)
}
