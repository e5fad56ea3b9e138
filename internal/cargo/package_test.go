package cargo

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// line renders a target for comparison.
func (t Target) line() string {
	text := fmt.Sprintf("%s %s %s %s", t.Kind, t.Name, t.Path, strings.Join(t.CrateTypes, "+"))
	if len(t.RequiredFeatures) > 0 {
		text += " needs " + strings.Join(t.RequiredFeatures, "+")
	}
	if t.Declared {
		text += " declared"
	}
	return text
}

// everything lists the files of a package with targets of all kinds.
const everything = "src/lib.rs src/main.rs src/bin/one.rs src/bin/two/main.rs src/bin/no/x.rs src/bin/.hidden.rs src/bin/note.txt " +
	"examples/e.rs examples/f/main.rs tests/t.rs tests/help/mod.rs benches/b.rs"

// targetCases are packages with files, and the targets they have.
var targetCases = []struct {
	name, edition, rest, files string
	want                       []string
}{
	{"everything is discovered", "2021", "", everything, []string{"lib my_app src/lib.rs lib", "bin my-app src/main.rs bin", "bin one src/bin/one.rs bin",
		"bin two src/bin/two/main.rs bin", "example e examples/e.rs bin", "example f examples/f/main.rs bin", "test t tests/t.rs bin", "bench b benches/b.rs bin"}},
	{"discovery is off", "2021", "autobins = false\nautoexamples = false\nautotests = false\nautobenches = false\n", everything,
		[]string{"lib my_app src/lib.rs lib"}},
	{"declared besides discovered", "2021", "[[bin]]\nname = \"two\"\nrequired-features = [\"f\"]\n[features]\nf = []\n", "src/main.rs src/bin/two/main.rs src/bin/one.rs",
		[]string{"bin my-app src/main.rs bin", "bin one src/bin/one.rs bin", "bin two src/bin/two/main.rs bin needs f declared"}},
	{"declared path is not discovered again", "2021", "[[bin]]\nname = \"renamed\"\npath = \"./src/main.rs\"\n", "src/main.rs",
		[]string{"bin renamed src/main.rs bin declared"}},
	{"an array ends discovery in 2015", "2015", "[[bin]]\nname = \"one\"\n", "src/main.rs src/bin/one.rs", []string{"bin one src/bin/one.rs bin declared"}},
	{"unless asked for", "2015", "autobins = true\n[[bin]]\nname = \"one\"\n", "src/main.rs src/bin/one.rs",
		[]string{"bin my-app src/main.rs bin", "bin one src/bin/one.rs bin declared"}},
	{"2015 looks in src", "2015", "[[bin]]\nname = \"x\"\n", "src/x.rs", []string{"bin x src/x.rs bin declared"}},
	{"2015 falls back to main.rs", "2015", "[lib]\npath = \"l.rs\"\n[[bin]]\nname = \"x\"\n", "src/main.rs",
		[]string{"lib my_app l.rs lib declared", "bin x src/main.rs bin declared"}},
	{"2015 library by name", "2015", "[lib]\nname = \"y\"\n", "src/y.rs", []string{"lib y src/y.rs lib declared"}},
	{"2015 bench", "2015", "[[bench]]\nname = \"bench\"\n", "src/lib.rs src/bench.rs", []string{"lib my_app src/lib.rs lib", "bench bench src/bench.rs bin declared"}},
	{"crate types", "2021", "[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n", "src/lib.rs", []string{"lib my_app src/lib.rs cdylib+rlib declared"}},
	{"proc macro", "2021", "[lib]\nproc-macro = true\n", "src/lib.rs", []string{"lib my_app src/lib.rs proc-macro declared"}},
	{"old spelling", "2021", "[lib]\nproc_macro = true\nname = \"m\"\n", "src/lib.rs", []string{"lib m src/lib.rs proc-macro declared"}},
	{"example library", "2021", "[[example]]\nname = \"e\"\ncrate-type = [\"staticlib\"]\n", "src/lib.rs examples/e.rs",
		[]string{"lib my_app src/lib.rs lib", "example e examples/e.rs staticlib declared"}},
	{"shared source", "2021", "[[bin]]\nname = \"x\"\npath = \"../shared/x.rs\"\n", "", []string{"bin x ../shared/x.rs bin declared"}},
	{"tests outside", "2021", "[[test]]\nname = \"t\"\npath = \"../../t.rs\"\n[[bench]]\nname = \"b\"\npath = \"/b.rs\"\n", "src/lib.rs", []string{"lib my_app src/lib.rs lib"}},
	{"Unicode", "2021", "[[bin]]\nname = \"größe\"\n", "src/bin/größe.rs", []string{"bin größe src/bin/größe.rs bin declared"}},
}

