package llbgen

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"github.com/pelletier/go-toml/v2"
	"github.com/rustfile/rustfile/internal/auditable"
	"github.com/rustfile/rustfile/internal/plan"
)

// Where a compile vertex finds things. They are the same in every build,
// because they reach the compiler's output.
const (
	sourceDir = "/src"
	buildDir  = "/build"
	vendorDir = buildDir + "/vendor"
	gitDir    = buildDir + "/git"
	targetDir = buildDir + "/target"
)

// sourceTime is the modification time of all sources, in every vertex: the one
// cargo gives the files of a crate it packages. The outputs of the dependency
// vertex get a later one (see scripts/deps.sh), so that cargo finds them fresh.
// https://github.com/rust-lang/cargo/blob/master/src/cargo/ops/cargo_package/mod.rs (DETERMINISTIC_TIMESTAMP)
var sourceTime = time.Unix(1153704088, 0).UTC()

// environment is that of all compile vertices: cargo compares it, or what
// follows from it, when it decides what is fresh.
func (g *generator) environment() []llb.RunOption {
	return append(variables(g.plan.Dependencies.Variables),
		llb.AddEnv("CARGO_BUILD_BUILD_DIR", targetDir),
		llb.AddEnv("CARGO_INCREMENTAL", "0"),
		llb.AddEnv("CARGO_TARGET_DIR", targetDir),
		llb.AddEnv("CARGO_TERM_COLOR", "never"),
		llb.AddEnv("CARGO_TERM_PROGRESS_WHEN", "never"),
	)
}

// variables adds variables of the plan to a vertex's environment.
func variables(env map[string]string) []llb.RunOption {
	var opts []llb.RunOption
	for _, name := range slices.Sorted(maps.Keys(env)) {
		opts = append(opts, llb.AddEnv(name, env[name]))
	}
	return opts
}

// dependencies is the dependency vertex; its output is a target directory.
// It is nil when there is nothing to compile.
func (g *generator) dependencies(t toolchains, sources *thirdParty) *llb.State {
	d := g.plan.Dependencies
	if d.Empty {
		return nil
	}
	args := append([]string{"/bin/sh", "/rustfile/deps.sh"}, d.Args...)
	opts := []llb.RunOption{
		llb.Args(args),
		llb.Dir(path.Join(sourceDir, d.Workdir)),
		llb.AddEnv("RUSTC_WORKSPACE_WRAPPER", "/rustfile/stub-rustc"),
		llb.AddMount("/rustfile", g.script("deps.sh", file(linksFile), file(watchedFile), stubRustc(), generated("sources.toml", sources.closureConfig)), llb.Readonly),
		llb.AddMount(sourceDir, g.stubs(), llb.ForceNoOutput),
		llb.Network(pb.NetMode_NONE), llb.Platform(g.platform),
		g.named(NameDependencies + "cargo " + strings.Join(quiet(d.Args), " ")),
		// What a remote cache is for, whatever its mode.
		llb.WithExportCache(),
	}
	opts = append(opts, g.environment()...)
	opts = append(opts, g.crossing()...)
	opts = append(opts, g.withZig(t.host)...)
	opts = append(opts, mountCrates(sources.closure)...)
	opts = append(opts, g.gitMounts(t.sources, closureOnly)...)
	opts = append(opts, g.ignored("deps")...)
	opts = append(opts, g.location(d.Location)...)
	out := g.system(t.target, slices.Concat(g.plan.CrossPackages(), d.Packages)).Run(opts...).AddMount(targetDir, llb.Scratch())
	return &out
}

// builder is the root filesystem that the source vertex runs in.
func (g *generator) builder(t toolchains) llb.State {
	return g.system(t.target, slices.Concat(g.plan.CrossPackages(), g.plan.Members.Packages))
}

