//go:build unix

package cargo

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
)

// bounded fails the test when f takes a second or 256 MiB, the bounds that a
// hostile project must not break. The second is one of processor time, so that
// a busy machine does not fail the test.
func bounded(t *testing.T, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := processorTime(t)
	f()
	took := processorTime(t) - start
	runtime.ReadMemStats(&after)
	if took > time.Second {
		t.Errorf("took %v", took)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 256<<20 {
		t.Errorf("allocated %d MiB", used>>20)
	}
}

func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func TestHostileFiles(t *testing.T) {
	repeat := strings.Repeat
	for _, tc := range []struct{ name, manifest, lock, message string }{
		{"manifest too large", header + "#" + repeat("x", MaxManifestSize), "", "exceeds the maximum allowed size of 1 MiB"},
		{"lock too large", header, "#" + repeat("x", MaxLockSize), "exceeds the maximum allowed size of 16 MiB"},
		{"nested arrays", header + "x = " + repeat("[", 100_000) + "\n", "", "nested more than 80 levels"},
		{"nested tables", header + "x = " + repeat("{a=", 100_000) + "\n", "", "nested more than 80 levels"},
		{"dotted key", header + repeat("a.", 400_000) + "a = 1\n", "", "more than 80 parts"},
		{"dotted header", header + "[" + repeat("a.", 400_000) + "a]\n", "", "more than 80 parts"},
		{"many bins", header + repeat("[[bin]]\n", 100_000), "", "name is required"},
		{"many values", header, "x = [" + repeat("1,", 5_000_000) + "]\n", "more than 500000 values"},
		{"many keys", header, "x = " + repeat("\n[a]", 3_000_000), "failed to parse lock file"},
		{"long string", header + "description = \"" + repeat("x", 900_000) + "\"\n", "version = 5\n", "lock file version `5`"},
		{"many packages", header, "version = 4\n" + repeat("[[package]]\n", 1_000_000), "more than 500000 values"},
		{"many empty packages", header, "version = 4\n" + repeat("[[package]]\n", 200_000), "missing field `name`"},
		{"unterminated string", header + "x = \"\"\"" + repeat("[", 500_000), "", "failed to parse manifest"},
		{"strings hide brackets", header + "x = [" + repeat("\"[[[[[[\",", 50_000) + "\n", "", "failed to parse manifest"},
		{"many members", "[workspace]\nmembers = [" + repeat("\"\",", 100_000) + "]\n", "", "workspace.members has more than 10000 entries"},
		{"many of one name", header, "version = 4\n" + manyVersions(60_000), "needs to be updated"},
		{"many stars", "[workspace]\nmembers = [\"" + repeat("*a", 5_000) + "\"]\n", "", "failed to load manifest for workspace member"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := app("").with(files{"Cargo.toml": tc.manifest, strings.Repeat("a", 250): ""})
			if tc.lock != "" {
				f["Cargo.lock"] = tc.lock
			}
			fsys := f.fs()
			bounded(t, func() {
				_, err := Load(fsys, LoadOptions{})
				var fault *Error
				if !errors.As(err, &fault) || !strings.Contains(err.Error(), tc.message) {
					t.Errorf("got %.300v, want %s", err, tc.message)
				}
			})
		})
	}
}

func TestTotalSize(t *testing.T) {
	f := app("[workspace]\nmembers = [\"m/*\"]\n")
	for i := range MaxTotalSize/MaxManifestSize + 2 {
		dir := fmt.Sprintf("m/p%d", i)
		f[dir+"/Cargo.toml"] = lib(fmt.Sprintf("p%d", i), "#"+strings.Repeat("x", MaxManifestSize-200))
		f[dir+"/src/lib.rs"] = ""
	}
	_, err := Load(f.fs(), LoadOptions{})
	wantFault(t, err, "Cargo.toml:6", "exceed 64 MiB together")
}

// endlessFS holds the same directories in every directory below "deep", as no
// real file system can.
type endlessFS struct {
	fstest.MapFS
	below []fs.DirEntry
}

func (e endlessFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if within(name, "deep") {
		return e.below, nil
	}
	return e.MapFS.ReadDir(name)
}

