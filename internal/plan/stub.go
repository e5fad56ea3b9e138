package plan

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
)

// stubPrefix begins the name of every stub package and binary. The dependency
// vertex deletes all output that bears it; stubCrate is how rustc spells it.
const (
	stubPrefix = "rustfile-stub-"
	stubCrate  = "rustfile_stub_"
)

// stubs generates the stub workspace.
type stubs struct {
	ws      *cargo.Workspace
	o       *options.Options
	c       *closure
	index   map[*cargo.Package]int
	files   []File
	exclude []string
}

// planDependencies plans the dependency vertex.
func planDependencies(ws *cargo.Workspace, o *options.Options, s *selection, c *closure, vendored []string, triple string) (Dependencies, error) {
	g := newStubs(ws, o, c)
	d := Dependencies{Workdir: ws.Root, Empty: !c.hasThirdParty(ws.Lock), Location: locate(s)}
	if d.Empty {
		return d, nil
	}
	if err := g.packages(); err != nil {
		return d, err
	}
	if err := g.root(); err != nil {
		return d, err
	}
	config, err := configFile(ws, vendored)
	if err != nil {
		return d, err
	}
	if config != nil {
		g.files = append(g.files, *config)
	}
	g.files = append(g.files, File{Path: path.Join(ws.Root, "Cargo.lock"), Content: g.lock()})
	slices.SortFunc(g.files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	d.Files = g.files
	d.Copies = g.copies(vendored)
	d.Args = g.args(s, triple)
	return d, nil
}

// stubsOf are the stubs for the binaries that the options choose.
func stubsOf(ws *cargo.Workspace, o *options.Options) (*stubs, error) {
	s, err := selectBinaries(ws, o)
	if err != nil {
		return nil, err
	}
	c, err := newClosure(ws, s)
	if err != nil {
		return nil, err
	}
	return newStubs(ws, o, c), nil
}

func newStubs(ws *cargo.Workspace, o *options.Options, c *closure) *stubs {
	g := &stubs{ws: ws, o: o, c: c, index: map[*cargo.Package]int{}}
	for _, p := range byName(c.local) {
		if !c.real[p] {
			g.index[p] = len(g.index)
		}
	}
	return g
}

// byName sorts packages by what does not change when a directory is renamed: the stubs' numbers are in the
// dependency vertex's key.
func byName(packages []*cargo.Package) []*cargo.Package {
	return slices.SortedFunc(slices.Values(packages), func(a, b *cargo.Package) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version), strings.Compare(a.Dir, b.Dir))
	})
}

func (g *stubs) dir(p *cargo.Package) string {
	return path.Join(g.ws.Root, stubPrefix+strconv.Itoa(g.index[p]))
}

func (g *stubs) name(p *cargo.Package) string { return stubPrefix + strconv.Itoa(g.index[p]) }

// args is the real build's command with the stubs' names in it.
func (g *stubs) args(s *selection, triple string) []string {
	var packages, bins []string
	for _, p := range s.packages() {
		if g.c.real[p] {
			packages = append(packages, p.Name)
			continue
		}
		packages = append(packages, g.name(p))
	}
	for _, b := range s.binaries {
		if g.c.real[b.pkg] {
			bins = append(bins, b.target.Name)
			continue
		}
		if name := g.binary(b.pkg); !slices.Contains(bins, name) {
			bins = append(bins, name)
		}
	}
	o := *g.o
	o.Features = make([]string, len(g.o.Features))
	for i, f := range g.o.Features {
		o.Features[i] = g.feature(s, f)
	}
	return cargoArgs(&o, triple, packages, bins)
}

// feature translates a feature that is qualified by a selected package.
func (g *stubs) feature(s *selection, feature string) string {
	name, rest, qualified := strings.Cut(feature, "/")
	for _, p := range s.packages() {
		if qualified && p.Name == name && !g.c.real[p] {
			return g.name(p) + "/" + rest
		}
	}
	return feature
}

