package plan_test

import (
	"io/fs"
	"maps"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
)

// configured plans a project with a Rustfile and returns the options, too.
func configured(t *testing.T, files map[string]string, rustfile string) (*plan.Plan, *options.Options) {
	t.Helper()
	fsys := project(files)
	o, err := options.Parse("Rustfile", []byte(rustfile), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.SetTarget("a"); err != nil {
		t.Fatal(err)
	}
	ws, err := cargo.Load(fsys, cargo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if o, err = plan.Configure(ws, o); err != nil {
		t.Fatal(err)
	}
	p, err := plan.New(ws, o, plan.Inputs{Platform: "linux/amd64", Context: planningView(fsys)})
	if err != nil {
		t.Fatal(err)
	}
	return p, o
}

// planningView is what planning sees of a context: manifests and sources.
func planningView(all fstest.MapFS) fstest.MapFS {
	seen := fstest.MapFS{}
	for name, file := range all {
		if strings.HasSuffix(name, ".rs") || strings.HasSuffix(name, ".toml") || strings.HasSuffix(name, ".lock") {
			seen[name] = file
		}
	}
	return seen
}

// base is a small image with links, as Debian's have them.
func base() fstest.MapFS {
	dir := func(mode fs.FileMode) *fstest.MapFile { return &fstest.MapFile{Mode: fs.ModeDir | mode} }
	link := func(to string) *fstest.MapFile {
		return &fstest.MapFile{Mode: fs.ModeSymlink | 0o777, Data: []byte(to)}
	}
	program := &fstest.MapFile{Mode: 0o755, Data: []byte("\x7fELF")}
	return fstest.MapFS{
		"bin": link("usr/bin"), "usr/bin": dir(0o755), "usr/bin/dash": program, "usr/bin/sh": link("dash"), "usr/bin/check": link("/etc/alternatives/check"),
		"etc/alternatives/check": link("/usr/lib/check"), "usr/lib/check": program, "usr/bin/lost": link("/nowhere"), "srv/loop": link("loop"),
		"etc/passwd": {Data: []byte("root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33::/var/www:/bin/false\napp:x:1000:1001::/:\n")},
		"etc/group":  {Data: []byte("root:x:0:\nstaff:x:50:\n")},
		"root":       dir(0o700), "tmp": dir(fs.ModeSticky | 0o777), "srv/old": dir(0o750), "etc/conf.d": dir(0o755),
	}
}

func TestAssetsOfSources(t *testing.T) {
	for _, tc := range []struct {
		name, source string
		files        map[string]string
		asset        string
		compiled     bool
	}{
		{"served at run time", `fn main() { serve(ServeDir::new("static")); let x: &'static str = ""; }`, nil, "a/static", false},
		{"named after an include of something else", `const Q: &str = include_str!("q.sql"); fn main() { serve("static"); }`, nil, "a/static", false},
		{"included", `const PAGE: &str = include_str!("../static/index.html");`, nil, "a/static", true},
		{"included by a path that is put together", `const P: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/static/x"));`, nil, "a/static", true},
		{"embedded directory", "#[derive(RustEmbed)]\n#[folder = \"static/\"]\nstruct Assets;", nil, "a/static", true},
		{"templates of askama", "#[derive(Template)]\n#[template(path = \"x.html\")]\nstruct X;", nil, "a/templates", true},
		{"other templates", `fn main() { tera::Tera::new("templates/**/*"); }`, nil, "a/templates", false},
		{"migrations of sqlx", `sqlx::migrate!().run(&pool)`, nil, "a/migrations", true},
		{"migrations that are read at run time", `Migrator::new(Path::new("./migrations"))`, nil, "a/migrations", false},
		{"beside a build script", "", map[string]string{"a/build.rs": "fn main() {}"}, "a/static", true},
		{"beside the build script of another package", "", map[string]string{"lib/build.rs": "fn main() {}"}, "a/static", false},
		{"in the root", "", nil, "static", false},
		{"sources", "", nil, "a/src", true},
		{"a package", "", nil, "lib", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			files := map[string]string{"a/src/main.rs": tc.source}
			maps.Copy(files, tc.files)
			for _, word := range []string{"", "true", "false"} {
				compiled, rustfile := tc.compiled, "[[copy]]\nsource = '"+tc.asset+"'\ndestination = '/x'\n"
				if word != "" {
					compiled, rustfile = word == "true", rustfile+"compiled = "+word+"\n"
				}
				p, _ := configured(t, files, rustfile)
				if got := p.Image.Assets[0].Compiled; got != compiled {
					t.Errorf("compiled = %s: %v, want %v", word, got, compiled)
				}
				if seen := sees(p, tc.asset); seen != compiled && tc.asset != "lib" { // a package is never left out
					t.Errorf("compiled = %s: the source vertex sees it: %v", word, seen)
				}
			}
		})
	}
}

// sees reports whether no pattern of the source vertex leaves a path out.
func sees(p *plan.Plan, name string) bool {
	for _, c := range p.Members.Copies {
		rel := name
		if c.Path != "." {
			var ok bool
			if rel, ok = strings.CutPrefix(name, c.Path+"/"); !ok {
				continue
			}
		}
		for _, pattern := range c.Exclude {
			if pattern == rel {
				return false
			}
		}
	}
	return true
}

func TestPlace(t *testing.T) {
	const rustfile = `
user = "app"
workdir = "/srv/app"
volumes = ["/data/db", "/srv/old", "/tmp"]
[[copy]]
source = "conf.toml"
destination = "/etc/conf.d"
[[copy]]
source = "conf.toml"
destination = "/bin/tool"
mode = "0755"
[[copy]]
source = "static"
destination = "/var/www"
owner = "www-data:staff"
[[copy]]
source = "conf.toml"
destination = "/root/x/"
owner = 7
`
	p, o := configured(t, nil, rustfile)
	context := fstest.MapFS{"conf.toml": {}, "static/index.html": {}}
	if err := p.CheckFiles(context, o, nil); err != nil {
		t.Fatal(err)
	}
	passwd, _ := fs.ReadFile(base(), "etc/passwd")
	group, _ := fs.ReadFile(base(), "etc/group")
	if err := p.ResolveUsers(o, passwd, group); err != nil {
		t.Fatal(err)
	}
	if err := p.Place(base(), o); err != nil {
		t.Fatal(err)
	}
	if p.Image.User != "1000:1001" {
		t.Errorf("user %q", p.Image.User)
	}
	want := []plan.Asset{
		{Source: "conf.toml", Destination: "/etc/conf.d/conf.toml", Owner: "0:0"}, {Source: "conf.toml", Destination: "/usr/bin/tool", Mode: "0755", Owner: "0:0"},
		{Source: "static", Destination: "/var/www", Owner: "33:50", Directory: true}, {Source: "conf.toml", Destination: "/root/x/conf.toml", Owner: "7:0"},
	}
	if !reflect.DeepEqual(p.Image.Assets, want) {
		t.Errorf("assets\n%+v\nwant\n%+v", p.Image.Assets, want)
	}
	directories := []plan.Directory{
		{Path: "/data", Mode: 0o755, Owner: "0:0"}, {Path: "/data/db", Mode: 0o755, Owner: "1000:1001"},
		{Path: "/etc", Mode: 0o555, Owner: "0:0"}, {Path: "/etc/conf.d", Mode: 0o755, Owner: "0:0"},
		{Path: "/root", Mode: 0o700, Owner: "0:0"}, {Path: "/root/x", Mode: 0o755, Owner: "0:0"},
		{Path: "/srv", Mode: 0o555, Owner: "0:0"}, {Path: "/srv/app", Mode: 0o755, Owner: "1000:1001"},
		{Path: "/usr", Mode: 0o555, Owner: "0:0"}, {Path: "/usr/bin", Mode: 0o755, Owner: "0:0"},
		{Path: "/var", Mode: 0o755, Owner: "0:0"}, {Path: "/var/www", Mode: 0o755, Owner: "33:50"},
	}
	if !reflect.DeepEqual(p.Image.Directories, directories) {
		t.Errorf("directories\n%+v\nwant\n%+v", p.Image.Directories, directories)
	}
}

// TestPrepareFaults states what is refused when the context and the base are
// known, and at which line.
func TestPrepareFaults(t *testing.T) {
	for _, tc := range []struct {
		name, rustfile string
		want           string
	}{
		{"missing asset", "\n[[copy]]\nsource = 'statik'\ndestination = '/x'", "Rustfile:2:1: key `copy`: `statik` is not in the build context"},
		{"excluded asset", "[[copy]]\nsource = 'secret.pem'\ndestination = '/x'", "Rustfile:1:1: key `copy`: `secret.pem` is excluded by .dockerignore"},
		{"missing extra source", "extra-sources = ['proto',\n'static']", "Rustfile:1:18: key `extra-sources`: `proto` is not in the build context"},
		{"unknown user", "\nuser = 'nobody'", "Rustfile:2:1: key `user`: the base image has no user `nobody` in /etc/passwd"},
		{"unknown group", "user = '5:wheel'", "Rustfile:1:1: key `user`: the base image has no group `wheel` in /etc/group"},
		{"unknown owner", "[[copy]]\nsource = 'static'\ndestination = '/x'\nowner = 'me'", "Rustfile:1:1: key `copy`: the base image has no user `me`"},
		{"asset in a directory for all", "[[copy]]\nsource = 'static'\ndestination = '/tmp/x'", "Rustfile:1:1: key `copy`: the base image's /tmp is for temporary files"},
		{"volume that is a file", "volumes = ['/usr/bin/sh']", "Rustfile:1:1: key `volumes`: the base image has a file at /usr/bin/dash"},
		{"volume below a link to itself", "volumes = ['/srv/loop/x']", "Rustfile:1:1: key `volumes`: the base image has a link at /srv/loop that leads to itself"},
		{"working directory below a file", "workdir = '/etc/passwd/x'", "Rustfile:1:1: key `workdir`: the base image has a file at /etc/passwd"},
		{"health check without its program", "[healthcheck]\ntest = ['curl', 'localhost']", "Rustfile:2:1: key `healthcheck.test`: the image has no program `curl`"},
		{"health check in the shell without its program", "healthcheck.test = 'curl -f localhost || exit 1'", "the image has no program `curl`"},
		{"health check by a lost link", "healthcheck.test = ['/bin/lost']", "the image has no program `/bin/lost`"},
		{"entrypoint", "entrypoint = ['servr']", "Rustfile:1:1: key `entrypoint`: the image has no program `servr`"},
		{"command without an entrypoint", "entrypoint = []\ncmd = ['/app/x']", "Rustfile:2:1: key `cmd`: the image has no program `/app/x`"},
		{"path of the image", "healthcheck.test = ['dash']\nenv = {PATH = '/opt'}", "the image has no program `dash`"},

		{"health check of the base", "healthcheck.test = ['check']", ""},
		{"health check in the shell", "healthcheck.test = 'test -f /x'", ""},
		{"health check by a binary", "healthcheck.test = ['a', 'health']", ""},
		{"health check by an asset", "healthcheck.test = ['/opt/bin/x']\n[[copy]]\nsource = 'static'\ndestination = '/opt/bin'", ""},
		{"entrypoint by path", "entrypoint = ['/bin/sh', '-c', 'a']", ""},
		{"relative program", "workdir = '/usr'\nentrypoint = ['bin/dash']", ""},
		{"user with a group", "user = 'app:staff'", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, o := configured(t, nil, tc.rustfile)
			err := prepared(p, o)
			if tc.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("want %q: %v", tc.want, err)
			}
		})
	}
	t.Run("no shell", func(t *testing.T) {
		p, o := configured(t, nil, "healthcheck.test = 'test -f /x'")
		if err := p.CheckPrograms(o, nil, "/bin"); err == nil || !strings.Contains(err.Error(), "the image has no shell") {
			t.Errorf("got %v", err)
		}
	})
}