// TestEndlessDirectories bounds what `**` looks at.
func TestEndlessDirectories(t *testing.T) {
	dirs := fstest.MapFS{}
	for i := range 100 {
		dirs[fmt.Sprintf("d%d/x", i)] = &fstest.MapFile{}
	}
	below, err := dirs.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for pattern, message := range map[string]string{"**": "nest more than 100 levels", "deep/**/x": "nest more than 100 levels",
		"deep/*/*/*/*": "more than 100000 directory entries", "**/**/**": "nest more than 100 levels"} {
		f := app("[workspace]\nmembers = [\"" + pattern + "\"]\n").with(files{"deep/x": ""})
		bounded(t, func() {
			_, err := Load(endlessFS{f.fs(), below}, LoadOptions{})
			wantFault(t, err, "Cargo.toml:6", message)
		})
	}
}

// countingFS counts the calls that would be round trips to a daemon.
type countingFS struct {
	fstest.MapFS
	calls map[string]int
}

func (c countingFS) count(call string) { c.calls[call]++ }

func (c countingFS) Open(name string) (fs.File, error) {
	c.count("open " + name)
	return c.MapFS.Open(name)
}

func (c countingFS) ReadFile(name string) ([]byte, error) {
	c.count("read " + name)
	return c.MapFS.ReadFile(name)
}

func (c countingFS) ReadDir(name string) ([]fs.DirEntry, error) {
	c.count("list " + name)
	return c.MapFS.ReadDir(name)
}

func (c countingFS) Stat(name string) (fs.FileInfo, error) {
	c.count("stat " + name)
	return c.MapFS.Stat(name)
}

// TestLargeProject loads 30 members and 300 locked packages, and counts calls:
// each file is read once, each directory listed once, and nothing is statted.
func TestLargeProject(t *testing.T) {
	const members, locked = 30, 300
	f := files{"Cargo.toml": "[workspace]\nmembers = [\"crates/*\"]\nresolver = \"2\"\n[workspace.dependencies]\n"}
	lines := []string{}
	for i := range locked {
		f["Cargo.toml"] += fmt.Sprintf("dep%d = { version = \"1\", features = [\"a\"] }\n", i)
		lines = append(lines, fmt.Sprintf("dep%d 1.0.%d crates", i, i))
	}
	for i := range members {
		name, deps := fmt.Sprintf("m%d", i), ""
		edges := []string{}
		for j := range 40 {
			deps += fmt.Sprintf("dep%d.workspace = true\n", i+j)
			edges = append(edges, fmt.Sprintf("dep%d", i+j))
		}
		dir := "crates/" + name
		f[dir+"/Cargo.toml"] = lib(name, "[dependencies]\n"+deps)
		f[dir+"/src/lib.rs"], f[dir+"/src/main.rs"], f[dir+"/src/bin/x.rs"] = "", "", ""
		f[dir+"/tests/t.rs"], f[dir+"/README.md"] = "", ""
		lines = append(lines, name+" 0.1.0 -> "+strings.Join(edges, ", "))
	}
	f["Cargo.lock"] = lockFile(lines...)
	fsys := countingFS{f.fs(), map[string]int{}}
	bounded(t, func() {
		ws, err := Load(fsys, LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if len(ws.Members) != members || len(ws.Lock.Packages) != members+locked {
			t.Errorf("%d members, %d packages", len(ws.Members), len(ws.Lock.Packages))
		}
	})
	total := 0
	for call, n := range fsys.calls {
		total += n
		if n != 1 || strings.HasPrefix(call, "stat ") || strings.HasPrefix(call, "open ") {
			t.Errorf("%s: %d times", call, n)
		}
	}
	if want := 2 + 2 + members*5; total > want {
		t.Errorf("%d calls, want at most %d", total, want)
	}
}

// brokenFS fails to list one directory, as a daemon that went away does.
type brokenFS struct {
	fstest.MapFS
	dir string
}

var errGone = errors.New("connection lost")

func (b brokenFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == b.dir {
		return nil, errGone
	}
	return b.MapFS.ReadDir(name)
}

// A failing FS is reported as such, and never as a fault of the project.
func TestBrokenFS(t *testing.T) {
	for _, dir := range []string{".", "src", "tests"} {
		f := app("").with(files{"tests/t.rs": ""})
		_, err := Load(brokenFS{f.fs(), dir}, LoadOptions{})
		var fault *Error
		if !errors.Is(err, errGone) || errors.As(err, &fault) {
			t.Errorf("%s: got %v", dir, err)
		}
	}
}

// manyVersions is a lock file of one package in many versions, each of which
// depends on the next.
func manyVersions(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "[[package]]\nname = \"a\"\nversion = \"%d.0.0\"\ndependencies = [\"a %d.0.0\"]\n", i, (i+1)%n)
	}
	return b.String()
}
