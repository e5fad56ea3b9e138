package options

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/native"
)

// setting parses the table of a manifest, "" for none.
func setting(t *testing.T, file, text string) *cargo.Setting {
	t.Helper()
	if text == "" {
		return nil
	}
	s, err := cargo.ParseSetting(file, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPrecedence sets one key in more and more places.
func TestPrecedence(t *testing.T) {
	both := func(key string) string {
		return "workdir = '/" + key + "'\nenv = { A = '" + key + "', " + key + " = '1' }\n"
	}
	for _, tc := range []struct {
		name           string
		workspace, pkg string
		file           string
		variant        string
		args           map[string]string
		workdir        string
		env            map[string]string
		origin         string
	}{
		{name: "nothing", origin: "default"},
		{name: "workspace", workspace: both("W"), workdir: "/W", env: map[string]string{"A": "W", "W": "1"}, origin: "Cargo.toml:1:1"},
		{name: "package", workspace: both("W"), pkg: both("P"), workdir: "/P", env: map[string]string{"A": "P", "W": "1", "P": "1"}, origin: "p/Cargo.toml:1:1"},
		{name: "file", workspace: both("W"), pkg: both("P"), file: both("F"), workdir: "/F",
			env: map[string]string{"A": "F", "W": "1", "P": "1", "F": "1"}, origin: "Rustfile:1:1"},
		{name: "variant of the workspace over the file", workspace: "[variants.v]\n" + both("V"), file: both("F"), variant: "v", workdir: "/V",
			env: map[string]string{"A": "V", "F": "1", "V": "1"}, origin: "Cargo.toml:2:1"},
		{name: "variants of all places", workspace: "[variants.v]\n" + both("W"), pkg: "[variants.v]\n" + both("P"), file: "[variants.v]\n" + both("F"), variant: "v",
			workdir: "/F", env: map[string]string{"A": "F", "W": "1", "P": "1", "F": "1"}, origin: "Rustfile:2:1"},
		{name: "another variant", file: both("F") + "[variants.v]\nworkdir = '/V'", variant: "w", workdir: "/F",
			env: map[string]string{"A": "F", "F": "1"}, origin: "Rustfile:1:1"},
		{name: "argument", workspace: both("W"), file: both("F") + "[variants.v]\n" + both("V"), variant: "v",
			args: map[string]string{"WORKDIR": "/G", "env": "A=G"}, workdir: "/G",
			env: map[string]string{"A": "G", "W": "1", "F": "1", "V": "1"}, origin: "--build-arg WORKDIR"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o, err := Parse("Rustfile", []byte(tc.file), tc.args)
			if err != nil {
				t.Fatal(err)
			}
			if o, err = o.With(Metadata{Workspace: setting(t, "Cargo.toml", tc.workspace), Package: setting(t, "p/Cargo.toml", tc.pkg), Variant: tc.variant}); err != nil {
				t.Fatal(err)
			}
			if o.Image.Workdir != tc.workdir || !reflect.DeepEqual(o.Image.Env, tc.env) {
				t.Errorf("workdir %q, env %v; want %q, %v", o.Image.Workdir, o.Image.Env, tc.workdir, tc.env)
			}
			if got := o.Origin(KeyWorkdir); got != tc.origin {
				t.Errorf("the working directory comes from %q, want %q", got, tc.origin)
			}
		})
	}
}

// everyImageKey is a Rustfile with the keys of the image and of the build.
const everyImageKey = `
entrypoint = ["/usr/local/bin/server", "--quiet"]
cmd = []
env = { RUST_LOG = "info,hyper=warn", PORT = 8080, DEBUG = false }
workdir = "/srv//app/"
user = "app:www-data"
ports = [8080, "53/udp", "8080/tcp"]
volumes = ["/data", "/cache/"]
stop-signal = "int"
init = true
strip = true
debug = "split"
extra-sources = ["proto/", "a/../b"]
cache-namespace = "forks"
[labels]
"com.example.team" = "core"
[annotations]
"org.opencontainers.image.vendor" = "Example"
[healthcheck]
test = ["/usr/local/bin/server", "health"]
interval = "1m30s"
timeout = "2s"
start-period = "10s"
retries = 5
[[copy]]
source = "./static/"
destination = "/srv/static"
mode = "0640"
owner = 65532
compiled = false
[[copy]]
source = "conf/app.toml"
destination = "/etc/app/"
[build-env]
DATABASE_URL = "postgres://localhost/x"
[dependency-env]
ZSTD_SYS_USE_PKG_CONFIG = 1
[packages]
build = ["libssl-dev", "g++", "libssl-dev"]
runtime = ["ca-certificates"]
[[secrets]]
id = "npmrc"
[[secrets]]
id = "token"
env = "API_TOKEN"
required = false
[[native]]
crate = "foo-sys"
packages = ["libfoo-dev"]
features = ["system"]
unless = ["vendored", "static"]
[[native]]
crate = "gen"
packages = ["gengen"]
tool = true
`

func TestImageKeys(t *testing.T) {
	got, err := Parse("Rustfile", []byte(everyImageKey), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got.Image.Copies {
		got.Image.Copies[i].Span = cargo.Span{}
	}
	for i := range got.Build.Secrets {
		got.Build.Secrets[i].Span = cargo.Span{}
	}
	for i := range got.Build.Native {
		if got.Build.Native[i].At.Start.Line == 0 {
			t.Errorf("the table of %s has no place", got.Build.Native[i].Name)
		}
		got.Build.Native[i].At = cargo.Span{}
	}
	want := with(func(o *Options) {
		o.Image = ImageOptions{
			Entrypoint: []string{"/usr/local/bin/server", "--quiet"}, Cmd: []string{},
			Env:     map[string]string{"RUST_LOG": "info,hyper=warn", "PORT": "8080", "DEBUG": "false"},
			Workdir: "/srv/app", User: "app:www-data", Ports: []string{"53/udp", "8080/tcp"}, Volumes: []string{"/cache", "/data"},
			Labels: map[string]string{"com.example.team": "core"}, Annotations: map[string]string{"org.opencontainers.image.vendor": "Example"},
			StopSignal: "SIGINT", Init: true, Strip: true, Debug: DebugSplit,
			Healthcheck: Healthcheck{Test: []string{"CMD", "/usr/local/bin/server", "health"}, Interval: 90 * time.Second, Timeout: 2 * time.Second,
				StartPeriod: 10 * time.Second, Retries: 5},
			Copies: []Copy{{Source: "static", Destination: "/srv/static", Mode: "0640", Owner: "65532", Compiled: "false"},
				{Source: "conf/app.toml", Destination: "/etc/app/"}},
		}
		o.Build = BuildOptions{
			Env: map[string]string{"DATABASE_URL": "postgres://localhost/x"}, DependencyEnv: map[string]string{"ZSTD_SYS_USE_PKG_CONFIG": "1"},
			ExtraSources: []string{"b", "proto"}, CacheNamespace: "forks",
			Secrets: []Secret{{ID: "npmrc", Target: "/run/secrets/npmrc", Required: true}, {ID: "token", Env: "API_TOKEN"}},
			Native: []native.Entry{
				{Name: "foo-sys", By: "native", Debian: []string{"libfoo-dev"}, Alpine: []string{"libfoo-dev"}, With: []string{"system"}, Unless: []string{"vendored", "static"}},
				{Name: "gen", By: "native", Debian: []string{"gengen"}, Alpine: []string{"gengen"}, Tool: true},
			},
		}
		o.BuildPackages, o.RuntimePackages = []string{"libssl-dev", "g++"}, []string{"ca-certificates"}
	})
	if !reflect.DeepEqual(plain(got), plain(want)) {
		t.Errorf("got  %+v\nwant %+v", plain(got), plain(want))
	}
}

func TestImageArguments(t *testing.T) {
	for _, tc := range []struct {
		name string
		args map[string]string
		want func(*Options)
	}{
		{"words", map[string]string{"cmd": "serve --port 80"}, func(o *Options) { o.Image.Cmd = []string{"serve", "--port", "80"} }},
		{"TOML array", map[string]string{"CMD": `["a b", 'c"d']`}, func(o *Options) { o.Image.Cmd = []string{"a b", `c"d`} }},
		{"no entrypoint", map[string]string{"entrypoint": "[]"}, func(o *Options) { o.Image.Entrypoint = []string{} }},
		{"one variable", map[string]string{"env": "RUST_LOG=a=b,c"}, func(o *Options) { o.Image.Env = map[string]string{"RUST_LOG": "a=b,c"} }},
		{"TOML table", map[string]string{"labels": `{ "a.b" = "c", d = 1 }`}, func(o *Options) { o.Image.Labels = map[string]string{"a.b": "c", "d": "1"} }},
		{"ports", map[string]string{"ports": "80,53/udp"}, func(o *Options) { o.Image.Ports = []string{"53/udp", "80/tcp"} }},
		{"ports as TOML", map[string]string{"ports": `[80, "53/udp"]`}, func(o *Options) { o.Image.Ports = []string{"53/udp", "80/tcp"} }},
		{"user", map[string]string{"user": "0"}, func(o *Options) { o.Image.User = "0" }},
		{"signal", map[string]string{"stop-signal": "SIGRTMIN+3"}, func(o *Options) { o.Image.StopSignal = "SIGRTMIN+3" }},
		{"signal by number", map[string]string{"stop_signal": "15"}, func(o *Options) { o.Image.StopSignal = "15" }},
		{"health check of words", map[string]string{"healthcheck-test": "curl -f localhost"},
			func(o *Options) { o.Image.Healthcheck.Test = []string{"CMD", "curl", "-f", "localhost"} }},
		{"no health check", map[string]string{"healthcheck-test": "none"}, func(o *Options) { o.Image.Healthcheck.Test = []string{"NONE"} }},
		{"copies", map[string]string{"copy": `[{source = "a", destination = "/b/"}]`},
			func(o *Options) { o.Image.Copies = []Copy{{Source: "a", Destination: "/b/"}} }},
		{"features as TOML", map[string]string{"features": `["b", "a"]`}, func(o *Options) { o.Features = []string{"a", "b"} }},
		{"packages", map[string]string{"packages-runtime": "tzdata libpq5"}, func(o *Options) { o.RuntimePackages = []string{"tzdata", "libpq5"} }},
		{"a word of a path with a bracket", map[string]string{"workdir": "/[x]"}, func(o *Options) { o.Image.Workdir = "/[x]" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := Parse("Rustfile", nil, tc.args)
			if err != nil {
				t.Fatal(err)
			}
			if want := with(tc.want); !reflect.DeepEqual(plain(got), plain(want)) {
				t.Errorf("got  %+v\nwant %+v", plain(got), plain(want))
			}
		})
	}
}

func TestImageKeyFaults(t *testing.T) {
	for _, tc := range []struct {
		file, place string
		want        string
	}{
		{"entrypoint = 'server'", "1:1", "expected an array of strings, found a string"},
		{"cmd = ['a', 1]", "1:13", "expected strings in the array, found an integer"},
		{"entrypoint = ['']", "1:1", "the program's name is empty"},
		{"[env]\nA = ['x']", "2:1", "expected a string for `A`, found an array"},
		{"env = 'A=1'", "1:1", "expected a table, found a string"},
		{"[env]\n'A B' = 'x'", "2:1", "not the name of a variable"},
		{"[env]\nGITHUB = 'ghp_0123456789abcdefghijklmnopqrstuvwxyz'", "2:1", "`GITHUB` looks like a secret"},
		{"workdir = 'app'", "1:1", "the path `app` is not absolute"},
		{"workdir = '/a/../..'", "1:1", "has a part `..`"},
		{"user = 'no one'", "1:1", "the name `no one` contains ` `"},
		{"user = 4294967295", "1:1", "the id `4294967295` is more than"},
		{"user = ':5'", "1:1", "the name is empty"},
		{"ports = [80,\n 70000]", "2:2", "`70000` is not a port"},
		{"ports = ['80/icmp']", "1:10", "`80/icmp` is not a port"},
		{"volumes = ['/']", "1:12", "the root directory cannot be a volume"},
		{"[labels]\na.b = 'c'", "2:1", "put the key in quotes"},
		{"stop-signal = 'SIGFOO'", "1:1", "`SIGFOO` is not a signal"},
		{"stop-signal = 65", "1:1", "`65` is not a signal"},
		{"[healthcheck]\ntests = ['x']", "2:1", "unknown key `healthcheck.tests`\ndid you mean `healthcheck.test`"},
		{"[healthcheck]\ntest = ['CMD', 'x']", "2:1", "`CMD` is Docker's"},
		{"healthcheck.interval = '5'", "1:1", "`5` is not a time"},
		{"healthcheck.interval = '-5s'", "1:1", "`-5s` is not a time"},
		{"healthcheck.retries = 0", "1:1", "`0` is not a whole number from 1 to 1000"},
		{"healthcheck = 'x'", "1:1", "key `healthcheck`: expected a table, found a string"},
		{"copy = 'x'", "1:1", "expected an array of tables, found a string"},
		{"copy = [1]", "1:9", "expected tables in the array, found an integer"},
		{"\n[[copy]]\nsource = 'a'", "2:1", "`destination` is missing"},
		{"[[copy]]\nsource = 'a'\ndestinatoin = '/b'", "3:1", "unknown key `destinatoin`\ndid you mean `destination`"},
		{"[[copy]]\nsource = '../a'\ndestination = '/b'", "2:1", "leaves the build context"},
		{"[[copy]]\nsource = 'a'\ndestination = 'b'", "3:1", "the path `b` is not absolute"},
		{"[[copy]]\nsource = 'a'\ndestination = '/b'\nmode = '0999'", "4:1", "`0999` is not an octal mode"},
		{"[[copy]]\nsource = 'a'\ndestination = '/b'\nmode = 644", "4:1", "expected a string, found an integer"},
		{"debug = 'full'", "1:1", "\"full\" is not known"},
		{"[build-env]\nRUSTFLAGS = '-C x'", "2:1", "`RUSTFLAGS` cannot be set here\nset build.rustflags"},
		{"[dependency-env]\nCARGO_PROFILE_RELEASE_LTO = 'fat'", "2:1", "set it in the [profile] table"},
		{"[build-env]\nPATH = '/x'", "2:1", "`PATH` is set by rustfile or cargo"},
		{"[build-env]\nSOURCE_DATE_EPOCH = 1", "2:1", "an option of its own"},
		{"extra-sources = ['.']", "1:18", "the whole context is too much"},
		{"extra-sources = ['/etc']", "1:18", "the path `/etc` is absolute"},
		{"[[secrets]]\nid = 'a'\nenv = 'A'\ntarget = '/a'", "1:1", "has both env and target"},
		{"[[secrets]]\nid = 'a'\nenv = 'A'\n[[secrets]]\nid = 'b'\nenv = 'A'", "4:1", "the secrets `a` and `b` are in the same place"},
		{"[[secrets]]\nid = 'a b'", "2:1", "the secret's id `a b` contains"},
		{"[[native]]\npackages = ['libfoo-dev']", "1:1", "`crate` is missing"},
		{"[[native]]\ncrate = 'foo'\npackages = ['libfoo-']", "3:13", "`libfoo-` is not the name of a Debian package"},
		{"[[native]]\ncrate = '../foo'", "2:1", "crate name"},
		{"[[native]]\ncrate = 'foo'\nunless = ['a b']", "3:11", "feature"},
		{"[[native]]\ncrate = 'foo'\nunless = ['a b']\nfeatures = ['c d']", "4:13", "feature"},
		{"[[native]]\ncrate = 'foo'\ntools = true", "3:1", "did you mean `tool`"},
		{"[[secrets]]\nenv = 'A'", "1:1", "`id` is missing"},
		{"[packages]\nruntime = ['libssl3=1']", "2:12", "`libssl3=1` is not the name of a Debian package"},
		{"packages = ['a']", "1:1", "key `packages`: expected a table"},
		{"[variants.x]\nfeatrues = []", "2:1", "unknown key `featrues`"},
		{"[variants.x.variants.y]", "1:2", "unknown key `variants`"},
		{"[variants.x]\nmanifest-path = 'a/Cargo.toml'", "2:1", "cannot be set in a variant"},
		{"variants = 1", "1:1", "key `variants`: expected a table"},
		{"[variants.'a b']", "1:1", "the variant's name `a b` contains ` `"},
	} {
		_, err := Parse("Rustfile", []byte(tc.file), nil)
		var fault *cargo.Error
		if !errors.As(err, &fault) {
			t.Errorf("%q: got %v", tc.file, err)
			continue
		}
		if !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), "Rustfile:"+tc.place+": ") || fault.Fix == "" {
			t.Errorf("%q: want %s %q:\n%v", tc.file, tc.place, tc.want, err)
		}
	}
}

