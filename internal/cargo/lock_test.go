package cargo

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// lockLines renders a lock file's packages and edges for comparison.
func lockLines(l *Lock) []string {
	var lines []string
	for _, p := range l.Packages {
		line := p.Name + " " + p.Version
		if id, err := ParseSourceID(p.Source); err == nil && p.Source != "" {
			line += " " + id.String()
		}
		if p.Checksum != "" {
			line += " " + p.Checksum[:4]
		}
		for _, i := range p.Dependencies {
			line += " > " + l.Packages[i].Name + "@" + l.Packages[i].Version
		}
		lines = append(lines, line)
	}
	return lines
}

// The same lock file in all four formats.
const (
	gitV3 = "git+https://host/g?branch=a/b#" + commit
	gitV4 = "git+https://host/g?branch=a%2Fb#" + commit
)

const commit = "0123456789abcdef0123456789abcdef01234567"

var lockVersions = map[int]string{
	1: `[root]
name = "app"
version = "0.1.0"
dependencies = [
 "g 0.1.0 (` + gitV3 + `)",
 "x 1.0.0 (` + cratesSource + `)",
 "x 2.0.0 (` + cratesSource + `)",
]

[[package]]
name = "g"
version = "0.1.0"
source = "` + gitV3 + `"

[[package]]
name = "x"
version = "1.0.0"
source = "` + cratesSource + `"

[[package]]
name = "x"
version = "2.0.0"
source = "` + cratesSource + `"
dependencies = [
 "x 1.0.0 (` + cratesSource + `)",
]

[metadata]
"checksum g 0.1.0 (` + gitV3 + `)" = "<none>"
"checksum x 1.0.0 (` + cratesSource + `)" = "` + sum + `"
"checksum x 2.0.0 (` + cratesSource + `)" = "` + sum + `"
`,
	2: newLock("", gitV3),
	3: newLock("version = 3\n\n", gitV3),
	4: newLock("version = 4\n\n", gitV4),
}

func newLock(head, git string) string {
	return head + `[[package]]
name = "app"
version = "0.1.0"
dependencies = [
 "g",
 "x 1.0.0",
 "x 2.0.0",
]

[[package]]
name = "g"
version = "0.1.0"
source = "` + git + `"

[[package]]
name = "x"
version = "1.0.0"
source = "` + cratesSource + `"
checksum = "` + sum + `"

[[package]]
name = "x"
version = "2.0.0"
source = "` + cratesSource + `"
checksum = "` + strings.ToUpper(sum) + `"
dependencies = [
 "x 1.0.0",
]
`
}

