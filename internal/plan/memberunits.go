package plan

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/unitgraph"
)

// Source is what a member's vertex sees of the workspace: the member, the
// members it depends on, and a root manifest that names no other.
type Source struct {
	Copies []Copy `json:"copies"`
	// Files are generated files, sorted by path.
	Files []File `json:"files"`
	// Environment is added to the vertex's.
	Environment map[string]string `json:"environment,omitempty"`
}

// memberUnits decides which workspace members are compiled in vertices of
// their own, and with what.
type memberUnits struct {
	ws       *cargo.Workspace
	c        *closure
	stubs    *stubs
	mentions mentions
	plan     *Plan
}

func newMemberUnits(p *Plan, ws *cargo.Workspace, s *stubs) *memberUnits {
	return &memberUnits{ws: ws, c: s.c, stubs: s, plan: p, mentions: p.mentions}
}

// packageOf is the local package that a node of the stub workspace stands for.
func (m *memberUnits) packageOf(n unitgraph.Node) *cargo.Package {
	for p := range m.stubs.index {
		if m.stubs.name(p) == n.Name {
			return p
		}
	}
	return nil
}

// node is the node of a member's library, false when the member has to be
// compiled with the whole workspace around it.
func (m *memberUnits) node(n unitgraph.Node) (Node, bool) {
	p := m.packageOf(n)
	if n.Bin || p == nil || !m.apart(p) {
		return Node{}, false
	}
	node := Node{
		Name: p.Name, Version: p.Version, Crate: -1, Member: p.Dir, Host: n.Host, Features: n.Features, Script: n.Script, Linked: n.Linked, Objects: n.Objects, Units: n.Units,
	}
	entry, ok := m.ws.LockEntry(p)
	if !ok {
		return node, false
	}
	for _, d := range p.Dependencies {
		if d.Kind == cargo.DevDependency || d.Path != "" {
			continue
		}
		i, found := m.ws.Lock.Resolve(entry, d)
		if !found || d.Git != nil && !m.c.locked[i] {
			return node, false
		}
		if q, ok := m.placeholder(i, p, d); ok {
			node.Placeholders = append(node.Placeholders, q)
		}
	}
	return node, true
}

// placeholder is what stands for a dependency that may not be compiled.
func (m *memberUnits) placeholder(i int, p *cargo.Package, d cargo.Dependency) (Placeholder, bool) {
	locked := m.ws.Lock.Packages[i]
	at := slices.IndexFunc(m.plan.Sources.Crates, func(c Crate) bool {
		return c.Name == locked.Name && c.Version == locked.Version && c.SHA256 == locked.Checksum
	})
	if at < 0 {
		return Placeholder{}, false
	}
	version, err := cargo.LowestVersion(d.Requirement)
	if err != nil {
		version = locked.Version
	}
	features := slices.Clone(d.Features)
	for _, enables := range p.Features {
		for _, value := range enables {
			if name, feature, ok := strings.Cut(value, "/"); ok && strings.TrimSuffix(name, "?") == d.Key {
				features = append(features, feature)
			}
		}
	}
	slices.Sort(features)
	return Placeholder{
		Name: d.Package, Version: version, Features: slices.Compact(features),
		Dir: m.plan.registryDir(m.plan.Sources.Crates[at].Registry), Replaces: at + 1,
	}, true
}

// apart reports whether a member's library can be compiled without the rest of
// the workspace, and is worth it: when all that uses it is the one program that
// is linked anyway, a vertex of its own saves nothing.
func (m *memberUnits) apart(p *cargo.Package) bool {
	bins := 0
	for _, t := range p.Targets {
		if t.Kind == cargo.KindBin {
			bins++
		}
	}
	if slices.Contains(m.c.selected, p) && bins < 2 || m.c.real[p] || !slices.Contains(m.ws.Members, p) {
		return false
	}
	if m.mentions.outside[p.Dir] {
		return false
	}
	return !slices.ContainsFunc(p.Dependencies, func(d cargo.Dependency) bool {
		inBuild := d.Kind == cargo.BuildDependency || m.mentions.building[p.Dir]
		return gitCrates[d.Package] != "" || inBuild && slices.Contains(gitLibraries, d.Package) || len(d.Artifact) > 0
	})
}

