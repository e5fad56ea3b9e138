package integration

import (
	"os"
	"testing"

	"github.com/rustfile/rustfile/integration/testenv"
)

// TestSavedQueries builds a program of sqlx with the answers that `cargo sqlx prepare` saved, and no database. A new
// migration or a saved query compiles the package again and no dependency.
func TestSavedQueries(t *testing.T) {
	if os.Getenv(realEnv) == "" {
		t.Skipf("set %s=1, or run `make test-real`", realEnv)
	}
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
