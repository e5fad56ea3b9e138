package integration

import (
	"cmp"
	"os"
	"os/exec"
	"testing"
)

// TestCargoAgreesOnUnits builds and runs the fixtures with the host's cargo, as TestCargoAgrees does with the examples:
// what they print is cargo's word.
func TestCargoAgreesOnUnits(t *testing.T) {
	target := os.Getenv("RUSTFILE_TEST_CARGO_TARGET_DIR")
	if target == "" {
		t.Skip("RUSTFILE_TEST_CARGO_TARGET_DIR is not set to a target directory")
	}
	for _, f := range unitFixtures {
		t.Run(f.name, func(t *testing.T) {
			f.complete()
			p := f.make(t)
			args := []string{"run", "--quiet", "--locked", "--profile", cmp.Or(f.args["profile"], "release"), "--features", f.args["features"]}
			cmd := exec.CommandContext(t.Context(), "cargo", args...)
			cmd.Dir, cmd.Env = p.Dir, append(os.Environ(), "CARGO_TARGET_DIR="+target, "CARGO_TERM_VERBOSE=false")
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("cargo %q: %v", args, err)
			}
			if got := string(out); got != f.prints {
				t.Errorf("the program prints %q, want %q", got, f.prints)
			}
		})
	}
}