// prepared does what the frontend does before it compiles.
func prepared(p *plan.Plan, o *options.Options) error {
	context := fstest.MapFS{"conf.toml": {}, "static/index.html": {}}
	if err := p.CheckFiles(context, o, func(name string) bool { return name == "secret.pem" }); err != nil {
		return err
	}
	passwd, _ := fs.ReadFile(base(), "etc/passwd")
	group, _ := fs.ReadFile(base(), "etc/group")
	if err := p.ResolveUsers(o, passwd, group); err != nil {
		return err
	}
	if err := p.Place(base(), o); err != nil {
		return err
	}
	return p.CheckPrograms(o, base(), "/usr/local/bin:/usr/bin:/bin")
}

func TestConflicts(t *testing.T) {
	const debug = "[profile.dist]\ninherits = \"release\"\ndebug = 1\n[profile.bare]\ninherits = \"dist\"\nstrip = true\n"
	for _, tc := range []struct{ name, rustfile, want string }{
		{"nothing to run", "entrypoint = []", "Rustfile:1:1: key `entrypoint`: the image would run nothing"},
		{"init of nothing", "entrypoint = []\ncmd = ['a']\ninit = true", "Rustfile:3:1: key `init`: conflicts with an empty entrypoint"},
		{"no health check", "\nhealthcheck.interval = '1s'", "Rustfile:2:1: key `healthcheck.interval`: there is no health check"},
		{"health check turned off", "[healthcheck]\ntest = ['none']\nretries = 1", "Rustfile:3:1: key `healthcheck.retries`: conflicts with healthcheck.test (Rustfile:2:1)"},
		{"file on the binary", "[[copy]]\nsource = 'x'\ndestination = '/usr/local/bin/a'", "Rustfile:1:1: key `copy`: `x` and the binary `a` have the same place"},
		{"files on one another", "[[copy]]\nsource = 'x'\ndestination = '/y/'\n[[copy]]\nsource = 'z'\ndestination = '/y/x'", "Rustfile:4:1: key `copy`: `z` and `x` have the same place /y/x"},
		{"two values", "[build-env]\nA = '1'\n[dependency-env]\nA = '2'", "Rustfile:2:1: key `build-env`: `A` has another value in dependency-env (Rustfile:3:1)"},
		{"secret in the open", "[build-env]\nA = '1'\n[[secrets]]\nid = 's'\nenv = 'A'", "Rustfile:2:1: key `build-env`: `A` is the variable of the secret `s`"},
		{"secret in the open twice", "[build-env]\nA = '1'\n[dependency-env]\nA = '1'\n[[secrets]]\nid = 's'\nenv = 'A'", "Rustfile:2:1: key `build-env`: `A` is the variable of the secret `s`"},
		{"repository", "extra-sources = ['.git/HEAD']", "Rustfile:1:18: key `extra-sources`: the git repository changes"},
		{"target", "extra-sources = ['target/x']", "cargo's target directory"},
		{"split and not strip", "profile = 'dist'\nstrip = false\ndebug = 'split'", "Rustfile:2:1: key `strip`: conflicts with debug = \"split\" (Rustfile:3:1)"},
		{"nothing to split", "debug = 'split'", "Rustfile:1:1: key `debug`: the profile `release` makes no debug information\nadd to Cargo.toml: [profile.release]"},
		{"split what is stripped", "profile = 'bare'\ndebug = 'split'", "the profile `bare` strips the binaries"},
		{"split", "profile = 'dist'\ndebug = 'split'", ""},
		{"split dev", "profile = 'dev'\ndebug = 'split'", ""},
		{"one value twice", "[build-env]\nA = '1'\n[dependency-env]\nA = '1'", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			files := map[string]string{"Cargo.toml": "[workspace]\nmembers = [\"a\", \"b\", \"lib\"]\nresolver = \"2\"\n" + debug}
			_, err := newPlan(project(files), request{target: "a", file: tc.rustfile})
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("want %q: %v", tc.want, err)
			}
		})
	}
}