func TestLockVersions(t *testing.T) {
	want := []string{
		"app 0.1.0 > g@0.1.0 > x@1.0.0 > x@2.0.0",
		"g 0.1.0 git+https://host/g?branch=a%2Fb#" + commit,
		"x 1.0.0 " + cratesSource + " 0123",
		"x 2.0.0 " + cratesSource + " 0123 > x@1.0.0",
	}
	for version, text := range lockVersions {
		for _, ending := range []string{"\n", "\r\n"} {
			l, err := ParseLock("Cargo.lock", []byte(strings.ReplaceAll(text, "\n", ending)))
			if err != nil {
				t.Errorf("version %d: %v", version, err)
				continue
			}
			if l.Version != version {
				t.Errorf("version is %d, want %d", l.Version, version)
			}
			if got := lockLines(l); !reflect.DeepEqual(got, want) {
				t.Errorf("version %d:\n%s\nwant\n%s", version, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	}
	l, err := ParseLock("Cargo.lock", []byte(lockVersions[4]))
	if err != nil {
		t.Fatal(err)
	}
	if got := l.Packages[1].Span; got.Start.Line != 12 || got.End.Line != 15 {
		t.Errorf("package g is at %v to %v", got.Start, got.End)
	}
}

func TestLockEdges(t *testing.T) {
	l, err := ParseLock("Cargo.lock", []byte(lockFile(
		"a 1.0.0", "a 1.0.0 crates", "a 1.0.0 git+https://h/a#"+commit, "b 1.0.0 sparse+https://h/i/",
		"z 1.0.0 -> a 1.0.0, a 1.0.0 ("+cratesSource+"), a 1.0.0 (git+https://h/a), b, b 1.0.0")))
	if err != nil {
		t.Fatal(err)
	}
	if got := l.Packages[4].Dependencies; !reflect.DeepEqual(got, []int{0, 1, 2, 3}) {
		t.Errorf("dependencies are %v", got)
	}
	replaced, err := ParseLock("Cargo.lock", []byte("[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \""+cratesSource+"\"\n"+
		"replace = \"a 1.0.0 (git+https://h/a)\"\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"git+https://h/a#"+commit+"\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if to, ok := replaced.Replacement(0); !ok || to != 1 {
		t.Errorf("Replacement(0) = %d, %v", to, ok)
	}
}

func TestLockFaults(t *testing.T) {
	pkg := func(rest string) string {
		return "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n" + rest
	}
	for _, tc := range []struct {
		name, lock string
		line       int
		message    string
	}{
		{"version 5", "version = 5\n", 1, "lock file version `5` was found, but this version of Cargo does not understand this lock file, perhaps Cargo needs to be updated?"},
		{"version 99", "# x\nversion = 99\n", 2, "lock file version `99` was found"},
		{"version 2 is never written", "version = 2\n", 1, "lock file version `2` was found"},
		{"version string", "version = \"4\"\n", 1, "invalid type: string \"4\", expected u32"},
		{"version negative", "version = -1\n", 1, "expected u32"},
		{"syntax", "version = 4\n[[package]\n", 2, "failed to parse lock file at: `Cargo.lock`"},
		{"conflict", "version = 4\n<<<<<<< HEAD\n=======\n>>>>>>> b\n", 2, "git conflict markers"},
		{"conflict in CRLF", "version = 4\r\n[[package]]\r\n>>>>>>> b\r\n", 3, "git conflict markers"},
		{"twice", pkg("") + "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n", 6, "package `a` is specified twice in the lockfile"},
		{"twice by another spelling", pkg("source = \"git+https://github.com/A/b.git#"+commit+"\"\n") +
			"[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"git+https://github.com/a/b#" + commit + "\"\n", 7, "specified twice"},
		{"dangling", pkg("dependencies = [\n \"b\",\n]\n"), 7, "dependency `b` is not among its packages"},
		{"dangling version", pkg("dependencies = [\"a 2.0.0\"]\n"), 6, "dependency `a 2.0.0` is not among"},
		{"ambiguous", pkg("dependencies = [\"b\"]\n") + "[[package]]\nname = \"b\"\nversion = \"1.0.0\"\n[[package]]\nname = \"b\"\nversion = \"2.0.0\"\n", 6, "is ambiguous: 2 packages match"},
		{"malformed edge", pkg("dependencies = [\"a 1.0.0 x\"]\n"), 6, "invalid serialized PackageId"},
		{"edge type", pkg("dependencies = [1]\n"), 6, "invalid type: integer `1`"},
		{"no checksum", pkg("source = \"" + cratesSource + "\"\n"), 3, "has no checksum in the lock file"},
		{"no checksum in version 1", strings.Replace(lockVersions[1], "\"checksum x 2.0.0", "\"checksum w 2.0.0", 1), 20, "has no checksum"},
		{"<none> for a registry", strings.Replace(lockVersions[1], "\""+sum+"\"\n", "\"<none>\"\n", 1), 15, "has no checksum"},
		{"checksum", pkg("source = \"" + cratesSource + "\"\nchecksum = \"abc\"\n"), 7, "is not a SHA-256"},
		{"mixed versions", lockVersions[4] + "\n[metadata]\n\"checksum x 1.0.0 (" + cratesSource + ")\" = \"" + sum + "\"\n", 33, "mixes the formats"},
		{"no name", "[[package]]\nversion = \"1.0.0\"\n", 1, "missing field `name`"},
		{"no version", "[[package]]\nname = \"a\"\n", 1, "missing field `version`"},
		{"bad name", "[[package]]\nname = \"../a\"\nversion = \"1.0.0\"\n", 2, "invalid character `.` in package name"},
		{"bad version", "[[package]]\nname = \"a\"\nversion = \"1/../2\"\n", 3, "invalid version"},
		{"bad source", pkg("source = \"ftp+https://h\"\n"), 6, "unsupported source protocol: ftp"},
		{"source without kind", pkg("source = \"https://h\"\n"), 6, "invalid source"},
		{"git without commit", pkg("source = \"git+https://h/a?branch=b\"\n"), 6, "is not locked to a commit"},
		{"git commit", pkg("source = \"git+https://h/a#--upload-pack\"\n"), 6, "which is not a commit"},
		{"package type", "package = 1\n", 1, "invalid type: integer `1`, expected a sequence"},
		{"NUL", "version = 4\n\x00", 2, "NUL byte"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := ParseLock("Cargo.lock", []byte(tc.lock))
			fault := wantFault(t, err, fmt.Sprintf("Cargo.lock:%d", tc.line), tc.message)
			if strings.Contains(tc.message, "lockfile") && fault.Fix == "" {
				t.Error("the fault names no fix")
			}
		})
	}
}

// TestStaleLock lists edits of manifests that the lock file does not know, and
// edits that it need not know.
func TestStaleLock(t *testing.T) {
	const git = "git+https://h/g?tag=v1#" + commit
	lock := []string{"app 0.1.0 -> g, renamed, x, y", "g 0.3.0-rc.1 " + git, "renamed 1.1.0 crates", "x 1.5.0 crates", "y 0.1.0"}
	const deps = "[dependencies]\nx = \"1.2\"\n"
	for _, tc := range []struct {
		name, manifest string
		line           int // of the fault, 0 for none
		because        string
	}{
		{"fresh", deps, 0, ""},
		{"feature added", "[dependencies]\nx = { version = \"1.2\", features = [\"new\"] }\n", 0, ""},
		{"requirement narrowed and met", "[dependencies]\nx = \"=1.5.0\"\n", 0, ""},
		{"requirement bumped", "[dependencies]\nx = \"2\"\n", 6, "no package in it is the dependency `x` of `app`"},
		{"requirement not met", "[dependencies]\nx = \"1.6\"\n", 6, "dependency `x`"},
		{"dependency added", deps + "w = \"1\"\n", 7, "dependency `w`"},
		{"platform dependency added", deps + "[target.'cfg(windows)'.dependencies]\nw = \"1\"\n", 8, "dependency `w`"},
		{"optional dependency added", deps + "w = { version = \"1\", optional = true }\n", 7, "dependency `w`"},
		{"dev dependency added", deps + "[dev-dependencies]\nw = \"1\"\n", 8, "dependency `w`"},
		{"renamed", "[dependencies]\nother = { package = \"renamed\", version = \"1\" }\n", 0, ""},
		{"renamed to another", "[dependencies]\nrenamed = { package = \"w\", version = \"1\" }\n", 6, "dependency `renamed`"},
		{"git", "[dependencies]\ng = { git = \"https://h/g.git\", tag = \"v1\" }\n", 0, ""},
		{"git tag changed", "[dependencies]\ng = { git = \"https://h/g\", tag = \"v2\" }\n", 6, "dependency `g`"},
		{"git became registry", "[dependencies]\ng = \"0.3.0-rc.1\"\n", 6, "dependency `g`"},
		{"registry became git", "[dependencies]\nx = { git = \"https://h/x\" }\n", 6, "dependency `x`"},
		{"registry became another registry", "[dependencies]\nx = { version = \"1\", registry = \"corp\" }\n", 6, "dependency `x`"},
		{"patched", "[dependencies]\ng = \"0.3.0-rc.1\"\n[patch.crates-io]\ng = { git = \"https://h/g\", tag = \"v1\" }\n", 0, ""},
		{"patch does not meet the requirement", "[dependencies]\ng = \"1\"\n[patch.crates-io]\ng = { git = \"https://h/g\", tag = \"v1\" }\n", 6, "dependency `g`"},
		{"path", "[dependencies]\ny = { path = \"y\", version = \"0.1\" }\n", 0, ""},
		{"path with another version", "[dependencies]\ny = { path = \"y\", version = \"0.2\" }\n", 6, "dependency `y`"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := app(tc.manifest, lock...).with(files{"y/Cargo.toml": lib("y", ""), "y/src/lib.rs": ""})
			_, err := Load(f.fs(), LoadOptions{})
			if tc.line == 0 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			fault := wantFault(t, err, fmt.Sprintf("Cargo.toml:%d", tc.line), "needs to be updated but --locked was passed to prevent this")
			if !strings.Contains(fault.Message, tc.because) || !strings.Contains(fault.Fix, "cargo update --workspace") {
				t.Errorf("fault is %v", fault)
			}
		})
	}
}

func TestStaleLockOfLocalPackages(t *testing.T) {
	dep := "[dependencies]\ny = { path = \"y\" }\n"
	y := func(manifest string) files { return files{"y/Cargo.toml": manifest, "y/src/lib.rs": ""} }
	for _, tc := range []struct {
		name string
		f    files
		at   string
	}{
		{"version bumped", app("", "app 0.0.9"), "Cargo.toml:3"},
		{"package absent", app("", "other 0.1.0"), "Cargo.toml:2"},
		{"path package bumped", app(dep, "app 0.1.0 -> y", "y 0.0.9").with(y(lib("y", ""))), "Cargo.toml:6"},
		{"path package has a new dependency", app(dep, "app 0.1.0 -> y", "y 0.1.0").with(y(lib("y", "[dependencies]\nw = \"1\"\n"))), "y/Cargo.toml:6"},
		{"path package's optional dependency may be off", app(dep, "app 0.1.0 -> y", "y 0.1.0").
			with(y(lib("y", "[dependencies]\nw = { version = \"1\", optional = true }\n[dev-dependencies]\nv = \"1\"\n"))), ""},
		{"own development dependency", app("[dev-dependencies]\napp = { path = \".\" }\n"), ""},
		{"[replace]", app("[dependencies]\nx = \"1\"\n[replace]\n\"x:1.0.0\" = { path = \"y\" }\n").with(y(lib("x", ""))).
			with(files{"y/Cargo.toml": strings.Replace(lib("x", ""), "0.1.0", "1.0.0", 1),
				"Cargo.lock": "[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\"x 1.0.0 (" + cratesSource + ")\"]\n" +
					"[[package]]\nname = \"x\"\nversion = \"1.0.0\"\n[[package]]\nname = \"x\"\nversion = \"1.0.0\"\nsource = \"" + cratesSource + "\"\nreplace = \"x 1.0.0\"\n"}), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Load(tc.f.fs(), LoadOptions{})
			if tc.at == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantFault(t, err, tc.at, "needs to be updated but --locked was passed")
		})
	}
	_, err := Load(files{"Cargo.toml": header, "src/main.rs": ""}.fs(), LoadOptions{})
	fault := wantFault(t, err, "Cargo.toml:2", "because --locked was passed")
	if !strings.Contains(fault.Fix, "cargo generate-lockfile") {
		t.Errorf("the fix is %q", fault.Fix)
	}
}

func TestResolve(t *testing.T) {
	l, err := ParseLock("Cargo.lock", []byte(lockFile(
		"app 0.1.0 -> x 0.9.0, x 1.5.0 ("+cratesSource+"), x 2.0.0, x 1.5.0 (registry+https://h/corp), x 3.0.0, lone",
		"lone 7.0.0 git+https://h/lone#"+commit,
		"x 0.9.0", "x 1.5.0 crates", "x 1.5.0 registry+https://h/corp", "x 2.0.0 git+https://h/x?branch=b%2Bc#"+commit, "x 3.0.0 crates")))
	if err != nil {
		t.Fatal(err)
	}
	git := func(branch string) *GitReference { return &GitReference{URL: "https://h/x.git", Branch: branch} }
	for _, tc := range []struct {
		name string
		d    Dependency
		want string
	}{
		{"by requirement", Dependency{Package: "x", Requirement: "1"}, "x 1.5.0 " + cratesSource},
		{"the greatest", Dependency{Package: "x", Requirement: ">=1"}, "x 3.0.0 " + cratesSource},
		{"by path", Dependency{Package: "x", Path: "libs/x"}, "x 0.9.0 "},
		{"by git", Dependency{Package: "x", Git: git("b+c")}, "x 2.0.0 git+https://h/x?branch=b%2Bc#" + commit},
		{"by registry", Dependency{Package: "x", Requirement: "1", Registry: "corp"}, "x 1.5.0 registry+https://h/corp"},
		{"by index", Dependency{Package: "x", Requirement: "1", RegistryIndex: "https://h/corp/"}, "x 1.5.0 registry+https://h/corp"},
		{"no such version", Dependency{Package: "x", Requirement: "4"}, ""},
		{"no such package", Dependency{Package: "w", Requirement: "4"}, ""},
		{"patched", Dependency{Package: "lone", Requirement: "7"}, "lone 7.0.0 git+https://h/lone#" + commit},
		{"bad requirement", Dependency{Package: "x", Requirement: "?"}, ""},
	} {
		i, ok := l.Resolve(0, tc.d)
		got := ""
		if ok {
			got = l.Packages[i].Name + " " + l.Packages[i].Version + " " + l.Packages[i].Source
		}
		if got != tc.want {
			t.Errorf("%s: resolves to %q, want %q", tc.name, got, tc.want)
		}
	}
	// Before version 3, master and the default branch were the same.
	for version, same := range map[int]bool{2: true, 3: false} {
		old, err := ParseLock("Cargo.lock", []byte(strings.Replace(lockFile("app 0.1.0 -> g", "g 1.0.0 git+https://h/g?branch=master#"+commit), "version = 4\n", map[int]string{3: "version = 3\n"}[version], 1)))
		if err != nil {
			t.Fatal(err)
		}
		if _, from, _ := old.resolve(0, Dependency{Package: "g", Git: &GitReference{URL: "https://h/g"}}, nil); from != same || old.Version != version {
			t.Errorf("version %d: master is the default branch: %v", old.Version, from)
		}
	}
	for _, from := range []int{-1, len(l.Packages)} {
		if _, ok := l.Resolve(from, Dependency{Package: "x"}); ok {
			t.Errorf("Resolve from %d succeeds", from)
		}
	}
}
