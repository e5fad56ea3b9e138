package cargo

import (
	"strings"
	"testing"
)

// lib is a package with a library, for use as a member or a path dependency.
func lib(name, rest string) string {
	return "[package]\nname = \"" + name + "\"\nversion = \"0.1.0\"\nedition = \"2021\"\n" + rest
}

// manifestFaults are faults below the header of a manifest.
var manifestFaults = []struct{ name, rest, at, message string }{
	{"syntax", "[dependencies\n", "Cargo.toml:5", "failed to parse manifest at `Cargo.toml`"},
	{"duplicate key", "name = \"b\"\n", "Cargo.toml:5", "duplicate key"},
	{"duplicate table", "[lib]\n[lib]\n", "Cargo.toml:6", "duplicate key"},
	{"type", "links = 3\n", "Cargo.toml:5", "invalid type: integer `3`, expected a string"},
	{"dependency type", "[dependencies]\na = []\n", "Cargo.toml:6", "invalid type: sequence, expected a version string like"},
	{"table type", "[target]\nx = 1\n", "Cargo.toml:6", "invalid type: integer `1`, expected a table"},
	{"conflict", "<<<<<<< HEAD\n", "Cargo.toml:5", "failed to parse manifest"},
	{"build type", "build = 1\n", "Cargo.toml:5", "expected string or list of strings"},
	{"links without script", "links = \"z\"\n", "Cargo.toml:5", "does not have a custom build script"},
	{"default-run", "default-run = \"x\"\n", "Cargo.toml:5", "default-run target `x` not found"},
	{"rust-version", "rust-version = \"^1\"\n", "Cargo.toml:5", "invalid rust-version"},
	{"resolver", "resolver = \"9\"\n", "Cargo.toml:5", "`resolver` setting `9` is not valid"},
	{"two resolvers", "resolver = \"2\"\n[workspace]\nresolver = \"2\"\n", "Cargo.toml:5", "in both `[workspace]` and `[package]`"},
	{"pointer and root", "workspace = \".\"\n[workspace]\n", "Cargo.toml:5", "cannot configure both"},
	{"profile name", "[profile.build]\n", "Cargo.toml:5", "profile name `build` is reserved"},
	{"patch and replace", "[patch.crates-io]\n[replace]\n", "Cargo.toml:6", "cannot specify both [replace] and [patch]"},
	{"replace version", "[replace]\n\"a:1.0.0\" = \"1\"\n", "Cargo.toml:6", "replacements cannot specify a version requirement"},
	{"replace without version", "[replace]\n\"a\" = { path = \"a\" }\n", "Cargo.toml:6", "must specify a valid semver version"},
	{"lib name", "[lib]\nname = \"a-b\"\n", "Cargo.toml:6", "library target names cannot contain hyphens"},
	{"lib missing", "[lib]\nname = \"x\"\n", "Cargo.toml:5", "can't find library `x`, rename file to `src/lib.rs`"},
	{"lib types", "[lib]\npath = \"src/main.rs\"\ncrate-type = [\"dylib\", \"cdylib\"]\n", "Cargo.toml:7", "both `dylib` and `cdylib`"},
	{"lib proc-macro mix", "[lib]\npath = \"l.rs\"\ncrate-type = [\"proc-macro\", \"lib\"]\n", "Cargo.toml:7", "cannot mix `proc-macro`"},
	{"bin without name", "[[bin]]\npath = \"a.rs\"\n", "Cargo.toml:5", "binary target bin.name is required"},
	{"bin missing", "[[bin]]\nname = \"x\"\n", "Cargo.toml:5", "can't find `x` bin at `src/bin/x.rs` or `src/bin/x/main.rs`"},
	{"bin twice", "[[bin]]\nname = \"x\"\npath = \"a.rs\"\n[[bin]]\nname = \"x\"\npath = \"b.rs\"\n", "Cargo.toml:8", "found duplicate binary name x"},
	{"test missing", "[[test]]\nname = \"x\"\n", "Cargo.toml:5", "can't find `x` test at `tests/x.rs` or `tests/x/main.rs`"},
	{"bin crate type", "[[bin]]\nname = \"x\"\npath = \"a.rs\"\ncrate-type = [\"lib\"]\n", "Cargo.toml:5", "can't have any crate-types set"},
	{"bin path escapes", "[[bin]]\nname = \"x\"\npath = \"../../x.rs\"\n", "Cargo.toml:7", "is outside the build context"},
	{"lib path absolute", "[lib]\npath = \"/etc/passwd\"\n", "Cargo.toml:6", "is absolute"},
	{"build escapes", "build = \"../b.rs\"\n", "Cargo.toml:5", "is outside the build context"},
	{"feature unknown", "[features]\na = [\"b\"]\n", "Cargo.toml:6", "neither a dependency nor another feature"},
	{"feature name", "[features]\n\"a/b\" = []\n", "Cargo.toml:6", "not allowed to contain slashes"},
	{"feature dep", "[features]\na = [\"dep:b\"]\n", "Cargo.toml:6", "`b` is not listed as a dependency"},
	{"feature of dep", "[features]\na = [\"b/c\"]\n", "Cargo.toml:6", "`b` is not a dependency"},
	{"feature not optional", "[dependencies]\nb = \"1\"\n[features]\na = [\"b\"]\n", "Cargo.toml:8", "not an optional dependency"},
	{"feature weak", "[dependencies]\nb = \"1\"\n[features]\na = [\"b?/c\"]\n", "Cargo.toml:8", "not an optional dependency"},
	{"feature hidden", "[dependencies]\nb = { version = \"1\", optional = true }\n[features]\na = [\"b\"]\nc = [\"dep:b\"]\n",
		"Cargo.toml:8", "optional dependency without an implicit feature"},
	{"feature shadows", "[dependencies]\nb = { version = \"1\", optional = true }\n[features]\nb = []\n", "Cargo.toml:6", "is not included in any feature"},
	{"requirement", "[dependencies]\nb = \"one\"\n", "Cargo.toml:6", "failed to parse the version requirement `one` for dependency `b`"},
	{"empty requirement", "[dependencies]\nb = \"\"\n", "Cargo.toml:6", "failed to parse the version requirement"},
	{"no source", "[dependencies]\nb = { optional = true }\n", "Cargo.toml:6", "specified without providing a local path, Git repository, version"},
	{"git and path", "[dependencies]\nb = { git = \"https://h/b\", path = \"b\" }\n", "Cargo.toml:6", "Only one of `git` or `path` is allowed"},
	{"git refs", "[dependencies]\nb = { git = \"https://h/b\", tag = \"t\", rev = \"r\" }\n", "Cargo.toml:6", "Only one of `branch`, `tag` or `rev`"},
	{"stray branch", "[dependencies]\nb = { version = \"1\", branch = \"t\" }\n", "Cargo.toml:6", "key `branch` is ignored for dependency (b)"},
	{"registries", "[dependencies]\nb = { version = \"1\", registry = \"r\", registry-index = \"https://h\" }\n", "Cargo.toml:6", "Only one of `registry`"},
	{"git url", "[dependencies]\nb = { git = \"git@github.com:a/b\" }\n", "Cargo.toml:6", "write the address as `ssh://git@github.com/a/b`"},
	{"git option", "[dependencies]\nb = { git = \"ssh://-oProxyCommand=x/b\" }\n", "Cargo.toml:6", "starts with `-`"},
	{"dep feature", "[dependencies]\nb = { version = \"1\", features = [\"a/b\"] }\n", "Cargo.toml:6", "not allowed to contain slashes"},
	{"dep dep:", "[dependencies]\nb = { version = \"1\", features = [\"dep:b\"] }\n", "Cargo.toml:6", "explicit `dep:` syntax"},
	{"dep name", "[dependencies]\n\"b c\" = \"1\"\n", "Cargo.toml:6", "invalid character ` ` in package name"},
	{"dep package", "[dependencies]\nb = { version = \"1\", package = \"-x\" }\n", "Cargo.toml:6", "invalid character `-` in package name"},
	{"inherit without root", "[dependencies]\nb = { workspace = true }\n", "Cargo.toml:6", "failed to find a workspace root"},
	{"inherit false", "[dependencies]\nb = { workspace = false }\n", "Cargo.toml:6", "`workspace` cannot be false"},
	{"inherit absent", "[dependencies]\nb = { workspace = true }\n[workspace]\n", "Cargo.toml:6", "`workspace.dependencies` was not defined"},
	{"inherit unknown", "[dependencies]\nb = { workspace = true }\n[workspace.dependencies]\nc = \"1\"\n", "Cargo.toml:6", "`dependency.b` was not found"},
	{"inherit field", "license.workspace = true\n[workspace]\n", "Cargo.toml:5", "error inheriting `license` from workspace root manifest's"},
	{"optional in workspace", "[dependencies]\nb.workspace = true\n[workspace.dependencies]\nb = { version = \"1\", optional = true }\n",
		"Cargo.toml:8", "workspace dependencies cannot be optional"},
	{"path escapes", "[dependencies]\nb = { path = \"../../etc\" }\n", "Cargo.toml:6", "is outside the build context"},
	{"path absolute", "[dependencies]\nb = { path = \"/etc\" }\n", "Cargo.toml:6", "is absolute"},
	{"path drive", "[dependencies]\nb = { path = 'C:\\etc' }\n", "Cargo.toml:6", "is absolute"},
	{"path sneaks out", "[dependencies]\nb = { path = \"a/../../b\" }\n", "Cargo.toml:6", "is outside the build context"},
	{"path NUL", "[dependencies]\nb = { path = \"a\\u0000\" }\n", "Cargo.toml:6", "contains a NUL byte"},
	{"path missing", "[dependencies]\nb = { path = \"b\" }\n", "Cargo.toml:6", "failed to load manifest for dependency `b`"},
	{"path percent", "[dependencies]\nb = { path = \"%2e%2e/b\" }\n", "Cargo.toml:6", "failed to read `%2e%2e/b/Cargo.toml`"},
}

