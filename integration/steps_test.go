package integration

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/examples"
	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/llbgen"
)

// steppedFiles are a program with a build script that reads what a step of the builder makes, and that itself reads what
// a step of the image makes. Nothing else is compiled.
var steppedFiles = map[string]string{
	"Cargo.toml": "[package]\nname = \"stepped\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
	"Cargo.lock": "version = 4\n\n[[package]]\nname = \"stepped\"\nversion = \"0.1.0\"\n",
	"build.rs": `fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-env=MADE={}", std::fs::read_to_string("/opt/made").unwrap().trim());
}
`,
	"src/main.rs": `use std::{env, fs, os::unix::fs::MetadataExt, process::exit};
fn main() {
    if env::args().nth(1).as_deref() == Some("fail") {
        eprintln!("as it was asked to");
        exit(3);
    }
    let user = fs::metadata("/proc/self").unwrap().uid();
    println!("{}, {}", env!("MADE"), fs::read_to_string("/etc/stepped").unwrap().trim());
    println!("user {user} in {} with {}", env::current_dir().unwrap().display(), env::var("LEVEL").unwrap());
    let _ = fs::write("written", "by a test");
}
`,
	"Rustfile": `# syntax=rustfile/rustfile:1
user = "app"
workdir = "/srv"
env = { LEVEL = "info" }

[[run]]
in = "builder"
command = "echo \"$SAID\" > /opt/made && test \"$(id -u)\" = 0 && test $(ls /sys/class/net) = lo"
env = { SAID = "made by a step" }

[[run]]
in = "builder"
command = ["sh", "-c", "test -z \"$SAID\" && grep -q abcdefgh /run/token"]
secrets = ["token"]

[[run]]
in = "image"
command = "echo 'app:x:900:901::/:' >> /etc/passwd && echo 'in the image' > /etc/stepped && chmod 640 /etc/stepped && chown 900:901 /etc/stepped"

[[secrets]]
id = "token"
target = "/run/token"

[[test]]
name = "starts"
command = ["stepped"]
stdout = ["made by a step, in the image", "user 900 in /srv with info"]

[test.files."/etc/stepped"]
mode = "0640"
owner = "app:901"
contains = "the image"

[[test]]
name = "fails when asked"
command = "stepped fail"
exit = 3
stderr = "as it was asked to"

[[test]]
name = "nothing was written"
files = { "/srv/written" = { exists = false }, "/.rustfile" = { exists = false } }
`,
}

// ranStep reports whether a vertex ran whose name begins so.
func ranStep(res *testenv.Result, prefix string) bool {
	return slices.ContainsFunc(res.Ran(), func(name string) bool { return strings.HasPrefix(name, prefix) })
}

// TestSteps builds the project: its steps make what its build script, its user and its program need, and its tests see it.
func TestSteps(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	p := newProject(t, steppedFiles)
	o := testenv.BuildOptions{Context: p.Dir, Secrets: token}
	res := b.MustBuild(t, o)
	if got, want := res.Run(t), "made by a step, in the image\nuser 900 in /srv with info\n"; got != want {
		t.Errorf("the program prints %q, want %q", got, want)
	}
	if res.Image.Config.User != "900:901" {
		t.Errorf("the user is %q", res.Image.Config.User)
	}
	if _, err := os.Stat(filepath.Join(res.Rootfs(t), "srv/written")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a test wrote into the image: %v", err)
	}
	t.Run("again", func(t *testing.T) {
		again := b.MustBuild(t, o)
		for _, prefix := range []string{llbgen.NameStep, llbgen.NameMembers, llbgen.NameTest} {
			if ranStep(again, prefix) {
				t.Errorf("%q ran again: %q", prefix, again.Ran())
			}
		}
		if again.Descriptor.Digest != res.Descriptor.Digest {
			t.Errorf("the second build is %s, the first %s", again.Descriptor.Digest, res.Descriptor.Digest)
		}
	})
	t.Run("without tests", func(t *testing.T) {
		o := o
		o.BuildArgs = map[string]string{"test": "[]"}
		if without := b.MustBuild(t, o); without.Descriptor.Digest != res.Descriptor.Digest {
			t.Errorf("without tests the image is %s, with them %s", without.Descriptor.Digest, res.Descriptor.Digest)
		}
	})
	t.Run("step of the image", func(t *testing.T) {
		p := newProject(t, steppedFiles)
		p.replace("Rustfile", "'in the image'", "'from the image'")
		o := o
		o.Context, o.BuildArgs = p.Dir, map[string]string{"test": `[{command = ["/usr/local/bin/stepped"], stdout = "from the image"}]`}
		if changed := b.MustBuild(t, o); ranStep(changed, llbgen.NameMembers) || !ranStep(changed, llbgen.NameTest+"/usr/local/bin/stepped") {
			t.Errorf("ran %q", changed.Ran())
		}
	})
}