func TestImageArgumentFaults(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"cmd", `serve "x y"`, "a command with quotes is ambiguous"},
		{"cmd", `["a"`, "is not a TOML value"},
		{"cmd", "[]\nx = 1", "is not a TOML value"},
		{"env", "RUST_LOG", "has no `=`"},
		{"env", "=x", "not the name of a variable"},
		{"build-env", "NPM_TOKEN=hunter2", "`NPM_TOKEN` looks like a secret"},
		{"env", "{DB_PASSWORD = 'hunter2'}", "`DB_PASSWORD` looks like a secret"},
		{"build-env", "URL=https://me:hunter2@example.com", "looks like a secret"},
		{"GITHUB_TOKEN", "hunter2", "build argument `GITHUB_TOKEN` looks like a secret"},
		{"api-key", "hunter2", "looks like a secret"},
		{"labels", "x=ghp_0123456789abcdefghijklmnopqrstuvwxyz", "build argument `labels` looks like a secret"},
		{"cmd", "serve --token glpat-0123456789abcdefghij", "build argument `cmd` looks like a secret"},
		{"cmd", "https://me:hunter2@example.com", "build argument `cmd` looks like a secret"},
		{"copy", `[{source = "a"}]`, "`destination` is missing"},
		{"healthcheck-retries", "many", "is not a whole number"},
		{"copy", "static:/srv", "expected an array of tables, found a build argument"},
	} {
		_, err := Parse("Rustfile", nil, map[string]string{tc.name: tc.text})
		var fault *cargo.Error
		if !errors.As(err, &fault) || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "build argument") || fault.Fix == "" {
			t.Errorf("%s=%s: want %q: %v", tc.name, tc.text, tc.want, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error shows the secret: %v", tc.name, err)
		}
	}
	// A name that only looks like one.
	for _, arg := range []string{"PUBLIC_KEY=x", "KEYBOARD=x", "AUTHORS=x", "TOKEN="} {
		if _, err := Parse("Rustfile", nil, map[string]string{"env": arg}); err != nil {
			t.Errorf("%s: %v", arg, err)
		}
	}
}