// TestManifestFaults lists what a single manifest can have wrong: the place
// and the words of each fault. The manifest's own lines start at 5.
func TestManifestFaults(t *testing.T) {
	for _, tc := range manifestFaults {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Load(app(tc.rest).fs(), LoadOptions{})
			fault := wantFault(t, err, tc.at, tc.message)
			if string(fault.Source) != header+tc.rest {
				t.Errorf("the fault does not carry the bytes of its file")
			}
		})
	}
}

// packageFaults are faults of a whole manifest.
var packageFaults = []struct{ name, manifest, at, message string }{
	{"empty", "", "Cargo.toml:1", "missing either a `[package]` or a `[workspace]`"},
	{"no name", "[package]\nversion = \"1.0.0\"\n", "Cargo.toml:1", "missing field `package.name`"},
	{"name type", "[package]\nname = 3\n", "Cargo.toml:2", "invalid type: integer `3`, expected a string"},
	{"name empty", "[package]\nname = \"\"\n", "Cargo.toml:2", "package name cannot be empty"},
	{"name path", "[package]\nname = \"../x\"\n", "Cargo.toml:2", "invalid character `.` in package name"},
	{"name slash", "[package]\nname = \"a/b\"\n", "Cargo.toml:2", "invalid character `/`"},
	{"name option", "[package]\nname = \"-rf\"\n", "Cargo.toml:2", "invalid character `-`"},
	{"name shell", "[package]\nname = \"$(id)\"\n", "Cargo.toml:2", "invalid character `$`"},
	{"name digit", "[package]\nname = \"1a\"\n", "Cargo.toml:2", "cannot start with a digit"},
	{"name long", "[package]\nname = \"" + strings.Repeat("a", 10_000) + "\"\n", "Cargo.toml:2", "longer than 200 bytes"},
	{"bin named deps", "[package]\nname = \"deps\"\n", "Cargo.toml:1", "conflicts with cargo's build directory names"},
	{"bin named build", "[package]\nname = \"build\"\n", "Cargo.toml:1", "conflicts with cargo's build directory names"},
	{"version", "[package]\nname = \"a\"\nversion = \"1.0\"\n", "Cargo.toml:3", "is not major.minor.patch"},
	{"edition", "[package]\nname = \"a\"\nedition = \"2027\"\n", "Cargo.toml:3", "older than the `2027` edition"},
	{"edition word", "[package]\nname = \"a\"\nedition = \"next\"\n", "Cargo.toml:3", "but `next` is unknown"},
	{"edition type", "[package]\nname = \"a\"\nedition = 2021\n", "Cargo.toml:3", "invalid type: integer `2021`"},
	{"virtual with deps", "[workspace]\n[dependencies]\n", "Cargo.toml:2", "this virtual manifest specifies a `dependencies` section"},
	{"NUL", "[package]\nname = \"a\x00\"\n", "Cargo.toml:2", "contains a NUL byte"},
	{"invalid UTF-8", "[package]\n# \xff\n", "Cargo.toml:2", "valid UTF-8"},
	{"UTF-16", "\xff\xfe[\x00p\x00", "Cargo.toml:1", "UTF-16"},
	{"lone CR", "[package]\rname = \"a\"\n", "Cargo.toml:1", "failed to parse manifest"},
	{"overflow", "[package]\nname = \"a\"\n[package.metadata]\nx = 99999999999999999999\n", "Cargo.toml:4", "does not fit 64 bits"},
	{"date", "[package]\nname = \"a\"\n[package.metadata]\nx = 2026-13-40\n", "Cargo.toml:4", "invalid datetime"},
}