// stepFailures are changes of the project's Rustfile and the error that each leads to.
var stepFailures = []struct {
	name, from, to string
	args           map[string]string
	want           examples.BadInput
	// says are further parts of the message; compiles is true when the failure can show only when all is compiled.
	says     []string
	compiles bool
}{
	{name: "status", from: "exit = 3", to: "exit = 4", compiles: true, says: []string{"standard error:\n    as it was asked to", "the image was not exported"},
		want: examples.BadInput{File: "Rustfile", Line: 34, Message: "the test `fails when asked` failed: `stepped fail` ended with status 3, expected 4"}},
	{name: "output", from: `"made by a step, in the image"`, to: `"made by hand"`, compiles: true, says: []string{"    made by a step, in the image\n    user 900"},
		want: examples.BadInput{File: "Rustfile", Line: 24, Message: "the standard output of `stepped` has no \"made by hand\""}},
	{name: "file", from: `mode = "0640"`, to: `mode = "0600"`, compiles: true,
		want: examples.BadInput{File: "Rustfile", Line: 24, Message: "/etc/stepped has mode 0640, expected 0600"}},
	{name: "several", from: "exists = false", to: "exists = true", args: map[string]string{}, compiles: true, says: []string{"the image has no /srv/written; the image has no /.rustfile"},
		want: examples.BadInput{File: "Rustfile", Line: 40, Message: "the test `nothing was written` failed"}},
	{name: "endless", from: "command = \"stepped fail\"\nexit = 3\nstderr = \"as it was asked to\"", to: "command = \"while :; do :; done\"\ntimeout = \"2s\"", compiles: true,
		want: examples.BadInput{File: "Rustfile", Line: 34, Message: "`while :; do :; done` did not end within 2s"}},
	{name: "program that the image has not", from: `["stepped"]`, to: `["curl", "--version"]`,
		want: examples.BadInput{File: "Rustfile", Line: 24, Message: "the image has no program `curl`"}},
	{name: "step of the builder", from: "/sys/class/net) = lo", to: "/sys/class/net) = eth0",
		says: []string{"with status 1", "the step has no network unless it says network = true"},
		want: examples.BadInput{File: "Rustfile", Line: 6, Message: "failed in the builder image"}},
	{name: "step of the image", from: "chmod 640", to: "chmodd 640", says: []string{"with status 127", "no such program"},
		want: examples.BadInput{File: "Rustfile", Line: 16, Message: "failed in the base"}},
	{name: "step on nothing", args: map[string]string{"runtime-image": "scratch"},
		want: examples.BadInput{File: "Rustfile", Line: 16, Message: "scratch has no program that could run"}},
	{name: "secret that is none", from: `secrets = ["token"]`, to: `secrets = ["tokens"]`,
		want: examples.BadInput{File: "Rustfile", Line: 11, Message: "there is no secret `tokens`"}},
}

// TestStepFailure: a step or a test that fails is an error at its line, and nothing comes out.
func TestStepFailure(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	for _, tc := range stepFailures {
		t.Run(tc.name, func(t *testing.T) {
			files := maps.Clone(steppedFiles)
			if tc.from != "" && !strings.Contains(files["Rustfile"], tc.from) {
				t.Fatalf("the Rustfile has no %q", tc.from)
			}
			files["Rustfile"] = strings.ReplaceAll(files["Rustfile"], tc.from, tc.to)
			if tc.from == "" {
				files["Rustfile"] = steppedFiles["Rustfile"]
			}
			r, err := b.Build(t.Context(), testenv.BuildOptions{Context: newProject(t, files).Dir, BuildArgs: tc.args, Secrets: token})
			if err == nil {
				t.Fatal("the build succeeded")
			}
			t.Log(err)
			if err := tc.want.Check(err.Error()); err != nil {
				t.Error(err)
			}
			for _, say := range tc.says {
				if !strings.Contains(err.Error(), say) {
					t.Errorf("the error does not say %q", say)
				}
			}
			checkSources(t, err, tc.want)
			if !tc.compiles && ranStep(r, llbgen.NameMembers) {
				t.Errorf("the program was compiled first: %q", r.Ran())
			}
			if entries, err := os.ReadDir(r.Dir); err == nil && len(entries) > 0 || err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the output has %v (%v)", entries, err)
			}
		})
	}
}

