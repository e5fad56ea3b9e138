package plan

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
)

func TestLeaves(t *testing.T) {
	for _, tc := range []struct {
		name, source string
		depth        int
		// whole and script are the answers for a library's source and for code that runs in the build.
		whole, script bool
	}{
		{"nothing", `pub fn f() -> &'static str { "a/b" }`, 1, false, false},
		{"a file of the package", `const A: &str = include_str!("../README.md");`, 1, false, false},
		{"a file beside the package", `const A: &str = include_str!("../../README.md");`, 1, true, true},
		{"from deeper", `const A: &[u8] = include_bytes!("../../data.bin");`, 2, false, false},
		{"from deeper, out", `const A: &[u8] = include_bytes!("../../../data.bin");`, 2, true, true},
		{"in the documentation", `#![doc = include_str!("../README.md")]`, 1, false, false},
		{"a function", `compile("../proto/a.proto")`, 0, false, true},
		{"a function within", `compile("proto/a.proto")`, 0, false, false},
		{"an instruction to cargo", `println!("cargo:rerun-if-changed=../x")`, 0, false, true},
		{"a template", `#[template(path = "../templates/a.html")]`, 1, true, true},
		{"a module", `#[path = "../../shared.rs"] mod shared;`, 1, true, true},
		{"migrations of diesel, wherever they are", `const M: EmbeddedMigrations = embed_migrations!();`, 1, true, true},
		{"migrations of the package", `const M: EmbeddedMigrations = embed_migrations!("migrations");`, 1, false, false},
		{"a macro, beside an inclusion", `include!("../gen.rs"); sqlx::migrate!("../migrations")`, 1, true, true},
		{"a folder with an include attribute", `#[derive(RustEmbed)] #[folder = "../dist"] #[include = "*.js"] struct A;`, 1, true, true},
		{"raw string", `include_str!(r"../../x")`, 1, true, true},
		{"raw string with hashes", `include_str!(r##"../../x"##)`, 1, true, true},
		{"a raw identifier", `fn r#type() { include_str!("../../x") }`, 1, true, true},
		{"after the directory", `include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../x"))`, 1, true, true},
		{"after the directory, when it runs", `open(concat!(env!("CARGO_MANIFEST_DIR"), "/../x"))`, 1, false, true},
		{"a step alone", `Path::new("..").join("x")`, 0, false, true},
		{"the directory above", `Path::new(&env::var("CARGO_MANIFEST_DIR")?).parent()`, 0, false, true},
		{"a parent of something else", `node.parent()`, 1, false, false},
		{"manifest", `std::fs::read("Cargo.toml")`, 0, false, true},
		{"lock file", `include_str!("../Cargo.lock")`, 1, true, true},
		{"repository", `println!("cargo:rerun-if-changed=.git/HEAD"); Path::new(".git")`, 0, false, true},
		{"a list of files to ignore", `const IGNORED: &[&str] = &[".gitignore"];`, 1, false, true},
		{"workspace", `env!("CARGO_WORKSPACE_DIR")`, 1, true, true},
		{"comments", "/// include_str!(\"../../x\")\n/* include_str!(\"../../x\") /* */ \"../\" */ fn f() {}", 1, false, false},
		{"behind a comment", "// it's\ninclude_str!(\"../../x\")", 1, true, true},
		{"behind characters", `fn f<'a>(x: &'a str) { g('"', '\'', '\u{22}', 'ü'); include_str!("../../x") }`, 1, true, true},
		{"behind a string", `g("\\", "\""); include_str!("../../x")`, 1, true, true},
		{"a comparison", `if !(path == "../x") { f!() }`, 1, false, true},
		{"behind a macro", `f!(a[0], {b}); g("../x")`, 1, false, true},
		{"in a test of the library", `assert_eq!(path_to_root(path), "../../");`, 2, false, true},
		{"brackets without end", `)]}include_str!("../../x"`, 1, true, true},
		{"a quote without end", `include_str!("../../x`, 1, true, true},
	} {
		if got := leaves(tc.source, tc.depth, false); got != tc.whole {
			t.Errorf("%s, in a library: %v, want %v", tc.name, got, tc.whole)
		}
		if got := leaves(tc.source, tc.depth, true); got != tc.script {
			t.Errorf("%s, in a build script: %v, want %v", tc.name, got, tc.script)
		}
	}
}