// source is what the vertex of a member sees; members are the directories of
// the members in its closure, its own among them, and names those of all
// packages in it.
func (m *memberUnits) source(members []string, names map[string]bool, objects bool) (*Source, error) {
	s := &Source{}
	present := map[string]bool{}
	for _, dir := range members {
		present[dir] = true
	}
	rootInside := present[m.ws.Root] && !m.ws.Virtual
	for _, dir := range slices.Sorted(maps.Keys(present)) {
		p := m.ws.PackageAt(dir)
		exclude := append(excludes(m.ws, p, m.mentions), "Cargo.toml", "Cargo.lock", ".cargo")
		if p.Build == "" {
			exclude = append(exclude, binPaths(p)...)
		}
		s.Copies = append(s.Copies, Copy{Path: dir, Exclude: exclude})
		if dir != m.ws.Root {
			manifest, err := m.manifest(p)
			if err != nil {
				return nil, err
			}
			if err := s.write(p.Manifest, manifest); err != nil {
				return nil, err
			}
		}
		if usesSqlx(p) {
			s.saved(m.plan, m.ws)
		}
		if p.Build != "" {
			s.extra(m.plan.Members.Extra)
		}
		m.absent(s, p, present)
	}
	root, err := m.root(present, names, rootInside, objects)
	if err != nil {
		return nil, err
	}
	if err := s.write(m.ws.RootManifest, root); err != nil {
		return nil, err
	}
	if config := m.plan.Units.Config + m.registries(); config != "" {
		s.Files = append(s.Files, File{Path: path.Join(m.ws.Root, ".cargo/config.toml"), Content: config})
		s.Copies = append(s.Copies, m.plan.Units.Copies...)
	}
	slices.SortFunc(s.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	s.Files = slices.CompactFunc(s.Files, func(a, b File) bool { return a.Path == b.Path })
	return s, nil
}

// extra adds what the user says that build scripts read.
func (s *Source) extra(names []string) {
	for _, c := range extraCopies(names) {
		if !slices.ContainsFunc(s.Copies, func(other Copy) bool { return other.Path == c.Path }) {
			s.Copies = append(s.Copies, c)
		}
	}
}

// registries is the configuration that names the registries which members'
// manifests refer to.
func (m *memberUnits) registries() string {
	all, _ := m.ws.Config.Values["registries"].(map[string]any)
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if index := registryIndex(m.ws.Config, name); index != "" {
			fmt.Fprintf(&b, "[registries.%s]\nindex = %s\n", quote(name), quote(index))
		}
	}
	return b.String()
}

func (s *Source) write(name string, manifest map[string]any) error {
	data, err := toml.Marshal(manifest)
	if err != nil {
		return fmt.Errorf("cannot render %s of a member's vertex: %w", name, err)
	}
	s.Files = append(s.Files, File{Path: name, Content: string(data)})
	return nil
}

// binPaths are the files of a package that only its programs are made of.
func binPaths(p *cargo.Package) []string {
	var out []string
	for _, t := range p.Targets {
		if t.Kind == cargo.KindBin && !slices.ContainsFunc(p.Targets, func(lib cargo.Target) bool {
			return lib.Kind == cargo.KindLib && lib.Path == t.Path
		}) {
			out = append(out, literal(t.Path))
		}
	}
	return out
}

