package integration

import (
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/testenv"
)

// TestSavedQueries builds a program of sqlx with the answers that `cargo sqlx prepare` saved, and no database. A new
// migration or a saved query compiles the package again and no dependency.
func TestSavedQueries(t *testing.T) {
	onlyWithReal(t)
	const prints = "SELECT name FROM users WHERE id = $1\n1 users\n"
	p := unitProject(t, "sqlx")
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	for _, step := range []struct {
		name             string
		do               func()
		compiled, prints string
	}{
		{"first", func() {}, "?", prints},
		{"nothing", func() {}, "", prints},
		{"another migration", func() { p.write("migrations/2_more_users.sql", "SELECT 1;\n") }, "saved-queries", prints + "2 more users\n"},
		{"another saved query", func() { p.write(".sqlx/query-unused.json", "{}\n") }, "saved-queries", prints + "2 more users\n"},
	} {
		t.Run(step.name, func(t *testing.T) {
			step.do()
			r := buildUnits(t, b, testenv.BuildOptions{Context: p.Dir})
			if got := compiled(r); step.compiled != "?" && got != step.compiled {
				t.Errorf("compiled: %q, want %q", got, step.compiled)
			}
			if got := r.Run(t); got != step.prints {
				t.Errorf("the program prints\n%swant\n%s", got, step.prints)
			}
		})
	}
}

// TestEmbeddedFiles edits files that are compiled into a program: migrations in the workspace's root, which one package
// reads, and templates of a member, which has a vertex of its own. What embeds them is compiled, and no dependency.
func TestEmbeddedFiles(t *testing.T) {
	p := copyOf(t, "several-members")
	p.write("migrations/1.sql", "one")
	p.write("lib-a/templates/page.html", "page")
	p.append("lib-a/src/lib.rs", "pub const PAGE: &str = include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/templates/page.html\"));\n")
	p.replace("a/src/main.rs", "fn main() {\n", "fn main() {\n    println!(\"{} {}\", include_str!(\"../../migrations/1.sql\"), lib_a::PAGE);\n")
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	for _, step := range []struct {
		name             string
		do               func()
		compiled, prints string
	}{
		{"first", func() {}, "?", "one page\n"},
		{"a template", func() { p.write("lib-a/templates/page.html", "PAGE") }, "a lib-a", "one PAGE\n"},
		{"a migration", func() { p.write("migrations/1.sql", "ONE") }, "a", "ONE PAGE\n"},
		{"a file that nothing embeds", func() { p.write("migrations/2.sql", "two") }, "a", "ONE PAGE\n"},
		{"a template of another member", func() { p.write("b/templates/x.html", "x") }, "", "ONE PAGE\n"},
	} {
		t.Run(step.name, func(t *testing.T) {
			step.do()
			r := buildUnits(t, b, testenv.BuildOptions{Context: p.Dir, Target: "a"})
			if got := compiled(r); step.compiled != "?" && got != step.compiled {
				t.Errorf("compiled: %q, want %q", got, step.compiled)
			}
			if got := r.Run(t); !strings.HasPrefix(got, step.prints) {
				t.Errorf("the program prints\n%swant\n%s", got, step.prints)
			}
		})
	}
}
