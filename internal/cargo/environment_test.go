package cargo

import (
	"reflect"
	"testing"
)

func TestToolchain(t *testing.T) {
	for _, tc := range []struct {
		name    string
		f       files
		want    *Toolchain
		at      string
		message string
	}{
		{name: "none", f: files{}},
		{name: "legacy", f: files{"rust-toolchain": "1.80.0\n"}, want: &Toolchain{Path: "rust-toolchain", Channel: "1.80.0"}},
		{name: "TOML without extension", f: files{"rust-toolchain": "[toolchain]\nchannel = \"beta\"\n"}, want: &Toolchain{Path: "rust-toolchain", Channel: "beta"}},
		{name: "TOML", f: files{"rust-toolchain.toml": "[toolchain]\nchannel = \"nightly-2026-01-02\"\ncomponents = [\"clippy\"]\ntargets = [\"t\"]\nprofile = \"minimal\"\n"},
			want: &Toolchain{Path: "rust-toolchain.toml", Channel: "nightly-2026-01-02", Components: []string{"clippy"}, Targets: []string{"t"}, Profile: "minimal"}},
		{name: "name without extension first", f: files{"rust-toolchain": "stable", "rust-toolchain.toml": "[toolchain]\nchannel = \"beta\"\n"},
			want: &Toolchain{Path: "rust-toolchain", Channel: "stable"}},
		{name: "path", f: files{"rust-toolchain.toml": "[toolchain]\npath = \"/opt/rust\"\n"}, at: "rust-toolchain.toml:2", message: "by path"},
		{name: "legacy path", f: files{"rust-toolchain": "/opt/rust\n"}, at: "rust-toolchain:1", message: "by path"},
		{name: "empty", f: files{"rust-toolchain": "\n"}, at: "rust-toolchain:1", message: "empty toolchain override file"},
		{name: "no table", f: files{"rust-toolchain.toml": "channel = \"x\"\n"}, at: "rust-toolchain.toml:1", message: "empty toolchain override file"},
		{name: "weird", f: files{"rust-toolchain.toml": "[toolchain]\nchannel = \"a; b\"\n"}, at: "rust-toolchain.toml:2", message: "invalid toolchain name"},
		{name: "option", f: files{"rust-toolchain": "--help"}, at: "rust-toolchain:1", message: "invalid toolchain name"},
		{name: "type", f: files{"rust-toolchain.toml": "[toolchain]\nchannel = 1.80\n"}, at: "rust-toolchain.toml:2", message: "invalid type: floating point `1.80`"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ws, err := Load(app("").with(tc.f).fs(), LoadOptions{})
			if tc.at != "" {
				wantFault(t, err, tc.at, tc.message)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if ws.Toolchain != nil && tc.want != nil {
				if ws.Toolchain.Spans["channel"].Start.Line == 0 {
					t.Error("the channel has no place")
				}
				ws.Toolchain.Spans = nil
			}
			if !reflect.DeepEqual(ws.Toolchain, tc.want) {
				t.Errorf("toolchain is %+v, want %+v", ws.Toolchain, tc.want)
			}
		})
	}
}

// nest moves a project below a directory.
func nest(dir string, f files) files {
	nested := files{}
	for name, content := range f {
		nested[dir+"/"+name] = content
	}
	return nested
}

func TestToolchainIsSearchedAbove(t *testing.T) {
	f := nest("a/b", app("")).with(files{"rust-toolchain.toml": "[toolchain]\nchannel = \"1.80\"\n", "a/rust-toolchain": "1.81"})
	ws, err := Load(f.fs(), LoadOptions{ManifestPath: "a/b/Cargo.toml"})
	if err != nil {
		t.Fatal(err)
	}
	if ws.Toolchain == nil || ws.Toolchain.Channel != "1.81" || ws.Toolchain.Path != "a/rust-toolchain" {
		t.Errorf("toolchain is %+v", ws.Toolchain)
	}
}

