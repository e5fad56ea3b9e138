package depcheck

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module   = "github.com/rustfile/rustfile"
	buildkit = "github.com/moby/buildkit"

	maxFileLines     = 400
	maxFunctionLines = 60
)

// pure are the packages whose output depends on their input alone.
var pure = []string{"internal/cargo/...", "internal/options/...", "internal/native/...", "internal/unitgraph/...", "internal/gitmeta/...", "internal/imagelock/...", "internal/knownhosts/...", "internal/rootfs/...",
	"internal/plan/...", "internal/runtimeneeds/...", "internal/llbtext/...", "internal/hermetic/...", "internal/auditable/...", "internal/sbom/...", "internal/report/...",
	"llbgen/..."}

// testSupport are the packages that only tests import, and that run programs
// for them.
var testSupport = []string{"internal/cargo/cargotest/...", "internal/plan/plantest/..."}

// clock and random are what makes two runs differ.
var (
	clock  = []string{"time.Now", "time.Since", "time.Until", "time.After", "time.Tick", "time.NewTimer", "time.NewTicker", "time.Sleep"}
	random = []string{"math/rand/...", "crypto/rand", "github.com/google/uuid", buildkit + "/identity"}
)

// importRule forbids imports to some packages. Patterns are import paths,
// those of this module without its name; a final "/..." stands for the path
// itself and everything below it.
type importRule struct {
	why    string
	from   []string // the packages it holds for, all when empty
	except []string // of those, the ones it does not hold for
	forbid []string
	allow  []string // of the forbidden, the ones that are fine
	// tests extends the rule to test files, deep to what is imported by what is
	// imported.
	tests, deep bool
}

var importRules = []importRule{
	{why: "what decides knows neither BuildKit nor docker",
		from:   []string{"internal/cargo/...", "internal/plan/...", "internal/options/...", "internal/native/...", "internal/unitgraph/...", "internal/gitmeta/...", "internal/rootfs/...", "internal/runtimeneeds/..."},
		forbid: []string{"github.com/moby/...", "github.com/docker/..."}, allow: []string{buildkit + "/util/suggest"}, deep: true},
	{why: "only options suggests names",
		from:   []string{"internal/cargo/...", "internal/plan/..."},
		forbid: []string{"github.com/moby/...", "github.com/docker/..."}},
	{why: "llbgen is pure: it knows no daemon, no network and no machine",
		from: []string{"llbgen/..."},
		forbid: []string{buildkit + "/frontend/gateway/...", buildkit + "/frontend/dockerui/...", buildkit + "/client", buildkit + "/session/...",
			"net", "net/http/...", "net/rpc/...", "net/smtp", "net/textproto", "os/...", "syscall"}},
	{why: "pure packages use no randomness", from: pure, forbid: random},
	{why: "the gateway is spoken to in one place",
		except: []string{"frontend/...", "cmd/rustfile-frontend", "cmd/rustfile", "integration/..."},
		forbid: []string{buildkit + "/frontend/gateway/...", buildkit + "/frontend/dockerui/..."}, tests: true},
	{why: "nothing rests on the frontend but the commands and their tests",
		except: []string{"frontend/...", "cmd/...", "integration/..."},
		forbid: []string{"frontend/..."}, tests: true},
	{why: "test support is for tests",
		except: append([]string{"integration/..."}, testSupport...),
		forbid: testSupport},
	{why: "buildx is a tool of the tests", forbid: []string{"github.com/docker/buildx/..."}},
}

// callRules forbids selectors of imported packages.
var callRules = []struct {
	why    string
	from   []string
	forbid []string // package path and name, as in clock
}{
	{"pure packages read no clock", pure, clock},
	{"pure packages read no environment", pure, []string{"os.Getenv", "os.LookupEnv", "os.Environ", "os.Hostname", "os.Getwd"}},
}

// file is a parsed source file.
type file struct {
	pkg  string // directory relative to the module, "." for its root
	name string // relative to the module
	ast  *ast.File
	fset *token.FileSet
}

// isTest reports whether the file is compiled for tests only.
func (f file) isTest() bool { return strings.HasSuffix(f.name, "_test.go") }

// place is a position for a message.
func (f file) place(pos token.Pos) string {
	return fmt.Sprintf("%s:%d", f.name, f.fset.Position(pos).Line)
}

// imports maps the paths that the file imports to their places.
func (f file) imports() map[string]token.Pos {
	paths := map[string]token.Pos{}
	for _, spec := range f.ast.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths[p] = spec.Pos()
		}
	}
	return paths
}

