package cargo_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/cargo/cargotest"
)

// unpack writes a project to a directory below the test's own, so that paths
// which leave the project still stay inside the test.
func unpack(t *testing.T, p cargo.Project) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "context")
	for name, content := range p.Files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestAcceptedByCargo compares the projects that the tables accept with the
// real cargo, so that the tables are not just our own opinion.
func TestAcceptedByCargo(t *testing.T) {
	if testing.Short() {
		t.Skip("starts cargo for every project of the tables")
	}
	for _, p := range cargo.AcceptedProjects() {
		t.Run(p.Name, func(t *testing.T) {
			dir := unpack(t, p)
			ws, err := cargo.LoadManifests(os.DirFS(dir))
			if err != nil {
				t.Fatal(err)
			}
			cargotest.CompareManifests(t, dir, ws)
		})
	}
}

// stricter are the projects that we refuse and cargo's reading of manifests
// does not, each with the reason.
var stricter = map[string]string{
	"manifest/bin crate type":                         "cargo says so when it builds",
	"manifest/test missing":                           "cargo says so when it builds",
	"workspace/two files for a declared target":       "cargo says so when it builds",
	"manifest/bin path escapes":                       "a build sees its context and nothing else",
	"manifest/lib path absolute":                      "a build sees its context and nothing else",
	"manifest/build escapes":                          "a build sees its context and nothing else",
	"manifest/git option":                             "the URL must never look like an option to git or ssh",
	"manifest/path escapes":                           "without a workspace, metadata does not load dependencies",
	"manifest/path absolute":                          "a build sees its context and nothing else",
	"manifest/path drive":                             "a name on Linux, a drive to its writer",
	"manifest/path sneaks out":                        "without a workspace, metadata does not load dependencies",
	"manifest/path NUL":                               "without a workspace, metadata does not load dependencies",
	"manifest/path missing":                           "without a workspace, metadata does not load dependencies",
	"manifest/path percent":                           "without a workspace, metadata does not load dependencies",
	"package/name long":                               "names become file names",
	"workspace/path dependency by wrong name":         "without a workspace, metadata does not load dependencies",
	"workspace/path dependency on a virtual manifest": "without a workspace, metadata does not load dependencies",
}

// TestRefusedByCargo checks that cargo refuses what the tables refuse.
func TestRefusedByCargo(t *testing.T) {
	if testing.Short() {
		t.Skip("starts cargo for every project of the tables")
	}
	for _, p := range cargo.RefusedProjects() {
		t.Run(p.Name, func(t *testing.T) {
			dir := unpack(t, p)
			if p.Manifest != "" {
				dir = filepath.Dir(filepath.Join(dir, p.Manifest))
				if _, err := os.Stat(dir); err != nil {
					t.Skip("cargo cannot be started in a directory that is not there")
				}
			}
			complaint, refused := cargotest.Refuses(t, dir)
			reason, known := stricter[p.Name]
			if refused == known {
				t.Errorf("cargo refuses: %v; we are stricter: %q\n%s", refused, reason, complaint)
			}
			t.Logf("ours:  %s\n%s", p.Message, strings.TrimSpace(complaint))
		})
	}
}
