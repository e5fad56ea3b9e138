package integration

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

	"github.com/rustfile/rustfile/integration/examples"
	"github.com/rustfile/rustfile/integration/testenv"
)

// configured is a project with options in all three files. Its program prints
// what its build script was given.
func configured(t testing.TB) *project {
	p := &project{t: t, Dir: filepath.Join(t.TempDir(), "context")}
	for name, text := range map[string]string{
		"Cargo.toml": `[workspace]
members = ["app", "spare"]
resolver = "2"

[workspace.metadata.rustfile]
workdir = "/overridden"
labels = { "com.example.team" = "core" }
env = { LEVEL = "workspace", KEPT = "yes" }
`,
		"app/Cargo.toml": `[package]
name = "configured"
version = "0.3.0"
edition = "2021"

[package.metadata.rustfile]
ports = [8080, "53/udp"]
env = { LEVEL = "package" }

[dependencies]
itoa = "1.0"
`,
		"app/build.rs": `use std::{env, fs};
fn main() {
    println!("cargo::rerun-if-env-changed=GREETING");
    println!("cargo::rustc-env=SAID={} {}", env::var("GREETING").unwrap(), env::var("EVERYWHERE").unwrap());
    println!("cargo::rustc-env=SECRET_LENGTH={}", env::var("API_TOKEN").unwrap().len());
    println!("cargo::rustc-env=OPTIONAL={}", fs::metadata("/run/secrets/absent").is_ok());
    println!("cargo::rustc-env=WORDS={}", fs::read_to_string("../spare/words.txt").unwrap().trim());
}
`,
		"app/src/main.rs": `fn main() {
    println!("{} {} {} {}", env!("SAID"), env!("SECRET_LENGTH"), env!("OPTIONAL"), env!("WORDS"));
    println!("{} {}", std::env::var("LEVEL").unwrap(), std::env::current_dir().unwrap().display());
    println!("{}", itoa::Buffer::new().format(std::env::args().count()));
}
`,
		"spare/Cargo.toml": "[package]\nname = \"spare\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
		"spare/src/lib.rs": "",
		"spare/words.txt":  "some words\n",
		"Cargo.lock": `version = 4

[[package]]
name = "configured"
version = "0.3.0"
dependencies = [
 "itoa",
]

[[package]]
name = "itoa"
version = "1.0.19"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "3bd1574e617a9a6c1f8f8181bd7e841e1f20e4277607ef28945765188d6284d4"

[[package]]
name = "spare"
version = "0.1.0"
`,
		"static/index.html":  "<p>hello</p>\n",
		"static/css/all.css": "p {}\n",
		"tools/probe":        "#!/bin/sh\nexit 0\n",
		"Rustfile": `# syntax=rustfile/rustfile:1
cmd = ["one", "two"]
workdir = "/srv/app"
user = "www-data"
volumes = ["/data"]
stop-signal = "INT"
labels = { "org.opencontainers.image.title" = "mine" }
annotations = { "org.opencontainers.image.vendor" = "Example" }
extra-sources = ["spare/words.txt"]
build-env = { GREETING = "hello" }
dependency-env = { EVERYWHERE = "world" }

[healthcheck]
test = ["probe", "--fast"]
interval = "30s"
retries = 2

[[copy]]
source = "static"
destination = "/srv/static"
compiled = false

[[copy]]
source = "tools/probe"
destination = "/bin/"
mode = "0755"

[[copy]]
source = "static/index.html"
destination = "/etc/page"
mode = "0640"
owner = "www-data:staff"
compiled = false

[[secrets]]
id = "token"
env = "API_TOKEN"

[[secrets]]
id = "absent"
required = false

[variants.slow]
profile = "dev"
env = { LEVEL = "slow" }
`,
	} {
		p.write(name, text)
	}
	return p
}

var token = map[string][]byte{"token": []byte("abcdefgh")}

// TestConfiguredImage builds a project with most options of the image, and
// checks the image that comes out.
func TestConfiguredImage(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	p := configured(t)
	res := b.MustBuild(t, testenv.BuildOptions{Context: p.Dir, Secrets: token})
	if got, want := res.Run(t), "hello world 8 false some words\npackage /srv/app\n3\n"; got != want {
		t.Errorf("the program prints %q, want %q", got, want)
	}
	checkConfig(t, res)
	checkAssets(t, res)
	if manifest, err := asImage(t, res).Manifest(); err != nil || manifest.Annotations["org.opencontainers.image.vendor"] != "Example" {
		t.Errorf("annotations %v, %v", manifest, err)
	}
	if text := res.Logs() + fmt.Sprint(res.Image); strings.Contains(text, "abcdefgh") {
		t.Error("the secret is in the log or the config")
	}
}