// binary is the one binary of a stub: which of a package's binaries are built
// makes no difference to what they depend on.
func (g *stubs) binary(p *cargo.Package) string {
	return fmt.Sprintf("%sbin-%d", stubPrefix, g.index[p])
}

// packages writes a manifest and empty sources for each local package.
func (g *stubs) packages() error {
	for _, p := range g.c.local {
		if g.c.real[p] {
			if err := g.realPackage(p); err != nil {
				return err
			}
			continue
		}
		manifest := map[string]any{
			"package": g.stubPackage(p),
		}
		dir := g.dir(p)
		for _, t := range p.Targets {
			if t.Kind == cargo.KindLib {
				manifest["lib"] = stubLib(t, g.index[p])
				g.files = append(g.files, File{Path: path.Join(dir, "lib.rs")})
			}
		}
		if slices.Contains(g.c.selected, p) {
			manifest["bin"] = []any{map[string]any{"name": g.binary(p), "path": "main.rs"}}
			g.files = append(g.files, File{Path: path.Join(dir, "main.rs")})
		}
		if p.Build != "" {
			g.files = append(g.files, File{Path: path.Join(dir, "build.rs")})
		}
		g.dependencyTables(p, manifest)
		if len(p.Features) > 0 {
			manifest["features"] = features(p)
		}
		if err := g.write(path.Join(dir, "Cargo.toml"), manifest); err != nil {
			return err
		}
	}
	return nil
}

// stubPackage is the [package] table of a stub: nothing of the real one but
// what can reach a third-party unit.
func (g *stubs) stubPackage(p *cargo.Package) map[string]any {
	t := map[string]any{
		"name": g.name(p), "version": "0.0.0", "edition": "2018", "publish": false,
		"autobins": false, "autoexamples": false, "autotests": false, "autobenches": false,
	}
	t["build"] = false
	if p.Build != "" {
		t["build"] = "build.rs"
	}
	return t
}

// stubLib keeps the crate types, which decide with LTO whether dependencies
// are compiled to objects, to bitcode or to both.
func stubLib(t cargo.Target, index int) map[string]any {
	lib := map[string]any{"name": stubCrate + strconv.Itoa(index), "path": "lib.rs"}
	switch {
	case slices.Contains(t.CrateTypes, "proc-macro"):
		lib["proc-macro"] = true
	case len(t.CrateTypes) > 0:
		lib["crate-type"] = t.CrateTypes
	}
	return lib
}

// dependencyTables writes the dependencies that cargo needs to resolve for a
// build of the selected binaries.
func (g *stubs) dependencyTables(p *cargo.Package, manifest map[string]any) {
	from := g.dir(p)
	if g.c.real[p] {
		from = p.Dir
	}
	for _, d := range p.Dependencies {
		if d.Kind == cargo.DevDependency && !keepsDevDependencies(g.ws, g.c.selected, p) {
			continue
		}
		parent := manifest
		if d.Target != "" {
			parent = child(child(manifest, "target"), d.Target)
		}
		table := map[cargo.DependencyKind]string{
			cargo.NormalDependency: "dependencies", cargo.BuildDependency: "build-dependencies",
			cargo.DevDependency: "dev-dependencies",
		}[d.Kind]
		child(parent, table)[d.Key] = g.dependency(d, from)
	}
}

func child(t map[string]any, key string) map[string]any {
	c, ok := t[key].(map[string]any)
	if !ok {
		c = map[string]any{}
		t[key] = c
	}
	return c
}

