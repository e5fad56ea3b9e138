package unitgraph

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ltoFlags names the mode that rustc is asked for by its arguments.
func ltoFlags(args []string) string {
	has := func(flag string) bool { return slices.Contains(args, flag) }
	switch {
	case slices.ContainsFunc(args, func(a string) bool {
		return a == "lto" || strings.HasPrefix(a, "lto=") && a != "lto=off"
	}):
		return modeNames[ltoRun]
	case has("lto=off"):
		return modeNames[ltoOff]
	case has("linker-plugin-lto"):
		return modeNames[ltoOnlyBitcode]
	case has("embed-bitcode=no"):
		return modeNames[ltoOnlyObject]
	}
	return modeNames[ltoObjectAndBitcode]
}

// call describes a call of rustc as unitCall describes a unit.
func call(args []string) string {
	value := func(flag string) string {
		if i := slices.Index(args, flag); i >= 0 && i+1 < len(args) {
			return args[i+1]
		}
		return ""
	}
	var types []string
	for i, a := range args {
		if a == "--crate-type" {
			types = append(types, args[i+1])
		}
	}
	machine := "target"
	if value("--target") == "" {
		machine = "host"
	}
	return fmt.Sprintf("%s %s %s: %s", value("--crate-name"), strings.Join(types, "+"), machine, ltoFlags(args))
}

// unitCall describes the call of rustc that a unit should become.
func unitCall(u *unit, mode lto) string {
	machine := "target"
	if u.host() {
		machine = "host"
	}
	return fmt.Sprintf("%s %s %s: %s", strings.ReplaceAll(u.Target.Name, "-", "_"), strings.Join(u.Target.CrateTypes, "+"), machine, modeNames[mode])
}

// compare holds the modes of a workspace's units, and the nodes' Objects,
// against the calls of rustc in a real build.
func (w *workspace) compare(t *testing.T, calls []string, args ...string) {
	t.Helper()
	unitGraph, packages := w.outputs(t, args...)
	g, err := parseUnits(unitGraph)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	modes := ltoModes(g)
	for i := range g.Units {
		if g.Units[i].Mode == modeBuild {
			want = append(want, unitCall(&g.Units[i], modes[i]))
		}
	}
	slices.Sort(calls)
	slices.Sort(want)
	if !slices.Equal(calls, want) {
		t.Errorf("rustc was called for\n\t%s\nwant\n\t%s", strings.Join(calls, "\n\t"), strings.Join(want, "\n\t"))
	}
	graph, err := New(unitGraph, packages)
	if err != nil {
		t.Fatal(err)
	}
	checkGraph(t, graph)
	for _, n := range graph.Nodes {
		both := slices.ContainsFunc(calls, func(c string) bool {
			return strings.HasPrefix(c, strings.ReplaceAll(n.Name, "-", "_")+" ") && strings.HasSuffix(c, " target: both")
		})
		if !n.Bin && !n.Host && n.Objects != both {
			t.Errorf("%s wants objects: %v, rustc was asked for both: %v", title(n), n.Objects, both)
		}
	}
}

// ltoProject is a workspace of path packages, from lines "name types
// dependencies": what is in parentheses is a dependency of the build script.
// The programs are all in one package when their names begin with "bin".
func ltoProject(lto string, lines ...string) map[string]string {
	files := map[string]string{}
	root := "[workspace]\nresolver = \"2\"\nmembers = [\"p/*\"]\n[profile.release]\nopt-level = 0\n"
	if lto != "" {
		root += "lto = " + lto + "\n"
	}
	files["Cargo.toml"] = root
	for _, line := range lines {
		fields := strings.Fields(line)
		name, types := fields[0], fields[1]
		dir := "p/" + name + "/"
		text := fmt.Sprintf("[package]\nname = %q\nversion = \"0.1.0\"\n", name)
		source, tables := "src/lib.rs", map[bool]string{}
		files[dir+source] = "// a library\n"
		switch types {
		case "bin":
			delete(files, dir+source)
			files[dir+"src/main.rs"] = "fn main() {}\n"
		case "bins":
			delete(files, dir+source)
			for _, bin := range []string{"one", "two"} {
				files[dir+"src/bin/"+name+"_"+bin+".rs"] = "fn main() {}\n"
			}
			text += "# path = \"src/bin\"\n"
		case "proc-macro":
			text += "[lib]\nproc-macro = true\n"
		case "lib":
		default:
			text += "[lib]\ncrate-type = [\"" + strings.ReplaceAll(types, "+", `", "`) + "\"]\n"
		}
		for _, d := range fields[2:] {
			bare := strings.Trim(d, "()")
			tables[d != bare] += fmt.Sprintf("%s = { path = \"../%s\" }\n", bare, bare)
		}
		if tables[true] != "" {
			files[dir+"build.rs"] = "fn main() {}\n"
			tables[true] = "[build-dependencies]\n" + tables[true]
		}
		files[dir+"Cargo.toml"] = text + "[dependencies]\n" + tables[false] + tables[true]
	}
	return files
}

