package integration

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/buildkit/client"

	"github.com/rustfile/rustfile/integration/testenv"
)

// TestDamagedCache builds with caches that cannot be used: the build is slower, and gives the same program.
func TestDamagedCache(t *testing.T) {
	base := copyOf(t, "several-members")
	to, from := localCache(t)
	exported := to[0].Attrs["dest"]
	inProcess(testenv.SharedDaemon(t, testenv.OCI)).MustBuild(t, testenv.BuildOptions{Context: base.Dir, Target: "a", CacheTo: to, Output: testenv.OutputNone})
	for _, tc := range []struct {
		name   string
		damage func(blob string, data []byte) error
	}{
		{"layers are missing", func(blob string, data []byte) error {
			if isJSON(data) {
				return nil
			}
			return os.Remove(blob)
		}},
		{"layers hold something else", func(blob string, data []byte) error {
			if isJSON(data) {
				return nil
			}
			return os.WriteFile(blob, []byte(strings.Repeat("x", len(data))), 0o644)
		}},
		{"its configuration is cut off", func(blob string, data []byte) error {
			if !isJSON(data) {
				return nil
			}
			return os.WriteFile(blob, data[:len(data)/2], 0o644)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(exported)); err != nil {
				t.Fatal(err)
			}
			damaged := 0
			err := filepath.WalkDir(filepath.Join(dir, "blobs"), func(name string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				data, err := os.ReadFile(name)
				if err != nil {
					return err
				}
				damaged++
				return tc.damage(name, data)
			})
			if err != nil || damaged == 0 {
				t.Fatalf("%d blobs, %v", damaged, err)
			}
			b := inProcess(testenv.FreshDaemon(t, testenv.DaemonOptions{}))
			cache := []client.CacheOptionsEntry{{Type: from[0].Type, Attrs: map[string]string{"src": dir}}}
			r, err := b.Build(t.Context(), testenv.BuildOptions{Context: base.Dir, Target: "a", CacheFrom: cache})
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Run(t); got != "a 434f4d4d4f4e 3\n" {
				t.Errorf("the program prints %q", got)
			}
			if got := compiled(r); got != allOfA {
				t.Errorf("compiled: %q, want %q", got, allOfA)
			}
		})
	}
}

// isJSON tells manifests and configurations from layers.
func isJSON(blob []byte) bool { return len(blob) > 0 && blob[0] == '{' }
