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
	t := g.toolchains()
	manifests, err := g.manifests(t.sources)
	if err != nil {
		return llb.State{}, err
	}
	d := p.Dependencies
	opts := []llb.RunOption{
		llb.Args(append([]string{"/bin/sh", "/rustfile/plan.sh"}, d.Args...)),
		llb.Dir(path.Join(sourceDir, d.Workdir)),
		llb.AddMount("/rustfile", g.script("plan.sh", generated("sources.toml", g.sourceConfig(everyGit))), llb.Readonly),
		llb.AddMount(sourceDir, g.stubs(), llb.ForceNoOutput),
		llb.AddMount(buildDir, manifests, llb.ForceNoOutput, llb.ContentCache(llb.MountContentCacheOff)),
		llb.Network(pb.NetMode_NONE), llb.Platform(g.platform), g.named(namePlan), llb.WithExportCache(),
	}
	opts = append(opts, g.environment()...)
	opts = append(opts, g.gitMounts(t.sources, allPackages)...)
	opts = append(opts, g.steppedAgain()...)
	return t.host.Run(opts...).AddMount("/out", llb.Scratch()), nil
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
		llb.AddMount("/rustfile", g.script("manifests.sh", generated("index", index), file(manifestFile)), llb.Readonly),
		llb.AddMount("/crates", archives, llb.Readonly, llb.ContentCache(llb.MountContentCacheOff)),
		llb.Network(pb.NetMode_NONE), llb.Platform(g.platform), common(nameManifests), llb.WithExportCache(),
	)
	return run.AddMount("/out", llb.Scratch(), llb.ContentCache(llb.MountContentCacheOff)), nil
}

// units makes the compile vertices and returns their outputs.
func (g *generator) units(t toolchains) ([]llb.State, error) {
	script := g.unitScript()
	target := unitBase{g: g, toolchain: t.target, sources: t.sources, script: script, triple: g.plan.Triple}
	host := unitBase{g: g.native(), toolchain: t.host, sources: t.sources, script: script, triple: g.plan.HostTriple()}
	host.probe = host.g.probe(t.host, host)
	if target.probe = host.probe; g.plan.Cross != nil {
		target.probe = g.probe(t.host, target)
	}
	outputs := make([]llb.State, len(g.plan.Units.Vertices))
	for i, v := range g.plan.Units.Vertices {
		inputs, kind := make([]llb.State, len(v.Inputs)), "deps"
		for k, input := range v.Inputs {
			inputs[k] = outputs[input]
			if g.plan.Units.Vertices[input].Source != nil {
				kind = "build"
			}
		}
		base := target
		if g.plan.OnHost(i) {
			base = host
		}
		out, err := base.g.unit(base, i, base.g.merged(inputs, v.Name, kind))
		if err != nil {
			return nil, err
		}
		outputs[i] = out
	}
	return outputs, nil
}

// unitBase is what all compile vertices for one machine have in common.
type unitBase struct {
	g *generator
	// toolchain compiles for the machine; sources unpacks, for any.
	toolchain, sources llb.State
	script, probe      llb.State
	triple             string
}

// probe asks the toolchain, once for all compile vertices of a machine, what
// each cargo would ask it again. No standard library is needed for the answer.
func (g *generator) probe(toolchain llb.State, base unitBase) llb.State {
	workdir := path.Join(sourceDir, g.plan.Units.Workdir)
	opts := []llb.RunOption{
		llb.Args([]string{"/bin/sh", "/rustfile/probe.sh", workdir, g.plan.Units.Config, base.triple}), llb.Dir("/"),
		llb.AddEnv("RUSTC_WORKSPACE_WRAPPER", "/rustfile/stub-rustc"),
		llb.AddMount("/rustfile", base.script, llb.Readonly),
		llb.Network(pb.NetMode_NONE), llb.Platform(g.platform), g.named(nameProbe), llb.WithExportCache(),
	}
	opts = append(opts, g.configMount()...)
	opts = append(opts, g.steppedAgain()...)
	return toolchain.Run(append(opts, g.environment()...)...).AddMount("/out", llb.Scratch())
}

// configMount mounts the files that the Cargo configuration names, if any.
func (g *generator) configMount() []llb.RunOption {
	copies := g.plan.Units.Copies
	if len(copies) == 0 {
		return nil
	}
	files := llb.Scratch().File(g.copies(nil, copies), common(nameStubs))
	return []llb.RunOption{llb.AddMount(sourceDir, files, llb.ForceNoOutput)}
}

// unitScript is the script of all compile vertices.
func (g *generator) unitScript() llb.State {
	return g.script("unit.sh", file(linksFile), file(watchedFile), file(manifestFile), file("probe.sh"), stubRustc())
}

// merged is the union of outputs, of which kind says whether some are members'.
// Its name is given, because BuildKit's own repeats the names of all inputs; and
// it is not exported, because each would repeat the layers of its inputs in a
// cache's manifest.
func (g *generator) merged(outputs []llb.State, name, kind string) llb.State {
	switch len(outputs) {
	case 0:
		return llb.Scratch()
	case 1:
		return outputs[0]
	}
	return llb.Merge(outputs, append(g.again(kind), g.named(nameInputs+name), llb.WithoutExportCache())...)
}

