package cargo

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// virtual is a workspace of libraries a, b and c below crates/, with the given
// root manifest.
func virtual(root string, extra files) files {
	f := files{"Cargo.toml": root}
	for _, name := range []string{"a", "b", "c"} {
		f["crates/"+name+"/Cargo.toml"] = lib(name, "")
		f["crates/"+name+"/src/lib.rs"] = ""
	}
	return f.with(extra)
}

// memberCase is a workspace and what belongs to it.
type memberCase struct {
	name, root, lock string
	extra            files
	members          string
	defaults         string
	paths            string
}

func memberCases() []memberCase {
	dep := func(path string) string { return "[dependencies]\nx = { path = \"" + path + "\" }\n" }
	x := func(dir string) files { return files{dir + "/Cargo.toml": lib("x", ""), dir + "/src/lib.rs": ""} }
	return []memberCase{
		{name: "listed", root: "[workspace]\nmembers = [\"crates/a\", \"crates/c\"]\n", lock: "a c",
			members: "crates/a crates/c", defaults: "crates/a crates/c"},
		{name: "star", root: "[workspace]\nmembers = [\"crates/*\"]\n", lock: "a b c",
			members: "crates/a crates/b crates/c", defaults: "crates/a crates/b crates/c"},
		{name: "set", root: "[workspace]\nmembers = [\"crates/[!b]\"]\n", lock: "a c", members: "crates/a crates/c", defaults: "crates/a crates/c"},
		{name: "two stars", root: "[workspace]\nmembers = [\"**/b\"]\n", lock: "b", members: "crates/b", defaults: "crates/b"},
		{name: "overlap", root: "[workspace]\nmembers = [\"crates/a\", \"crates/*\", \"./crates/a/\"]\n", lock: "a b c",
			members: "crates/a crates/b crates/c", defaults: "crates/a crates/b crates/c"},
		{name: "exclude", root: "[workspace]\nmembers = [\"crates/*\"]\nexclude = [\"crates/b\"]\n", lock: "a c",
			members: "crates/a crates/c", defaults: "crates/a crates/c"},
		{name: "exclude loses to a listed member", root: "[workspace]\nmembers = [\"crates/b\"]\nexclude = [\"crates\"]\n", lock: "b",
			members: "crates/b", defaults: "crates/b"},
		{name: "files are no members", root: "[workspace]\nmembers = [\"crates/*\"]\n", lock: "a b c", extra: files{"crates/README.md": ""},
			members: "crates/a crates/b crates/c", defaults: "crates/a crates/b crates/c"},
		{name: "default-members", root: "[workspace]\nmembers = [\"crates/*\"]\ndefault-members = [\"crates/[ab]\"]\n", lock: "a b c",
			members: "crates/a crates/b crates/c", defaults: "crates/a crates/b"},
		{name: "default-members excluded", root: "[workspace]\nmembers = [\"crates/*\"]\nexclude = [\"crates/b\"]\n" +
			"default-members = [\"crates/*\"]\n", lock: "a c", members: "crates/a crates/c", defaults: "crates/a crates/c"},
		{name: "dependency below the root joins", root: "[workspace]\nmembers = [\"crates/a\"]\n",
			extra: x("libs/x").with(files{"crates/a/Cargo.toml": lib("a", dep("../../libs/x"))}), lock: "a>x x",
			members: "crates/a libs/x", defaults: "crates/a libs/x"},
		{name: "excluded dependency does not join", root: "[workspace]\nmembers = [\"crates/a\"]\nexclude = [\"libs\"]\n",
			extra: x("libs/x").with(files{"crates/a/Cargo.toml": lib("a", dep("../../libs/x"))}), lock: "a>x x",
			members: "crates/a", defaults: "crates/a", paths: "libs/x"},
		{name: "root package is the default", root: header + "[workspace]\nmembers = [\"crates/a\"]\n", extra: files{"src/main.rs": ""},
			lock: "app a", members: ". crates/a", defaults: "."},
		{name: "no workspace", root: header + dep("libs/x"), extra: x("libs/x").with(files{"src/main.rs": ""}),
			lock: "app>x x", members: ".", defaults: ".", paths: "libs/x"},
		{name: "path of a path", root: header + dep("libs/x"), lock: "app>x x>y y", members: ".", defaults: ".", paths: "libs/x libs/y",
			extra: files{"src/main.rs": "", "libs/x/Cargo.toml": lib("x", "[dependencies]\ny = { path = \"../y\" }\n[dev-dependencies]\n"+
				"z = { path = \"../absent\" }\n"), "libs/x/src/lib.rs": "", "libs/y/Cargo.toml": lib("y", ""), "libs/y/src/lib.rs": ""}},
		{name: "path package may lack its tests", root: header + dep("libs/x"), lock: "app>x x", members: ".", defaults: ".", paths: "libs/x",
			extra: files{"src/main.rs": "", "libs/x/Cargo.toml": lib("x", "[[test]]\nname = \"t\"\n"), "libs/x/src/lib.rs": ""}},
		{name: "patch by path", root: header + "[patch.crates-io]\nx = { path = \"libs/x\" }\n", extra: x("libs/x").with(files{"src/main.rs": ""}),
			lock: "app x", members: ".", defaults: ".", paths: "libs/x"},
	}
}

