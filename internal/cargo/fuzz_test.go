package cargo

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"reflect"
	"sort"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
)

// fuzzTimeout is far above the second that Load may take, because fuzz workers
// share the machine with others.
const fuzzTimeout = 10 * time.Second

// checkFault fails the test for an error that is not a fault with a place.
func checkFault(t *testing.T, err error, within map[string]bool) {
	t.Helper()
	var fault *Error
	if !errors.As(err, &fault) {
		t.Fatalf("error %v (%T) is no *Error", err, err)
	}
	if !within[fault.Span.File] || fault.Message == "" {
		t.Fatalf("fault without place or text: %#v", fault)
	}
}

// FuzzManifest feeds bytes as the root manifest of a small project. Load must
// neither panic nor hang, must give the same answer twice, and must take for
// TOML exactly what an independent decoder takes for it.
func FuzzManifest(f *testing.F) {
	for _, seed := range []string{
		header, header + "[dependencies]\na = \"1\"\n", "[workspace]\nmembers = [\"m\", \"*\"]\nexclude = [\"x\"]\n", "\xef\xbb\xbf" + header, "\xff\xfe",
		header + "[[bin]]\nname = \"x\"\npath = \"src/main.rs\"\n[lib]\ncrate-type = [\"cdylib\"]\n", "a.b.c = 1\n[a.b]\nd = 1\n", "[a.b]\n[a]\nb.c = 1\n",
		header + "[dependencies]\nm = { path = \"m\", features = [\"x\"],\n optional = true, }\n[features]\nf = [\"m?/x\"]\n", "a = [1, {b = 2}, [3]]\n[[a]]\n",
		header + "[package.metadata]\nd = 2026-01-02T03:04:05Z\nf = 1_0.5e3\nh = 0xFF\ni = -inf\nt = 07:32\ns = '''x'''\n", "[a]\n[[a.b]]\n[a.b.c]\n[[a.b]]\n[a.b.c]\n",
		header + "version.workspace = true\n[workspace.package]\nversion = \"1.0.0\"\n", strings.Repeat("[", 200), "x = \"\\u00e9\\e\\x41\"\r\n", "[profile.release]\nlto = true\n",
		header + "build = [\"a.rs\", \"b.rs\"]\nlinks = \"z\"\n", "[project]\nname = \"p\"\n[target.'cfg(unix)'.dependencies]\nm.path = \"m\"\n", "[patch.crates-io]\nm = { path = \"m\" }\n[replace]\n",
	} {
		f.Add([]byte(seed))
	}
	places := map[string]bool{"Cargo.toml": true, "Cargo.lock": true, "m/Cargo.toml": true}
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys := app("").with(files{"Cargo.toml": string(data), "m/Cargo.toml": lib("m", ""), "m/src/lib.rs": "", "src/lib.rs": ""}).fs()
		start := time.Now()
		ws, err := Load(fsys, LoadOptions{})
		if took := time.Since(start); took > fuzzTimeout {
			t.Errorf("took %v", took)
		}
		if err != nil {
			checkFault(t, err, places)
		}
		again, err2 := Load(fsys, LoadOptions{})
		if fmt.Sprint(err) != fmt.Sprint(err2) || !reflect.DeepEqual(ws, again) {
			t.Errorf("the answers differ:\n%v\n%v", err, err2)
		}
		checkTOML(t, data)
	})
}

// checkTOML compares our parser with the decoder of the TOML library.
func checkTOML(t *testing.T, data []byte) {
	t.Helper()
	doc, err := parseTOML("Cargo.toml", "fault", data)
	if err != nil && (strings.Contains(err.Error(), "more than") || strings.Contains(err.Error(), "NUL byte")) {
		return // our own limits
	}
	var want map[string]any
	wantErr := toml.Unmarshal(strippedBOM(data), &want)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("we say %v, the library says %v", err, wantErr)
	}
	if err == nil && len(want) != len(doc.root.keys) {
		t.Fatalf("we read keys %q, the library %q", doc.root.keys, sortedKeys(want))
	}
}

func strippedBOM(data []byte) []byte {
	return []byte(strings.TrimPrefix(string(data), string(utf8BOM)))
}

