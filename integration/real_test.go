package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rustfile/rustfile/integration/crates"
	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/internal/cargo/cargotest"
)

// realEnv asks for all real packages instead of the first, and for other tests that take long.
const realEnv = "RUSTFILE_TEST_REAL"

// realPackage is a program on crates.io with a lock file of its own.
type realPackage struct {
	name, version, sha256 string
	// binary is the program's name; prints begins what --version prints.
	binary, prints string
	// always is set for those that `make test` builds.
	always bool
}

var realPackages = []realPackage{
	{"ripgrep", "15.2.0", "a30750b6d0743bfdd2656ebbaf4555aa278c43144b84bc389bcbfa399485ec71", "rg", "ripgrep 15.2.0\n", true},
	{"hyperfine", "1.20.0", "c5fe697e6fdd7bd20438836076f8901094926ae40cf13f3f7255c1f3f085122c", "hyperfine", "hyperfine 1.20.0\n", false},
	{"cargo-chef", "0.1.78", "ada7988681f22918824509059546e0f7bc937eef4f857e30e23d871fa2ef76fc", "cargo-chef", "cargo-chef 0.1.78\n", false},
	{"bat", "0.26.1", "cf66d0164db6827afe1694b8d4939f36a5507b7186f8d3cc529c66baf03b0d09", "bat", "bat 0.26.1\n", false},
	{"mdbook", "0.5.4", "5f68ffebcd0b9a4eb72aaacc4342bc94e1d63c01893b7c921437f6ef02443699", "mdbook", "mdbook v0.5.4\n", false},
	{"just", "1.59.0", "7e46c1911c9c129f5b4f05edb3cd9aa75bba81e0198bbdbcf6181f7bcc21d74e", "just", "just 1.59.0\n", false},
	{"tokei", "15.0.0", "cee2d8d958bbbe166867f95c85eb95ce0c67cdf6377ef8cd3186ce843c3f752c", "tokei", "tokei 15.0.0 ", false},
	{"xh", "0.26.3", "4e9ad05064097eb3dfe40b0644ed723f295cf01c6dffba0a691cd2ae9a6f4066", "xh", "xh 0.26.3\n", false},
}

// onlyWithReal skips a test that `make test` has no time for.
func onlyWithReal(t *testing.T) {
	t.Helper()
	if os.Getenv(realEnv) == "" {
		t.Skipf("set %s=1, or run `make test-real`", realEnv)
	}
}

// TestRealPackages builds programs from crates.io as they are. The Rustfile lies outside of them.
func TestRealPackages(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	rustfile := filepath.Join(t.TempDir(), "Rustfile")
	if err := os.WriteFile(rustfile, []byte("# syntax="+testenv.FrontendRef+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, p := range realPackages {
		t.Run(p.name, func(t *testing.T) {
			if !p.always {
				onlyWithReal(t)
			}
			dir := filepath.Join(t.TempDir(), p.name)
			if err := (crates.Crate{Name: p.name, Version: p.version, SHA256: p.sha256}).Unpack(t.Context(), dir); err != nil {
				t.Fatal(err)
			}
			t.Run("model", func(t *testing.T) {
				t.Setenv("RUSTFILE_TEST_NETWORK", "1") // the locked graph as well
				cargotest.CompareWithCargo(t, dir)
			})
			res := b.MustBuild(t, testenv.BuildOptions{Context: dir, File: rustfile, Attrs: buildAgain})
			checkOnlyMembersCompiled(t, res)
			if got := res.Run(t, "--version"); !strings.HasPrefix(got, p.prints) {
				t.Errorf("--version printed %q, want %q", got, p.prints)
			}
			if got := strings.Join(res.Image.Config.Entrypoint, " "); got != "/"+binDir+"/"+p.binary {
				t.Errorf("the entry point is %q", got)
			}
			if got := res.Image.Config.Labels["org.opencontainers.image.version"]; got != p.version {
				t.Errorf("the version's label is %q", got)
			}
			size := addedTo(t, res, base(t, runtimeBase)).size
			t.Logf("%s %s: built in %s, adds %.1f MB to the base", p.name, p.version, res.Took.Round(100*time.Millisecond), float64(size)/1e6)
		})
	}
}
