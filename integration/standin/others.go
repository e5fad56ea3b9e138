package standin

import (
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// CargoChefVersion is the version of cargo-chef in the look-alike of its image.
const CargoChefVersion = "0.1.78"

// buildDebian is debian:<suite>-slim: no CA certificates, no manual pages, as the official one.
func buildDebian(ctx context.Context, b *builder) (v1.Image, error) {
	var args []string
	for _, opt := range slimExcludes {
		args = append(args, "--dpkgopt="+opt)
	}
	base, err := mmdebstrap(ctx, b, "slim", nil, args...)
	if err != nil {
		return nil, err
	}
	img, err := newImage("Debian packages", []string{"PATH=" + systemPath})
	if err != nil {
		return nil, err
	}
	// The runtime base decides the size of the images that are built, so it is compressed as usual.
	return addTarFile(img, base, gzip.DefaultCompression, "mmdebstrap "+Suite+" (slim)")
}

// golangRecipe is the official Go image with the Go toolchain of this host.
func golangRecipe(ctx context.Context) (recipe, error) {
	goroot, err := output(ctx, "go", "env", "GOROOT")
	if err != nil {
		return recipe{}, fmt.Errorf("the look-alike of golang needs the host's Go: %w", err)
	}
	version, err := output(ctx, "go", "env", "GOVERSION")
	if err != nil {
		return recipe{}, err
	}
	version = strings.TrimPrefix(version, "go")
	minor, _, _ := cutLast(version, ".")
	ca, err := hostCA()
	if err != nil {
		return recipe{}, err
	}
	madeOf := "the host's Go " + version
	build := func(_ context.Context, b *builder) (v1.Image, error) {
		var t tree
		if err := t.copyDir(goroot, "usr/local/go", "test", "pkg/obj"); err != nil {
			return nil, err
		}
		t.dir("go", 0o777)
		if len(ca) > 0 {
			t.file(caFile, 0o644, ca)
		}
		img, err := newImage(madeOf, []string{
			"PATH=/go/bin:/usr/local/go/bin:" + systemPath, "GOLANG_VERSION=" + version, "GOTOOLCHAIN=local", "GOPATH=/go",
		})
		if err != nil {
			return nil, err
		}
		rust, err := onlyImage(b.from[Rust])
		if err != nil {
			return nil, err
		}
		layers, err := rust.Layers()
		if err != nil {
			return nil, err
		}
		if img, err = mutate.AppendLayers(img, layers[0]); err != nil { // the Debian packages, without the Rust toolchain
			return nil, err
		}
		return addTar(img, t.stream(), madeOf)
	}
	return recipe{
		name: "golang", key: version + " " + goroot, needs: []Image{Rust}, build: build,
		refs: []string{"library/golang:" + minor + "-" + Suite, "library/golang:" + version + "-" + Suite, "library/golang:1-" + Suite},
	}, nil
}

// cargoChefRecipe is the image that cargo-chef's documentation starts from, with cargo-chef from crates.io.
func cargoChefRecipe(ctx context.Context) (recipe, error) {
	host, err := findHostRust(ctx)
	if err != nil {
		return recipe{}, err
	}
	if host == nil {
		return recipe{}, fmt.Errorf("the look-alike of lukemathwalker/cargo-chef needs cargo on this host")
	}
	madeOf := "the host's Rust " + host.release + " and cargo-chef " + CargoChefVersion + " from crates.io"
	build := func(ctx context.Context, b *builder) (v1.Image, error) {
		root := filepath.Join(b.work, "chef")
		if err := runQuiet(ctx, b.work, "cargo", "install", "--quiet", "--locked", "--root", root, "--version", "="+CargoChefVersion, "cargo-chef"); err != nil {
			return nil, err
		}
		program, err := os.ReadFile(filepath.Join(root, "bin", "cargo-chef"))
		if err != nil {
			return nil, err
		}
		img, err := onlyImage(b.from[Rust])
		if err != nil {
			return nil, err
		}
		if img, err = relabel(img, madeOf); err != nil {
			return nil, err
		}
		var t tree
		t.file("usr/local/cargo/bin/cargo-chef", 0o755, program)
		return addTar(img, t.stream(), madeOf)
	}
	return recipe{
		name: "cargo-chef", key: CargoChefVersion, needs: []Image{Rust}, build: build,
		refs: []string{"lukemathwalker/cargo-chef:latest-rust-" + RustChannel, "lukemathwalker/cargo-chef:latest-rust-1"},
	}, nil
}
