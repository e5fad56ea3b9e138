package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rustfile/rustfile/integration/crates"
	"github.com/rustfile/rustfile/internal/gotools"
)

// project is something to build: a package of crates.io with its own Cargo.lock, or an example of this repository.
type project struct {
	name    string // package and binary
	version string
	sha256  string // of the .crate file, as in the registry's index; "" for an example
	// editFile is a source file of the binary; the edit appends a public constant to it.
	editFile string
	// bump is a dependency that every version requirement allows in both versions.
	bump bump
}

// bump is a change of one package in Cargo.lock.
type bump struct{ name, from, fromSum, to, toSum string }

func (p project) label() string { return p.name }

var (
	itoaUp = bump{
		"itoa", "1.0.18", "8f42a60cbdf9a97f5d2305f08a87dc4e09308d1276d28c869c684d7777685682",
		"1.0.19", "3bd1574e617a9a6c1f8f8181bd7e841e1f20e4277607ef28945765188d6284d4",
	}
	itoaDown      = bump{itoaUp.name, itoaUp.to, itoaUp.toSum, itoaUp.from, itoaUp.fromSum}
	itoaHyperfine = bump{"itoa", "1.0.15", "4a5f13b858c8d314ee3e8f639011f7ccefe71f97f96e50151fb991f267928e2c", itoaUp.from, itoaUp.fromSum}
	itoaBat       = bump{"itoa", "1.0.14", "d75a2a4b1b190afb6f5425f10f6a8f959d2ea0b9c2b1d79553551850539e4674", itoaUp.from, itoaUp.fromSum}
)

var allProjects = []project{
	{"hello", "1.2.3", "", "src/main.rs", itoaDown},
	{"hyperfine", "1.20.0", "c5fe697e6fdd7bd20438836076f8901094926ae40cf13f3f7255c1f3f085122c", "src/main.rs", itoaHyperfine},
	{"mdbook", "0.5.4", "5f68ffebcd0b9a4eb72aaacc4342bc94e1d63c01893b7c921437f6ef02443699", "src/main.rs", itoaUp},
	{"xh", "0.26.3", "4e9ad05064097eb3dfe40b0644ed723f295cf01c6dffba0a691cd2ae9a6f4066", "src/main.rs", itoaUp},
	{"bat", "0.26.1", "cf66d0164db6827afe1694b8d4939f36a5507b7186f8d3cc529c66baf03b0d09", "src/bin/bat/main.rs", itoaBat},
}

// unpack writes a fresh copy of the project to dir. Its files are as old as the copy, as they are after a git clone.
func (p project) unpack(ctx context.Context, dir string) error {
	if p.sha256 == "" {
		root, err := gotools.ModuleRoot(".")
		if err != nil {
			return err
		}
		return os.CopyFS(dir, os.DirFS(filepath.Join(root, "examples", p.name)))
	}
	return crates.Crate{Name: p.name, Version: p.version, SHA256: p.sha256}.Unpack(ctx, dir)
}

// edit changes the code of the binary, differently in each round.
func (p project) edit(dir string, round int) error {
	file := filepath.Join(dir, filepath.FromSlash(p.editFile))
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "\npub const BENCH_ROUND_%d: usize = %d;\n", round, round)
	return errors.Join(err, f.Close())
}

// setBump writes the newer version of the bumped dependency into Cargo.lock, or the older one back.
func (p project) setBump(dir string, on bool) error {
	file := filepath.Join(dir, "Cargo.lock")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	changed, err := p.bump.apply(string(text), on)
	if err != nil {
		return fmt.Errorf("Cargo.lock of %s: %w", p.name, err)
	}
	return os.WriteFile(file, []byte(changed), 0o644)
}

// apply changes the text of a lock file that names the package without its version elsewhere.
func (b bump) apply(lock string, on bool) (string, error) {
	from, to := b.entry(b.from, b.fromSum), b.entry(b.to, b.toSum)
	if !on {
		from, to = to, from
	}
	if n := strings.Count(lock, from); n != 1 {
		return "", fmt.Errorf("want one entry of package %s with the expected version and checksum, it has %d", b.name, n)
	}
	return strings.Replace(lock, from, to, 1), nil
}

func (b bump) entry(version, sum string) string {
	return fmt.Sprintf("name = %q\nversion = %q\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = %q\n",
		b.name, version, sum)
}

// lockedPackages counts the packages of a Cargo.lock.
func lockedPackages(lock string) int { return strings.Count("\n"+lock, "\n[[package]]\n") }
