package llbgen

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/rustfile/rustfile/internal/plan"
)

// slotsCache is the cache mount that all compile vertices of a daemon share to
// take turns. It holds empty files: what is locked, and nothing else, matters.
const slotsCache = "rustfile/slots"

// Planner makes the graph whose output tells what cargo would compile: the
// files units.json.gz and packages.json.gz for [unitgraph.New], or a file error
// with cargo's words.
func Planner(p *plan.Plan, in Inputs) (llb.State, error) {
	g, err := newGenerator(p, in)
	if err != nil {
		return llb.State{}, err
	}
	toolchain := g.toolchain()
	manifests, err := g.manifests(toolchain)
	if err != nil {
		return llb.State{}, err
	}
	d := p.Dependencies
	opts := []llb.RunOption{
		llb.Args(append([]string{"/bin/sh", "/rustfile/plan.sh"}, d.Args...)),
		llb.Dir(path.Join(sourceDir, d.Workdir)),
		llb.AddMount("/rustfile", g.script("plan.sh", dataFile{"sources.toml", g.sourceConfig(everyGit)}), llb.Readonly),
		llb.AddMount(sourceDir, g.stubs(), llb.ForceNoOutput),
		llb.AddMount(buildDir, manifests, llb.ForceNoOutput, llb.ContentCache(llb.MountContentCacheOff)),
		llb.Network(pb.NetMode_NONE), llb.Platform(g.platform), g.named(namePlan), llb.WithExportCache(),
	}
	opts = append(opts, environment()...)
	for _, s := range p.Sources.Git {
		opts = append(opts, llb.AddMount(path.Join(gitDir, s.Dir), g.gitPackages(toolchain, s, s.Packages), llb.Readonly,
			llb.ContentCache(llb.MountContentCacheOff)))
	}
	return toolchain.Run(opts...).AddMount("/out", llb.Scratch()), nil
}

func everyGit(plan.GitSource) bool { return true }

// manifests is a directory source, below /vendor, of the manifests of all
// crates of the lock file.
func (g *generator) manifests(toolchain llb.State) (llb.State, error) {
	if len(g.plan.Sources.Crates) == 0 {
		return llb.Scratch(), nil
	}
	archives, index, err := g.gather(g.plan.Sources.Crates)
	if err != nil {
		return llb.State{}, err
	}
	run := toolchain.Run(
		llb.Args([]string{"/bin/sh", "/rustfile/manifests.sh"}),
		llb.AddMount("/rustfile", g.script("manifests.sh", dataFile{"index", index}), llb.Readonly),
		llb.AddMount("/crates", archives, llb.Readonly, llb.ContentCache(llb.MountContentCacheOff)),
		llb.Network(pb.NetMode_NONE), llb.Platform(g.platform), g.named(nameManifests), llb.WithExportCache(),
	)
	return run.AddMount("/out", llb.Scratch(), llb.ContentCache(llb.MountContentCacheOff)), nil
}

// units makes the compile vertices and returns their outputs.
func (g *generator) units(toolchain llb.State) ([]llb.State, error) {
	script := g.unitScript()
	outputs := make([]llb.State, len(g.plan.Units.Vertices))
	for i, v := range g.plan.Units.Vertices {
		inputs := make([]llb.State, len(v.Inputs))
		for k, input := range v.Inputs {
			inputs[k] = outputs[input]
		}
		out, err := g.unit(toolchain, script, i, g.merged(inputs, v.Name))
		if err != nil {
			return nil, err
		}
		outputs[i] = out
	}
	return outputs, nil
}

// unitScript is the script of all compile vertices.
func (g *generator) unitScript() llb.State {
	stub, err := scripts.ReadFile("scripts/stub-rustc.sh")
	if err != nil {
		panic(err)
	}
	return g.script("unit.sh").File(
		llb.Mkfile("/stub-rustc", 0o755, stub, llb.WithCreatedTime(sourceTime)), g.named(nameScripts+"stub-rustc"))
}

// merged is the union of outputs. Its name is given, because BuildKit's own
// repeats the names of all inputs; and it is not exported, because each would
// repeat the layers of its inputs in a cache's manifest.
func (g *generator) merged(outputs []llb.State, name string) llb.State {
	switch len(outputs) {
	case 0:
		return llb.Scratch()
	case 1:
		return outputs[0]
	}
	return llb.Merge(outputs, g.named(nameInputs+name), llb.WithoutExportCache())
}