// unit is the compile vertex of the plan's vertex i.
func (g *generator) unit(base unitBase, i int, inputs llb.State) (llb.State, error) {
	v := g.plan.Units.Vertices[i]
	stub, err := g.plan.Stub(i)
	if err != nil {
		return llb.State{}, err
	}
	crates, mounts, err := g.archives(stub.Crates)
	if err != nil {
		return llb.State{}, err
	}
	opts := []llb.RunOption{
		llb.Args(g.unitArgs(v, stub, crates)), llb.Dir("/"),
		llb.AddMount("/rustfile", base.script, llb.Readonly),
		llb.AddMount("/probe", base.probe, llb.Readonly, llb.ContentCache(llb.MountContentCacheOff)),
		llb.AddMount(buildDir, inputs, llb.ForceNoOutput, llb.ContentCache(llb.MountContentCacheOff)),
		llb.AddMount("/slots", llb.Scratch(), llb.AsPersistentCacheDir(slotsCache, llb.CacheMountShared)),
		llb.Network(pb.NetMode_NONE), llb.Platform(g.platform), llb.WithExportCache(),
	}
	opts = append(opts, mounts...)
	opts = append(opts, g.environment()...)
	opts = append(opts, g.crossing()...)
	if g.plan.UsesZig(i) {
		opts = append(opts, g.withZig(base.sources)...)
	}
	opts = append(opts, g.unitKind(v)...)
	opts = append(opts, g.gitMounts(base.sources, func(s plan.GitSource) []string { return stub.Git[s.Dir] })...)
	return g.system(base.toolchain, slices.Concat(g.plan.CrossPackagesOf(i), v.Packages)).Run(opts...).AddMount("/out", llb.Scratch()), nil
}

// unitArgs is the command of a compile vertex; see scripts/unit.sh.
func (g *generator) unitArgs(v plan.Vertex, stub *plan.UnitStub, crates string) []string {
	workdir, config, kind, script := path.Join(sourceDir, g.plan.Units.Workdir), g.plan.Units.Config, "dependency", ""
	if v.Source != nil {
		// The workspace's configuration is among the files.
		workdir, config, kind = path.Join(sourceDir, g.plan.Members.Workdir, plan.UnitStubDir), "", "member"
	}
	if stub.Script {
		script = "script"
	}
	args := []string{
		"/bin/sh", "/rustfile/unit.sh", kind, workdir, v.Name, config, string(g.unitSourceConfig(stub)), stub.Library, stub.Lock, script, crates,
		placeholders(stub.Placeholders), fmt.Sprint(len(stub.Manifest)),
	}
	return append(append(args, stub.Manifest...), stub.Args...)
}

// unitKind is what tells the vertex of a member from one of crates.
func (g *generator) unitKind(v plan.Vertex) []llb.RunOption {
	if v.Source == nil {
		opts := []llb.RunOption{llb.AddEnv("RUSTC_WORKSPACE_WRAPPER", "/rustfile/stub-rustc"), g.named(NameDependencies + v.Name)}
		opts = append(opts, g.configMount()...)
		if opt := at(g.lock, g.line(v)); opt != nil {
			opts = append(opts, opt)
		}
		return append(opts, g.ignored("deps")...)
	}
	fa := write(g.copies(nil, v.Source.Copies), v.Source.Files)
	opts := []llb.RunOption{
		// Cargo names members after the workspace wrapper; this one it does not.
		llb.AddEnv("RUSTC_WRAPPER", "/rustfile/stub-rustc"), g.named(NameMembers + v.Name),
		llb.AddMount(sourceDir, llb.Scratch().File(fa, g.named(nameSource+" of "+v.Name)), llb.ForceNoOutput),
	}
	opts = append(opts, variables(v.Source.Environment)...)
	opts = append(opts, g.memberOptions()...)
	if g.in.Epoch != nil {
		opts = append(opts, llb.AddEnv("SOURCE_DATE_EPOCH", fmt.Sprint(g.in.Epoch.Unix())))
	}
	return append(opts, g.ignored("build")...)
}

// line is the line of the lock file that a vertex is about.
func (g *generator) line(v plan.Vertex) int {
	n := g.plan.Units.Nodes[v.Nodes[len(v.Nodes)-1]]
	if n.Crate < 0 {
		return 0
	}
	return g.plan.Sources.Crates[n.Crate].Line
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
		all := llb.Scratch().File(gather, common(nameGather), llb.WithoutExportCache())
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
func (g *generator) linked(t toolchains) (llb.State, error) {
	outputs, err := g.units(t)
	if err != nil {
		return llb.State{}, err
	}
	manifests, err := g.manifests(t.sources)
	if err != nil {
		return llb.State{}, err
	}
	all := g.merged(append([]llb.State{manifests}, outputs...), "all units", "build")
	opts := []llb.RunOption{llb.AddMount(buildDir, all, llb.ForceNoOutput, llb.ContentCache(llb.MountContentCacheOff))}
	if g.in.WholeSources {
		sources, err := g.sources(t.sources)
		if err != nil {
			return llb.State{}, err
		}
		opts = append(opts, mountCrates(sources.all)...)
	}
	opts = append(opts, g.gitMounts(t.sources, allPackages)...)
	return g.members(t, g.sourceConfig(everyGit), opts)
}
