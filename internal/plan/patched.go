package plan

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
)

// inherits finds a key that takes its value from the workspace's root manifest.
var inherits = regexp.MustCompile(`(?m)\bworkspace\s*=\s*true`)

// realPackage writes the manifest of a package that third-party crates depend
// on: its sources are compiled, so it stays as it is. Outside its workspace it
// could inherit nothing, so inherited values are written out.
func (g *stubs) realPackage(p *cargo.Package) error {
	g.exclude = append(g.exclude, relative(g.ws.Root, p.Dir))
	if raw := string(g.ws.Files[p.Manifest]); !inherits.MatchString(raw) {
		g.files = append(g.files, File{Path: p.Manifest, Content: raw})
		return nil
	}
	pkg := map[string]any{"name": p.Name, "version": p.Version, "edition": p.Edition, "publish": false}
	for key, value := range map[string]string{
		"links": p.Links, "rust-version": p.RustVersion, "description": p.Description, "license": p.License,
		"license-file": p.LicenseFile, "repository": p.Repository, "homepage": p.Homepage, "build": p.Build,
	} {
		setIf(pkg, key, value)
	}
	if p.Build == "" {
		pkg["build"] = false
	}
	if len(p.Authors) > 0 {
		pkg["authors"] = p.Authors
	}
	manifest := map[string]any{"package": pkg}
	for _, t := range p.Targets {
		if t.Kind != cargo.KindLib {
			continue
		}
		lib := map[string]any{"path": t.Path}
		if t.Name != strings.ReplaceAll(p.Name, "-", "_") {
			// Cargo's fingerprint tells a name that is written from one that is not.
			lib["name"] = t.Name
		}
		if slices.Contains(t.CrateTypes, "proc-macro") {
			lib["proc-macro"] = true
		} else if len(t.CrateTypes) > 0 {
			lib["crate-type"] = t.CrateTypes
		}
		manifest["lib"] = lib
	}
	g.dependencyTables(p, manifest)
	if len(p.Features) > 0 {
		manifest["features"] = features(p)
	}
	return g.write(path.Join(p.Dir, "Cargo.toml"), manifest)
}