// FuzzRustStrings finds sources at which the scanner fails or does not end.
func FuzzRustStrings(f *testing.F) {
	for _, seed := range []string{"'", `'\`, `"\`, `r#"`, `br##"x"#`, "/*", "/*/", "#![", `a!("x"`, "'\xc3\xbc'", "''"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		rustStrings(source, func(s rustString) {
			if !strings.Contains(source, s.text) {
				t.Errorf("%q is not in %q", s.text, source)
			}
		})
	})
}

func TestSearch(t *testing.T) {
	for _, tc := range []struct {
		source             string
		markdown, licenses bool
		dirs               string
	}{
		{`fn f() {}`, false, false, ""},
		{`include_str!("../README.md")`, true, false, ""},
		{`include_str!("../LICENSE-MIT")`, false, true, ""},
		{`include_str!("../docs/a.txt")`, false, false, "docs"},
		{`#[folder = "examples"]`, false, false, "examples"},
		{`#[folder = "."]`, true, true, "docs doc tests benches examples"},
		{`#[folder = "$CARGO_MANIFEST_DIR"]`, true, true, "docs doc tests benches examples"},
	} {
		m := mentions{dirs: map[string]bool{}, outside: map[string]bool{}}
		m.search(tc.source)
		dirs := ""
		for _, dir := range optionalDirs {
			if m.dirs[dir] {
				dirs += " " + dir
			}
		}
		if m.markdown != tc.markdown || m.licenses != tc.licenses || dirs != "" && dirs[1:] != tc.dirs || dirs == "" && tc.dirs != "" {
			t.Errorf("%s: markdown %v, licences %v, directories%s", tc.source, m.markdown, m.licenses, dirs)
		}
	}
}

