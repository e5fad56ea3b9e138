package standin

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/rustfile/rustfile/integration/debian"
)

// Image names one of the look-alikes this package can make.
type Image string

// The look-alikes.
const (
	// Debian is library/debian:<suite>-slim.
	Debian Image = "debian"
	// Rust is library/rust:<channel>-<suite>.
	Rust Image = "rust"
	// Golang is library/golang:<version>-<suite>, made of the Rust look-alike's packages and the host's Go.
	Golang Image = "golang"
	// CargoChef is lukemathwalker/cargo-chef, made of the Rust look-alike and `cargo install cargo-chef`.
	CargoChef Image = "cargo-chef"
)

// madeOfLabel is the label that says what a look-alike is made of.
const madeOfLabel = "io.github.rustfile.standin.made-of"

const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// buildPackages are the packages of buildpack-deps that builds of Rust crates need.
var buildPackages = []string{
	"ca-certificates", "cmake", "curl", "g++", "gcc", "git", "libc6-dev", "libssl-dev", "make", "perl", "pkg-config",
}

// newRecipe looks at the host and says how an image would be made, without making it.
func newRecipe(ctx context.Context, im Image) (recipe, error) {
	switch im {
	case Debian:
		return recipe{
			name:  "debian",
			key:   "slim " + Suite + " " + runtime.GOARCH,
			refs:  []string{"library/debian:" + Suite + "-slim"},
			build: buildDebian,
		}, nil
	case Rust:
		return rustRecipe(ctx)
	case Golang:
		return golangRecipe(ctx)
	case CargoChef:
		return cargoChefRecipe(ctx)
	}
	if s, ok := smallBases[im]; ok {
		return smallRecipe(im, s)
	}
	return recipe{}, fmt.Errorf("there is no look-alike named %q", im)
}

// mergedUsrHooks comes with mmdebstrap.
const mergedUsrHooks = "/usr/share/mmdebstrap/hooks/merged-usr"

// slimExcludes leaves out what the official slim images leave out.
var slimExcludes = []string{
	"path-exclude=/usr/share/man/*", "path-exclude=/usr/share/info/*", "path-exclude=/usr/share/locale/*",
	"path-exclude=/usr/share/doc/*", "path-include=/usr/share/doc/*/copyright",
}

// mmdebstrap makes a root file system as a tar archive and returns its path. As in the official images, /bin is a
// link from the start: otherwise the package that makes it one would stay, and bring all of perl.
func mmdebstrap(ctx context.Context, b *builder, name string, packages []string, args ...string) (string, error) {
	return mmdebstrapFrom(ctx, b, []string{Suite}, name, packages, args...)
}

// mmdebstrapFrom is mmdebstrap for a release of Debian, from the mirrors after it or those of this machine.
func mmdebstrapFrom(ctx context.Context, b *builder, release []string, name string, packages []string, args ...string) (string, error) {
	program, err := needMmdebstrap(ctx, b)
	if err != nil {
		return "", err
	}
	out := filepath.Join(b.work, name+".tar")
	include := strings.Join(append([]string{"usr-is-merged"}, packages...), ",")
	// The last of two variants counts.
	args = append([]string{
		"--quiet", "--variant=minbase", "--format=tar", "--hook-dir=" + mergedUsrHooks, "--include=" + include,
	}, args...)
	args = append(args, release[0], out)
	if err := runQuiet(ctx, b.work, program, append(args, release[1:]...)...); err != nil {
		return "", err
	}
	return out, nil
}

func needMmdebstrap(ctx context.Context, b *builder) (string, error) {
	return debian.Need(ctx, logWriter(b.logf), "mmdebstrap", "mmdebstrap")
}

// logWriter turns a line logger into an io.Writer.
type logWriter func(format string, args ...any)

// Write implements io.Writer.
func (w logWriter) Write(p []byte) (int, error) {
	w("%s", strings.TrimSpace(string(p)))
	return len(p), nil
}
