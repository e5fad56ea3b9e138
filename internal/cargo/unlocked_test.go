package cargo

import (
	"strings"
	"testing"
)

// TestUnlocked: a lock file that cargo can bring up to date is no error of an
// unlocked workspace; one that cargo itself refuses is.
func TestUnlocked(t *testing.T) {
	stale := app("[dependencies]\nitoa = \"1\"\n")
	missing := app("[dependencies]\nitoa = \"1\"\n")
	delete(missing, "Cargo.lock")
	for _, tc := range []struct {
		name      string
		files     files
		at, fault string
	}{
		{"fits", app("[dependencies]\nitoa = \"1\"\n", "app 0.1.0 -> itoa", "itoa 1.0.0 crates"), "", ""},
		{"missing", missing, "Cargo.toml:2", "the project has no Cargo.lock"},
		{"stale", stale, "Cargo.toml:6", "no package in it is the dependency `itoa`"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ws, err := Load(tc.files.fs(), LoadOptions{Unlocked: true})
			if err != nil {
				t.Fatal(err)
			}
			_, strict := Load(tc.files.fs(), LoadOptions{})
			if tc.fault == "" {
				if ws.LockFault != nil || strict != nil || ws.Lock == nil {
					t.Errorf("fault %v, error %v", ws.LockFault, strict)
				}
				return
			}
			wantFault(t, strict, tc.at, tc.fault)
			if fault := wantFault(t, ws.LockFault, tc.at, tc.fault); fault.Source == nil {
				t.Error("the fault has no lines to show")
			}
		})
	}
	_, err := Load(stale.with(files{"Cargo.lock": "<<<<<<< HEAD\nversion = 4\n"}).fs(), LoadOptions{Unlocked: true})
	wantFault(t, err, "Cargo.lock:1", "conflict markers")
}

// TestGivenLock: the lock file that a caller gives is the workspace's, whether
// the context has one or not.
func TestGivenLock(t *testing.T) {
	given := lockFile("app 0.1.0 -> itoa", "itoa 1.0.7 crates")
	for name, f := range map[string]files{"stale": app("[dependencies]\nitoa = \"1\"\n"), "missing": {
		"Cargo.toml": header + "[dependencies]\nitoa = \"1\"\n", "src/main.rs": "",
	}} {
		ws, err := Load(f.fs(), LoadOptions{Lock: []byte(given)})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !ws.LockGiven || string(ws.Files["Cargo.lock"]) != given || ws.Lock.Packages[1].Version != "1.0.7" {
			t.Errorf("%s: the lock file is %q", name, ws.Files["Cargo.lock"])
		}
	}
	_, err := Load(app("[dependencies]\nitoa = \"1\"\n").fs(), LoadOptions{Lock: []byte(lockFile())})
	wantFault(t, err, "Cargo.toml:6", "no package in it is the dependency `itoa`")
}

// TestOtherRoots: the root of another workspace is needed when a path package
// inherits from it, and only then.
func TestOtherRoots(t *testing.T) {
	f := func(member string) files {
		return files{
			"service/Cargo.toml":      header + "[workspace]\n[dependencies]\nlib = { path = \"../other/lib\" }\n",
			"service/src/main.rs":     "",
			"service/Cargo.lock":      lockFile("app 0.1.0 -> lib", "lib 3.0.0"),
			"other/Cargo.toml":        "[package]\nname = \"root\"\n[workspace]\nmembers = [\"lib\"]\n[workspace.package]\nversion = \"3.0.0\"\n",
			"other/src/lib.rs":        "",
			"other/lib/Cargo.toml":    "[package]\nname = \"lib\"\n" + member,
			"other/lib/src/lib.rs":    "",
			"unrelated/Cargo.toml":    "[workspace]\n",
			"unrelated/b/Cargo.toml":  header,
			"unrelated/b/src/main.rs": "",
		}
	}
	for member, want := range map[string]string{"version.workspace = true\n": "other", "version = \"3.0.0\"\n": ""} {
		ws, err := Load(f(member).fs(), LoadOptions{ManifestPath: "service/Cargo.toml"})
		if err != nil {
			t.Fatal(err)
		}
		var dirs []string
		for _, p := range ws.OtherRoots {
			dirs = append(dirs, p.Dir)
		}
		if got := strings.Join(dirs, " "); got != want {
			t.Errorf("with %q the other roots are %q, want %q", member, got, want)
		}
		if want != "" && len(ws.OtherRoots[0].Targets) != 1 {
			t.Errorf("the targets of the root are %v", ws.OtherRoots[0].Targets)
		}
	}
}

// TestOutsideNamesTheContext: the fix names the nearest directory that holds both.
func TestOutsideNamesTheContext(t *testing.T) {
	for path, want := range map[string]string{
		"../api": "Cargo.toml ..`,", "../../x/api": "Cargo.toml ../..`,", "a/../../../..": "Cargo.toml ../../..`,", "../..x/a..": "Cargo.toml ..`,",
	} {
		_, err := Load(app("[dependencies]\napi = { path = \""+path+"\" }\n").fs(), LoadOptions{})
		fault := wantFault(t, err, "Cargo.toml:6", "`"+path+"` is outside the build context")
		if !strings.Contains(fault.Fix, want) {
			t.Errorf("the fix for %s is %q, want %q in it", path, fault.Fix, want)
		}
	}
}

func TestLockEqual(t *testing.T) {
	parse := func(text string) *Lock {
		t.Helper()
		l, err := ParseLock("Cargo.lock", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	base := lockFile("app 0.1.0 -> a, b", "a 1.0.0 crates -> b", "b 1.0.0 crates")
	for _, tc := range []struct {
		name, other string
		equal       bool
	}{
		{"itself", base, true},
		{"a comment and an older format", "# @generated\n" + strings.Replace(base, "version = 4", "version = 3", 1), true},
		{"another order", lockFile("b 1.0.0 crates", "a 1.0.0 crates -> b", "app 0.1.0 -> b, a"), true},
		{"a version", lockFile("app 0.1.0 -> a, b", "a 1.0.0 crates -> b", "b 1.0.1 crates"), false},
		{"an edge less", lockFile("app 0.1.0 -> a, b", "a 1.0.0 crates", "b 1.0.0 crates"), false},
		{"a package more", base + "\n[[package]]\nname = \"c\"\nversion = \"1.0.0\"\n", false},
		{"another source", lockFile("app 0.1.0 -> a, b", "a 1.0.0 crates -> b", "b 1.0.0"), false},
		{"another checksum", strings.Replace(base, "0123", "3210", 1), false},
	} {
		if got := parse(base).Equal(parse(tc.other)); got != tc.equal {
			t.Errorf("%s: equal is %v", tc.name, got)
		}
	}
	git := func(commit string) string {
		return lockFile("app 0.1.0 -> g", "g 1.0.0 git+https://host/g#"+strings.Repeat(commit, 40))
	}
	if parse(git("a")).Equal(parse(git("b"))) || !parse(git("a")).Equal(parse(git("a"))) {
		t.Error("git commits are not compared")
	}
}