// files is the project of a case, with its lock file.
func (tc memberCase) files() files {
	var lock []string
	for _, entry := range strings.Fields(tc.lock) {
		name, to, has := strings.Cut(entry, ">")
		line := name + " 0.1.0"
		if has {
			line += " -> " + to
		}
		lock = append(lock, line)
	}
	return virtual(tc.root, tc.extra).with(files{"Cargo.lock": lockFile(lock...)})
}

func TestMembers(t *testing.T) {
	for _, tc := range memberCases() {
		t.Run(tc.name, func(t *testing.T) {
			ws := mustLoad(t, tc.files())
			for _, list := range []struct {
				what, want string
				got        []*Package
			}{{"members", tc.members, ws.Members}, {"default members", tc.defaults, ws.DefaultMembers}, {"path packages", tc.paths, ws.PathPackages}} {
				if got := names(list.got); got != list.want {
					t.Errorf("%s are %q, want %q", list.what, got, list.want)
				}
			}
			if ws.Virtual != !strings.Contains(tc.root, "[package]") {
				t.Errorf("Virtual is %v", ws.Virtual)
			}
		})
	}
}

func TestMemberIsFoundFromItsManifest(t *testing.T) {
	f := virtual("[workspace]\nmembers = [\"crates/*\"]\n", files{"Cargo.lock": lockFile("a 0.1.0", "b 0.1.0", "c 0.1.0")})
	for _, manifest := range []string{"crates/b/Cargo.toml", "crates/b", "./crates/../crates/b/Cargo.toml"} {
		ws, err := Load(f.fs(), LoadOptions{ManifestPath: manifest})
		if err != nil {
			t.Fatal(err)
		}
		if ws.Root != "." || names(ws.Members) != "crates/a crates/b crates/c" || names(ws.DefaultMembers) != "crates/b" {
			t.Errorf("%s: root %s, members %s, default %s", manifest, ws.Root, names(ws.Members), names(ws.DefaultMembers))
		}
		if p := ws.PackageAt("crates/b"); p == nil || p.Name != "b" || ws.PackageAt("crates") != nil {
			t.Errorf("PackageAt(crates/b) = %v", p)
		}
	}
	// A workspace below the root of the context.
	nested := files{}
	for name, content := range f {
		nested["deep/ws/"+name] = content
	}
	ws, err := Load(nested.fs(), LoadOptions{ManifestPath: "deep/ws/crates/a/Cargo.toml"})
	if err != nil {
		t.Fatal(err)
	}
	if ws.Root != "deep/ws" || ws.RootManifest != "deep/ws/Cargo.toml" || ws.Lock.Path != "deep/ws/Cargo.lock" {
		t.Errorf("root %s, manifest %s, lock %s", ws.Root, ws.RootManifest, ws.Lock.Path)
	}
}

// TestPointer covers members beside the root, which name it.
func TestPointer(t *testing.T) {
	f := files{
		"root/Cargo.toml":    "[workspace]\nmembers = [\"../out\"]\n[workspace.package]\nversion = \"3.0.0\"\n",
		"root/Cargo.lock":    lockFile("out 3.0.0"),
		"out/Cargo.toml":     "[package]\nname = \"out\"\nversion.workspace = true\nworkspace = \"../root\"\n",
		"out/src/lib.rs":     "",
		"other/Cargo.toml":   lib("other", ""),
		"other/src/lib.rs":   "",
		"unrelated/deep/two": "",
	}
	ws, err := Load(f.fs(), LoadOptions{ManifestPath: "out/Cargo.toml"})
	if err != nil {
		t.Fatal(err)
	}
	if ws.Root != "root" || names(ws.Members) != "out" || ws.Members[0].Version != "3.0.0" {
		t.Errorf("root %s, members %s %s", ws.Root, names(ws.Members), ws.Members[0].Version)
	}
}

