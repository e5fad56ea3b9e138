package scratch

import (
	"errors"
	"os"
	"os/exec"
	"testing"
)

func exists(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

// TestSweep makes a directory in a process that dies without closing it.
func TestSweep(t *testing.T) {
	if os.Getenv("SCRATCH_TEST_CHILD") != "" {
		d, err := New("scratch-test")
		if err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString(d.Path)
		os.Exit(0)
	}
	t.Setenv("TMPDIR", t.TempDir())
	alive, err := New("scratch-test")
	if err != nil {
		t.Fatal(err)
	}
	kept, err := New("scratch-test")
	if err != nil {
		t.Fatal(err)
	}
	if err := kept.Keep(); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestSweep$")
	child.Env = append(os.Environ(), "SCRATCH_TEST_CHILD=1")
	out, err := child.Output()
	if err != nil {
		t.Fatal(err)
	}
	dead := string(out)
	if !exists(t, dead) {
		t.Fatalf("the child left nothing at %q", dead)
	}
	last, err := New("scratch-test")
	if err != nil {
		t.Fatal(err)
	}
	if exists(t, dead) {
		t.Error("the dead process's directory is still there")
	}
	if !exists(t, alive.Path) || !exists(t, kept.Path) {
		t.Error("a directory that is alive or kept was removed")
	}
	for _, d := range []*Dir{alive, last} {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if exists(t, d.Path) {
			t.Errorf("%s is still there", d.Path)
		}
	}
}