func checkConfig(t *testing.T, res *testenv.Result) {
	t.Helper()
	raw, err := asImage(t, res).RawConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	var img dockerspec.DockerOCIImage
	if err := json.Unmarshal(raw, &img); err != nil {
		t.Fatal(err)
	}
	c := img.Config
	for name, pair := range map[string][2]any{
		"user":       {c.User, "33:33"},
		"entrypoint": {c.Entrypoint, []string{"/usr/local/bin/configured"}},
		"cmd":        {c.Cmd, []string{"one", "two"}},
		"workdir":    {c.WorkingDir, "/srv/app"},
		"ports":      {c.ExposedPorts, map[string]struct{}{"8080/tcp": {}, "53/udp": {}}},
		"volumes":    {c.Volumes, map[string]struct{}{"/data": {}}},
		"signal":     {c.StopSignal, "SIGINT"},
		"health":     {c.Healthcheck, &dockerspec.HealthcheckConfig{Test: []string{"CMD", "probe", "--fast"}, Interval: 30 * time.Second, Retries: 2}},
		"team":       {c.Labels["com.example.team"], "core"},
		"title":      {c.Labels["org.opencontainers.image.title"], "mine"},
		"version":    {c.Labels["org.opencontainers.image.version"], "0.3.0"},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s is %+v, want %+v", name, pair[0], pair[1])
		}
	}
	for _, want := range []string{"LEVEL=package", "KEPT=yes"} {
		if !slices.Contains(c.Env, want) {
			t.Errorf("the environment lacks %s: %q", want, c.Env)
		}
	}
}

// checkAssets checks the files that were shipped. Directories of the base must
// be as they were: a layer replaces what it names.
func checkAssets(t *testing.T, res *testenv.Result) {
	t.Helper()
	a := addedTo(t, res, base(t, runtimeBase))
	seen := map[string]string{}
	for _, h := range a.entries {
		name := strings.Trim(h.Name, "/")
		seen[name] = fmt.Sprintf("%o %d:%d", h.Mode, h.Uid, h.Gid)
		if !h.ModTime.Equal(time.Unix(0, 0)) {
			t.Errorf("%s is dated %s", name, h.ModTime)
		}
		if h.Typeflag == tar.TypeDir && h.Mode != 0o755 {
			t.Errorf("directory %s has mode %o", name, h.Mode)
		}
	}
	for name, want := range map[string]string{
		"srv": "755 0:0", "srv/app": "755 33:33", "data": "755 33:33", "srv/static": "755 0:0", "srv/static/css/all.css": "644 0:0",
		"srv/static/index.html": "644 0:0", "usr/bin/probe": "755 0:0", "etc/page": "640 33:50", "etc": "755 0:0", "bin": "",
	} {
		if seen[name] != want {
			t.Errorf("/%s is %q, want %q", name, seen[name], want)
		}
	}
	if got := res.RunWith(t, testenv.RunOptions{Entrypoint: []string{"/bin/sh", "-c", "probe && cat /srv/static/index.html && touch /data/x new && echo ok"}}); got != "<p>hello</p>\nok\n" {
		t.Errorf("a shell in the image prints %q", got)
	}
}

// TestConfiguredChanges states what runs when an option or an asset changes,
// and what is compiled.
func TestConfiguredChanges(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	p := configured(t)
	o := testenv.BuildOptions{Context: p.Dir, Secrets: token}
	b.MustBuild(t, o)
	for _, tc := range []struct {
		name string
		do   func()
		// ran are the steps that must run, compiled the crates.
		ran, compiled string
		prints        string
	}{
		{"nothing", func() {}, "", "", "hello world 8"},
		{"asset", func() { p.append("static/index.html", "<p>more</p>\n") }, "assets", "", "hello world 8"},
		{"permissions of an asset", func() { p.replace("Rustfile", `mode = "0640"`, `mode = "0644"`) }, "assets", "", "hello world 8"},
		{"environment of the container", func() { p.replace("Rustfile", `cmd = ["one", "two"]`, `cmd = ["one"]`) }, "", "", "hello world 8"},
		{"secret", func() { o.Secrets = map[string][]byte{"token": []byte("abc")} }, "", "", "hello world 8"},
		{"environment of the build", func() { p.replace("Rustfile", `"hello"`, `"howdy"`) }, "build image", "configured", "howdy world 3"},
		{"extra source", func() { p.write("spare/words.txt", "other words\n") }, "build image", "configured", "howdy world 3 false other words"},
		{"environment of dependencies", func() { p.replace("Rustfile", `"world"`, `"all"`) }, "plan deps build image", "configured itoa", "howdy all 3"},
		{"namespace", func() { p.replace("Rustfile", "[healthcheck]", "cache-namespace = \"mine\"\n[healthcheck]") }, "plan deps build", "configured itoa", "howdy all 3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.do()
			res := b.MustBuild(t, o)
			if got := configuredWork(res); got != tc.ran {
				t.Errorf("ran %q, want %q", got, tc.ran)
			}
			if got := compiled(res); got != tc.compiled {
				t.Errorf("compiled %q, want %q", got, tc.compiled)
			}
			if got := res.Run(t); !strings.HasPrefix(got, tc.prints) {
				t.Errorf("the program prints %q, want %q", got, tc.prints)
			}
		})
	}
	t.Run("variant", func(t *testing.T) {
		o := o
		o.Target = "slow"
		if got := b.MustBuild(t, o).Run(t); !strings.Contains(got, "slow /srv/app") {
			t.Errorf("the program prints %q", got)
		}
	})
}