// workspaceFaults are faults of workspaces that begin as [virtual] makes them.
var workspaceFaults = []struct {
	name, root  string
	extra       files
	manifest    string
	at, message string
}{
	{name: "two files for a target", root: header, extra: files{"src/main.rs": "", "src/bin/app.rs": ""}, at: "Cargo.toml:1",
		message: "found duplicate binary name app, but all binary targets must have a unique name"},
	{name: "two files for a declared target", root: header + "[[example]]\nname = \"e\"\n", extra: files{"src/main.rs": "", "examples/e.rs": "",
		"examples/e/main.rs": ""}, at: "Cargo.toml:5", message: "cannot infer path for `e` example"},
	{name: "missing member", root: "[workspace]\nmembers = [\n  \"crates/a\",\n  \"crates/zz\",\n]\n", at: "Cargo.toml:4",
		message: "failed to load manifest for workspace member `crates/zz`\nreferenced by workspace at `Cargo.toml`"},
	{name: "glob without manifest", root: "[workspace]\nmembers = [\"crates/*\"]\n", extra: files{"crates/docs/x": ""}, at: "Cargo.toml:2",
		message: "failed to load manifest for workspace member `crates/docs`\nreferenced via `crates/*` by workspace at `Cargo.toml`"},
	{name: "member outside", root: "[workspace]\nmembers = [\"../x\"]\n", at: "Cargo.toml:2", message: "is outside the build context"},
	{name: "member absolute", root: "[workspace]\nmembers = [\"/x\"]\n", at: "Cargo.toml:2", message: "is absolute"},
	{name: "bad pattern", root: "[workspace]\nmembers = [\"a**\"]\n", at: "Cargo.toml:2", message: "could not parse pattern `a**`"},
	{name: "members type", root: "[workspace]\nmembers = [1]\n", at: "Cargo.toml:2", message: "invalid type: integer `1`, expected a string"},
	{name: "two roots", root: "[workspace]\nmembers = [\"crates/a\"]\n", extra: files{"crates/a/Cargo.toml": lib("a", "[workspace]\n")},
		at: "crates/a/Cargo.toml:5", message: "multiple workspace roots found in the same workspace:\n  .\n  crates/a"},
	{name: "not a member", root: "[workspace]\nmembers = [\"crates/a\"]\n", manifest: "crates/b/Cargo.toml", at: "crates/b/Cargo.toml:1",
		message: "current package believes it's in a workspace when it's not"},
	{name: "pointer to no root", root: header, extra: files{"src/main.rs": "", "crates/a/Cargo.toml": lib("a", "workspace = \"../b\"\n")},
		manifest: "crates/a/Cargo.toml", at: "crates/a/Cargo.toml:5", message: "not configured with [workspace]"},
	{name: "pointer outside", root: header, extra: files{"crates/a/Cargo.toml": lib("a", "workspace = \"../../..\"\n")},
		manifest: "crates/a/Cargo.toml", at: "crates/a/Cargo.toml:5", message: "is outside the build context"},
	{name: "wrong workspace", root: "[workspace]\nmembers = [\"crates/a\"]\n", extra: files{"crates/a/Cargo.toml": lib("a", "workspace = \"../b\"\n"),
		"crates/b/Cargo.toml": lib("b", "[workspace]\n")}, at: "crates/a/Cargo.toml:1", message: "is a member of the wrong workspace"},
	{name: "same name", root: "[workspace]\nmembers = [\"crates/a\", \"crates/b\"]\n", extra: files{"crates/b/Cargo.toml": lib("a", "")},
		at: "crates/b/Cargo.toml:2", message: "two packages named `a` in this workspace"},
	{name: "default not a member", root: "[workspace]\nmembers = [\"crates/a\"]\ndefault-members = [\"crates/b\"]\n", at: "Cargo.toml:3",
		message: "package `crates/b` is listed in default-members but is not a member"},
	{name: "fault in a member", root: "[workspace]\nmembers = [\"crates/a\"]\n", extra: files{"crates/a/Cargo.toml": "[package]\nname = 3\n"},
		at: "crates/a/Cargo.toml:2", message: "failed to parse manifest at `crates/a/Cargo.toml`"},
	{name: "no manifest", root: header, manifest: "nowhere/Cargo.toml", at: "nowhere/Cargo.toml", message: "could not find `nowhere/Cargo.toml`"},
	{name: "manifest outside", root: header, manifest: "../Cargo.toml", at: "../Cargo.toml", message: "is outside the build context"},
	{name: "path dependency by wrong name", root: header + "[dependencies]\nq = { path = \"crates/a\" }\n", extra: files{"src/main.rs": "",
		"Cargo.lock": lockFile("app 0.1.0 -> a", "a 0.1.0")}, at: "Cargo.toml:6", message: "no matching package named `q` found"},
	{name: "path dependency on a virtual manifest", root: header + "[dependencies]\nq = { path = \"v\" }\n",
		extra: files{"src/main.rs": "", "v/Cargo.toml": "[workspace]\n"}, at: "Cargo.toml:6", message: "found a virtual manifest at `v/Cargo.toml`"},
}

