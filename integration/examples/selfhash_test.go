package examples

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestSelfHash computes hashes of files that are given here, so that a change
// of the algorithm shows without compiling anything. The hashes come from
// another implementation.
func TestSelfHash(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"one", map[string]string{"a.rs": ""}, "dfb7ed34d2289065"},
		{"order and depth", map[string]string{"b/c.rs": "x", "b.rs": "y", "b/a.txt": "z"}, "56031aa7baf3de9a"},
		{"same bytes, other files", map[string]string{"b/c.rs": "", "xb.rs": "y"}, "96f8b1399af17d2c"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, test.files)
			got, err := SelfHash(dir)
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
	if hash, err := SelfHash(t.TempDir()); err == nil {
		t.Errorf("the hash of no sources is %s", hash)
	}
}

// TestSelfHashOfProgram edits a copy of the fixture and compares what the
// program prints with what is computed here.
func TestSelfHashOfProgram(t *testing.T) {
	targetDir := cargoTargetDir(t)
	project, err := Project("selfhash")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(project)); err != nil {
		t.Fatal(err)
	}
	edits := []map[string]string{
		nil,
		{"beta/src/nested/mod.rs": "//! Edited.\n\n/// A number.\npub const VALUE: u32 = 1; // \u00e9\n"},
	}
	seen := map[string]bool{}
	for _, edit := range edits {
		write(t, dir, edit)
		if stderr, err := cargo(t, dir, targetDir, "build", "--release", "--locked"); err != nil {
			t.Fatalf("%v\n%s", err, stderr)
		}
		got, err := exec.CommandContext(t.Context(), filepath.Join(targetDir, "release", "selfhash")).Output()
		if err != nil {
			t.Fatal(err)
		}
		want, err := SelfHashOutput(dir)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("the program prints\n%s\nwant\n%s", got, want)
		}
		if seen[want] {
			t.Error("the edit does not change the hash")
		}
		seen[want] = true
	}
}

// write writes files below dir, by slash-separated name.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
