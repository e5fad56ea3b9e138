package cargo_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rustfile/rustfile/internal/cargo/cargotest"
)

// TestCompareWithCargo compares every example with the real cargo. The
// environment variable RUSTFILE_TEST_CRATES names a directory of further
// unpacked projects to compare.
func TestCompareWithCargo(t *testing.T) {
	roots := []string{"../../examples"}
	if more := os.Getenv("RUSTFILE_TEST_CRATES"); more != "" {
		roots = append(roots, more)
	}
	compared := 0
	for _, root := range roots {
		manifests, err := filepath.Glob(filepath.Join(root, "*", "Cargo.toml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, manifest := range manifests {
			dir := filepath.Dir(manifest)
			compared++
			t.Run(filepath.Base(dir), func(t *testing.T) { cargotest.CompareWithCargo(t, dir) })
		}
	}
	if compared == 0 {
		t.Fatal("there are no examples to compare")
	}
}
