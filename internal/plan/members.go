package plan

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
)

// alwaysExcluded are the entries of a package's directory that no build reads.
var alwaysExcluded = []string{
	"target", ".git", ".github", ".gitlab", ".gitignore", ".gitattributes", ".gitlab-ci.yml", ".circleci",
	".editorconfig", ".vscode", ".idea", ".dockerignore", "Rustfile", "Rustfile.lock", "Rustfile.dockerignore", "Cargo.toml.dockerignore",
}

// planMembers plans the source vertex.
func planMembers(ws *cargo.Workspace, o *options.Options, s *selection, c *closure, vendored []string, mentions mentions, triple string) Members {
	m := Members{Workdir: ws.Root, OutputDir: outputDir(o.Profile, triple), Auditable: o.Auditable, Location: locate(s)}
	files := workspaceFiles(ws)
	m.Copies = append(m.Copies, rootCopy(ws, c, mentions))
	for _, p := range c.local {
		if p.Dir != ws.Root {
			m.Copies = append(m.Copies, Copy{Path: p.Dir, Exclude: excludes(ws, p, mentions)})
		}
	}
	for _, p := range localPackages(ws) {
		if slices.Contains(c.local, p) {
			continue
		}
		files = append(files, p.Manifest)
		m.Placeholders = append(m.Placeholders, placeholders(p)...)
		if p.Dir != ws.Root {
			m.Unused = append(m.Unused, p.Dir)
		}
	}
	for _, root := range ws.OtherRoots {
		files = append(files, root.Manifest)
		m.Placeholders = append(m.Placeholders, placeholders(root)...)
	}
	for _, dir := range vendored {
		m.Copies = append(m.Copies, Copy{Path: dir})
	}
	slices.Sort(files)
	for _, f := range slices.Compact(files) {
		m.Copies = append(m.Copies, Copy{Path: f, File: true})
	}
	slices.Sort(m.Placeholders)
	m.Placeholders = slices.Compact(m.Placeholders)
	if ws.LockGiven {
		m.Files = append(m.Files, File{Path: ws.Lock.Path, Content: string(ws.Files[ws.Lock.Path])})
	}
	m.Args = memberArgs(ws, o, s, triple)
	return m
}

func localPackages(ws *cargo.Workspace) []*cargo.Package {
	return slices.Concat(ws.Members, ws.PathPackages)
}

// rootCopy is the workspace's root directory without the packages in it.
// Members read files there (migrations, protocols, templates, .sqlx), and only
// they know which, so what is no package is taken whole, but for the files that
// are about the project and not of it.
func rootCopy(ws *cargo.Workspace, c *closure, found mentions) Copy {
	root := ws.PackageAt(ws.Root)
	if root == nil {
		root = &cargo.Package{Dir: ws.Root}
	}
	out := Copy{Path: ws.Root, Exclude: append(excludes(ws, root, found), projectFiles...)}
	if !slices.Contains(c.local, root) {
		for _, t := range root.Targets {
			top, _, _ := strings.Cut(t.Path, "/")
			out.Exclude = append(out.Exclude, top)
		}
		if root.Build != "" {
			out.Exclude = append(out.Exclude, root.Build)
		}
	}
	return out
}

// projectFiles are files of a workspace's root that no build reads.
var projectFiles = []string{
	"Dockerfile*", "*.Dockerfile", "Containerfile*", "docker-compose*.y*ml", "compose*.y*ml", "docker-bake.hcl",
	"docker-bake.json", ".pre-commit-config.yaml", "renovate.json", "dependabot.yml", "deny.toml", "rustfmt.toml",
	".rustfmt.toml", "clippy.toml", ".clippy.toml", "justfile", "Justfile", "Makefile.toml",
}

// workspaceFiles are the files that cargo reads beside the packages.
func workspaceFiles(ws *cargo.Workspace) []string {
	files := []string{ws.RootManifest}
	if !ws.LockGiven { // otherwise it need not be in the context
		files = append(files, ws.Lock.Path)
	}
	files = append(files, ws.Config.Paths...)
	return append(files, configFiles(ws)...)
}

func memberArgs(ws *cargo.Workspace, o *options.Options, s *selection, triple string) []string {
	var bins []string
	for _, b := range s.binaries {
		bins = append(bins, b.target.Name)
	}
	packages := s.packages()
	if len(packages) == 1 {
		// By manifest path, because a name alone can be that of a dependency too.
		args := cargoArgs(o, triple, nil, bins)
		return append(args, "--manifest-path", relative(ws.Root, packages[0].Manifest))
	}
	var names []string
	for _, p := range packages {
		names = append(names, p.Name)
	}
	return cargoArgs(o, triple, names, bins)
}

// placeholders are the files that must exist for cargo to load a package that
// the build does not compile: its library, the targets its manifest names and,
// when there is neither, one of those it discovers.
func placeholders(p *cargo.Package) []string {
	var out []string
	for _, t := range p.Targets {
		if t.Kind == cargo.KindLib || t.Declared || t.Name == p.DefaultRun {
			out = append(out, path.Join(p.Dir, t.Path))
		}
	}
	if len(out) == 0 && len(p.Targets) > 0 {
		out = append(out, path.Join(p.Dir, p.Targets[0].Path))
	}
	return out
}