// encodeLock writes a lock file of version 4 with every edge in full.
func encodeLock(l *Lock) string {
	var b strings.Builder
	b.WriteString("version = 4\n")
	edge := func(p LockPackage) string {
		if p.Source == "" {
			return p.Name + " " + p.Version
		}
		return p.Name + " " + p.Version + " (" + p.Source + ")"
	}
	for i, p := range l.Packages {
		fmt.Fprintf(&b, "[[package]]\nname = %q\nversion = %q\n", p.Name, p.Version)
		if p.Source != "" {
			fmt.Fprintf(&b, "source = %q\n", p.Source)
		}
		if p.Checksum != "" {
			fmt.Fprintf(&b, "checksum = %q\n", p.Checksum)
		}
		if to, ok := l.Replacement(i); ok {
			fmt.Fprintf(&b, "replace = %q\n", edge(l.Packages[to]))
		}
		b.WriteString("dependencies = [")
		for _, d := range p.Dependencies {
			fmt.Fprintf(&b, "%q, ", edge(l.Packages[d]))
		}
		b.WriteString("]\n")
	}
	return b.String()
}

// FuzzLock feeds bytes as a lock file. What is accepted has unique packages
// and edges inside the file, verifiable registry packages, and survives
// writing and reading.
func FuzzLock(f *testing.F) {
	for _, text := range lockVersions {
		f.Add([]byte(text))
	}
	f.Add([]byte(lockFile("a 1.0.0 -> b", "b 1.0.0 crates", "c 0.1.0 git+https://h/c?rev=x#"+commit)))
	f.Add([]byte("<<<<<<< HEAD\n"))
	f.Add([]byte("version = 5\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		start := time.Now()
		l, err := ParseLock("Cargo.lock", data)
		if took := time.Since(start); took > fuzzTimeout {
			t.Errorf("took %v", took)
		}
		if err != nil {
			checkFault(t, err, map[string]bool{"Cargo.lock": true})
			return
		}
		seen := map[string]bool{}
		for _, p := range l.Packages {
			id, err := ParseSourceID(p.Source)
			if err != nil {
				t.Fatal(err)
			}
			full := p.Name + " " + p.Version + " " + id.String()
			if seen[full] {
				t.Errorf("%s is there twice", full)
			}
			seen[full] = true
			for _, d := range p.Dependencies {
				if d < 0 || d >= len(l.Packages) {
					t.Fatalf("edge to %d of %d", d, len(l.Packages))
				}
			}
		}
		again, err := ParseLock("Cargo.lock", []byte(encodeLock(l)))
		if err != nil {
			t.Fatalf("written again it is refused: %v\n%s", err, encodeLock(l))
		}
		if !reflect.DeepEqual(lockLines(l), lockLines(again)) {
			t.Errorf("written again it is\n%v\ninstead of\n%v", lockLines(again), lockLines(l))
		}
	})
}

// FuzzSourceID checks the round trip, and that nothing with credentials or
// with the look of an option is accepted.
func FuzzSourceID(f *testing.F) {
	for _, seed := range []string{"", cratesSource, "sparse+https://h/", gitV3, gitV4, "git+https://h/r?rev=%20a#" + commit, "git+ssh://git@h/r", "git+https://u:p@h/r",
		"git+https://h/r?tag=", "git+https://h/r?branch=a&rev=b#", "path+file:///x", "registry+file:///x", "git+HTTPS://a@h\\@x/r", "git+https://h/r?x=@y"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ParseSourceID(s)
		if err != nil {
			return
		}
		again, err := ParseSourceID(id.String())
		if err != nil || again != id {
			t.Fatalf("%q is %+v, and read again %+v, %v", s, id, again, err)
		}
		location := strings.TrimPrefix(id.URL, "sparse+")
		if hasCredentials(location) || strings.HasPrefix(location, "-") {
			t.Errorf("%q is accepted as %q", s, id.URL)
		}
		if id.Kind != SourceLocal && !strings.Contains(location, "://") && !strings.Contains(location, ":/") {
			t.Errorf("%q gives the local path %q", s, location)
		}
		if id.Commit != "" && !isCommit(id.Commit) {
			t.Errorf("%q gives the commit %q", s, id.Commit)
		}
	})
}