// unit is the compile vertex of the plan's vertex i.
func (g *generator) unit(toolchain, script llb.State, i int, inputs llb.State) (llb.State, error) {
	v := g.plan.Units.Vertices[i]
	stub, err := g.plan.Stub(i)
	if err != nil {
		return llb.State{}, err
	}
	crates, mounts, err := g.archives(stub.Crates)
	if err != nil {
		return llb.State{}, err
	}
	workdir := path.Join(sourceDir, g.plan.Units.Workdir)
	script0 := ""
	if stub.Script {
		script0 = "script"
	}
	args := []string{
		"/bin/sh", "/rustfile/unit.sh", workdir, v.Name, g.plan.Units.Config,
		string(g.unitSourceConfig(stub)), stub.Library, script0, crates, placeholders(stub.Placeholders), fmt.Sprint(len(stub.Manifest)),
	}
	args = append(append(args, stub.Manifest...), stub.Args...)
	opts := []llb.RunOption{
		llb.Args(args), llb.Dir("/"),
		llb.AddEnv("RUSTC_WORKSPACE_WRAPPER", "/rustfile/stub-rustc"),
		llb.AddMount("/rustfile", script, llb.Readonly),
		llb.AddMount(buildDir, inputs, llb.ForceNoOutput, llb.ContentCache(llb.MountContentCacheOff)),
		llb.AddMount("/slots", llb.Scratch(), llb.AsPersistentCacheDir(slotsCache, llb.CacheMountShared)),
		llb.Network(pb.NetMode_NONE), llb.Platform(g.platform), g.named(NameDependencies + v.Name),
		llb.WithExportCache(),
	}
	opts = append(opts, mounts...)
	opts = append(opts, environment()...)
	if copies := g.plan.Units.Copies; len(copies) > 0 {
		opts = append(opts, llb.AddMount(sourceDir, llb.Scratch().File(g.copies(nil, copies), g.named(nameStubs)), llb.ForceNoOutput))
	}
	for _, s := range g.plan.Sources.Git {
		if names := stub.Git[s.Dir]; len(names) > 0 {
			opts = append(opts, llb.AddMount(path.Join(gitDir, s.Dir), g.gitPackages(toolchain, s, names), llb.Readonly,
				llb.ContentCache(llb.MountContentCacheOff)))
		}
	}
	opts = append(opts, g.ignored("deps")...)
	if opt := at(g.lock, firstLine(stub.Crates)); opt != nil {
		opts = append(opts, opt)
	}
	return toolchain.Run(opts...).AddMount("/out", llb.Scratch()), nil
}

func firstLine(crates []plan.Crate) int {
	if len(crates) == 0 {
		return 0
	}
	return crates[len(crates)-1].Line
}

// maxArchives is how many archives are mounted one by one; each mount is an
// input, and each input a line of a remote cache's configuration.
const maxArchives = 4

// archives mounts the crates that a vertex unpacks, and lists them for it.
func (g *generator) archives(crates []plan.Crate) (string, []llb.RunOption, error) {
	var list strings.Builder
	var opts []llb.RunOption
	var gather *llb.FileAction
	for i, c := range crates {
		archive, file, err := g.archive(c)
		if err != nil {
			return "", nil, err
		}
		fmt.Fprintf(&list, "%d %s %s\n", i, g.plan.CrateDir(c), c.SHA256)
		if len(crates) > maxArchives {
			gather = mkdirAll(gather, fmt.Sprint(i)).Copy(archive, "/"+file, fmt.Sprintf("/%d/%s", i, file))
			continue
		}
		opts = append(opts, llb.AddMount(fmt.Sprintf("/crates/%d", i), archive, llb.Readonly, llb.ContentCache(llb.MountContentCacheOff)))
	}
	if gather != nil {
		all := llb.Scratch().File(gather, g.named(nameGather), llb.WithoutExportCache())
		opts = append(opts, llb.AddMount("/crates", all, llb.Readonly, llb.ContentCache(llb.MountContentCacheOff)))
	}
	return list.String(), opts, nil
}

// placeholders lists packages for the script.
func placeholders(list []plan.Placeholder) string {
	var b strings.Builder
	for _, q := range list {
		fmt.Fprintf(&b, "%s %s %s %s\n", q.Dir, q.Name, q.Version, strings.Join(q.Features, " "))
	}
	return b.String()
}

// unitSourceConfig is the source configuration of a vertex: the sources of its
// closure and no other.
func (g *generator) unitSourceConfig(stub *plan.UnitStub) []byte {
	return g.sourceConfigOf(
		func(r plan.Registry) bool { return slices.Contains(stub.Registries, r.Dir) },
		func(s plan.GitSource) bool { return len(stub.Git[s.Dir]) > 0 })
}

// linked is the source vertex of a plan with units: it finds everything
// third-party compiled, and of the crates only the manifests.
func (g *generator) linked(toolchain llb.State) (llb.State, error) {
	outputs, err := g.units(toolchain)
	if err != nil {
		return llb.State{}, err
	}
	manifests, err := g.manifests(toolchain)
	if err != nil {
		return llb.State{}, err
	}
	all := g.merged(append([]llb.State{manifests}, outputs...), "all units")
	opts := []llb.RunOption{llb.AddMount(buildDir, all, llb.ForceNoOutput, llb.ContentCache(llb.MountContentCacheOff))}
	sources := &thirdParty{git: map[string]llb.State{}}
	if g.in.WholeSources {
		if sources, err = g.sources(toolchain); err != nil {
			return llb.State{}, err
		}
	} else {
		for _, s := range g.plan.Sources.Git {
			sources.git[s.Dir] = g.gitPackages(toolchain, s, s.Packages)
		}
	}
	opts = append(opts, sources.mounts(g.plan, sources.all, false)...)
	return g.members(toolchain, g.sourceConfig(everyGit), opts), nil
}