func TestConfig(t *testing.T) {
	f := nest("a/b", app("")).with(files{
		"a/b/.cargo/config.toml": "[build]\nrustflags = [\"-near\"]\njobs = 1\n[target.x]\nrunner = [\"near\"]\n[patch.crates-io]\np = { path = \"p\" }\n",
		"a/.cargo/config":        "include = [\"more.toml\", { path = \"absent.toml\", optional = true }]\n[build]\njobs = 2\ntarget-dir = \"mid\"\n",
		"a/.cargo/config.toml":   "[build]\njobs = 99\n",
		"a/.cargo/more.toml":     "[build]\ntarget-dir = \"included\"\nrustc = \"r\"\n",
		".cargo/config.toml":     "[build]\nrustflags = [\"-far\"]\n[target.x]\nrunner = [\"far\"]\n[env]\nA = \"1\"\n",
		"a/b/p/Cargo.toml":       lib("p", ""), "a/b/p/src/lib.rs": "",
	})
	ws, err := Load(f.fs(), LoadOptions{ManifestPath: "a/b/Cargo.toml"})
	if err != nil {
		t.Fatal(err)
	}
	wantPaths := []string{"a/b/.cargo/config.toml", "a/.cargo/config", "a/.cargo/more.toml", ".cargo/config.toml"}
	if !reflect.DeepEqual(ws.Config.Paths, wantPaths) {
		t.Errorf("files are %v, want %v", ws.Config.Paths, wantPaths)
	}
	want := map[string]any{
		"build":  map[string]any{"rustflags": []any{"-far", "-near"}, "jobs": int64(1), "target-dir": "mid", "rustc": "r"},
		"target": map[string]any{"x": map[string]any{"runner": []any{"near"}}},
		"env":    map[string]any{"A": "1"},
		"patch":  map[string]any{"crates-io": map[string]any{"p": map[string]any{"path": "p"}}},
	}
	if !reflect.DeepEqual(ws.Config.Values, want) {
		t.Errorf("values are %v\nwant %v", ws.Config.Values, want)
	}
	if len(ws.Patches) != 1 || ws.Patches[0].Path != "a/b/p" || names(ws.PathPackages) != "a/b/p" {
		t.Errorf("patches are %+v, path packages %s", ws.Patches, names(ws.PathPackages))
	}
}

func TestConfigFaults(t *testing.T) {
	for _, tc := range []struct{ name, config, at, message string }{
		{"syntax", "[build\n", ".cargo/config.toml:1", "could not parse TOML configuration in `.cargo/config.toml`"},
		{"include type", "include = \"x.toml\"\n", ".cargo/config.toml:1", "expected a list of strings or a list of tables"},
		{"include name", "include = [\"x.json\"]\n", ".cargo/config.toml:1", "ending with `.toml`"},
		{"include missing", "include = [\"x.toml\"]\n", ".cargo/config.toml:1", "failed to load config include `x.toml`"},
		{"include outside", "include = [\"../../x.toml\"]\n", ".cargo/config.toml:1", "is outside the build context"},
		{"include cycle", "include = [\"config.toml\"]\n", ".cargo/config.toml:1", "config `include` cycle detected"},
		{"patch outside", "[patch.crates-io]\np = { path = \"../p\" }\n", ".cargo/config.toml:2", "is outside the build context"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Load(app("").with(files{".cargo/config.toml": tc.config}).fs(), LoadOptions{})
			wantFault(t, err, tc.at, tc.message)
		})
	}
}

func TestConfigRegistries(t *testing.T) {
	lock := []string{"app 0.1.0 -> x", "x 1.0.0 registry+https://h/corp"}
	const dep = "[dependencies]\nx = { version = \"1\", registry = \"corp\" }\n"
	for index, ok := range map[string]bool{"https://h/corp": true, "https://h/other": false} {
		f := app(dep, lock...).with(files{".cargo/config.toml": "[registries.corp]\nindex = \"" + index + "\"\n"})
		if _, err := Load(f.fs(), LoadOptions{}); (err == nil) != ok {
			t.Errorf("registry at %s: %v", index, err)
		}
	}
}

// The source of a dependency may be replaced by the configuration.
func TestSourceReplacement(t *testing.T) {
	f := app("[dependencies]\nx = \"1\"\n", "app 0.1.0 -> x", "x 1.0.0 registry+https://h/mirror")
	if _, err := Load(f.fs(), LoadOptions{}); err == nil {
		t.Error("another registry is accepted without a reason")
	}
	f[".cargo/config.toml"] = "[source.crates-io]\nreplace-with = \"mirror\"\n[source.mirror]\nregistry = \"https://h/mirror\"\n"
	mustLoad(t, f)
}