// excludes are the patterns of what a package's directory holds and its build
// does not read: other packages, and documentation, tests, benchmarks and
// examples that no source file names.
func excludes(ws *cargo.Workspace, p *cargo.Package, found mentions) []string {
	out := slices.Clone(alwaysExcluded)
	for _, other := range localPackages(ws) {
		if other.Dir != p.Dir && within(p.Dir, other.Dir) {
			out = append(out, literal(relative(p.Dir, other.Dir)))
		}
	}
	for _, name := range found.assets {
		if within(p.Dir, name) {
			out = append(out, literal(relative(p.Dir, name)))
		}
	}
	if !found.markdown {
		out = append(out, "*.md")
	}
	if !found.licenses {
		out = append(out, "LICENSE*", "COPYING*")
	}
	for _, dir := range optionalDirs {
		if !found.dirs[dir] && !declaresTargetIn(p, dir) {
			out = append(out, dir)
		}
	}
	return out
}

func within(dir, inner string) bool {
	return dir == "." || strings.HasPrefix(inner, dir+"/")
}

func declaresTargetIn(p *cargo.Package, dir string) bool {
	for _, t := range p.Targets {
		if strings.HasPrefix(t.Path, dir+"/") && (t.Declared || t.Kind == cargo.KindLib || t.Kind == cargo.KindBin) {
			return true
		}
	}
	return p.Build != "" && strings.HasPrefix(p.Build, dir+"/")
}

// optionalDirs are directories of a package that its binaries seldom need.
var optionalDirs = []string{"docs", "doc", "tests", "benches", "examples"}

// mentions says which kinds of optional files the Rust sources name.
type mentions struct {
	markdown, licenses bool
	dirs               map[string]bool
	// outside holds the directories of packages whose sources name files that
	// are not theirs, or their own manifest.
	outside map[string]bool
	// building holds the directories of packages whose libraries run in the
	// build of others.
	building map[string]bool
	// variables maps the names of gitVariables that sources read to one that
	// does, and runsGit is a build script that asks git itself.
	variables map[string]string
	runsGit   string
	// queries maps the directories of packages to a file with queries that may
	// be sqlx's.
	queries map[string]string
	// assets are files and directories of the context that no source reads.
	assets []string
}

// findMentions searches the Rust sources of the closure for the names of
// optional files, as in include_str!("../README.md") or rust-embed's folder. A
// name anywhere keeps all files of its kind: too much costs a rebuild, too
// little would change the program.
func findMentions(fsys fs.FS, c *closure) (mentions, error) {
	m := mentions{dirs: map[string]bool{}, outside: map[string]bool{}, variables: map[string]string{}, queries: map[string]string{}}
	if fsys == nil {
		m.keepAll()
		for _, p := range c.local {
			m.outside[p.Dir] = true
		}
		return m, nil
	}
	m.building = buildTime(c.local)
	for _, p := range c.local {
		runs, err := runsInBuild(fsys, p, m.building[p.Dir])
		if err != nil {
			return m, err
		}
		err = walkSources(fsys, p, func(name, source string) {
			m.search(source)
			rel := relative(p.Dir, name)
			if m.queries[p.Dir] == "" && sqlxQuery.MatchString(source) {
				m.queries[p.Dir] = name
			}
			asks := m.searchGit(name, source, p.Build != "" && rel == p.Build)
			m.outside[p.Dir] = m.outside[p.Dir] || asks || leaves(source, strings.Count(rel, "/"), runs(rel))
		})
		if err != nil {
			return m, err
		}
	}
	return m, nil
}

// walkSources reads the Rust sources of a package, but for its tests,
// benchmarks and examples.
func walkSources(fsys fs.FS, p *cargo.Package, each func(name, source string)) error {
	return fs.WalkDir(fsys, p.Dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := relative(p.Dir, name)
		if d.IsDir() {
			if slices.Contains(alwaysExcluded, rel) || slices.Contains(optionalDirs, rel) {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".rs" {
			return nil
		}
		data, err := fs.ReadFile(fsys, name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a link to nothing in the context, such as an editor's lock
		}
		if err != nil {
			return err
		}
		each(name, string(data))
		return nil
	})
}

func (m *mentions) keepAll() {
	m.markdown, m.licenses = true, true
	for _, dir := range optionalDirs {
		m.dirs[dir] = true
	}
}

// search notes what one source file names.
func (m *mentions) search(source string) {
	for _, whole := range []string{`"$CARGO_MANIFEST_DIR"`, `"$CARGO_MANIFEST_DIR/"`, `folder = "."`, `folder = "./"`} {
		if strings.Contains(source, whole) {
			m.keepAll()
			return
		}
	}
	m.markdown = m.markdown || strings.Contains(source, ".md")
	m.licenses = m.licenses || strings.Contains(source, "LICENSE") || strings.Contains(source, "COPYING")
	for _, dir := range optionalDirs {
		if m.dirs[dir] {
			continue
		}
		m.dirs[dir] = strings.Contains(source, dir+"/") || strings.Contains(source, `"`+dir+`"`)
	}
}