// dependency renders one dependency of a package in directory from.
func (g *stubs) dependency(d cargo.Dependency, from string) map[string]any {
	t := map[string]any{}
	local := g.ws.PackageAt(d.Path)
	switch {
	case d.Path != "" && local != nil && !g.c.real[local]:
		t["path"], t["package"] = relative(from, g.dir(local)), g.name(local)
	case d.Path != "" && local != nil:
		t["path"] = relative(from, local.Dir)
	case d.Git != nil:
		t["git"] = d.Git.URL
		setIf(t, "branch", d.Git.Branch)
		setIf(t, "tag", d.Git.Tag)
		setIf(t, "rev", d.Git.Rev)
		setIf(t, "version", d.Requirement)
	default:
		setIf(t, "version", d.Requirement)
		setIf(t, "registry-index", cmp.Or(d.RegistryIndex, registryIndex(g.ws.Config, d.Registry)))
	}
	if t["package"] == nil && d.Package != d.Key {
		t["package"] = d.Package
	}
	if d.Optional {
		t["optional"] = true
	}
	if !d.DefaultFeatures {
		t["default-features"] = false
	}
	if len(d.Features) > 0 {
		t["features"] = d.Features
	}
	if len(d.Artifact) > 0 {
		t["artifact"] = d.Artifact
	}
	return t
}

func setIf(t map[string]any, key, value string) {
	if value != "" {
		t[key] = value
	}
}

// features copies the feature table; an optional dependency's implicit feature
// may be declared as what it means, ["dep:name"].
func features(p *cargo.Package) map[string][]string {
	out := map[string][]string{}
	for name, enables := range p.Features {
		out[name] = append([]string{}, enables...)
	}
	return out
}

// root writes the virtual root manifest.
func (g *stubs) root() error {
	members := make([]string, len(g.index))
	for i := range members {
		members[i] = stubPrefix + strconv.Itoa(i)
	}
	workspace := map[string]any{"members": members, "resolver": g.ws.Resolver}
	if len(g.exclude) > 0 {
		workspace["exclude"] = g.exclude
	}
	manifest := map[string]any{"workspace": workspace}
	if profiles := g.profiles(); len(profiles) > 0 {
		manifest["profile"] = profiles
	}
	g.patches(manifest)
	return g.write(path.Join(g.ws.Root, "Cargo.toml"), manifest)
}

// patches keeps the entries whose package the closure holds: cargo warns about
// the others, and their edits must not recompile anything.
func (g *stubs) patches(manifest map[string]any) {
	for _, p := range g.ws.Patches {
		used := false
		for i := range g.c.locked {
			used = used || g.ws.Lock.Packages[i].Name == p.Package
		}
		local := g.ws.PackageAt(p.Path)
		if !used || p.Path != "" && (local == nil || !g.c.real[local]) {
			continue
		}
		child(child(manifest, "patch"), p.Source)[p.Key] = g.dependency(p.Dependency, g.ws.Root)
	}
}

func (g *stubs) write(file string, manifest map[string]any) error {
	data, err := toml.Marshal(manifest)
	if err != nil {
		return fmt.Errorf("cannot render %s of the dependency vertex: %w", file, err)
	}
	g.files = append(g.files, File{Path: file, Content: string(data)})
	return nil
}

// copies are the parts of the context that the dependency vertex sees as they
// are: packages that third-party crates depend on, vendored sources and files
// that the configuration names.
func (g *stubs) copies(vendored []string) []Copy {
	var out []Copy
	for _, p := range g.c.local {
		if g.c.real[p] {
			out = append(out, Copy{Path: p.Dir, Exclude: append([]string{"Cargo.toml"}, alwaysExcluded...)})
		}
	}
	for _, dir := range vendored {
		out = append(out, Copy{Path: dir})
	}
	for _, f := range configFiles(g.ws) {
		out = append(out, Copy{Path: f, File: true})
	}
	return out
}

// relative is the path of to as seen from directory from; both are relative to
// the context's root.
func relative(from, to string) string {
	from, to = path.Clean(from), path.Clean(to)
	if from == "." {
		return to
	}
	f, t := strings.Split(from, "/"), strings.Split(to, "/")
	if to == "." {
		t = nil
	}
	n := 0
	for n < len(f) && n < len(t) && f[n] == t[n] {
		n++
	}
	up := slices.Repeat([]string{".."}, len(f)-n)
	if out := strings.Join(append(up, t[n:]...), "/"); out != "" {
		return out
	}
	return "."
}

// locate is the line of the first binary's package.
func locate(s *selection) Location {
	span := s.binaries[0].pkg.Span("package.name")
	return Location{File: span.File, Line: span.Start.Line}
}