func TestTargets(t *testing.T) {
	for _, tc := range targetCases {
		t.Run(tc.name, func(t *testing.T) {
			f := files{"p/Cargo.toml": "[package]\nname = \"my-app\"\nversion = \"0.1.0\"\nedition = \"" + tc.edition + "\"\n" + tc.rest,
				"p/Cargo.lock": lockFile("my-app 0.1.0")}
			for _, name := range strings.Fields(tc.files) {
				f["p/"+name] = ""
			}
			ws, err := Load(f.fs(), LoadOptions{ManifestPath: "p/Cargo.toml"})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, target := range ws.Members[0].Targets {
				got = append(got, target.line())
			}
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("targets are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
}

func TestBuildScript(t *testing.T) {
	for _, tc := range []struct{ name, rest, file, want string }{
		{"found", "", "build.rs", "build.rs"},
		{"none", "", "x", ""},
		{"off", "build = false\n", "build.rs", ""},
		{"on", "build = true\n", "x", "build.rs"},
		{"named", "build = \"./ci/../make.rs\"\n", "build.rs", "make.rs"},
		{"several", "build = [\"a.rs\", \"b.rs\"]\n", "build.rs", "a.rs"},
		{"directory", "", "build.rs/x", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ws := mustLoad(t, app(tc.rest).with(files{tc.file: ""}))
			if got := ws.Members[0].Build; got != tc.want {
				t.Errorf("build script is %q, want %q", got, tc.want)
			}
		})
	}
}

// line renders a dependency for comparison.
func (d Dependency) line() string {
	text := fmt.Sprintf("%s[%s] %s=%s %q", d.Kind, d.Target, d.Key, d.Package, d.Requirement)
	if d.Path != "" {
		text += " path " + d.Path
	}
	if d.Git != nil {
		text += fmt.Sprintf(" git %s b%s t%s r%s", d.Git.URL, d.Git.Branch, d.Git.Tag, d.Git.Rev)
	}
	if d.Registry+d.RegistryIndex != "" {
		text += " registry " + d.Registry + d.RegistryIndex
	}
	if d.Optional {
		text += " optional"
	}
	if !d.DefaultFeatures {
		text += " no-default"
	}
	if len(d.Features) > 0 {
		text += " features " + strings.Join(d.Features, "+")
	}
	return text
}

func dependencyLines(t *testing.T, f files) []string {
	t.Helper()
	m, err := parseManifest("Cargo.toml", []byte(f["Cargo.toml"]))
	if err != nil {
		t.Fatal(err)
	}
	l := &loader{tree: newTree(f.fs()), manifests: map[string]*manifest{"Cargo.toml": m}, packages: map[string]*Package{}}
	p, err := l.pkg(m)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, d := range p.Dependencies {
		lines = append(lines, d.line())
	}
	return lines
}

// dependencyCases are manifests with the dependencies they have.
var dependencyCases = []struct {
	name, rest string
	want       []string
}{
	{"forms", "[dependencies]\na = \"1.2\"\nb = { version = \"2\", features = [\"f\", \"g\"], default-features = false, optional = true }\n" +
		"[dependencies.c]\nversion = \"3\"\n", []string{`normal[] a=a "1.2"`, `normal[] b=b "2" optional no-default features f+g`, `normal[] c=c "3"`}},
	{"kinds and platforms", "[dependencies]\na = \"1\"\n[dev-dependencies]\nb = \"1\"\n[build-dependencies]\nc = \"1\"\n" +
		"[target.'cfg(unix)'.dependencies]\nd = \"1\"\n[target.x86_64-pc-windows-msvc.dev-dependencies]\ne = \"1\"\n",
		[]string{`normal[] a=a "1"`, `normal[cfg(unix)] d=d "1"`, `build[] c=c "1"`, `dev[] b=b "1"`, `dev[x86_64-pc-windows-msvc] e=e "1"`}},
	{"old spellings", "[dev_dependencies]\nb = { version = \"1\", default_features = false }\n[build_dependencies]\nc = \"1\"\n",
		[]string{`build[] c=c "1"`, `dev[] b=b "1" no-default`}},
	{"renamed", "[dependencies]\nx = { package = \"real-name\", version = \"1\" }\n", []string{`normal[] x=real-name "1"`}},
	{"git", "[dependencies]\nx = { git = \"https://h/x\", branch = \"b\" }\ny = { git = \"ssh://git@h/y\", rev = \"r\", version = \"1\" }\n",
		[]string{`normal[] x=x "" git https://h/x bb t r`, `normal[] y=y "1" git ssh://git@h/y b t rr`}},
	{"registries", "[dependencies]\nx = { version = \"1\", registry = \"corp\" }\ny = { version = \"1\", registry-index = \"sparse+https://h/i/\" }\n",
		[]string{`normal[] x=x "1" registry corp`, `normal[] y=y "1" registry sparse+https://h/i/`}},
	{"inherited", "[dependencies]\na.workspace = true\nb = { workspace = true, optional = true, features = [\"more\"] }\n[build-dependencies]\nc.workspace = true\n" +
		"[workspace.dependencies]\na = \"1\"\nb = { version = \"2\", features = [\"base\"], default-features = false }\nc = { path = \"libs/c\", version = \"3\" }\n",
		[]string{`normal[] a=a "1"`, `normal[] b=b "2" optional no-default features base+more`, `build[] c=c "3" path libs/c`}},
	{"default features can be inherited on", "[dependencies]\nb = { workspace = true, default-features = true }\n" +
		"[workspace.dependencies]\nb = { version = \"2\", default-features = false }\n", []string{`normal[] b=b "2"`}},
	{"but not off before 2024", "[dependencies]\nb = { workspace = true, default-features = false }\n[workspace.dependencies]\nb = \"2\"\n", []string{`normal[] b=b "2"`}},
}

func TestDependencies(t *testing.T) {
	for _, tc := range dependencyCases {
		t.Run(tc.name, func(t *testing.T) {
			if got := dependencyLines(t, app(tc.rest)); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("dependencies are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
	f := app("[dependencies]\nb = { workspace = true, default-features = false }\n[workspace.dependencies]\nb = \"2\"\n")
	f["Cargo.toml"] = strings.Replace(f["Cargo.toml"], "2021", "2024", 1)
	if got := dependencyLines(t, f); !reflect.DeepEqual(got, []string{`normal[] b=b "2" no-default`}) {
		t.Errorf("edition 2024: %v", got)
	}
}

// featureDependencies are what the features of featureCases refer to.
const featureDependencies = "[dependencies]\nser-de = { version = \"1\", optional = true }\nlog = { version = \"1\", optional = true }\nbase = \"1\"\n"

// featureCases are [features] tables with the features they mean.
var featureCases = []struct {
	name, features string
	want           map[string][]string
}{
	{"implicit", "", map[string][]string{"ser-de": {"dep:ser-de"}, "log": {"dep:log"}}},
	{"dep: hides", "[features]\nserde = [\"dep:ser-de\", \"base/std\"]\n", map[string][]string{"serde": {"dep:ser-de", "base/std"}, "log": {"dep:log"}}},
	{"own feature of the name", "[features]\nlog = [\"dep:log\", \"ser-de?/x\"]\ndefault = [\"log\", \"ser-de\"]\n",
		map[string][]string{"log": {"dep:log", "ser-de?/x"}, "default": {"log", "ser-de"}, "ser-de": {"dep:ser-de"}}},
}

func TestFeatures(t *testing.T) {
	for _, tc := range featureCases {
		t.Run(tc.name, func(t *testing.T) {
			m, err := parseManifest("Cargo.toml", []byte(header+featureDependencies+tc.features))
			if err != nil {
				t.Fatal(err)
			}
			p, err := (&loader{tree: newTree(app("").fs()), packages: map[string]*Package{}}).pkg(m)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(p.Features, tc.want) {
				t.Errorf("features are %v, want %v", p.Features, tc.want)
			}
		})
	}
}

func TestInheritedFields(t *testing.T) {
	f := files{
		"Cargo.toml": "[workspace]\nmembers = [\"m\"]\n[workspace.package]\nversion = \"1.2.3-rc.1+x\"\nedition = \"2024\"\nauthors = [\"A\"]\nlicense = \"MIT\"\n" +
			"license-file = \"LICENSE\"\nrepository = \"https://r\"\nhomepage = \"https://h\"\ndescription = \"d\"\nrust-version = \"1.85\"\npublish = false\n",
		"m/Cargo.toml": "[package]\nname = \"m\"\nversion.workspace = true\nedition.workspace = true\nauthors = { workspace = true }\nlicense.workspace = true\n" +
			"license-file.workspace = true\nrepository.workspace = true\nhomepage.workspace = true\ndescription.workspace = true\nrust-version.workspace = true\n" +
			"publish.workspace = true\n[package.metadata]\nx = { y = [1, 2.5, true, \"s\"] }\n",
		"m/src/lib.rs": "", "Cargo.lock": lockFile("m 1.2.3-rc.1+x"),
	}
	p := mustLoad(t, f).Members[0]
	got := []any{p.Version, p.Edition, p.Authors, p.License, p.LicenseFile, p.Repository, p.Homepage, p.Description, p.RustVersion, p.Publish, p.Metadata}
	want := []any{"1.2.3-rc.1+x", "2024", []string{"A"}, "MIT", "../LICENSE", "https://r", "https://h", "d", "1.85", false,
		map[string]any{"x": map[string]any{"y": []any{int64(1), 2.5, true, "s"}}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestDefaultsOfAPackage(t *testing.T) {
	ws := mustLoad(t, files{"Cargo.toml": "[project]\nname = \"a\"\n", "src/lib.rs": "", "Cargo.lock": lockFile("a 0.0.0")})
	p := ws.Members[0]
	if p.Version != "0.0.0" || p.Edition != "2015" || p.Publish || ws.Resolver != "1" || p.Metadata != nil {
		t.Errorf("version %s, edition %s, publish %v, resolver %s", p.Version, p.Edition, p.Publish, ws.Resolver)
	}
}

func TestResolver(t *testing.T) {
	for _, tc := range []struct{ manifest, want string }{
		{"[package]\nname = \"app\"\nversion = \"0.1.0\"\n", "1"},
		{header, "2"},
		{strings.Replace(header, "2021", "2024", 1), "3"},
		{header + "resolver = \"1\"\n", "1"},
		{header + "[workspace]\nresolver = \"3\"\n", "3"},
		{"[workspace]\nmembers = [\"m\"]\n", "1"},
		{"[workspace]\nmembers = [\"m\"]\nresolver = \"2\"\n", "2"},
	} {
		f := app("").with(files{"Cargo.toml": tc.manifest, "m/Cargo.toml": lib("app", ""), "m/src/lib.rs": ""})
		if got := mustLoad(t, f).Resolver; got != tc.want {
			t.Errorf("resolver is %s, want %s for\n%s", got, tc.want, tc.manifest)
		}
	}
}

func TestSpansAndFiles(t *testing.T) {
	f := app("rust-version = \"1.70\"\n[[bin]]\nname = \"x\"\npath = \"src/main.rs\"\n\n[features]\nf = []\n\n[profile.release]\nlto = true\n[profile.release.package.z]\nopt-level = 2\n")
	ws := mustLoad(t, f)
	p := ws.Members[0]
	for key, want := range map[string]string{
		"": "Cargo.toml:1:1", "package.name": "Cargo.toml:2:1", "package.rust-version": "Cargo.toml:5:1", "package.links": "Cargo.toml:1:1",
		"bin.x": "Cargo.toml:6:1", "bin.x.path": "Cargo.toml:8:1", "features.f": "Cargo.toml:11:1", "dependencies.q": "Cargo.toml:1:1",
		"bin.x.required-features": "Cargo.toml:6:1",
	} {
		if got := p.Span(key).String(); got != want {
			t.Errorf("Span(%q) is %s, want %s", key, got, want)
		}
	}
	if got := ws.Span("profile.release.lto").String(); got != "Cargo.toml:14:1" {
		t.Errorf("the profile is at %s", got)
	}
	if end := p.Span("package.name").End; end != (Position{2, 13}) {
		t.Errorf("the name ends at %v", end)
	}
	if !reflect.DeepEqual(ws.Profiles, map[string]map[string]any{"release": {"lto": true, "package": map[string]any{"z": map[string]any{"opt-level": int64(2)}}}}) {
		t.Errorf("profiles are %v", ws.Profiles)
	}
	if string(ws.Files["Cargo.toml"]) != f["Cargo.toml"] || string(ws.Files["Cargo.lock"]) != f["Cargo.lock"] || len(ws.Files) != 2 {
		t.Errorf("files are %v", sortedKeys(ws.Files))
	}
}

// TestText covers the forms of TOML text that must be read.
func TestText(t *testing.T) {
	f := app("[dependencies]\n# TOML 1.1: a newline and a trailing comma in an inline table, and new escapes\na = {\n  version = \"1\",\n  features = [\n    \"\\x66\\e\",\n  ],\n}\n")
	f["Cargo.lock"] = lockFile("app 0.1.0 -> a", "a 1.0.0 crates")
	f["Cargo.toml"] = strings.Replace(f["Cargo.toml"], "\\e", "", 1)
	for name, edit := range map[string]func(string) string{
		"plain":               func(s string) string { return s },
		"byte order mark":     func(s string) string { return "\ufeff" + s },
		"CRLF":                func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
		"no newline at end":   strings.TrimSpace,
		"CRLF and order mark": func(s string) string { return "\ufeff" + strings.ReplaceAll(s, "\n", "\r\n") },
	} {
		t.Run(name, func(t *testing.T) {
			ws := mustLoad(t, f.with(files{"Cargo.toml": edit(f["Cargo.toml"]), "Cargo.lock": edit(f["Cargo.lock"])}))
			if got := ws.Members[0].Dependencies[0].line(); got != `normal[] a=a "1" features f` {
				t.Errorf("dependency is %s", got)
			}
		})
	}
}