// TestDependenciesKnowNothingOfTheImage: none of the image's options reaches
// the dependency vertex.
func TestDependenciesKnowNothingOfTheImage(t *testing.T) {
	before, _ := configured(t, nil, "")
	after, _ := configured(t, nil, "cmd = ['x']\nuser = '1'\nports = [1]\nvolumes = ['/v']\nworkdir = '/w'\nstop-signal = 'INT'\nstrip = true\nextra-sources = ['x']\n"+
		"env = {A = 'b'}\nlabels = {A = 'b'}\nannotations = {A = 'b'}\nbuild-env = {A = 'b'}\nhealthcheck.test = ['a']\n[[copy]]\nsource = 'x'\ndestination = '/x'\n[[secrets]]\nid = 'x'\n")
	if !reflect.DeepEqual(before.Dependencies, after.Dependencies) {
		t.Errorf("the dependency vertex is\n%+v\nand was\n%+v", after.Dependencies, before.Dependencies)
	}
	if !reflect.DeepEqual(after.Members.Variables, map[string]string{"A": "b"}) || len(after.Members.Secrets) != 1 {
		t.Errorf("the source vertex has %+v", after.Members)
	}
	for rustfile, want := range map[string]map[string]string{
		"dependency-env = {A = 'b'}": {"A": "b"}, "cache-namespace = 'x'": {"RUSTFILE_CACHE_NAMESPACE": "x"},
	} {
		if p, _ := configured(t, nil, rustfile); !reflect.DeepEqual(p.Dependencies.Variables, want) {
			t.Errorf("%s: %v", rustfile, p.Dependencies.Variables)
		}
	}
}