// TestPackageFaults lists faults in the first lines of a manifest.
func TestPackageFaults(t *testing.T) {
	for _, tc := range packageFaults {
		t.Run(tc.name, func(t *testing.T) {
			f := app("").with(files{"Cargo.toml": tc.manifest})
			_, err := Load(f.fs(), LoadOptions{})
			wantFault(t, err, tc.at, tc.message)
		})
	}
}

// TestTargetNameFaults covers names that cargo would take for other targets
// than binaries, and that no command line or file system should see.
func TestTargetNameFaults(t *testing.T) {
	for _, name := range []string{"../x", "a/b", "-rf", ".", "..", " ", "", "a\\b", "x\ny", strings.Repeat("b", 10_000)} {
		for _, kind := range []TargetKind{KindBin, KindExample, KindTest, KindBench} {
			if err := validateTargetName(name, kind); err == nil {
				t.Errorf("%s target %q is accepted", kind, name)
			}
		}
	}
	for _, name := range []string{"app", "größe", "app-2", "con", "a.b", "$(id)"} {
		if err := validateTargetName(name, KindBin); err != nil {
			t.Errorf("bin %q is refused: %v", name, err)
		}
	}
}

func TestCredentialsAreNotShown(t *testing.T) {
	const secret = "s3cr3tt0k3n"
	git := func(url string) files {
		return app("[dependencies]\nb = { git = \"" + url + "\" }\n")
	}
	withLock := func(source string) files { return app("", "app 0.1.0", "b 1.0.0 "+source) }
	for _, tc := range []struct {
		name string
		f    files
		at   string
	}{
		{"git user and password", git("https://user:" + secret + "@host/b"), "Cargo.toml:6"},
		{"git token", git("https://" + secret + "@host/b"), "Cargo.toml:6"},
		{"git ssh password", git("ssh://git:" + secret + "@host/b"), "Cargo.toml:6"},
		{"malformed", git("https://" + secret + "@host:x y/b"), "Cargo.toml:6"},
		{"patch", app("[patch.\"https://" + secret + "@host/i\"]\n"), "Cargo.toml:5"},
		{"registry-index", app("[dependencies]\nb = { version = \"1\", registry-index = \"sparse+https://x:" + secret + "@host/\" }\n"), "Cargo.toml:6"},
		{"lock git", withLock("git+https://" + secret + "@host/b#" + sum[:40]), "Cargo.lock:10"},
		{"lock registry", withLock("registry+https://u:" + secret + "@host/b"), "Cargo.lock:10"},
		{"lock edge", app("", "app 0.1.0 -> b 1.0.0 (git+https://"+secret+"@host/b)"), "Cargo.lock:7"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Load(tc.f.fs(), LoadOptions{})
			fault := wantFault(t, err, tc.at, "credentials")
			if strings.Contains(err.Error(), secret) || fault.Source != nil {
				t.Errorf("the fault shows the secret: %v, source %q", err, fault.Source)
			}
		})
	}
	if _, err := Load(git("ssh://git@host/b").fs(), LoadOptions{}); err == nil || strings.Contains(err.Error(), "credentials") {
		t.Errorf("a user without password on ssh is no secret: %v", err)
	}
}