// TestApart states which members get a vertex of their own.
func TestApart(t *testing.T) {
	manifest := "[package]\nname = \"lib\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"
	for _, tc := range []struct {
		name    string
		files   map[string]string
		noFiles bool
		want    bool
		pkg     string
	}{
		{name: "a library", want: true},
		{name: "no context to look at", noFiles: true, want: false},
		{name: "a source that leaves", files: map[string]string{"lib/src/lib.rs": `include_str!("../../x");`}, want: false},
		{name: "a test that leaves", files: map[string]string{"lib/tests/t.rs": `include_str!("../../x");`}, want: true},
		{name: "a library that leaves when it runs", files: map[string]string{"lib/src/lib.rs": `fn f() { open("../x") }`}, want: true},
		{name: "a macro's library that leaves", files: map[string]string{"lib/Cargo.toml": manifest + "[lib]\nproc-macro = true\n",
			"lib/src/lib.rs": `fn f() { open("../x") }`}, want: false},
		{name: "a script's library that leaves", files: map[string]string{"lib/src/lib.rs": `fn f() { open("../x") }`,
			"app/Cargo.toml": "[package]\nname = \"app\"\nversion = \"0.1.0\"\n[dependencies]\nother = { path = \"../other\" }\n[build-dependencies]\nlib = { path = \"../lib\" }\n",
			"app/build.rs":   "fn main() {}"}, want: false},
		{name: "a script's module that leaves", files: map[string]string{"lib/build.rs": "mod build { mod x; } fn main() {}", "lib/build/x.rs": `fn f() { open("../x") }`}, want: false},
		{name: "a script that shares the library's module", files: map[string]string{"lib/build.rs": "#[path = \"src/x.rs\"] mod x; fn main() {}",
			"lib/src/x.rs": `fn f() { open("../x") }`}, want: false},
		{name: "a build script that leaves", files: map[string]string{"lib/build.rs": `fn main() { read("../x") }`}, want: false},
		{name: "a file that is no Rust", files: map[string]string{"lib/src/a.txt": `"../../x"`}, want: true},
		{name: "another member leaves", files: map[string]string{"app/src/main.rs": `include_str!("../../x");`}, want: true},
		{name: "reads the repository", files: map[string]string{"lib/Cargo.toml": manifest + "[build-dependencies]\nvergen = \"9\"\n"}, want: false},
		{name: "reads the repository under another name", files: map[string]string{
			"lib/Cargo.toml": manifest + "[build-dependencies]\ngit = { package = \"git2\", version = \"0.20\" }\n"}, want: false},
		{name: "a library that works with repositories", files: map[string]string{"lib/Cargo.toml": manifest + "[dependencies]\ngit2 = \"0.20\"\n"}, want: true},
		{name: "a macro that reads the repository", files: map[string]string{
			"lib/Cargo.toml": manifest + "[dependencies]\ngit2 = \"0.20\"\n[lib]\nproc-macro = true\n"}, want: false},
		{name: "reads a record of the commit", files: map[string]string{
			"lib/Cargo.toml": manifest + "[build-dependencies]\nvergen = { package = \"crate-git-revision\", version = \"0.0.6\" }\n"}, want: false},
		{name: "reads a variable with the commit", files: map[string]string{"lib/src/lib.rs": `const C: Option<&str> = option_env!("GIT_HASH");`}, want: false},
		{name: "reads another variable", files: map[string]string{"lib/src/lib.rs": `const C: Option<&str> = option_env!("HOME");`}, want: true},
		{name: "the one program", pkg: "app", want: false},
		{name: "one of two programs", pkg: "app", files: map[string]string{"app/src/bin/b.rs": "fn main() {}", "app/src/lib.rs": ""}, want: true},
		{name: "outside of the workspace", pkg: "other", want: false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			files := map[string]string{
				"Cargo.toml":         "[workspace]\nmembers = [\"app\", \"lib\"]\nexclude = [\"other\"]\nresolver = \"2\"\n",
				"app/Cargo.toml":     "[package]\nname = \"app\"\nversion = \"0.1.0\"\n[dependencies]\nlib = { path = \"../lib\" }\nother = { path = \"../other\" }\n",
				"app/src/main.rs":    "fn main() {}",
				"lib/Cargo.toml":     manifest,
				"lib/src/lib.rs":     "",
				"other/Cargo.toml":   "[package]\nname = \"other\"\nversion = \"0.1.0\"\n",
				"other/src/lib.rs":   "",
				"Cargo.lock":         "version = 4\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\"lib\", \"other\"]\n" + lockedLibraries,
				"app/src/ignored.md": "../../../x",
			}
			for name, text := range tc.files {
				files[name] = text
			}
			pkg := tc.pkg
			if pkg == "" {
				pkg = "lib"
			}
			m := membersOf(t, files, tc.noFiles)
			if got := m.apart(m.ws.PackageAt(pkg)); got != tc.want {
				t.Errorf("%s is compiled apart: %v, want %v", pkg, got, tc.want)
			}
		})
	}
}

const lockedLibraries = `
[[package]]
name = "lib"
version = "0.1.0"
dependencies = ["crate-git-revision", "git2", "vergen"]
[[package]]
name = "other"
version = "0.1.0"
[[package]]
name = "crate-git-revision"
version = "0.0.6"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
[[package]]
name = "git2"
version = "0.20.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
[[package]]
name = "vergen"
version = "9.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
`

// membersOf are the members of a workspace whose binary app is built.
func membersOf(t *testing.T, files map[string]string, noContext bool) *memberUnits {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	ws, err := cargo.Load(fsys, cargo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	o, err := options.Parse("Rustfile", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.SetTarget("app"); err != nil {
		t.Fatal(err)
	}
	s, err := selectBinaries(ws, o)
	if err != nil {
		t.Fatal(err)
	}
	c, err := newClosure(ws, s)
	if err != nil {
		t.Fatal(err)
	}
	in := Inputs{Platform: "linux/amd64", Context: fsys}
	if noContext {
		in.Context = nil
	}
	p, err := New(ws, o, in)
	if err != nil {
		t.Fatal(err)
	}
	return newMemberUnits(p, ws, newStubs(ws, o, c))
}
