package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// UnitStubDir is the directory of the stub in the workspace of a member's
// vertex, relative to the workspace's root.
const UnitStubDir = stubPrefix + "0"

// UnitStub is the stub workspace of a compile vertex: a program that depends on
// each node of the vertex's closure with exactly that node's features. It
// holds nothing of the project, so that its text, and the vertex's key with it,
// is the same in every project that has the closure.
type UnitStub struct {
	// Manifest is the root manifest, line by line.
	Manifest []string
	// Library is the manifest of a second member whose crate types make cargo
	// want objects beside bitcode, "" when nothing needs them.
	Library string
	// Lock is a lock file that pins the git packages, "" when there are none:
	// cargo does not take them from a directory without one.
	Lock string
	// Script is true when the program has a build script, for the sake of host
	// nodes.
	Script bool
	// Placeholders are the packages that only have to be found.
	Placeholders []Placeholder
	// Crates are what the vertex itself compiles.
	Crates []Crate
	// Git are the packages of git sources in the closure, by their source's Dir.
	Git map[string][]string
	// Registries are the Dirs of the registries in the closure.
	Registries []string
	// Args is the cargo command.
	Args []string
}

// Stub is the stub workspace of vertex v.
func (p *Plan) Stub(v int) (*UnitStub, error) {
	u := p.Units
	w := &unitStub{plan: p, member: u.Vertices[v].Source != nil, closure: u.closureOf(u.Vertices[v]), out: &UnitStub{Git: map[string][]string{}}}
	w.alias()
	if err := w.manifest(); err != nil {
		return nil, err
	}
	w.library()
	w.sources(u.Vertices[v])
	w.lock()
	triple := p.Triple
	if p.OnHost(v) {
		triple = p.HostTriple()
	}
	w.out.Args = []string{"build", "--profile", p.Profile(), "--target", triple, "--package", stubPrefix + "0"}
	if w.out.Library != "" {
		w.out.Args = append(w.out.Args, "--package", stubPrefix+"1")
	}
	return w.out, nil
}

// Profile is the name of the cargo profile.
func (p *Plan) Profile() string {
	i := slices.Index(p.Members.Args, "--profile")
	return p.Members.Args[i+1]
}

type unitStub struct {
	plan    *Plan
	closure []int
	// member is true when the root manifest is that of [Source].
	member bool
	// aliases are the names of the closure's packages: one for each package,
	// because cargo wants a package to have the same name in all tables.
	aliases map[string]string
	out     *UnitStub
}

// packageKey tells packages apart, and sorts them alike in every project.
func (w *unitStub) packageKey(n Node) string {
	source := n.Git + n.Member
	if n.Crate >= 0 {
		source = w.plan.Sources.Crates[n.Crate].Registry
	}
	return n.Name + " " + n.Version + " " + source
}

// alias names the packages of the closure.
func (w *unitStub) alias() {
	keys := make([]string, len(w.closure))
	for i, n := range w.closure {
		keys[i] = w.packageKey(w.plan.Units.Nodes[n])
	}
	slices.Sort(keys)
	w.aliases = map[string]string{}
	for i, key := range slices.Compact(keys) {
		w.aliases[key] = fmt.Sprintf("p%d", i)
	}
}

// manifest renders the root manifest.
func (w *unitStub) manifest() error {
	lines := []string{
		"[package]", `name = "` + stubPrefix + `0"`, `version = "0.0.0"`, `edition = "2018"`, "publish = false", "autobins = false",
	}
	host := w.dependencies(stubPrefix+"0", func(n Node) bool { return n.Host })
	if len(host) > 0 {
		w.out.Script = true
		lines = append(lines, `build = "build.rs"`)
	} else {
		lines = append(lines, "build = false")
	}
	lines = append(lines, "[[bin]]", `name = "`+stubPrefix+`bin-0"`, `path = "main.rs"`, "[dependencies]")
	lines = append(lines, w.dependencies(stubPrefix+"0", func(n Node) bool { return !n.Host })...)
	lines = append(lines, "[build-dependencies]")
	lines = append(lines, host...)
	if w.member {
		w.out.Manifest = lines
		return nil
	}
	lines = append(lines, "[workspace]", `resolver = "2"`)
	if slices.ContainsFunc(w.closure, func(i int) bool { return w.plan.Units.Nodes[i].Objects }) {
		lines = append(lines, `members = ["objects"]`)
	}
	if profiles := w.profiles(); len(profiles) > 0 {
		data, err := toml.Marshal(map[string]any{"profile": profiles})
		if err != nil {
			return fmt.Errorf("cannot render the profiles of a vertex: %w", err)
		}
		lines = append(lines, strings.Split(strings.TrimSpace(string(data)), "\n")...)
	}
	w.out.Manifest = lines
	return nil
}

// library renders the member that wants objects.
func (w *unitStub) library() {
	deps := w.dependencies(stubPrefix+"0/objects", func(n Node) bool { return n.Objects })
	if len(deps) == 0 {
		return
	}
	lines := []string{
		"[package]", `name = "` + stubPrefix + `1"`, `version = "0.0.0"`, `edition = "2018"`, "publish = false",
		"[lib]", `path = "lib.rs"`, `crate-type = ["cdylib", "rlib"]`, "[dependencies]",
	}
	w.out.Library = strings.Join(append(lines, deps...), "\n") + "\n"
}

// dependencies renders the nodes of the closure that are wanted, one to a line.
func (w *unitStub) dependencies(stub string, wanted func(Node) bool) []string {
	var out []string
	for _, i := range w.closure {
		if n := w.plan.Units.Nodes[i]; wanted(n) {
			out = append(out, w.dependency(n, stub))
		}
	}
	slices.Sort(out)
	return out
}

