// Package golden compares what a test got with a file of the repository. It
// is for tests alone: it registers their flag -update, which rewrites the files.
package golden

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Compare fails the test when the file holds something else than got. With
// -update it writes the file before.
func Compare(t testing.TB, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the result differs from %s; run the test with -update and read the diff. It is:\n%s", file, got)
	}
}
