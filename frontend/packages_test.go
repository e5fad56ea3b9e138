package frontend

import (
	"errors"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/llbgen"
)

func TestExplainPackages(t *testing.T) {
	p := &plan.Plan{Toolchain: plan.Toolchain{Image: "docker.io/library/rust:1.95-bookworm"}}
	p.AddPackages("packages.build", plan.Location{File: "Rustfile", Line: 3}, "libfoo-dev", "libbar-dev:arm64")
	p.AddPackages("crate mold-sys 1.0.0", plan.Location{}, "mold")
	const command = `process "/bin/sh /rustfile/packages.sh `
	for _, tc := range []struct {
		name, err string
		// says are parts of the message, place its span; no place is an error of another type.
		says  []string
		place string
	}{
		{"unknown", command + `0 libbar-dev:arm64 libfoo-dev mold" did not complete successfully: exit code: 151`,
			[]string{"knows no package `libfoo-dev`, which packages.build asks for"}, "Rustfile:3:1"},
		{"after architectures", command + `2 arm64 armhf libbar-dev:arm64 libfoo-dev" did not complete successfully: exit code: 150`,
			[]string{"knows no package `libbar-dev:arm64`"}, "Rustfile:3:1"},
		{"by a crate", command + `0 mold" did not complete successfully: exit code: 150`, []string{"`mold`, which crate mold-sys 1.0.0 asks for", `[[native]] crate = "mold-sys"`}, ""},
		{"by nobody", command + `0 other" did not complete successfully: exit code: 150`, []string{"no package `other`"}, ""},
		{"no manager", command + `0 libfoo-dev mold" did not complete successfully: exit code: 78`,
			[]string{"no package manager", "libfoo-dev, mold", "Debian"}, "Rustfile:3:1"},
		{"another failure", command + `0 libfoo-dev mold" did not complete successfully: exit code: 100`,
			[]string{"libfoo-dev, mold could not be installed", "run the build again"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := explainPackages(errors.New(tc.err), p)
			for _, say := range tc.says {
				if !strings.Contains(err.Error(), say) {
					t.Errorf("the error is %q, without %q", err, say)
				}
			}
			var fault *cargo.Error
			errors.As(err, &fault)
			if fault != nil && fault.Span.String() != tc.place {
				t.Errorf("the error is at %q, want %q", fault.Span, tc.place)
			}
			if fault == nil && tc.place != "" {
				t.Errorf("the error has no place")
			}
		})
	}
	other := errors.New(`process "/bin/sh /rustfile/build.sh x" did not complete successfully: exit code: 150`)
	if err := explainPackages(other, p); err != other {
		t.Errorf("another vertex's error became %v", err)
	}
}

// TestExplainBase: what the builder lacks is not said of the base, nor the other way round.
func TestExplainBase(t *testing.T) {
	o, err := options.Parse("Rustfile", []byte("[packages]\nbuild = [\"libfoo-dev\"]\nruntime = [\n  \"tini\",\n  \"curl\",\n]\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &build{options: o}
	p := &plan.Plan{Image: plan.Image{Base: "debian:bookworm-slim"}}
	builder := errors.New(`process "/bin/sh ` + llbgen.PackagesScript + ` 0 libfoo-dev" did not complete successfully: exit code: 150`)
	if err := b.explainBase(builder, p); err != builder {
		t.Errorf("the builder's error became %v", err)
	}
	base := errors.New(`process "/bin/sh ` + llbgen.RuntimePackagesScript + ` 0 curl tini" did not complete successfully: exit code: 150`)
	if err := explainPackages(base, p); err != base {
		t.Errorf("the base's error became %v", err)
	}
	var fault *cargo.Error
	if err := b.explainBase(base, p); !errors.As(err, &fault) || fault.Span.String() != "Rustfile:5:3" || !strings.Contains(err.Error(), "the base debian:bookworm-slim knows no package `curl`") {
		t.Errorf("the base's error is %v", err)
	}
}

// TestLacksFile tells a copy that found nothing from all else that is not found.
func TestLacksFile(t *testing.T) {
	for text, want := range map[string]bool{
		`failed to calculate checksum of ref abc::def: "/usr/share/zoneinfo": not found`:                          true,
		`docker.io/library/debian:none: not found`:                                                                false,
		`failed to load cache key: invalid response status 404 Not Found`:                                         false,
		`process "/bin/sh /rustfile/unit.sh dependency" did not complete successfully: exit code: 127: not found`: false,
	} {
		if got := lacksFile.MatchString(text); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}

func TestHintLibraries(t *testing.T) {
	compile := errors.New("cargo build did not complete successfully: exit code: 101")
	if err := hintLibraries(compile, &plan.Plan{}); err != compile {
		t.Errorf("without unknown libraries the error became %v", err)
	}
	p := &plan.Plan{Unknown: []plan.PackageRequest{{Package: "foo-2.0", By: "crate foo-sys 1.0.0"}}}
	err := hintLibraries(compile, p)
	for _, part := range []string{compile.Error(), "crate foo-sys 1.0.0 asks pkg-config for `foo-2.0`", `[[native]] crate = "foo-sys"`} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error is %q, without %q", err, part)
		}
	}
	other := errors.New("no such image")
	if err := hintLibraries(other, p); err != other {
		t.Errorf("another error became %v", err)
	}
}
