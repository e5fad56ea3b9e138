package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rustfile/rustfile/frontend"
	"github.com/rustfile/rustfile/integration/examples"
	"github.com/rustfile/rustfile/integration/testenv"
)

// project is a copy of a fixture that a test may change. Paths are relative to it.
type project struct {
	t   testing.TB
	Dir string
}

// copyOf copies a fixture of testdata/projects.
func copyOf(t testing.TB, fixture string) *project {
	t.Helper()
	from, err := examples.Project(fixture)
	if err != nil {
		t.Fatal(err)
	}
	p := &project{t: t, Dir: filepath.Join(t.TempDir(), "context")}
	p.must(os.CopyFS(p.Dir, os.DirFS(from)))
	return p
}

// clone is another copy of the project as it is now.
func (p *project) clone(t testing.TB) *project {
	t.Helper()
	q := &project{t: t, Dir: filepath.Join(t.TempDir(), "context")}
	q.must(os.CopyFS(q.Dir, os.DirFS(p.Dir)))
	return q
}

func (p *project) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *project) path(name string) string { return filepath.Join(p.Dir, filepath.FromSlash(name)) }

func (p *project) read(name string) string {
	p.t.Helper()
	text, err := os.ReadFile(p.path(name))
	p.must(err)
	return string(text)
}

// write makes a file and the directories above it.
func (p *project) write(name, text string) {
	p.t.Helper()
	p.must(os.MkdirAll(filepath.Dir(p.path(name)), 0o755))
	p.must(os.WriteFile(p.path(name), []byte(text), 0o644))
}

// replace replaces a text that must be there, everywhere in a file.
func (p *project) replace(name, from, to string) {
	p.t.Helper()
	text := p.read(name)
	if !strings.Contains(text, from) {
		p.t.Fatalf("%s has no %q", name, from)
	}
	p.write(name, strings.ReplaceAll(text, from, to))
}

func (p *project) append(name, text string) {
	p.t.Helper()
	p.write(name, p.read(name)+text)
}

// date sets the modification time of every file and directory.
func (p *project) date(at time.Time) {
	p.t.Helper()
	p.must(filepath.WalkDir(p.Dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.Type()&os.ModeSymlink != 0 {
			return err
		}
		return os.Chtimes(name, at, at)
	}))
}

// inProcess builds with the frontend in this process.
func inProcess(d *testenv.Daemon) *testenv.Builder {
	return &testenv.Builder{Daemon: d, Route: testenv.InProcess, Frontend: frontend.Build}
}