// ltoCases are the workspaces that are built, with all values of lto.
var ltoCases = []struct {
	name  string
	args  []string
	lines []string
}{
	{"mixed", []string{"--bins"}, []string{
		"app bin mid clib mac plain", "mid lib leaf", "clib cdylib+rlib leaf below", "mac proc-macro leaf", "leaf lib", "below rlib", "plain lib",
	}},
	{"static and scripts", []string{"--bins"}, []string{
		"app bin slib scripted", "slib staticlib+rlib leaf", "scripted lib other (leaf)", "leaf lib", "other lib",
	}},
	{"dynamic", []string{"--bins"}, []string{"app bin dyn rl", "dyn dylib leaf only", "rl rlib leaf", "leaf lib", "only lib"}},
	{"two programs", []string{"--bins"}, []string{"first bins a", "second bin b", "a lib c own", "b cdylib+rlib c", "c lib", "own lib"}},
	{"one of two programs", []string{"--bin", "first"}, []string{"first bin a", "second bin b", "a lib c", "b cdylib+rlib c", "c lib"}},
	{"all members", []string{"--workspace"}, []string{"app bin a", "clib cdylib+rlib b", "a lib c", "b lib c", "c lib", "mac proc-macro c"}},
}

// TestCargoLTO builds workspaces and reads the flags that cargo gave to rustc.
func TestCargoLTO(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles Rust")
	}
	for i, test := range ltoCases {
		for _, lto := range ltoValues {
			if lto != `"fat"` && (i > 0 || lto != "" && lto != `"thin"`) {
				continue // TestCargoLTOCalls has it
			}
			t.Run(test.name+"/"+lto, func(t *testing.T) {
				w := newWorkspace(t, ltoProject(lto, test.lines...))
				args := append([]string{"build", "-v", "--release", "--target", w.triple}, test.args...)
				_, stderr, err := w.cargo(nil, args...)
				if err != nil {
					t.Fatalf("%v\n%s", err, stderr)
				}
				var calls []string
				for line := range strings.Lines(string(stderr)) {
					command, ok := strings.CutPrefix(strings.TrimSpace(line), "Running `")
					if ok && strings.Contains(command, " --crate-name ") {
						calls = append(calls, call(strings.Fields(strings.TrimSuffix(command, "`"))))
					}
				}
				w.compare(t, calls, test.args...)
			})
		}
	}
}

var ltoValues = []string{"", `"off"`, `"thin"`, `"fat"`, "true", "false"}

// fakeRustc is a rustc for RUSTC_WRAPPER that records its arguments and
// compiles nothing but build scripts, so that cargo can go through many
// workspaces. It answers cargo's questions with the real one.
const fakeRustc = `#!/bin/sh
case " $* " in
*" --crate-name ___ "* | *" -vV "*) exec "$@" ;;
esac
echo "$*" >>"${0%/*}/calls"
case " $* " in
*" --crate-name build_script_build "*) exec "$@" ;;
esac
`

// calls are those that cargo makes to a fake rustc when it builds.
func (w *workspace) calls(t *testing.T, args ...string) []string {
	t.Helper()
	fake := filepath.Join(t.TempDir(), "fake-rustc")
	if err := os.WriteFile(fake, []byte(fakeRustc), 0o755); err != nil {
		t.Fatal(err)
	}
	args = append([]string{"build", "--release", "--target", w.triple}, args...)
	if _, stderr, err := w.cargo([]string{"RUSTC_WRAPPER=" + fake}, args...); err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	data, err := os.ReadFile(filepath.Join(filepath.Dir(fake), "calls"))
	if err != nil {
		t.Fatal(err)
	}
	var calls []string
	for line := range strings.Lines(string(data)) {
		calls = append(calls, call(strings.Fields(line)))
	}
	return calls
}

// TestCargoLTOCalls compares workspaces with what cargo asks rustc for.
func TestCargoLTOCalls(t *testing.T) {
	for _, test := range ltoCases {
		for _, lto := range ltoValues {
			t.Run(test.name+"/"+lto, func(t *testing.T) {
				t.Parallel()
				w := newWorkspace(t, ltoProject(lto, test.lines...))
				w.compare(t, w.calls(t, test.args...), test.args...)
			})
		}
	}
}

// TestCargoLTORandom does so for random workspaces.
func TestCargoLTORandom(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 2))
			lto := []string{`"fat"`, `"thin"`, "true", `"fat"`, `"off"`, "false"}[seed%6]
			lines := randomUnits(random, 14)
			for i, line := range lines {
				fields := strings.Fields(line)
				if i > 4 && random.IntN(6) == 0 {
					fields[1] = "proc-macro"
				}
				lines[i] = strings.Join(fields, " ")
			}
			w := newWorkspace(t, ltoProject(lto, lines...))
			w.compare(t, w.calls(t, "--bins"), "--bins")
		})
	}
}
