package project

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	// secondVersion is the version of every second project.
	secondVersion = "0.9.1"
	// wantedShare is the share of a second project's packages that the first one has too.
	wantedShare = 0.8
	// shareSlack is how far from it the share may be.
	shareSlack = 0.025
)

// additions are what second projects need and first ones do not, taken in this order until the share is right.
var additions = []dependency{
	{Package: "tera", Version: "1.20.0"},
	{Package: "petgraph", Version: "0.8.2"},
	{Package: "rhai", Version: "1.22.2"},
	{Package: "comfy-table", Version: "7.1.4"},
	{Package: "csv", Version: "1.3.1"},
	{Package: "ndarray", Version: "0.16.1"},
	{Package: "hickory-resolver", Version: "0.25.2"},
	{Package: "printpdf", Version: "0.7.0"},
	{Package: "lettre", Version: "0.11.17", NoDefault: true, Features: []string{"builder", "smtp-transport"}},
	{Package: "rayon", Version: "1.10.0"},
	{Package: "image", Version: "0.25.6", NoDefault: true, Features: []string{"png", "jpeg"}},
	{Package: "redis", Version: "0.32.4"},
}

// dependency is an entry of a manifest.
type dependency struct {
	// Alias is the name in code.
	Alias, Package, Version string
	NoDefault               bool
	Features                []string
}

// line is the entry in a manifest.
func (d dependency) line() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s = { package = %q, version = %q", d.Alias, d.Package, "="+d.Version)
	if d.NoDefault {
		b.WriteString(", default-features = false")
	}
	if len(d.Features) > 0 {
		fmt.Fprintf(&b, ", features = [%s]", quoted(d.Features))
	}
	return b.String() + " }\n"
}

func quoted(list []string) string {
	var q []string
	for _, s := range list {
		q = append(q, fmt.Sprintf("%q", s))
	}
	return strings.Join(q, ", ")
}

// directDependencies are the packages of crates.io that the user's own packages name, with the features that the
// build uses them with. They are read from the lines of `cargo tree --prefix=depth --format=|{p}|{f}`: what `cargo
// metadata` says of features includes those that tests alone ask for.
func directDependencies(tree string) []dependency {
	found := map[string]dependency{}
	var local []bool // by depth: whether the package there is the user's own
	for line := range strings.Lines(tree) {
		f := strings.Split(strings.TrimSpace(line), "|")
		depth, err := strconv.Atoi(f[0])
		if err != nil || len(f) != 3 || depth > len(local) {
			continue
		}
		p := strings.Fields(f[1])
		if len(p) < 2 {
			continue
		}
		own := strings.HasPrefix(p[len(p)-1], "(/")
		local = append(local[:depth], own)
		if own || depth == 0 || !local[depth-1] {
			continue
		}
		d := dependency{Package: p[0], Version: strings.TrimPrefix(p[1], "v"), NoDefault: true}
		d.Alias = "dep_" + strings.ReplaceAll(d.Package, "-", "_")
		if f[2] != "" {
			d.Features = strings.Split(f[2], ",")
		}
		found[d.Package] = d // one version of a package is enough to share it; two would need two aliases
	}
	var list []dependency
	for _, name := range slices.Sorted(maps.Keys(found)) {
		list = append(list, found[name])
	}
	return list
}

// dropped is the dependency that the second project does without: the one that brings fewest packages of its own, so
// that the two projects also ask for different features of what they share. At least one of them is a package that
// nothing else needs.
func (g *graph) dropped(deps []dependency) int {
	best, fewest := -1, len(g.closure)
	for i, d := range deps {
		var exclusive int
		for _, id := range g.thirdParty() {
			if p := g.packages[id]; p.Name == d.Package && p.Version == d.Version && g.libraries[id] == 0 {
				exclusive = len(g.needs(id))
			}
		}
		if exclusive > 0 && exclusive < fewest {
			best, fewest = i, exclusive
		}
	}
	return best
}

