package plan_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
)

// newLockFile plans the vertex that writes the lock file of a project.
func newLockFile(t *testing.T, files map[string]string, without string, args map[string]string) (*plan.LockFile, error) {
	t.Helper()
	fsys := project(files)
	delete(fsys, without)
	o, err := options.Parse("Rustfile", nil, args)
	if err != nil {
		t.Fatal(err)
	}
	ws, err := cargo.Load(fsys, cargo.LoadOptions{Unlocked: true})
	if err != nil {
		t.Fatal(err)
	}
	return plan.NewLockFile(ws, o, "linux/amd64")
}

var unlocked = map[string]string{"locked": "false"}

func TestLockFile(t *testing.T) {
	config := map[string]string{
		".cargo/config.toml": "[registries.my-own]\nindex = \"sparse+https://crates.example:8443/index/\"\n", "rust-toolchain.toml": "[toolchain]\nchannel = \"1.90\"\n",
	}
	for _, tc := range []struct{ name, without, command string }{
		{"missing", "Cargo.lock", "generate-lockfile"}, {"there", "", "update --workspace"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, err := newLockFile(t, config, tc.without, unlocked)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(l.Args, " "); got != tc.command {
				t.Errorf("the command is cargo %s", got)
			}
			var names []string
			for _, f := range l.Files {
				names = append(names, f.Path)
				if strings.HasSuffix(f.Path, ".rs") && f.Content != "" {
					t.Errorf("the vertex sees the source %s", f.Path)
				}
			}
			want := []string{".cargo/config.toml", "Cargo.lock", "Cargo.toml", "a/Cargo.toml", "a/src/main.rs", "b/Cargo.toml", "b/src/main.rs", "lib/Cargo.toml", "lib/src/lib.rs"}
			if tc.without != "" {
				want = slices.Delete(want, 1, 2)
			}
			if !slices.Equal(names, want) {
				t.Errorf("the vertex sees %q, want %q", names, want)
			}
			if l.Toolchain.Image != "docker.io/library/rust:1.90-bookworm" {
				t.Errorf("the image is %s", l.Toolchain.Image)
			}
			if len(l.Tokens) != 1 || l.Tokens[0] != (plan.RegistryToken{Host: "crates.example", Variable: "CARGO_REGISTRIES_MY_OWN_TOKEN"}) {
				t.Errorf("the tokens are %v", l.Tokens)
			}
		})
	}
}

// TestLockFileGitHosts: what the manifests name decides which tokens cargo may see.
func TestLockFileGitHosts(t *testing.T) {
	manifest := "[package]\nname = \"lib\"\nversion = \"0.5.0\"\n[dependencies]\n"
	for dependencies, want := range map[string]string{
		"": "", "a = { git = \"git://example.com/a\" }\n": "",
		"a = { git = \"https://b.example/a\" }\nb = { git = \"https://a.example:8443/b\" }\nc = { git = \"https://b.example/c\" }\n": "a.example:8443 b.example",
	} {
		l, err := newLockFile(t, map[string]string{"lib/Cargo.toml": manifest + dependencies}, "Cargo.lock", unlocked)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(l.GitHosts, " "); got != want {
			t.Errorf("with %q the hosts are %q, want %q", dependencies, got, want)
		}
	}
}

func TestLockFileFaults(t *testing.T) {
	vendored := map[string]string{".cargo/config.toml": "[source.crates-io]\nreplace-with = \"v\"\n[source.v]\ndirectory = \"vendor\"\n"}
	for _, tc := range []struct {
		name    string
		files   map[string]string
		args    map[string]string
		message string
	}{
		{"frozen", nil, map[string]string{"locked": "false", "frozen": "true"}, "build argument `locked`: conflicts with `frozen`"},
		{"offline", nil, map[string]string{"locked": "false", "offline": "1"}, "conflicts with `offline`"},
		{"vendored", vendored, unlocked, ".cargo/config.toml:1:1: cargo cannot write the lock file in the build: source `v` is a directory"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := newLockFile(t, tc.files, "Cargo.lock", tc.args)
			var fault *cargo.Error
			if !errors.As(err, &fault) || !strings.Contains(err.Error(), tc.message) {
				t.Errorf("error is %v, want %q", err, tc.message)
			}
		})
	}
}

// TestGivenLockReachesTheSourceVertex: cargo finds the lock file that it wrote.
func TestGivenLockReachesTheSourceVertex(t *testing.T) {
	fsys := project(nil)
	given := string(fsys["Cargo.lock"].Data) + "# given\n"
	delete(fsys, "Cargo.lock")
	ws, err := cargo.Load(fsys, cargo.LoadOptions{Lock: []byte(given)})
	if err != nil {
		t.Fatal(err)
	}
	o := options.Defaults()
	o.Target = "a"
	p, err := plan.New(ws, o, plan.Inputs{Platform: "linux/amd64", Context: fsys})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(p.Members.Files, plan.File{Path: "Cargo.lock", Content: given}) {
		t.Errorf("the source vertex gets %v", p.Members.Files)
	}
	with, err := plan.New(mustWorkspace(t), o, plan.Inputs{Platform: "linux/amd64", Context: fsys})
	if err != nil {
		t.Fatal(err)
	}
	if len(with.Members.Files) != 0 {
		t.Errorf("a project with a lock file gets another: %v", with.Members.Files)
	}
}

func mustWorkspace(t *testing.T) *cargo.Workspace {
	t.Helper()
	ws, err := cargo.Load(project(nil), cargo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return ws
}