// dependency renders a node as a dependency of the stub in directory stub.
func (w *unitStub) dependency(n Node, stub string) string {
	// A requirement does not name build metadata.
	version, _, _ := strings.Cut(n.Version, "+")
	fields := []string{"package = " + quote(n.Name)}
	if n.Member != "" {
		fields = append(fields, "path = "+quote(relative(path.Join(w.plan.Members.Workdir, stub), n.Member)))
	} else if n.Git != "" {
		for _, s := range w.plan.Sources.Git {
			if s.Dir != n.Git {
				continue
			}
			fields = append(fields, "git = "+quote(s.URL))
			for _, kv := range [][2]string{{"branch", s.Branch}, {"tag", s.Tag}, {"rev", s.Rev}} {
				if kv[1] != "" {
					fields = append(fields, kv[0]+" = "+quote(kv[1]))
				}
			}
		}
	} else if r := w.plan.Sources.Crates[n.Crate].Registry; r != CratesIO {
		fields = append(fields, "registry-index = "+quote(r))
	}
	if n.Member == "" {
		fields = append(fields, "version = "+quote("="+version))
	}
	fields = append(fields, "default-features = false")
	if len(n.Features) > 0 {
		features := make([]string, len(n.Features))
		for i, f := range n.Features {
			features[i] = quote(f)
		}
		fields = append(fields, "features = ["+strings.Join(features, ", ")+"]")
	}
	return w.aliases[w.packageKey(n)] + " = { " + strings.Join(fields, ", ") + " }"
}

// quote writes a TOML string; JSON's are.
func quote(s string) string {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always marshals
	}
	return string(data)
}

// lock renders the lock file. Cargo adds the other packages itself.
func (w *unitStub) lock() {
	var entries []string
	for _, i := range w.closure {
		if n := w.plan.Units.Nodes[i]; n.Locked != "" {
			entries = append(entries, fmt.Sprintf("\n[[package]]\nname = %s\nversion = %s\nsource = %s\n", quote(n.Name), quote(n.Version), quote(n.Locked)))
		}
	}
	if len(entries) > 0 {
		slices.Sort(entries)
		w.out.Lock = "version = 4\n" + strings.Join(slices.Compact(entries), "")
	}
}

// profiles leaves out the overrides of packages that the closure does not have,
// and that of the build machine when nothing in the closure runs there.
func (w *unitStub) profiles() map[string]any {
	names := map[string]bool{}
	host := false
	for _, i := range w.closure {
		n := w.plan.Units.Nodes[i]
		names[n.Name] = true
		host = host || n.Host || n.Script
	}
	out := map[string]any{}
	for name, profile := range w.plan.Units.Profiles {
		kept := map[string]any{}
		table, _ := profile.(map[string]any)
		for key, value := range table {
			if overrides, ok := value.(map[string]any); ok && key == "package" {
				if overrides = overridesOf(overrides, names); len(overrides) == 0 {
					continue
				}
				value = overrides
			}
			if key != "build-override" || host {
				kept[key] = value
			}
		}
		if len(kept) > 0 {
			out[name] = kept
		}
	}
	return out
}

// sources lists what the vertex unpacks and what it must find.
func (w *unitStub) sources(v Vertex) {
	nodes := w.plan.Units.Nodes
	present := map[string]bool{}
	for _, i := range w.closure {
		n := nodes[i]
		if n.Member != "" {
			continue
		}
		if n.Git != "" {
			if names := w.out.Git[n.Git]; !slices.Contains(names, n.Name) {
				w.out.Git[n.Git] = append(names, n.Name)
			}
			continue
		}
		c := w.plan.Sources.Crates[n.Crate]
		present[w.plan.CrateDir(c)] = true
		w.registry(w.plan.registryDir(c.Registry))
	}
	for _, i := range v.Nodes {
		if n := nodes[i]; n.Crate >= 0 {
			if c := w.plan.Sources.Crates[n.Crate]; !slices.Contains(w.out.Crates, c) {
				w.out.Crates = append(w.out.Crates, c)
			}
		}
	}
	w.placeholders(present)
	slices.Sort(w.out.Registries)
	for _, names := range w.out.Git {
		slices.Sort(names)
	}
}

// placeholders lists the packages that only have to be found; present are the
// crates of the closure. All versions of a package get all features that are
// asked of one: cargo may take any of those that are compatible for all.
func (w *unitStub) placeholders(present map[string]bool) {
	features, found, packages := map[string][]string{}, map[string]Placeholder{}, map[string]bool{}
	for _, i := range w.closure {
		packages[w.plan.Units.Nodes[i].Name+" "+w.plan.Units.Nodes[i].Version] = true
	}
	for _, i := range w.closure {
		for _, q := range w.plan.Units.Nodes[i].Placeholders {
			name := q.Dir + "/" + q.Name
			key := name + "-" + q.Version
			if q.With != "" && !packages[q.With] || present[key] || q.Replaces > 0 && present[w.plan.CrateDir(w.plan.Sources.Crates[q.Replaces-1])] {
				continue
			}
			features[name] = append(features[name], q.Features...)
			found[key] = q
			w.registry(q.Dir)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(found)) {
		q := found[key]
		list := slices.Clone(features[q.Dir+"/"+q.Name])
		slices.Sort(list)
		q.Features, q.With, q.Replaces = slices.Compact(list), "", 0
		w.out.Placeholders = append(w.out.Placeholders, q)
	}
}

func (w *unitStub) registry(dir string) {
	if !slices.Contains(w.out.Registries, dir) {
		w.out.Registries = append(w.out.Registries, dir)
	}
}
