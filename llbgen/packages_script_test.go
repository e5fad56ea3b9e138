package llbgen_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/llbgen"
)

// fakeApk stands for Alpine's package manager: it knows three packages, and says what the real one says of others.
// https://gitlab.alpinelinux.org/alpine/apk-tools/-/blob/master/src/solver.c
const fakeApk = `#!/bin/sh
[ "$1 $2 $3" = "add --no-cache --no-progress" ] || exit 9
shift 3
status=0
for name; do
	case $name in
	openssl-dev | pc:zlib | g++) echo "Installing $name" ;;
	*)
		[ "$status" -ne 0 ] || echo "ERROR: unable to select packages:"
		printf '  %s (no such package):\n    required by: world[%s]\n' "$name" "$name"
		status=1
		;;
	esac
done
exit $status
`

// TestPackagesScriptWithFakeApk runs the script that installs packages where there is only a fake of apk, or nothing. The
// tests in package integration run it with the real apt.
func TestPackagesScriptWithFakeApk(t *testing.T) {
	bin := t.TempDir()
	for _, tool := range []string{"mkfifo", "tee", "grep", "rm", "cat"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Skip(err)
		}
		if err := os.Symlink(path, filepath.Join(bin, tool)); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) int {
		cmd := exec.Command("/bin/sh", append([]string{"scripts/packages.sh"}, args...)...)
		cmd.Env = []string{"PATH=" + bin}
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		t.Logf("%s: %s", strings.Join(args, " "), out)
		return cmd.ProcessState.ExitCode()
	}
	if got := run("0", "openssl-dev"); got != llbgen.NoPackageManager {
		t.Errorf("without a package manager the exit code is %d", got)
	}
	if err := os.WriteFile(filepath.Join(bin, "apk"), []byte(fakeApk), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		args string
		want int
	}{
		{"0 openssl-dev", 0},
		{"0 g++ openssl-dev pc:zlib", 0},
		{"1 arm64 openssl-dev", 0},
		{"0 nonesuch", llbgen.UnknownPackage},
		{"0 g++ openssl-dev pc:nonesuch", llbgen.UnknownPackage + 2},
		{"0 g++ a b", llbgen.UnknownPackage + 1},
	} {
		if got := run(strings.Fields(tc.args)...); got != tc.want {
			t.Errorf("%s: the exit code is %d, want %d", tc.args, got, tc.want)
		}
	}
}