// matches reports whether an import path or directory is one of the patterns.
func matches(patterns []string, name string) bool {
	name = strings.TrimPrefix(name, module+"/")
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if base, ok := strings.CutSuffix(pattern, "/..."); ok {
			return name == base || strings.HasPrefix(name, base+"/")
		}
		return name == pattern
	})
}

// holds reports whether a rule is about a package.
func holds(from, except []string, pkg string) bool {
	return (len(from) == 0 || matches(from, pkg)) && !matches(except, pkg)
}

// broken reports whether the rule forbids an import.
func (r importRule) broken(imported string) bool {
	return matches(r.forbid, imported) && !matches(r.allow, imported)
}

// checkImports returns the imports of a file that break a rule.
func checkImports(f file) []string {
	var faults []string
	for _, rule := range importRules {
		if !holds(rule.from, rule.except, f.pkg) || f.isTest() && !rule.tests {
			continue
		}
		for imported, pos := range f.imports() {
			if rule.broken(imported) {
				faults = append(faults, fmt.Sprintf("%s: imports %s (%s)", f.place(pos), imported, rule.why))
			}
		}
	}
	return faults
}

// checkCalls returns the uses of functions that a file must not use.
func checkCalls(f file) []string {
	if f.isTest() {
		return nil
	}
	names := map[string]string{} // local name of each import
	for _, spec := range f.ast.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		names[path.Base(p)] = p
		if spec.Name != nil {
			names[spec.Name.Name] = p
		}
	}
	var faults []string
	ast.Inspect(f.ast, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		ident, ok := selector.X.(*ast.Ident)
		if !ok || names[ident.Name] == "" {
			return true
		}
		called := names[ident.Name] + "." + selector.Sel.Name
		for _, rule := range callRules {
			if holds(rule.from, testSupport, f.pkg) && slices.Contains(rule.forbid, called) {
				faults = append(faults, fmt.Sprintf("%s: uses %s (%s)", f.place(n.Pos()), called, rule.why))
			}
		}
		return true
	})
	return faults
}

// checkDocs returns the exported identifiers of a file without a comment.
// Fields and interface methods are left to judgement.
func checkDocs(f file) []string {
	if f.isTest() {
		return nil
	}
	var faults []string
	report := func(name *ast.Ident) {
		faults = append(faults, fmt.Sprintf("%s: %s is exported and has no comment", f.place(name.Pos()), name.Name))
	}
	for _, decl := range f.ast.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || ast.IsExported(receiver(d))) {
				report(d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					if s.Name.IsExported() && s.Doc == nil && (d.Doc == nil || d.Lparen.IsValid()) {
						report(s.Name)
					}
				case *ast.ValueSpec:
					for _, name := range s.Names {
						if name.IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
							report(name)
						}
					}
				}
			}
		}
	}
	return faults
}

// receiver is the name of a method's type.
func receiver(d *ast.FuncDecl) string {
	expr := d.Recv.List[0].Type
	for {
		switch e := expr.(type) {
		case *ast.StarExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.IndexListExpr:
			expr = e.X
		case *ast.Ident:
			return e.Name
		default:
			return ""
		}
	}
}

// checkSizes returns what in a file is too long to read.
func checkSizes(f file) []string {
	if f.isTest() || ast.IsGenerated(f.ast) {
		return nil
	}
	var faults []string
	if lines := f.fset.File(f.ast.Pos()).LineCount(); lines > maxFileLines {
		faults = append(faults, fmt.Sprintf("%s: %d lines, the limit is %d", f.name, lines, maxFileLines))
	}
	for _, decl := range f.ast.Decls {
		d, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if lines := f.fset.Position(d.End()).Line - f.fset.Position(d.Pos()).Line + 1; lines > maxFunctionLines {
			faults = append(faults, fmt.Sprintf("%s: %s has %d lines, the limit is %d", f.place(d.Pos()), d.Name.Name, lines, maxFunctionLines))
		}
	}
	return faults
}

// checkPackageDocs returns the packages that say nowhere what they are.
func checkPackageDocs(files []file) []string {
	documented := map[string]bool{}
	for _, f := range files {
		if !f.isTest() {
			documented[f.pkg] = documented[f.pkg] || f.ast.Doc != nil
		}
	}
	var faults []string
	for pkg, ok := range documented {
		if !ok {
			faults = append(faults, fmt.Sprintf("%s: the package has no comment; write a doc.go", pkg))
		}
	}
	return faults
}