// TestInit: an init process is a program and a package of the image.
func TestInit(t *testing.T) {
	p, o := configured(t, nil, "init = true\n[packages]\nruntime = ['tzdata']\n")
	if want := []string{"tini", "--", "/usr/local/bin/a"}; !reflect.DeepEqual(p.Image.Entrypoint, want) {
		t.Errorf("entrypoint %q, want %q", p.Image.Entrypoint, want)
	}
	if want := []string{"tzdata", "tini"}; !reflect.DeepEqual(o.RuntimePackages, want) {
		t.Errorf("packages %q, want %q", o.RuntimePackages, want)
	}
	if err := p.CheckPrograms(o, base(), "/usr/bin"); err == nil || !strings.Contains(err.Error(), "Rustfile:1:1: key `init`: the image has no program `tini`") {
		t.Errorf("an image without tini: %v", err)
	}
}

// TestContextPatternsOfOptions: what the options name is sent wherever it is.
func TestContextPatternsOfOptions(t *testing.T) {
	p, _ := configured(t, nil, "extra-sources = ['b/proto']\n[[copy]]\nsource = 'target/site'\ndestination = '/site'\n")
	_, exclude := p.ContextPatterns()
	text := strings.Join(exclude, " ")
	if !strings.Contains(text, "!b/proto") || !strings.Contains(text, "!target/site") || strings.Index(text, "target") > strings.Index(text, "!target/site") {
		t.Errorf("exclude %q", exclude)
	}
}