// second writes a project to dir that needs what this one needs, but for one dependency, and some more, and returns
// the share of its packages that this one has too.
func (g *graph) second(ctx context.Context, cargo Cargo, dir string, base second) (float64, error) {
	tree, err := cargo(ctx, filepath.Dir(base.manifest), "tree", "--locked", "--package="+base.first, "--edges=normal", "--target="+triple(),
		"--prefix=depth", "--no-dedupe", "--format=|{p}|{f}")
	if err != nil {
		return 0, err
	}
	deps := directDependencies(string(tree))
	if i := g.dropped(deps); i >= 0 && len(deps) > 1 {
		deps = slices.Delete(deps, i, i+1)
	}
	if err := os.MkdirAll(filepath.Join(dir, "src"), 0o755); err != nil {
		return 0, err
	}
	share, err := g.tryAll(ctx, cargo, dir, base, deps)
	for i := 0; err == nil && i < len(additions) && share > wantedShare+shareSlack; i++ {
		add := additions[i]
		if slices.ContainsFunc(deps, func(d dependency) bool { return d.Package == add.Package }) {
			continue
		}
		add.Alias = "dep_" + strings.ReplaceAll(add.Package, "-", "_")
		more := append(slices.Clone(deps), add)
		next, err := g.tryAll(ctx, cargo, dir, base, more)
		if err != nil && ctx.Err() == nil {
			continue // it cannot be locked together with the others, as two packages that link the same library
		}
		if err != nil {
			return 0, err
		}
		if next >= wantedShare-shareSlack {
			deps, share = more, next
		}
	}
	if err != nil {
		return 0, err
	}
	return g.tryAll(ctx, cargo, dir, base, deps)
}

// tryAll writes a second project with some dependencies, locks them, and returns its share.
func (g *graph) tryAll(ctx context.Context, cargo Cargo, dir string, base second, deps []dependency) (float64, error) {
	if err := base.write(dir, deps); err != nil {
		return 0, err
	}
	// What the first project's lock file has stays as it is there; what is new is added.
	if _, err := cargo(ctx, dir, "metadata", "--format-version=1"); err != nil {
		return 0, fmt.Errorf("lock the second project: %w", err)
	}
	return g.share(ctx, cargo, dir, base.name)
}

// second is what a second project has besides its dependencies: a name, and of the first project the lock file and the
// profiles, without which nothing would be compiled in the same way.
type second struct {
	name     string
	first    string // the first project's package
	manifest string // and the path of its manifest
	lock     []byte
	profiles string
}

// profiles are the tables of a manifest that change how cargo compiles.
func profiles(manifest string) string {
	var b strings.Builder
	var in bool
	for line := range strings.Lines(manifest) {
		if strings.HasPrefix(line, "[") {
			in = strings.HasPrefix(line, "[profile.")
		}
		if in {
			b.WriteString(line)
		}
	}
	return b.String()
}

// write writes the files of a second project.
func (s second) write(dir string, deps []dependency) error {
	var manifest, code strings.Builder
	fmt.Fprintf(&manifest, "[package]\nname = %q\nversion = %q\nedition = \"2021\"\npublish = false\n\n[dependencies]\n", s.name, secondVersion)
	code.WriteString("//! A project that needs much of what another one needs.\n\n")
	for _, d := range deps {
		manifest.WriteString(d.line())
		fmt.Fprintf(&code, "use %s as _;\n", d.Alias)
	}
	manifest.WriteString("\n" + s.profiles)
	code.WriteString("\nfn main() {\n    println!(\"{} {}\", env!(\"CARGO_PKG_NAME\"), env!(\"CARGO_PKG_VERSION\"));\n}\n")
	for file, text := range map[string]string{
		"Cargo.toml": manifest.String(), "Cargo.lock": string(s.lock), filepath.Join("src", "main.rs"): code.String(),
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// share is the share of the second project's compiled packages that the first one compiles too.
func (g *graph) share(ctx context.Context, cargo Cargo, dir, name string) (float64, error) {
	other, err := readGraph(ctx, cargo, dir, name)
	if err != nil {
		return 0, err
	}
	ids := map[string]bool{}
	for _, id := range g.thirdParty() {
		ids[id] = true
	}
	var shared int
	theirs := other.thirdParty()
	for _, id := range theirs {
		if ids[id] {
			shared++
		}
	}
	return float64(shared) / float64(len(theirs)), nil
}