// configuredWork names the steps that ran, of those that an option can reach.
func configuredWork(res *testenv.Result) string {
	var names []string
	for _, step := range []struct{ prefix, name string }{
		{"[plan] ", "plan"}, {"[deps] ", "deps"}, {"[build] ", "build"}, {"[image] copy the assets", "assets"}, {"[image] copy the binaries", "image"},
	} {
		if slices.ContainsFunc(res.Ran(), func(n string) bool { return strings.HasPrefix(n, step.prefix) }) {
			names = append(names, step.name)
		}
	}
	return strings.Join(names, " ")
}

// optionRefusals are faults of options that no bad project holds, for TestRefusal's way of checking.
var optionRefusals = []struct {
	name string
	do   func(p *project)
	args map[string]string
	want examples.BadInput
}{
	{name: "missing asset", do: func(p *project) { p.replace("Rustfile", "tools/probe", "tools/prob") },
		want: examples.BadInput{File: "Rustfile", Line: 23, Message: "`tools/prob` is not in the build context"}},
	{name: "asset excluded", do: func(p *project) { p.write(".dockerignore", "static\n") },
		want: examples.BadInput{File: "Rustfile", Line: 18, Message: "`static` is excluded by .dockerignore"}},
	{name: "extra source missing", do: func(p *project) { p.replace("Rustfile", "spare/words.txt", "spare/word.txt") },
		want: examples.BadInput{File: "Rustfile", Line: 9, Message: "`spare/word.txt` is not in the build context"}},
	{name: "unknown user", do: func(p *project) { p.replace("Rustfile", `user = "www-data"`, `user = "nonroot"`) },
		want: examples.BadInput{File: "Rustfile", Line: 4, Message: "no user `nonroot` in /etc/passwd"}},
	{name: "health check without its program", do: func(p *project) { p.replace("Rustfile", `["probe", "--fast"]`, `["curl", "-f"]`) },
		want: examples.BadInput{File: "Rustfile", Line: 14, Message: "the image has no program `curl`"}},
	{name: "conflicting keys", do: func(p *project) { p.replace("Rustfile", `["probe", "--fast"]`, `["none"]`) },
		want: examples.BadInput{File: "Rustfile", Line: 15, Message: "conflicts with healthcheck.test (Rustfile:14:1)"}},
	{name: "unknown key of a package", do: func(p *project) { p.replace("app/Cargo.toml", "ports =", "port =") },
		want: examples.BadInput{File: "app/Cargo.toml", Line: 7, Message: "unknown key `port`\ndid you mean `ports`"}},
	{name: "unknown key of the workspace", do: func(p *project) { p.replace("Cargo.toml", "labels =", "label =") },
		want: examples.BadInput{File: "Cargo.toml", Line: 7, Message: "unknown key `label`\ndid you mean `labels`"}},
	{name: "variant with a binary's name", do: func(p *project) { p.replace("Rustfile", "variants.slow", "variants.configured") },
		want: examples.BadInput{File: "Rustfile", Line: 43, Message: "the variant `configured` has the name of a binary"}},
	{name: "package that is none", args: map[string]string{"packages-runtime": "libssl3=3"},
		want: examples.BadInput{File: "packages-runtime", Message: "is not the name of a Debian package"}},
	{name: "secret in a build argument", args: map[string]string{"build-env": "NPM_TOKEN=hunter2"},
		want: examples.BadInput{File: "build-env", Message: "`NPM_TOKEN` looks like a secret", Absent: "hunter2"}},
	{name: "secret among the words of a build argument", args: map[string]string{"cmd": "serve --at https://me:hunter2@example.com"},
		want: examples.BadInput{File: "cmd", Message: "build argument `cmd` looks like a secret", Absent: "hunter2"}},
	{name: "secret as a build argument", args: map[string]string{"GITHUB_TOKEN": "hunter2"},
		want: examples.BadInput{File: "GITHUB_TOKEN", Message: "looks like a secret", Absent: "hunter2"}},
}

// TestOptionRefusal: what options ask for and nobody has is an error at its line, before anything is compiled.
func TestOptionRefusal(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	for _, tc := range optionRefusals {
		t.Run(tc.name, func(t *testing.T) {
			p := configured(t)
			o := testenv.BuildOptions{Context: p.Dir, BuildArgs: tc.args, Secrets: token}
			if tc.do != nil {
				tc.do(p)
			}
			if strings.HasPrefix(tc.name, "variant") {
				o.Target = "configured"
			}
			// Users and programs are looked for in the base, so that may be downloaded.
			checkNothingCompiled(t, checkRefusal(t, b, o, tc.want, true))
		})
	}
	t.Run("secret that was not given", func(t *testing.T) {
		p := configured(t)
		want := examples.BadInput{File: "Rustfile", Line: 35, Message: "the build needs the secret `token`, which was not given"}
		checkNothingCompiled(t, checkRefusal(t, b, testenv.BuildOptions{Context: p.Dir}, want, true))
	})
}
