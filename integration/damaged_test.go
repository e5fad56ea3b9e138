package integration

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rustfile/rustfile/integration/testenv"
)

// TestDamagedCache builds with a cache that cannot be read: it is left out.
func TestDamagedCache(t *testing.T) {
	p := copyOf(t, "several-members")
	to, from := localCache(t)
	inProcess(testenv.SharedDaemon(t, testenv.OCI)).MustBuild(t, testenv.BuildOptions{Context: p.Dir, Target: "a", CacheTo: to, Output: testenv.OutputNone})
	blobs, err := filepath.Glob(filepath.Join(to[0].Attrs["dest"], "blobs", "sha256", "*"))
	if err != nil || len(blobs) == 0 {
		t.Fatalf("%d blobs, %v", len(blobs), err)
	}
	for _, blob := range blobs {
		data, err := os.ReadFile(blob)
		// Manifests and configurations, and no layers.
		if err == nil && len(data) > 0 && data[0] == '{' {
			err = os.WriteFile(blob, data[:len(data)/2], 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	b := inProcess(testenv.FreshDaemon(t, testenv.DaemonOptions{}))
	r := b.MustBuild(t, testenv.BuildOptions{Context: p.Dir, Target: "a", CacheFrom: from})
	if got := r.Run(t); got != "a 434f4d4d4f4e 3\n" {
		t.Errorf("the program prints %q", got)
	}
	if got := compiled(r); got != allOfA {
		t.Errorf("compiled: %q, want %q", got, allOfA)
	}
}
