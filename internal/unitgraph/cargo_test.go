package unitgraph

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite what testdata expects")

// archive is a project in one text: files, each below a line "-- name --". The
// directory vendor stands for crates.io. What is above the first file holds
// arguments for cargo build, and "want" is no file but what is expected.
type archive struct {
	args  []string
	files map[string]string
	want  string
}

func readArchive(t *testing.T, name string) archive {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	a := archive{files: map[string]string{}}
	at := ""
	for line := range strings.Lines(string(data)) {
		name, ok := strings.CutPrefix(strings.TrimSuffix(line, " --\n"), "-- ")
		switch {
		case ok && strings.HasSuffix(line, " --\n"):
			at = name
			a.files[at] = ""
		case at == "":
			if args, ok := strings.CutPrefix(line, "args:"); ok {
				a.args = strings.Fields(args)
			}
		default:
			a.files[at] += line
		}
	}
	a.want = a.files["want"]
	delete(a.files, "want")
	return a
}

// workspace is a project on disk, with a cargo that sees nothing else.
type workspace struct {
	dir, home, triple string
}

// newWorkspace writes a project. Packages get the source files that they do
// not bring, and crates below vendor their checksum files.
func newWorkspace(t *testing.T, files map[string]string) *workspace {
	t.Helper()
	if _, err := exec.LookPath("cargo"); err != nil {
		t.Skip("there is no cargo")
	}
	w := &workspace{dir: t.TempDir(), home: t.TempDir()}
	out, err := exec.Command("rustc", "-vV").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if host, ok := strings.CutPrefix(line, "host: "); ok {
			w.triple = strings.TrimSpace(host)
		}
	}
	for name, content := range files {
		if filepath.Base(name) == "Cargo.toml" && strings.Contains(content, "[package]") && !strings.Contains(content, "edition") {
			content = strings.Replace(content, "[package]", "[package]\nedition = \"2021\"", 1)
		}
		w.write(t, name, content)
		dir := filepath.Dir(name)
		if filepath.Base(name) != "Cargo.toml" || !strings.Contains(content, "[package]") {
			continue
		}
		if files[filepath.Join(dir, "src/main.rs")] == "" && files[filepath.Join(dir, "src/lib.rs")] == "" && !strings.Contains(content, "path = \"src/") {
			w.write(t, filepath.Join(dir, "src/lib.rs"), "")
		}
		if strings.HasPrefix(name, "vendor/") {
			w.write(t, filepath.Join(dir, ".cargo-checksum.json"), `{"files":{},"package":null}`)
		}
	}
	w.write(t, ".cargo/config.toml", "[source.crates-io]\nreplace-with = \"vendored\"\n[source.vendored]\ndirectory = \"vendor\"\n")
	if err := os.MkdirAll(filepath.Join(w.dir, "vendor"), 0o755); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *workspace) write(t *testing.T, name, content string) {
	t.Helper()
	name = filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// cargo runs cargo in the workspace, without the user's configuration.
func (w *workspace) cargo(env []string, args ...string) (stdout, stderr []byte, err error) {
	cmd := exec.Command("cargo", append(args, "--offline")...)
	cmd.Dir = w.dir
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); !strings.HasPrefix(name, "CARGO") && !strings.HasPrefix(name, "RUSTC") && name != "RUSTFLAGS" {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(append(cmd.Env, "CARGO_HOME="+w.home, "CARGO_TERM_COLOR=never"), env...)
	var out, messages bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &messages
	err = cmd.Run()
	return out.Bytes(), messages.Bytes(), err
}

// outputs asks cargo for what [New] reads.
func (w *workspace) outputs(t *testing.T, args ...string) (unitGraph, packages []byte) {
	t.Helper()
	args = append([]string{"build", "--release", "--target", w.triple, "--unit-graph", "-Z", "unstable-options"}, args...)
	unitGraph, stderr, err := w.cargo([]string{"RUSTC_BOOTSTRAP=1"}, args...)
	if err != nil {
		t.Fatalf("cargo %q: %v\n%s", args, err, stderr)
	}
	packages, stderr, err = w.cargo(nil, "metadata", "--format-version", "1", "--all-features")
	if err != nil {
		t.Fatalf("cargo metadata: %v\n%s", err, stderr)
	}
	return unitGraph, packages
}

// describe writes a graph as text, a node to a line.
func describe(g *Graph) string {
	var b strings.Builder
	for _, n := range g.Nodes {
		fmt.Fprintf(&b, "%s, %d units", title(n), n.Units)
		for i, d := range n.Dependencies {
			b.WriteString([]string{", needs ", " + "}[min(i, 1)] + title(g.Nodes[d]))
		}
		b.WriteString("\n")
		for _, p := range n.Placeholders {
			fmt.Fprintf(&b, "\tfinds %s %s %q", p.Name, p.Version, p.Features)
			if p.With != "" {
				fmt.Fprintf(&b, " with %s", p.With)
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

func title(n Node) string {
	s := n.Name + "-" + n.Version
	for _, flag := range []struct {
		is   bool
		name string
	}{{n.Source == "", "local"}, {n.Host, "host"}, {n.Bin, "bin"}, {n.Script, "script"}, {n.Objects, "objects"}} {
		if flag.is {
			s += " " + flag.name
		}
	}
	if len(n.Features) > 0 {
		s += " " + strings.Join(n.Features, ",")
	}
	return "(" + s + ")"
}

// TestCargo reads what the real cargo says about the projects of testdata.
func TestCargo(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("%v: no projects", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			t.Parallel()
			a := readArchive(t, name)
			w := newWorkspace(t, a.files)
			unitGraph, packages := w.outputs(t, a.args...)
			g, err := New(unitGraph, packages)
			if err != nil {
				t.Fatal(err)
			}
			checkGraph(t, g)
			got := describe(g)
			if *update {
				rewriteWant(t, name, got)
				if name == recordedProject {
					record(t, w, unitGraph, packages)
				}
			} else if got != a.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, a.want)
			}
			w.checkPlaceholders(t, g)
		})
	}
}

// recordedProject is a project whose outputs of cargo are kept, too, for
// machines without cargo.
const recordedProject = "testdata/workspace.txt"

var recordings = []string{"testdata/workspace.units.json", "testdata/workspace.packages.json"}

// record keeps cargo's outputs, without the directory that it ran in.
func record(t *testing.T, w *workspace, outputs ...[]byte) {
	t.Helper()
	for i, data := range outputs {
		data = bytes.ReplaceAll(data, []byte(w.dir), []byte("/project"))
		if err := os.WriteFile(recordings[i], data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// recorded are the outputs that were kept.
func recorded(t testing.TB) (unitGraph, packages []byte) {
	t.Helper()
	var out [2][]byte
	for i, name := range recordings {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = data
	}
	return out[0], out[1]
}

func TestRecorded(t *testing.T) {
	unitGraph, packages := recorded(t)
	g, err := New(unitGraph, packages)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := describe(g), readArchive(t, recordedProject).want; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func rewriteWant(t *testing.T, name, want string) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(data), "-- want --\n")
	if err := os.WriteFile(name, []byte(text+"-- want --\n"+want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// checkPlaceholders gives cargo, for each third-party node, the crates of its
// closure and their placeholders and no other: that must be enough to build a
// graph of the same closure, and each placeholder must be necessary.
func (w *workspace) checkPlaceholders(t *testing.T, g *Graph) {
	t.Helper()
	for i, n := range g.Nodes {
		if n.Source == "" {
			continue
		}
		closure := []int{i}
		for k := 0; k < len(closure); k++ {
			for _, d := range g.Nodes[closure[k]].Dependencies {
				if !slices.Contains(closure, d) {
					closure = append(closure, d)
				}
			}
		}
		found := placeholdersOf(g, closure)
		if err := w.resolves(t, g, closure, found); err != nil {
			t.Errorf("%s is not found with its placeholders: %v", title(n), err)
		}
		always := slices.DeleteFunc(slices.Clone(found), func(p Placeholder) bool { return p.With != "" })
		if len(always) < len(found) && w.resolves(t, g, closure, always) == nil {
			t.Errorf("%s is found without the placeholders that another package makes necessary", title(n))
		}
		for k, p := range n.Placeholders {
			without := slices.Delete(slices.Clone(n.Placeholders), k, k+1)
			if len(closure) == 1 && p.With == "" && w.resolves(t, g, closure, without) == nil {
				t.Errorf("%s is found without its placeholder %s", title(n), p.Name)
			}
		}
	}
}

// placeholdersOf collects the placeholders of nodes. All versions of a package
// get the features of all: of two compatible ones cargo takes the higher for
// both dependents. A package that another node compiles stands for itself.
func placeholdersOf(g *Graph, nodes []int) []Placeholder {
	var found []Placeholder
	features := map[string][]string{}
	present := func(name string) bool {
		return slices.ContainsFunc(nodes, func(k int) bool { return g.Nodes[k].Name+" "+g.Nodes[k].Version == name })
	}
	for _, i := range nodes {
		for _, p := range g.Nodes[i].Placeholders {
			if present(p.Name+" "+p.Version) || p.With != "" && !present(p.With) {
				continue
			}
			found = append(found, p)
			features[p.Name] = append(features[p.Name], p.Features...)
		}
	}
	for i, p := range found {
		found[i].Features = slices.Compact(slices.Sorted(slices.Values(features[p.Name])))
	}
	return united(found)
}

// resolves lets cargo resolve a stub that depends on the nodes of a closure.
func (w *workspace) resolves(t *testing.T, g *Graph, closure []int, found []Placeholder) error {
	t.Helper()
	stub := &workspace{dir: t.TempDir(), home: w.home, triple: w.triple}
	tables := map[bool]string{}
	for _, c := range closure {
		n := g.Nodes[c]
		if err := os.CopyFS(filepath.Join(stub.dir, "vendor", n.Name+"-"+n.Version), os.DirFS(filepath.Join(w.dir, "vendor", n.Name+"-"+n.Version))); err != nil && !os.IsExist(err) {
			t.Fatal(err)
		}
		tables[n.Host] += fmt.Sprintf("p%s = { package = %q, version = \"=%s\", default-features = false, features = [%s] }\n",
			strings.NewReplacer(".", "_", "+", "_").Replace(n.Name+n.Version), n.Name, n.Version, quoted(n.Features))
	}
	stub.write(t, "Cargo.toml", "[package]\nname = \"stub\"\nedition = \"2021\"\n[dependencies]\n"+tables[false]+"[build-dependencies]\n"+tables[true])
	stub.write(t, "src/main.rs", "")
	stub.write(t, "build.rs", "")
	stub.write(t, ".cargo/config.toml", "[source.crates-io]\nreplace-with = \"vendored\"\n[source.vendored]\ndirectory = \"vendor\"\n")
	for _, p := range found {
		dir := "vendor/" + p.Name + "-" + p.Version
		features := ""
		for _, f := range p.Features {
			features += fmt.Sprintf("%q = []\n", f)
		}
		stub.write(t, dir+"/Cargo.toml", fmt.Sprintf("[package]\nname = %q\nversion = %q\nedition = \"2021\"\n[features]\n%s", p.Name, p.Version, features))
		stub.write(t, dir+"/src/lib.rs", "")
		stub.write(t, dir+"/.cargo-checksum.json", `{"files":{},"package":null}`)
	}
	unitGraph, stderr, err := stub.cargo([]string{"RUSTC_BOOTSTRAP=1"},
		"build", "--release", "--target", stub.triple, "--unit-graph", "-Z", "unstable-options")
	if err != nil {
		return fmt.Errorf("%w\n%s", err, stderr)
	}
	packages, stderr, err := stub.cargo(nil, "metadata", "--format-version", "1")
	if err != nil {
		return fmt.Errorf("%w\n%s", err, stderr)
	}
	again, err := New(unitGraph, packages)
	if err != nil {
		return err
	}
	for _, c := range closure {
		n := g.Nodes[c]
		if !slices.ContainsFunc(again.Nodes, func(m Node) bool {
			return m.Name == n.Name && m.Version == n.Version && m.Host == n.Host && slices.Equal(m.Features, n.Features) && m.Units == n.Units
		}) {
			return fmt.Errorf("the stub does not compile %s:\n%s", title(n), describe(again))
		}
	}
	return nil
}

func quoted(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(out, ", ")
}