// moduleFiles parses every source file of the module, whatever its build
// constraints. It looks where `go list ./...` looks.
func moduleFiles(t *testing.T, root string) []file {
	t.Helper()
	var files []file
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			base := entry.Name()
			_, nested := os.Stat(filepath.Join(name, "go.mod"))
			// dist is where make writes.
			if rel != "." && (rel == "dist" || base == "testdata" || base == "vendor" || base == "target" || base[0] == '.' || base[0] == '_' || nested == nil) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") || !entry.Type().IsRegular() {
			return nil
		}
		parsed, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		files = append(files, file{pkg: path.Dir(rel), name: rel, ast: parsed, fset: fset})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestSourceRules applies every rule that looks at one file or package.
func TestSourceRules(t *testing.T) {
	files := moduleFiles(t, filepath.Join("..", ".."))
	if !slices.ContainsFunc(files, func(f file) bool { return f.name == "internal/depcheck/depcheck_test.go" }) {
		t.Fatal("the walk does not find this file, so it finds nothing")
	}
	for name, check := range map[string]func(file) []string{"imports": checkImports, "calls": checkCalls, "docs": checkDocs, "sizes": checkSizes} {
		t.Run(name, func(t *testing.T) {
			for _, f := range files {
				for _, fault := range check(f) {
					t.Error(fault)
				}
			}
		})
	}
	t.Run("package docs", func(t *testing.T) {
		for _, fault := range checkPackageDocs(files) {
			t.Error(fault)
		}
	})
}

// listed is what `go list` says of a package.
type listed struct {
	ImportPath string
	Deps       []string
}

// checkDeep returns the packages that are reached against a rule.
func checkDeep(pkg listed) []string {
	var faults []string
	name := strings.TrimPrefix(pkg.ImportPath, module+"/")
	for _, rule := range importRules {
		if !rule.deep || !holds(rule.from, rule.except, name) {
			continue
		}
		for _, dep := range pkg.Deps {
			if rule.broken(dep) {
				faults = append(faults, fmt.Sprintf("%s: reaches %s (%s)", name, dep, rule.why))
			}
		}
	}
	return faults
}

// TestDeepImports applies the rules about what is imported by what is imported.
func TestDeepImports(t *testing.T) {
	var stderr bytes.Buffer
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Deps", "./...")
	cmd.Dir, cmd.Stderr = filepath.Join("..", ".."), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	seen := false
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg listed
		if err := decoder.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seen = seen || pkg.ImportPath == module+"/internal/options" && slices.Contains(pkg.Deps, buildkit+"/util/suggest")
		for _, fault := range checkDeep(pkg) {
			t.Error(fault)
		}
	}
	if !seen {
		t.Error("go list does not show the one dependency on BuildKit that options is known to have")
	}
}