// members is the source vertex; its output holds the binaries in /bin. The
// mounts give it third-party sources and what is compiled already.
func (g *generator) members(t toolchains, sourceConfig []byte, mounts []llb.RunOption) (llb.State, error) {
	m := g.plan.Members
	lists, err := g.packageLists()
	if err != nil {
		return llb.State{}, err
	}
	args := []string{"/bin/sh", "/rustfile/build.sh", path.Join(targetDir, m.OutputDir), fmt.Sprint(len(g.plan.Binaries))}
	for _, b := range g.plan.Binaries {
		args = append(args, b.Name)
	}
	opts := []llb.RunOption{
		llb.Args(append(args, m.Args...)),
		llb.Dir(path.Join(sourceDir, m.Workdir)),
		llb.AddMount("/rustfile", g.script("build.sh", append(slices.Concat(g.recorded(), g.tracked(), lists, g.stripping()),
			file(linksFile), file(watchedFile), generated("sources.toml", sourceConfig))...), llb.Readonly),
		llb.AddMount(sourceDir, g.workspace(), llb.ForceNoOutput),
		llb.Network(pb.NetMode_NONE), llb.Platform(g.platform),
		g.named(NameMembers + "cargo " + strings.Join(quiet(m.Args), " ")),
	}
	opts = append(opts, variables(m.Environment)...)
	opts = append(opts, g.memberOptions()...)
	if g.in.Epoch != nil {
		opts = append(opts, llb.AddEnv("SOURCE_DATE_EPOCH", fmt.Sprint(g.in.Epoch.Unix())))
	}
	opts = append(opts, g.environment()...)
	opts = append(opts, g.crossing()...)
	opts = append(opts, g.withZig(t.host)...)
	opts = append(opts, mounts...)
	opts = append(opts, g.ignored("build")...)
	opts = append(opts, g.location(m.Location)...)
	return g.builder(t).Run(opts...).AddMount("/out", llb.Scratch()), nil
}

// packageLists are the lists of packages that the binaries carry, by binary.
func (g *generator) packageLists() ([]dataFile, error) {
	if !g.plan.Members.Auditable {
		return nil, nil
	}
	var files []dataFile
	for _, b := range g.plan.Binaries {
		data, err := auditable.Encode(g.plan.Compiled.Packages, g.plan.Root(b))
		if err != nil {
			return nil, fmt.Errorf("the list of packages of %s: %w", b.Name, err)
		}
		files = append(files, generated("packages-"+b.Name, data))
	}
	return files, nil
}

// recorded lists the directories whose digests the source vertex notes for
// the report, none in a coarse plan.
func (g *generator) recorded() []dataFile {
	if g.plan.Units == nil {
		return nil
	}
	var list strings.Builder
	for _, c := range g.plan.Members.Copies {
		if !c.File && !slices.Contains(g.plan.Members.Extra, c.Path) {
			fmt.Fprintln(&list, c.Path)
		}
	}
	return []dataFile{generated("members", []byte(list.String()))}
}

// quiet drops from a command what only says where things are.
func quiet(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		if args[i] == "--manifest-path" {
			i++
			continue
		}
		out = append(out, args[i])
	}
	return out
}

func (g *generator) ignored(name string) []llb.RunOption {
	var opts []llb.RunOption
	for _, opt := range g.again(name) {
		opts = append(opts, opt)
	}
	return opts
}

// again makes a vertex run again when the user wants that of the vertices that
// are called so. What is made of a vertex that runs again is made again, too:
// BuildKit would find what was made of the last result by the vertex's key.
func (g *generator) again(name string) []llb.ConstraintsOpt {
	if g.ignores(name) || g.ignores("deps") || g.ignores("packages") || g.steppedAgain() != nil {
		return []llb.ConstraintsOpt{llb.IgnoreCache}
	}
	return nil
}

// ignores reports whether the vertices that are called so are to run again.
func (g *generator) ignores(name string) bool {
	return g.in.IgnoreCache != nil && g.in.IgnoreCache(name)
}

// location lets a failure of the vertex show the lines of the project's file.
func (g *generator) location(l plan.Location) []llb.RunOption {
	if opt := at(g.sourceMap(l.File), l.Line); opt != nil {
		return []llb.RunOption{opt}
	}
	return nil
}

// sourceMap holds a file's lines, nil when the file is not given.
func (g *generator) sourceMap(file string) *llb.SourceMap {
	data, ok := g.in.Files[file]
	if !ok {
		return nil
	}
	return llb.NewSourceMap(nil, file, "TOML", data)
}

