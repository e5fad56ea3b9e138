package plan_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/plan"
)

// needing is the project whose packages b and lib need a Rust; a uses lib.
func needing(b, lib, toolchain string) map[string]string {
	version := func(v string) string {
		if v == "" {
			return ""
		}
		return "rust-version = \"" + v + "\"\n"
	}
	return map[string]string{
		"b/Cargo.toml":        "[package]\nname = \"b\"\nversion = \"0.1.0\"\n" + version(b) + "[dependencies]\ntwo = \"2\"\n",
		"lib/Cargo.toml":      "[package]\nname = \"lib\"\nversion = \"0.5.0\"\nedition = \"2024\"\n" + version(lib) + "[dependencies]\nthree = \"3\"\n",
		"rust-toolchain.toml": toolchain,
	}
}

func TestRustVersionChoosesTheToolchain(t *testing.T) {
	channel := func(c string) string { return "[toolchain]\nchannel = \"" + c + "\"\n" }
	for _, tc := range []struct {
		name, b, lib, toolchain string
		request
		image, needed string
	}{
		{"nothing", "", "", "", request{target: "a"}, "rust:" + plan.StableRust + "-bookworm", ""},
		{"older", "", "1.70", "", request{target: "a"}, "rust:" + plan.StableRust + "-bookworm", ""},
		{"newer, of a dependency", "", "1.999", "", request{target: "a"}, "rust:1.999-bookworm", "lib"},
		{"newer, of another program", "1.999", "", "", request{target: "a"}, "rust:" + plan.StableRust + "-bookworm", ""},
		{"newer, of the program", "1.999", "1.998", "", request{target: "b"}, "rust:1.999-bookworm", "b"},
		{"a patch", "1.999.1", "", "", request{target: "b"}, "rust:1.999-bookworm", "b"},
		{"a patch of the pinned", plan.StableRust + ".7", "", "", request{target: "b"}, "rust:" + plan.StableRust + "-bookworm", ""},
		{"another suite", "1.999", "", "", request{target: "b", args: map[string]string{"suite": "trixie"}}, "rust:1.999-trixie", "b"},
		{"stable is any", "1.999", "", channel("stable"), request{target: "b"}, "rust:1.999-bookworm", "b"},
		{"a release that does", "1.90", "", channel("1.91"), request{target: "b"}, "rust:1.91-bookworm", ""},
		{"nightly", "1.999", "", channel("nightly"), request{target: "b"}, "rust:" + plan.StableRust + "-bookworm", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := mustPlan(t, needing(tc.b, tc.lib, tc.toolchain), tc.request).Toolchain
			if got.Image != "docker.io/library/"+tc.image {
				t.Errorf("the image is %s, want %s", got.Image, tc.image)
			}
			needed := ""
			if got.Needed != nil {
				needed = got.Needed.Package
			}
			if needed != tc.needed {
				t.Errorf("it is because of %q, want %q", needed, tc.needed)
			}
		})
	}
}

// TestChosenRustIsTooOld: what the user chose is never replaced.
func TestChosenRustIsTooOld(t *testing.T) {
	for _, tc := range []struct {
		name, b, lib, toolchain string
		request
		place, message string
	}{
		{"toolchain file", "1.96", "", "[toolchain]\nchannel = \"1.95.0\"\n", request{target: "b"}, "b/Cargo.toml:4", "package `b` needs Rust 1.96 and the build uses Rust 1.95.0"},
		{"option", "1.96", "", "", request{target: "b", args: map[string]string{"toolchain": "1.95"}}, "b/Cargo.toml:4", "--build-arg toolchain=1.96"},
		{"patch", "1.95.1", "", "[toolchain]\nchannel = \"1.95.0\"\n", request{target: "b"}, "b/Cargo.toml:4", "needs Rust 1.95.1"},
		{"edition", "", "", "[toolchain]\nchannel = \"1.70\"\n", request{target: "a"}, "lib/Cargo.toml:4", "edition 2024 of package `lib` needs Rust 1.85"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := newPlan(project(needing(tc.b, tc.lib, tc.toolchain)), tc.request)
			var fault *cargo.Error
			if !errors.As(err, &fault) {
				t.Fatalf("error is %v", err)
			}
			if !strings.HasPrefix(fault.Span.String(), tc.place) || !strings.Contains(fault.Error(), tc.message) {
				t.Errorf("error is %q, want it at %s with %q", fault.Error(), tc.place, tc.message)
			}
		})
	}
}