// TestRulesCatch breaks each rule once, and keeps it once.
func TestRulesCatch(t *testing.T) {
	long := "package p\nfunc f() {\n" + strings.Repeat("_ = 0\n", maxFunctionLines-1) + "}\n"
	for _, tc := range []struct {
		name, file, source string
		want               string // part of the fault, "" for none
	}{
		{"cargo and llb", "internal/cargo/x.go", `import _ "github.com/moby/buildkit/client/llb"`, "neither BuildKit nor docker"},
		{"plan and docker", "internal/plan/sub/x.go", `import _ "github.com/docker/docker/api"`, "neither BuildKit nor docker"},
		{"plan and suggest", "internal/plan/x.go", `import _ "github.com/moby/buildkit/util/suggest"`, "only options"},
		{"options and suggest", "internal/options/x.go", `import _ "github.com/moby/buildkit/util/suggest"`, ""},
		{"options and llb", "internal/options/x.go", `import _ "github.com/moby/buildkit/client/llb"`, "neither BuildKit nor docker"},
		{"llbgen and llb", "llbgen/x.go", `import _ "github.com/moby/buildkit/client/llb"`, ""},
		{"llbgen and the gateway", "llbgen/x.go", `import _ "github.com/moby/buildkit/frontend/gateway/client"`, "llbgen is pure"},
		{"llbgen and dockerui", "llbgen/x.go", `import _ "github.com/moby/buildkit/frontend/dockerui"`, "llbgen is pure"},
		{"llbgen and os", "llbgen/x.go", `import _ "os"`, "llbgen is pure"},
		{"llbgen and net", "llbgen/x.go", `import _ "net"`, "llbgen is pure"},
		{"llbgen and net/http", "llbgen/x.go", `import _ "net/http"`, "llbgen is pure"},
		{"llbgen and net/url", "llbgen/x.go", `import _ "net/url"`, ""},
		{"llbgen's tests and os", "llbgen/x_test.go", `import _ "os"`, ""},
		{"a test and the gateway", "llbgen/x_test.go", `import _ "github.com/moby/buildkit/frontend/gateway/client"`, "in one place"},
		{"randomness", "internal/plan/x.go", `import _ "math/rand/v2"`, "no randomness"},
		{"frontend and the gateway", "frontend/x.go", `import _ "github.com/moby/buildkit/frontend/gateway/client"`, ""},
		{"integration and the gateway", "integration/testenv/x.go", `import _ "github.com/moby/buildkit/frontend/gateway/client"`, ""},
		{"another command and the gateway", "cmd/other/x.go", `import _ "github.com/moby/buildkit/frontend/gateway/grpcclient"`, "in one place"},
		{"internal and the frontend", "internal/x/x.go", `import _ "github.com/rustfile/rustfile/frontend"`, "rests on the frontend"},
		{"a command and the frontend", "cmd/rustfile/x.go", `import _ "github.com/rustfile/rustfile/frontend"`, ""},
		{"buildx", "cmd/rustfile/x.go", `import _ "github.com/docker/buildx/build"`, "tool of the tests"},
		{"buildx in a test", "integration/x_test.go", `import _ "github.com/docker/buildx/build"`, ""},
		{"clock", "llbgen/x.go", "import clock \"time\"\nvar t = clock.Now()", "uses time.Now"},
		{"clock as a value", "internal/cargo/x.go", "import \"time\"\nvar now = time.Now", "uses time.Now"},
		{"no clock", "llbgen/x.go", "import \"time\"\nvar t = time.Unix(0, 0)", ""},
		{"a clock elsewhere", "frontend/x.go", "import \"time\"\nvar t = time.Now()", ""},
		{"environment", "internal/plan/x.go", "import \"os\"\nvar home = os.Getenv(\"HOME\")", "uses os.Getenv"},
		{"environment in test support", "internal/cargo/cargotest/x.go", "import \"os\"\nvar home = os.Getenv(\"HOME\")", ""},
		{"test support", "internal/cargo/x.go", `import _ "github.com/rustfile/rustfile/internal/cargo/cargotest"`, "is for tests"},
		{"function", "x/x.go", "func F() {}", "F is exported and has no comment"},
		{"method", "x/x.go", "type t[T any] struct{}\n\n// X is documented.\ntype X[T any] struct{}\nfunc (t[T]) M() {}\nfunc (*X[T]) N() {}", "N is exported and has no comment"},
		{"type in a group", "x/x.go", "// A group.\ntype (\nT struct{}\n)", "T is exported and has no comment"},
		{"constant", "x/x.go", "const C = 1", "C is exported and has no comment"},
		{"constants in a group", "x/x.go", "// A group.\nconst (\nC = 1\nD = 2\n)", ""},
		{"undocumented test helper", "x/x_test.go", "func F() {}", ""},
		{"long function", "x/x.go", strings.TrimPrefix(strings.Replace(long, "}\n", "_ = 0\n}\n", 1), "package p\n"), "f has 62 lines"},
		{"function at the limit", "x/x.go", strings.TrimPrefix(strings.Replace(long, "_ = 0\n", "", 1), "package p\n"), ""},
		{"long file", "x/x.go", strings.Repeat("\n", maxFileLines), "401 lines"},
		{"file at the limit", "x/x.go", strings.Repeat("\n", maxFileLines-1), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fset := token.NewFileSet()
			parsed, err := parser.ParseFile(fset, tc.file, "package p\n"+tc.source, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			f := file{pkg: path.Dir(tc.file), name: tc.file, ast: parsed, fset: fset}
			faults := strings.Join(slices.Concat(checkImports(f), checkCalls(f), checkDocs(f), checkSizes(f)), "\n")
			if tc.want == "" && faults != "" || !strings.Contains(faults, tc.want) {
				t.Errorf("got %q, want %q", faults, tc.want)
			}
		})
	}
	undocumented := file{pkg: "x", name: "x/x.go", ast: &ast.File{}}
	documented := file{pkg: "x", name: "x/doc.go", ast: &ast.File{Doc: &ast.CommentGroup{}}}
	if len(checkPackageDocs([]file{undocumented})) != 1 || len(checkPackageDocs([]file{undocumented, documented})) != 0 {
		t.Error("package comments are not found")
	}
	deep := listed{ImportPath: module + "/internal/plan", Deps: []string{"fmt", buildkit + "/util/suggest", buildkit + "/client/llb"}}
	if faults := checkDeep(deep); len(faults) != 1 || !strings.Contains(faults[0], "reaches "+buildkit+"/client/llb") {
		t.Errorf("deep imports: %q", faults)
	}
}