func TestWorkspaceFaults(t *testing.T) {
	for _, tc := range workspaceFaults {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Load(virtual(tc.root, tc.extra).fs(), LoadOptions{ManifestPath: tc.manifest})
			wantFault(t, err, tc.at, tc.message)
		})
	}
}

func TestExcludedByDockerignore(t *testing.T) {
	excluded := map[string]bool{"Cargo.toml": true, "Cargo.lock": true, "crates/a/Cargo.toml": true, "libs/x/Cargo.toml": true, "src/main.rs": true}
	workspace := virtual("[workspace]\nmembers = [\"crates/a\"]\n", nil)
	delete(workspace, "crates/a/Cargo.toml")
	for _, tc := range []struct {
		name, at string
		f        files
	}{
		{"root manifest", "Cargo.toml", files{"src/main.rs": ""}},
		{"lock file", "Cargo.toml:2", files{"Cargo.toml": header, "src/main.rs": ""}},
		{"member", "Cargo.toml:2", workspace},
		{"path dependency", "Cargo.toml:6", app("[dependencies]\nx = { path = \"libs/x\" }\n")},
		{"sources", "Cargo.toml:1", files{"Cargo.toml": header, "Cargo.lock": lockFile()}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Load(tc.f.fs(), LoadOptions{Excluded: func(p string) bool { return excluded[p] }})
			fault := wantFault(t, err, tc.at, "excluded by .dockerignore")
			if fault.Fix == "" {
				t.Error("the fault names no fix")
			}
			_, err = Load(tc.f.fs(), LoadOptions{})
			if err == nil || strings.Contains(err.Error(), "dockerignore") {
				t.Errorf("without .dockerignore the fault is %v", err)
			}
		})
	}
}

func TestSymbolicLinks(t *testing.T) {
	link := func(target string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(target), Mode: 0o777 | fs.ModeSymlink}
	}
	for _, tc := range []struct {
		name, link, target string
		fault              string
		at                 string
	}{
		{"manifest inside", "Cargo.toml", "conf/Cargo.toml", "", ""},
		{"manifest outside", "Cargo.toml", "../Cargo.toml", "leaves the build context", "Cargo.toml"},
		{"manifest absolute", "Cargo.toml", "/etc/passwd", "leaves the build context", "Cargo.toml"},
		{"manifest loop", "Cargo.toml", "Cargo.toml", "loop of symbolic links", "Cargo.toml"},
		{"lock inside", "Cargo.lock", "conf/Cargo.lock", "", ""},
		{"lock outside", "Cargo.lock", "../../Cargo.lock", "leaves the build context", "Cargo.lock"},
		{"member inside", "libs/x", "../elsewhere", "", ""},
		{"member outside", "libs/x", "../../elsewhere", "leaves the build context", "conf/Cargo.toml:6"},
		{"dangling, unrelated", "src/bin/foo.rs", "../../../nowhere", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			manifest := header + "[workspace]\nmembers = [\"libs/x\"]\n"
			at := strings.Replace(tc.at, "conf/", "", 1)
			f := files{"Cargo.toml": manifest, "conf/Cargo.toml": manifest, "src/main.rs": "",
				"Cargo.lock": lockFile("app 0.1.0", "x 0.1.0"), "conf/Cargo.lock": lockFile("app 0.1.0", "x 0.1.0"),
				"elsewhere/Cargo.toml": lib("x", ""), "elsewhere/src/lib.rs": ""}
			if tc.link != "libs/x" {
				f["libs/x/Cargo.toml"], f["libs/x/src/lib.rs"] = lib("x", ""), ""
			}
			fsys := f.fs()
			fsys[tc.link] = link(tc.target)
			_, err := Load(fsys, LoadOptions{})
			if tc.fault == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantFault(t, err, at, tc.fault)
		})
	}
}