// TestStepsThroughBuildx: what buildx prints of a step that fails has the end of the step's output and the lines of the
// Rustfile; tests that pass stop nothing on this route either.
func TestStepsThroughBuildx(t *testing.T) {
	d := testenv.SharedDaemon(t, testenv.OCI)
	layout, err := testenv.Env(t).FrontendLayout(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(secret, token["token"], 0o600); err != nil {
		t.Fatal(err)
	}
	build := func(p *project) (string, error) {
		return d.RunBuildx(t.Context(), "build", "--progress", "plain", "--provenance=false", "--secret", "id=token,src="+secret,
			"--build-context", testenv.FrontendRef+"=oci-layout://"+layout, "--output", "type=cacheonly", "-f", p.path("Rustfile"), p.Dir)
	}
	p := newProject(t, steppedFiles)
	if out, err := build(p); err != nil || !strings.Contains(out, "[test] starts") {
		t.Errorf("the build ends with %v:\n%s", err, out)
	}
	p.replace("Rustfile", "echo 'in the image'", "echo a reason >&2; exit 9; echo 'in the image'")
	out, err := build(p)
	if err == nil {
		t.Fatal("the build succeeded")
	}
	_, end, _ := strings.Cut(out, "\n------\n") // what is shown after the progress
	for _, want := range []string{"> [step] ", "a reason\n", "Rustfile:16\n", ">>> [[run]]", "failed in the base docker.io/library/debian:bookworm-slim with status 9"} {
		if !strings.Contains(end, want) {
			t.Errorf("buildx does not show %q at the end of\n%s", want, out)
		}
	}
}

// TestStepOnPackages: a step of the builder finds the packages that every vertex gets, though it runs before it is known what
// crates need, and it runs once. Whatever is compiled after it is found fresh, and compiled again with it.
func TestStepOnPackages(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	o := testenv.BuildOptions{Context: configured(t).Dir, Secrets: token, BuildArgs: map[string]string{
		"granularity": "unit", "packages-build": "patch", "run": `[{in = "builder", command = "patch --version > /opt/patch"}]`,
	}}
	steps := func(r *testenv.Result) int {
		n := 0
		for _, v := range r.Vertices {
			if strings.HasPrefix(v.Name, llbgen.NameStep) {
				n++
			}
		}
		return n
	}
	r := b.MustBuild(t, o)
	if n := steps(r); n != 1 {
		t.Errorf("the step is there %d times", n)
	}
	if dirty := r.Dirty(); len(dirty) > 0 {
		t.Errorf("not fresh: %v", dirty)
	}
	if again := b.MustBuild(t, o); configuredWork(again) != "" || ranStep(again, llbgen.NameStep) {
		t.Errorf("ran again: %q", again.Ran())
	}
	o.Attrs = map[string]string{"no-cache": "steps"}
	r = b.MustBuild(t, o)
	if got := configuredWork(r); got != "plan deps build image" || !ranStep(r, llbgen.NameStep) || ranStep(r, llbgen.NameToolchain) {
		t.Errorf("with --no-cache-filter steps, ran %q", r.Ran())
	}
	for _, granularity := range []string{"unit", "coarse"} {
		o.BuildArgs["granularity"], o.BuildArgs["run"] = granularity, `[{in = "builder", command = ["patch", "--nonesuch"]}]`
		r, err := b.Build(t.Context(), o)
		if err == nil || !strings.Contains(err.Error(), "build argument `run`: `patch --nonesuch` failed in the builder image") || len(r.Failed()) != 1 || len(r.Warnings) > 0 {
			t.Errorf("%s: %v, failed %q, warnings %q", granularity, err, r.Failed(), r.Warnings)
		}
	}
}