func TestMetadataFaults(t *testing.T) {
	for _, tc := range []struct{ workspace, pkg, want string }{
		{"featrues = []", "", "Cargo.toml:1:1: unknown key `featrues`\ndid you mean `features`"},
		{"", "\nports = 'x'", "p/Cargo.toml:2:1: key `ports`"},
		{"manifest-path = 'a/Cargo.toml'", "", "Cargo.toml:1:1: key `manifest-path`: cannot be set in [workspace.metadata.rustfile]"},
		{"", "package = 'a'", "p/Cargo.toml:1:1: key `package`: cannot be set in a package's own table"},
		{"package = 'a'", "", ""},
	} {
		_, err := Defaults().With(Metadata{Workspace: setting(t, "Cargo.toml", tc.workspace), Package: setting(t, "p/Cargo.toml", tc.pkg)})
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%q %q: want %q: %v", tc.workspace, tc.pkg, tc.want, err)
		}
	}
}

func TestVariants(t *testing.T) {
	o, err := Parse("Rustfile", []byte("[variants.b]\n[variants.a]\nbins = ['x']\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if v := o.Variants(); len(v) != 2 || v[0].Name != "a" || v[1].Name != "b" || v[0].Span.Start.Line != 2 {
		t.Errorf("variants %+v", v)
	}
	if err := o.SetTarget("a"); err != nil {
		t.Fatal(err)
	}
	chosen, err := o.With(Metadata{Variant: "a"})
	if err != nil {
		t.Fatal(err)
	}
	if chosen.Target != "" || chosen.Variant != "a" || !reflect.DeepEqual(chosen.Bins, []string{"x"}) {
		t.Errorf("target %q, variant %q, bins %v", chosen.Target, chosen.Variant, chosen.Bins)
	}
}
