package cargo

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// editions that exist, oldest first.
var editions = []string{"2015", "2018", "2021", "2024"}

// pkg returns the package of a manifest, with inheritance applied, once.
func (l *loader) pkg(m *manifest) (*Package, error) {
	if p, ok := l.packages[m.path]; ok {
		return p, nil
	}
	b := packageBuilder{loader: l, m: m, p: &Package{Dir: m.dir, Manifest: m.path, Spans: m.spans()}}
	for _, step := range []func(){b.identity, b.description, b.buildScript, b.allTargets, b.allDependencies, b.features} {
		step()
		if b.err != nil {
			return nil, b.err
		}
	}
	l.packages[m.path] = b.p
	return b.p, nil
}

// packageBuilder fills in a package step by step; the first fault wins.
type packageBuilder struct {
	*loader
	reader
	m *manifest
	p *Package
}

// field is package.KEY, inherited where it says so.
func (b *packageBuilder) field(key string) *value {
	if b.err != nil {
		return nil
	}
	v, err := b.packageField(b.m, key)
	b.fail(err)
	return v
}

func (b *packageBuilder) identity() {
	name := b.m.pkg.get("name")
	if name == nil {
		fault := b.m.pkg.fault("missing field `package.name`")
		fault.Fix = "Add `name = \"...\"` to the [package] section."
		b.fail(fault)
		return
	}
	b.p.Name = b.str(name)
	if err := validateName(b.p.Name, "package name"); err != nil && b.err == nil {
		b.fail(name.fault("%v", err))
	}
	b.version()
	b.edition()
	if v := b.field("rust-version"); v != nil {
		b.p.RustVersion = b.str(v)
		req, err := parseComparator(b.p.RustVersion)
		if b.err == nil && (err != nil || req.op != "^" || req.pre != "" || !startsWithDigit(b.p.RustVersion)) {
			b.fail(v.fault("invalid rust-version `%s`: expected a version like \"1.32\"", b.p.RustVersion))
		}
	}
}

func startsWithDigit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

func (b *packageBuilder) version() {
	v := b.field("version")
	b.p.Version = "0.0.0"
	if v == nil {
		return
	}
	b.p.Version = strings.TrimSpace(b.str(v))
	if b.err == nil {
		if _, err := parseVersion(b.p.Version); err != nil {
			fault := v.fault("invalid version `%s`: %v", b.p.Version, err)
			fault.Fix = "Write a version of three numbers, for example \"0.1.0\"."
			b.fail(fault)
		}
	}
}

func (b *packageBuilder) edition() {
	v := b.field("edition")
	b.p.Edition = editions[0]
	if v == nil {
		return
	}
	b.p.Edition = b.str(v)
	if b.err != nil || slices.Contains(editions, b.p.Edition) {
		return
	}
	message := fmt.Sprintf("failed to parse the `edition` key: supported edition values are `2015`, `2018`, `2021`, "+
		"or `2024`, but `%s` is unknown", b.p.Edition)
	if len(b.p.Edition) == 4 && b.p.Edition > "2024" && isNumeric(b.p.Edition) {
		message = fmt.Sprintf("failed to parse the `edition` key: this version of Cargo is older than the `%s` edition, "+
			"and only supports `2015`, `2018`, `2021`, and `2024` editions", b.p.Edition)
	}
	b.fail(v.fault("%s", message))
}

func (b *packageBuilder) description() {
	p, pkg := b.p, b.m.pkg
	p.Links = b.str(pkg.get("links"))
	p.DefaultRun = b.str(pkg.get("default-run"))
	p.ForcedTarget = b.str(pkg.first("forced-target", "default-target"))
	p.Description = b.str(b.field("description"))
	p.License = b.str(b.field("license"))
	p.LicenseFile = b.licenseFile()
	p.Authors = b.strs(b.field("authors"))
	p.Repository = b.str(b.field("repository"))
	p.Homepage = b.str(b.field("homepage"))
	p.Publish = b.publish(b.field("publish"))
	if v := pkg.get("metadata"); v != nil {
		if v.kind == tableValue {
			p.Metadata = v.plainTable()
		}
		p.Settings = newSetting(v.get("rustfile"))
	}
}

// licenseFile is relative to the workspace root when it is inherited.
func (b *packageBuilder) licenseFile() string {
	v := b.field("license-file")
	name := b.str(v)
	if v == nil || v.doc == b.m.doc && name == "" {
		return name
	}
	if v.doc == b.m.doc {
		return name
	}
	joined, err := joinPath(path.Dir(v.doc.path), name)
	if err != nil {
		b.fail(pathError(v, "the license file", name, err))
		return ""
	}
	return relativeTo(b.p.Dir, joined)
}

func (b *packageBuilder) publish(v *value) bool {
	switch {
	case v == nil:
		return b.m.pkg.get("version") != nil
	case v.kind == arrayValue:
		return len(b.strs(v)) > 0
	}
	return b.boolean(v, true)
}

// buildScript finds the build script as cargo does: build.rs is one unless the
// manifest says otherwise.
func (b *packageBuilder) buildScript() {
	v := b.m.pkg.get("build")
	switch {
	case v == nil:
		if b.tree.isFile(path.Join(b.p.Dir, "build.rs")) {
			b.p.Build = "build.rs"
		}
	case v.kind == booleanValue:
		if v.text == "true" {
			b.p.Build = "build.rs"
		}
	default:
		scripts := b.strOrStrs(v)
		if len(scripts) > 0 {
			b.p.Build = b.sourcePath(v, "the build script", scripts[0])
		}
	}
	if b.p.Links != "" && b.p.Build == "" && b.err == nil {
		b.fail(b.m.pkg.get("links").fault("package specifies that it links to `%s` but does not have a custom build script", b.p.Links))
	}
}

// sourcePath checks a file name that the manifest gives, and makes it relative
// to the package's directory and clean.
func (b *packageBuilder) sourcePath(v *value, what, name string) string {
	joined, err := joinPath(b.p.Dir, name)
	if err != nil {
		b.fail(pathError(v, what, name, err))
		return ""
	}
	if joined == b.p.Dir && b.err == nil {
		b.fail(v.fault("%s `%s` is a directory", what, name))
		return ""
	}
	return relativeTo(b.p.Dir, joined)
}