// FuzzPathJoin checks that a joined path is inside the root or an error,
// against a walk of the components.
func FuzzPathJoin(f *testing.F) {
	for _, seed := range [][2]string{{".", "a"}, {"a/b", "../c"}, {"a", "../../x"}, {".", "/etc"}, {".", "C:\\x"}, {"a", "./b/./"}, {"a", "%2e%2e"}, {"a", "b\x00"}, {".", ".."}, {"a", "...."}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, dir, rel string) {
		dir = path.Clean(dir)
		if !fs.ValidPath(dir) {
			return
		}
		got, err := joinPath(dir, rel)
		var stack []string
		outside := false
		for _, part := range strings.Split(dir+"/"+rel, "/") {
			switch part {
			case "", ".":
			case "..":
				if len(stack) == 0 {
					outside = true
				} else {
					stack = stack[:len(stack)-1]
				}
			default:
				stack = append(stack, part)
			}
		}
		if err != nil {
			if !outside && !strings.Contains(rel, "\x00") && !path.IsAbs(rel) && !strings.HasPrefix(rel, `\`) && !hasDrive(rel) {
				t.Errorf("joinPath(%q, %q) is refused: %v", dir, rel, err)
			}
			return
		}
		want := strings.Join(stack, "/")
		if want == "" {
			want = "."
		}
		if outside || got != want || utf8.ValidString(rel) && !fs.ValidPath(got) {
			t.Errorf("joinPath(%q, %q) = %q, want %q, outside %v", dir, rel, got, want, outside)
		}
		// A name that looks absolute on Windows can be reached, and not named first.
		relative := relativeTo(dir, got)
		if back, err := joinPath(dir, relative); back != got && !errors.Is(err, errAbsolute) {
			t.Errorf("relativeTo(%q, %q) = %q leads to %q, %v", dir, got, relative, back, err)
		}
	})
}

// naiveMatch matches pattern components against path components by trying
// everything.
func naiveMatch(parts, names []string) bool {
	switch {
	case len(parts) == 0:
		return len(names) == 0
	case parts[0] == "**":
		for skip := 0; skip <= len(names); skip++ {
			if (len(parts) > 1 || skip > 0) && naiveMatch(parts[1:], names[skip:]) {
				return true
			}
		}
		return false
	}
	return len(names) > 0 && naiveComponent([]rune(parts[0]), []rune(names[0])) && naiveMatch(parts[1:], names[1:])
}

func naiveComponent(pattern, name []rune) bool {
	if len(pattern) == 0 {
		return len(name) == 0
	}
	switch pattern[0] {
	case '*':
		return naiveComponent(pattern[1:], name) || len(name) > 0 && naiveComponent(pattern, name[1:])
	case '[':
		negated := pattern[1] == '!'
		set := pattern[1:]
		if negated {
			set = pattern[2:]
		}
		end := 1
		for set[end] != ']' {
			end++
		}
		return len(name) > 0 && naiveSet(set[:end], name[0]) != negated && naiveComponent(set[end+1:], name[1:])
	}
	return len(name) > 0 && (pattern[0] == '?' || pattern[0] == name[0]) && naiveComponent(pattern[1:], name[1:])
}

func naiveSet(set []rune, r rune) bool {
	for i := 0; i < len(set); i++ {
		if i+2 < len(set) && set[i+1] == '-' {
			if set[i] <= r && r <= set[i+2] {
				return true
			}
			i += 2
		} else if set[i] == r {
			return true
		}
	}
	return false
}

// FuzzMembersGlob compares the expansion of a pattern on a small tree with a
// matcher that tries every path of the tree.
func FuzzMembersGlob(f *testing.F) {
	for _, seed := range []string{"*", "**", "crates/*", "**/a", "crates/**/x", "[!a]*", "[a-c]", "a?", "crates/[]a]", "**/**/a", "c*s/?", ".h*", "*/*/*", "é*", "./crates//a/", "[", "a**", "***", "[!", "[!]]", "[--a]"} {
		f.Add(seed)
	}
	dirs := []string{"a", "ab", "b", "crates", "crates/a", "crates/b", "crates/a/x", "crates/a/x/a", ".hidden", ".hidden/a", "é", "]", "-", "crates/]"}
	tree := files{"file": "", "crates/file": "", "crates/a/x/file": ""}
	for _, dir := range dirs {
		tree[dir+"/file"] = ""
	}
	all := append([]string{}, dirs...)
	for name := range tree {
		all = append(all, name)
	}
	fsys := tree.fs()
	f.Fuzz(func(t *testing.T, pattern string) {
		if len(pattern) > 40 || strings.Contains(pattern, "..") || !utf8.ValidString(pattern) {
			return
		}
		got, err := (&loader{tree: newTree(fsys)}).glob(".", pattern)
		if err != nil {
			return
		}
		parts := splitPattern(pattern)
		var want []string
		for _, name := range all {
			_, isFile := tree[name]
			if isFile && len(parts) > 0 && parts[len(parts)-1] == "**" {
				continue // a final ** matches directories only
			}
			if naiveMatch(parts, strings.Split(name, "/")) {
				want = append(want, name)
			}
		}
		sort.Strings(want)
		if len(parts) == 0 {
			want = []string{"."}
		}
		if !reflect.DeepEqual(append([]string{}, got...), append([]string{}, want...)) {
			t.Errorf("%q matches %q, want %q", pattern, got, want)
		}
	})
}
