package integration

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/testenv"
)

// unlockedProject is a project of the registry without a lock file.
func unlockedProject(t *testing.T, f *fakeRegistry, crates ...crate) *project {
	t.Helper()
	p := f.projectOf(t, crates...)
	p.must(os.Remove(p.path("Cargo.lock")))
	return p
}

// fetched are the crates that a build looked at, as "name version".
func fetched(r *testenv.Result) string {
	var names []string
	for _, v := range r.Vertices {
		if name, ok := strings.CutPrefix(v.Name, "[crate] "); ok {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// TestUnlocked builds a project that has no lock file: cargo chooses versions once, keeps to them while the manifests
// stay, and chooses again when it is asked to. The lock file can be had, and builds the same.
func TestUnlocked(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	f := newFakeRegistry(t)
	p := unlockedProject(t, f, crate{name: "one"})
	o := testenv.BuildOptions{Context: p.Dir}
	_, err := b.Build(t.Context(), o)
	checkFailure(t, err, "Cargo.toml:2:1: ", "the project has no Cargo.lock", "`cargo generate-lockfile`", "`locked = false`")

	o.BuildArgs = map[string]string{"locked": "false"}
	build := func(what, crates string) *testenv.Result {
		t.Helper()
		r := b.MustBuild(t, o)
		if got := fetched(r); got != crates {
			t.Errorf("%s: the build has %s, want %s", what, got, crates)
		}
		if got := r.Run(t); !strings.HasPrefix(got, "one\n") {
			t.Errorf("%s: the program prints %q", what, got)
		}
		if text := strings.Join(r.Warnings, "\n"); !strings.Contains(text, "the project has no Cargo.lock, and cargo chose the versions") {
			t.Errorf("%s: the warnings are %q", what, text)
		}
		return r
	}
	build("the first build", "one 1.0.0")
	newer := crate{name: "one", version: "1.1.0"}
	f.publish(newer, newer.archive(t))
	p.append("src/main.rs", "// edited\n")
	build("an edited source", "one 1.0.0")
	o.Attrs = map[string]string{"no-cache": "lock"} // --no-cache-filter lock
	build("a new lock file", "one 1.1.0")
	o.Attrs = nil
	last := build("the build after", "one 1.1.0")

	saved := testenv.BuildOptions{Context: p.Dir, Target: "Cargo.lock", Output: testenv.OutputDir}
	lock, err := os.ReadFile(filepath.Join(b.MustBuild(t, saved).Dir, "Cargo.lock"))
	p.must(err)
	p.write("Cargo.lock", string(lock))
	o.BuildArgs = nil
	r := b.MustBuild(t, o)
	checkSameImage(t, r, last)
	if got := fetched(r); got != "one 1.1.0" || len(r.Warnings) > 0 {
		t.Errorf("with the saved lock file the build has %s and warns %q", got, r.Warnings)
	}
}

// TestUnlockedStale builds with a lock file that is older than the manifests: only what changed is chosen anew.
func TestUnlockedStale(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	f := newFakeRegistry(t)
	p := f.projectOf(t, crate{name: "one"})
	newer, two := crate{name: "one", version: "1.1.0"}, crate{name: "two"}
	f.publish(newer, newer.archive(t))
	f.publish(two, two.archive(t))
	o := testenv.BuildOptions{Context: p.Dir, BuildArgs: map[string]string{"locked": "false"}}
	if r := b.MustBuild(t, o); fetched(r) != "one 1.0.0" || len(r.Warnings) > 0 {
		t.Errorf("with a lock file that fits, the build has %s and warns %q", fetched(r), r.Warnings)
	}
	p.append("Cargo.toml", "two = \"1\"\n")
	p.replace("src/main.rs", "fn main() {\n", "fn main() {\n    println!(\"{}\", two::name());\n")
	r := b.MustBuild(t, o)
	if got := fetched(r); got != "one 1.0.0, two 1.0.0" && got != "two 1.0.0, one 1.0.0" {
		t.Errorf("the build has %s", got)
	}
	if got := r.Run(t); got != "two\none\n" {
		t.Errorf("the program prints %q", got)
	}
	if text := strings.Join(r.Warnings, "\n"); !strings.Contains(text, "Cargo.lock is older than the manifests") {
		t.Errorf("the warnings are %q", text)
	}
	p.replace("Cargo.toml", "two = \"1\"", "two = \"7\"")
	_, err := b.Build(t.Context(), o)
	checkFailure(t, err, "cargo cannot write the lock file")
	delete(o.BuildArgs, "locked")
	_, err = b.Build(t.Context(), o)
	checkFailure(t, err, "Cargo.toml:8:1: ", "no package in it is the dependency `two`")
}

// TestPrivateRegistryUnlocked lets cargo ask a registry that wants a token for versions.
func TestPrivateRegistryUnlocked(t *testing.T) {
	const header = "letmein"
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	f := newFakeRegistry(t)
	p := unlockedProject(t, f, crate{name: "one"})
	p.write(".cargo/config.toml", "[registries.own]\nindex = \"sparse+http://"+f.address+"/index/\"\n")
	p.replace("Cargo.toml", `one = "1.0.0"`, `one = { version = "1", registry = "own" }`)
	refused := authenticated(header)
	f.setFault(func(w http.ResponseWriter, r *http.Request) bool {
		if refused(w, r) {
			return true
		}
		// Cargo sends its token to registries that say so.
		if r.URL.Path == "/index/config.json" {
			fmt.Fprintf(w, `{"dl": "http://%s/crates/{crate}/{version}", "auth-required": true}`, f.address)
			return true
		}
		return false
	})
	o := testenv.BuildOptions{Context: p.Dir, BuildArgs: map[string]string{"locked": "false"}}
	_, err := b.Build(t.Context(), o)
	checkFailure(t, err, "cargo cannot write the lock file")
	o.Secrets = map[string][]byte{"HTTP_AUTH_HEADER_127.0.0.1": []byte(header)}
	r := b.MustBuild(t, o)
	if got := r.Run(t); got != "one\n" {
		t.Errorf("the program prints %q", got)
	}
	if strings.Contains(r.Logs(), header) {
		t.Error("the log shows the token")
	}
}

var advised = regexp.MustCompile("`docker buildx build -f (\\S+) --build-arg manifest-path=DIR/(\\S+) (\\S+)`")

// TestLargerContext does what the error of a path dependency outside the context advises, to the letter, with the
// frontend that buildx finds. The other workspace's members inherit from their own root.
func TestLargerContext(t *testing.T) {
	d := testenv.SharedDaemon(t, testenv.OCI)
	p := copyOf(t, "two-workspaces")
	here := p.path("service")
	_, err := inProcess(d).Build(t.Context(), testenv.BuildOptions{Context: here})
	checkFailure(t, err, "app/Cargo.toml:8:", "`../../shared/greeting` is outside the build context")
	words := advised.FindStringSubmatch(err.Error())
	if words == nil {
		t.Fatalf("the error advises no command: %v", err)
	}
	o := testenv.BuildOptions{
		Context: filepath.Join(here, words[3]), File: filepath.Join(here, words[1]), BuildArgs: map[string]string{"manifest-path": "service/" + words[2]},
	}
	r := buildx(d).MustBuild(t, o)
	if got, want := r.Run(t), "HELLO 2.3.4 42\nflag true, variable, assertions true\n"; got != want {
		t.Errorf("the program prints %q, want %q", got, want)
	}
	checkSameImage(t, r, inProcess(d).MustBuild(t, testenv.BuildOptions{Context: p.Dir}))
	// What the manifests inherit is read, and nothing else of the other workspace's root.
	p.append("shared/src/lib.rs", "not Rust\n")
	p.write("shared/other/Cargo.toml", "[package]\nname = \"other\"\nversion.workspace = true\n")
	checkSameImage(t, r, inProcess(d).MustBuild(t, testenv.BuildOptions{Context: p.Dir}))
}
