package plan

import (
	"testing"
	"testing/fstest"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
)

func TestLeaves(t *testing.T) {
	for _, tc := range []struct {
		name, source string
		depth        int
		want         bool
	}{
		{"nothing", `pub fn f() -> &'static str { "a/b" }`, 1, false},
		{"a file of the package", `const A: &str = include_str!("../README.md");`, 1, false},
		{"a file beside the package", `const A: &str = include_str!("../../README.md");`, 1, true},
		{"from deeper", `const A: &[u8] = include_bytes!("../../data.bin");`, 2, false},
		{"from deeper, out", `const A: &[u8] = include_bytes!("../../../data.bin");`, 2, true},
		{"a build script", `compile("../proto/a.proto")`, 0, true},
		{"a build script within", `compile("proto/a.proto")`, 0, false},
		{"relative to the package", `#[template(path = "../templates/a.html")]`, 1, true},
		{"migrations of diesel, wherever they are", `const M: EmbeddedMigrations = embed_migrations!();`, 1, true},
		{"migrations of the package", `const M: EmbeddedMigrations = embed_migrations!("migrations");`, 1, false},
		{"relative to the package, beside an inclusion", `include!("../gen.rs"); sqlx::migrate!("../migrations")`, 1, true},
		{"a folder with an include attribute", `#[derive(RustEmbed)] #[folder = "../dist"] #[include = "*.js"] struct A;`, 1, true},
		{"raw string", `include_str!(r"../../x")`, 1, true},
		{"after the directory", `concat!(env!("CARGO_MANIFEST_DIR"), "/../x")`, 1, true},
		{"a step alone", `Path::new("..").join("x")`, 0, true},
		{"the directory above", `Path::new(&env::var("CARGO_MANIFEST_DIR")?).parent()`, 0, true},
		{"a parent of something else", `node.parent()`, 1, false},
		{"manifest", `std::fs::read("Cargo.toml")`, 0, true},
		{"lock file", `include_str!("../Cargo.lock")`, 1, true},
		{"repository", `println!("cargo:rerun-if-changed=.git/HEAD"); Path::new(".git")`, 0, true},
		{"workspace", `env!("CARGO_WORKSPACE_DIR")`, 1, true},
	} {
		if got := leaves(tc.source, tc.depth); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
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
		{name: "a build script that leaves", files: map[string]string{"lib/build.rs": `fn main() { read("../x") }`}, want: false},
		{name: "a file that is no Rust", files: map[string]string{"lib/src/a.txt": `"../../x"`}, want: true},
		{name: "another member leaves", files: map[string]string{"app/src/main.rs": `include_str!("../../x");`}, want: true},
		{name: "reads the repository", files: map[string]string{"lib/Cargo.toml": manifest + "[build-dependencies]\nvergen = \"9\"\n"}, want: false},
		{name: "reads the repository under another name", files: map[string]string{
			"lib/Cargo.toml": manifest + "[build-dependencies]\ngit = { package = \"git2\", version = \"0.20\" }\n"}, want: false},
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