// absent stands in for the members that p could depend on and does not here:
// cargo wants to find them.
func (m *memberUnits) absent(s *Source, p *cargo.Package, present map[string]bool) {
	for _, d := range p.Dependencies {
		to := m.ws.PackageAt(d.Path)
		if d.Path == "" || d.Kind == cargo.DevDependency || to == nil || present[to.Dir] {
			continue
		}
		features := map[string][]string{}
		for name := range to.Features {
			features[name] = []string{}
		}
		// Plain strings and lists of strings always marshal.
		_ = s.write(to.Manifest, map[string]any{
			"package":  map[string]any{"name": to.Name, "version": to.Version, "edition": "2018"},
			"lib":      map[string]any{"path": "rustfile-absent.rs"},
			"features": features,
		})
		s.Files = append(s.Files, File{Path: path.Join(to.Dir, "rustfile-absent.rs"), Content: "compile_error!(\"not compiled here\");\n"})
	}
}

// manifest is a member's manifest without what cargo would have to resolve or
// find and never compiles.
func (m *memberUnits) manifest(p *cargo.Package) (map[string]any, error) {
	var t map[string]any
	if err := toml.Unmarshal(m.ws.Files[p.Manifest], &t); err != nil {
		return nil, fmt.Errorf("%s: %w", p.Manifest, err)
	}
	for _, key := range []string{"dev-dependencies", "dev_dependencies", "bin", "test", "bench", "example", "badges"} {
		delete(t, key)
	}
	if targets, ok := t["target"].(map[string]any); ok {
		for _, target := range targets {
			if table, ok := target.(map[string]any); ok {
				delete(table, "dev-dependencies")
				delete(table, "dev_dependencies")
			}
		}
	}
	if pkg, ok := t["package"].(map[string]any); ok {
		for _, key := range []string{"default-run", "resolver", "metadata", "workspace", "include", "exclude"} {
			delete(pkg, key)
		}
		for _, key := range []string{"autobins", "autotests", "autobenches", "autoexamples"} {
			pkg[key] = false
		}
	}
	return t, nil
}

// root is the workspace's root manifest, for the members that are present and
// the packages that are named.
func (m *memberUnits) root(present, names map[string]bool, rootInside, objects bool) (map[string]any, error) {
	var raw map[string]any
	if err := toml.Unmarshal(m.ws.Files[m.ws.RootManifest], &raw); err != nil {
		return nil, fmt.Errorf("%s: %w", m.ws.RootManifest, err)
	}
	root := map[string]any{}
	if rootInside {
		manifest, err := m.manifest(m.ws.PackageAt(m.ws.Root))
		if err != nil {
			return nil, err
		}
		root = manifest
	}
	workspace := map[string]any{}
	if table, ok := raw["workspace"].(map[string]any); ok {
		workspace = maps.Clone(table)
	}
	for _, key := range []string{"default-members", "exclude", "metadata"} {
		delete(workspace, key)
	}
	members := []string{stubPrefix + "0"}
	if objects {
		members = append(members, stubPrefix+"0/objects")
	}
	for _, dir := range slices.Sorted(maps.Keys(present)) {
		if dir != m.ws.Root {
			members = append(members, relative(m.ws.Root, dir))
		}
	}
	workspace["members"], workspace["resolver"] = members, "2"
	if deps, ok := workspace["dependencies"].(map[string]any); ok {
		workspace["dependencies"] = m.inherited(deps, present)
	}
	root["workspace"] = workspace
	delete(root, "profile")
	if profiles := m.profiles(names); len(profiles) > 0 {
		root["profile"] = profiles
	}
	delete(root, "patch")
	m.stubs.patches(root)
	return root, nil
}

// inherited are the workspace's dependencies that the present members name.
func (m *memberUnits) inherited(all map[string]any, present map[string]bool) map[string]any {
	kept := map[string]any{}
	for dir := range present {
		for _, d := range m.ws.PackageAt(dir).Dependencies {
			if v, ok := all[d.Key]; ok && d.Kind != cargo.DevDependency {
				kept[d.Key] = v
			}
		}
	}
	return kept
}

// profiles are the profiles of the build with the overrides of the named
// packages.
func (m *memberUnits) profiles(names map[string]bool) map[string]any {
	return m.stubs.profilesWith(func(all map[string]any) map[string]any { return overridesOf(all, names) })
}