// at locates a vertex at a line of a file.
func at(sm *llb.SourceMap, line int) llb.ConstraintsOpt {
	if sm == nil || line == 0 {
		return nil
	}
	pos := &pb.Position{Line: int32(line)}
	return sm.Location([]*pb.Range{{Start: pos, End: pos}})
}

// stubs is the stub workspace with the parts of the context it needs.
func (g *generator) stubs() llb.State {
	fa := write(g.copies(nil, g.plan.Dependencies.Copies), g.plan.Dependencies.Files)
	return llb.Scratch().File(fa, common(nameStubs))
}

// workspace is the part of the context that the source vertex sees, with
// modification times that say nothing.
func (g *generator) workspace() llb.State {
	fa := g.copies(nil, g.plan.Members.Copies)
	for _, name := range g.plan.Members.Placeholders {
		fa = write(fa, []plan.File{{Path: name}})
	}
	fa = write(fa, g.plan.Members.Files)
	fa = write(fa, g.repository())
	return llb.Scratch().File(fa, common(nameSource))
}

// write adds generated files.
func write(fa *llb.FileAction, files []plan.File) *llb.FileAction {
	for _, f := range files {
		fa = mkdirAll(fa, path.Dir(f.Path)).Mkfile("/"+f.Path, 0o644, []byte(f.Content), llb.WithCreatedTime(sourceTime))
	}
	return fa
}

func mkdirAll(fa *llb.FileAction, dir string) *llb.FileAction {
	if dir == "." {
		return fa
	}
	return fa.Mkdir(path.Join("/", dir), 0o755, llb.WithParents(true), llb.WithCreatedTime(sourceTime))
}

func (g *generator) copies(fa *llb.FileAction, list []plan.Copy) *llb.FileAction {
	at := sourceTime
	for _, c := range list {
		info := &llb.CopyInfo{CreateDestPath: true, CreatedTime: &at, ExcludePatterns: c.Exclude}
		if c.File {
			// The transfer of the context already told a missing file apart.
			info.AllowWildcard, info.AllowEmptyWildcard = true, true
		} else {
			info.CopyDirContentsOnly = true
		}
		fa = fa.Copy(g.in.Context, path.Join("/", c.Path), path.Join("/", c.Path), info)
	}
	return fa
}

// sourceConfig is the Cargo configuration that replaces each source of the
// lock file by its unpacked directory.
// https://doc.rust-lang.org/cargo/reference/source-replacement.html
func (g *generator) sourceConfig(wanted func(plan.GitSource) bool) []byte {
	return g.sourceConfigOf(func(plan.Registry) bool { return true }, wanted)
}

func (g *generator) sourceConfigOf(registry func(plan.Registry) bool, wanted func(plan.GitSource) bool) []byte {
	sources := map[string]any{}
	replace := func(name, dir string, table map[string]any) {
		with := "rustfile-" + path.Base(dir)
		table["replace-with"] = with
		sources[name] = table
		sources[with] = map[string]any{"directory": dir}
	}
	for _, r := range g.plan.Sources.Registries {
		if !registry(r) {
			continue
		}
		name, table := r.URL, map[string]any{"registry": r.URL}
		if r.URL == plan.CratesIO {
			name, table = "crates-io", map[string]any{}
		}
		replace(name, path.Join(vendorDir, r.Dir), table)
	}
	for _, s := range g.plan.Sources.Git {
		if !wanted(s) {
			continue
		}
		table := map[string]any{"git": s.URL}
		for key, value := range map[string]string{"branch": s.Branch, "tag": s.Tag, "rev": s.Rev} {
			if value != "" {
				table[key] = value
			}
		}
		replace("git-"+s.Dir, path.Join(gitDir, s.Dir, "packages"), table)
	}
	data, err := toml.Marshal(map[string]any{"source": sources})
	if err != nil {
		panic(err) // strings in maps always marshal
	}
	return data
}

func digestOf(sha256 string) digest.Digest { return digest.NewDigestFromEncoded(digest.SHA256, sha256) }
