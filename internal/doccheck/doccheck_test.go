package doccheck

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// root is the module's directory.
const root = "../.."

// sections are the parts of docs/features.md that hold a table, with the least
// number of rows that each has.
var sections = map[string]int{
	"Inputs": 13, "Cross-compilation": 7, "Runtime image": 10, "Image configuration": 5, "Supply chain": 5, "Private sources": 2, "Sizes": 3, "Bad input": 10, "Services": 3,
}

var (
	link    = regexp.MustCompile(`\[([^\]]*)\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *$`)
	fence   = regexp.MustCompile("(?ms)^```.*?^```$")
)

// reference is one link of a document.
type reference struct{ text, target string }

// linksOf are the links of a text that lead to no other host.
func linksOf(text string) []reference {
	var out []reference
	for _, m := range link.FindAllStringSubmatch(text, -1) {
		if !strings.Contains(m[2], "://") && !strings.HasPrefix(m[2], "mailto:") {
			out = append(out, reference{text: m[1], target: m[2]})
		}
	}
	return out
}

// anchors are the names by which GitHub links to the headings of a document:
// lower case, without punctuation, with hyphens for blanks, and a number for a
// name that is there already.
// https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#section-links
func anchors(text string) map[string]bool {
	out, seen := map[string]bool{}, map[string]int{}
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, m[1])
		if n := seen[name]; n > 0 {
			out[fmt.Sprintf("%s-%d", name, n)] = true
		} else {
			out[name] = true
		}
		seen[name]++
	}
	return out
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// documents are the documents of the module, relative to its root.
func documents(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/bench/*.md", "examples/*.md", "examples/*/*.md", "integration/testdata/*/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			rel, err := filepath.Rel(root, file)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, filepath.ToSlash(rel))
		}
	}
	if len(out) < 10 {
		t.Fatalf("only %d documents: %q", len(out), out)
	}
	return out
}

// TestLinks follows the links of all documents.
func TestLinks(t *testing.T) {
	for _, doc := range documents(t) {
		text := fence.ReplaceAllString(read(t, doc), "")
		for _, l := range linksOf(text) {
			if fault := follow(t, doc, l.target); fault != "" {
				t.Errorf("%s: [%s](%s): %s", doc, l.text, l.target, fault)
			}
		}
	}
}

// follow returns what is wrong with a link of a document, "" for nothing.
func follow(t *testing.T, doc, target string) string {
	name, anchor, _ := strings.Cut(target, "#")
	file := doc
	if name != "" {
		file = path.Join(path.Dir(doc), name)
	}
	if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(file))); err != nil {
		return "there is no such file"
	}
	if anchor != "" && strings.HasSuffix(file, ".md") && !anchors(read(t, file))[anchor] {
		return "there is no such heading"
	}
	return ""
}

// row is a line of a table of docs/features.md.
type row struct {
	section, name string
	cells         []string
}

// rowsOf are the rows of the tables of a document, without their heads.
func rowsOf(text string) []row {
	var out []row
	section, line := "", 0
	for l := range strings.Lines(text) {
		l = strings.TrimSpace(l)
		if name, ok := strings.CutPrefix(l, "## "); ok {
			section = name
		}
		if !strings.HasPrefix(l, "|") {
			line = 0
			continue
		}
		if line++; line <= 2 { // the head and the rule below it
			continue
		}
		cells := strings.Split(strings.Trim(l, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		out = append(out, row{section: section, name: cells[0], cells: cells})
	}
	return out
}

// TestFeatures holds each row of docs/features.md to its proofs: a section of
// the reference, and at least one test that exists.
func TestFeatures(t *testing.T) {
	const doc = "docs/features.md"
	found := map[string]int{}
	for _, r := range rowsOf(read(t, doc)) {
		found[r.section]++
		if len(r.cells) != 4 {
			t.Errorf("%s: the row %q has %d cells, want 4", doc, r.name, len(r.cells))
			continue
		}
		if fault := checkReference(r.cells[2]); fault != "" {
			t.Errorf("%s: %s: %s", doc, r.name, fault)
		}
		tests := linksOf(r.cells[3])
		if len(tests) == 0 {
			t.Errorf("%s: %s has no test", doc, r.name)
		}
		for _, l := range tests {
			if fault := checkTest(path.Join(path.Dir(doc), l.target), strings.Trim(l.text, "`")); fault != "" {
				t.Errorf("%s: %s: %s: %s", doc, r.name, l.text, fault)
			}
		}
	}
	for section, want := range sections {
		if found[section] < want {
			t.Errorf("%s: the section %q has %d rows, want %d", doc, section, found[section], want)
		}
	}
}

// checkReference wants a link to a section of the reference; that it exists is
// what TestLinks checks.
func checkReference(cell string) string {
	for _, l := range linksOf(cell) {
		if strings.HasPrefix(l.target, "reference.md#") {
			return ""
		}
	}
	return "there is no link to a section of reference.md"
}

// checkTest wants a function of a test file, or, for "TestX/case", one whose
// file has the case as a string, or whose cases are projects of that name.
func checkTest(file, name string) string {
	function, sub, isCase := strings.Cut(name, "/")
	if !strings.HasSuffix(file, "_test.go") || !strings.HasPrefix(function, "Test") {
		return "that is no test"
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, filepath.FromSlash(file)), nil, 0)
	if err != nil {
		return err.Error()
	}
	declared := false
	for _, d := range parsed.Decls {
		f, ok := d.(*ast.FuncDecl)
		declared = declared || ok && f.Recv == nil && f.Name.Name == function
	}
	switch {
	case !declared:
		return "the file has no such function"
	case isCase && !hasString(parsed, sub) && !isProject(sub):
		return fmt.Sprintf("the file has no case %q", sub)
	}
	return ""
}

// hasString reports whether a file has a text as a string literal.
func hasString(file *ast.File, text string) bool {
	found := false
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			value, err := strconv.Unquote(lit.Value)
			found = found || err == nil && value == text
		}
		return !found
	})
	return found
}

// isProject reports whether there is an example or a fixture of a name: tests
// that build all of them have no list.
func isProject(name string) bool {
	for _, dir := range []string{"examples", "integration/testdata/projects", "integration/testdata/projects/bad", "integration/testdata/services"} {
		if info, err := os.Stat(filepath.Join(root, dir, name)); err == nil && info.IsDir() {
			return true
		}
	}
	return false
}

// TestCheckers shows that the checks above can fail.
func TestCheckers(t *testing.T) {
	const self = "internal/doccheck/doccheck_test.go"
	for _, tc := range []struct{ file, name, want string }{
		{self, "TestCheckers", ""},
		{self, "TestCheckers/there is no such file", ""},
		{self, "TestFeatures/hello", ""},
		{self, "TestNothing", "the file has no such function"},
		{self, "checkTest", "that is no test"},
		{self, "TestCheckers/" + "no " + "case", `the file has no case "no case"`},
		{"internal/doccheck/doc.go", "TestCheckers", "that is no test"},
	} {
		if got := checkTest(tc.file, tc.name); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
	if got := follow(t, "docs/design.md", "none.md"); got != "there is no such file" {
		t.Errorf("a link to nothing: %q", got)
	}
	if got := follow(t, "docs/design.md", "reference.md#none"); got != "there is no such heading" {
		t.Errorf("a link to no heading: %q", got)
	}
	if got := anchors("# A `b` c, d\n## Two\n## Two\n```\n# no\n```\n"); len(got) != 3 || !got["a-b-c-d"] || !got["two"] || !got["two-1"] {
		t.Errorf("anchors are %v", got)
	}
	if got := rowsOf("## S\n| a | b |\n|---|---|\n| `x` | [y](z) |\n"); len(got) != 1 || got[0].section != "S" || got[0].cells[1] != "[y](z)" {
		t.Errorf("rows are %+v", got)
	}
}
