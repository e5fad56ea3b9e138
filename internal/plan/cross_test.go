package plan_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
)

// crossPlan plans the project for a platform on linux/amd64 or another machine.
func crossPlan(t *testing.T, files map[string]string, platform, on string, args map[string]string) *plan.Plan {
	t.Helper()
	fsys := project(files)
	o, err := options.Parse("Rustfile", nil, args)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.SetTarget("a"); err != nil {
		t.Fatal(err)
	}
	ws, err := cargo.Load(fsys, cargo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.New(ws, o, plan.Inputs{Platform: platform, BuildPlatform: on, Context: fsys})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// variables are the names and values of the environment, one to a line, in any
// order.
func variables(p *plan.Plan) string {
	var b strings.Builder
	if p.Cross != nil {
		for name, value := range p.Cross.Environment {
			b.WriteString(name + "=" + value + "\n")
		}
	}
	return b.String()
}

// withC makes the library of the project use the package cc.
var withC = map[string]string{
	"lib/Cargo.toml": "[package]\nname = \"lib\"\nversion = \"0.5.0\"\n[dependencies]\nthree = { version = \"3\", features = [\"x\"], default-features = false }\n[build-dependencies]\ncc = \"1\"\n",
	"Cargo.lock": lock(
		local("a", "1.2.3", "lib", "one", "test-only"), local("b", "0.1.0", "two"), local("lib", "0.5.0", "three", "cc"),
		crate("one", "1.0.0", "four"), crate("two", "2.0.0"), crate("three", "3.0.0", "four"),
		crate("four", "4.0.0"), crate("test-only", "1.0.0"), crate("cc", "1.0.0"),
	),
}

func TestCross(t *testing.T) {
	const gnu = `CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
`
	for _, tc := range []struct {
		name, platform, on, libc string
		files                    map[string]string
		triple, host             string
		packages                 string
		// environment are lines that the variables have.
		environment string
	}{
		{name: "native", platform: "linux/amd64", on: "linux/amd64", triple: "x86_64-unknown-linux-gnu", host: "x86_64-unknown-linux-gnu"},
		{name: "native by default", platform: "linux/s390x", triple: "s390x-unknown-linux-gnu", host: "s390x-unknown-linux-gnu"},
		{name: "arm64", platform: "linux/arm64", on: "linux/amd64", triple: "aarch64-unknown-linux-gnu", host: "x86_64-unknown-linux-gnu",
			packages: "gcc-aarch64-linux-gnu libc6-dev-arm64-cross", environment: gnu},
		{name: "arm64 with C", platform: "linux/arm64", on: "linux/amd64", files: withC, triple: "aarch64-unknown-linux-gnu", host: "x86_64-unknown-linux-gnu",
			packages: "g++-aarch64-linux-gnu gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
			environment: gnu + `CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc
CXX_aarch64_unknown_linux_gnu=aarch64-linux-gnu-g++
AR_aarch64_unknown_linux_gnu=aarch64-linux-gnu-ar
PKG_CONFIG_ALLOW_CROSS_aarch64_unknown_linux_gnu=1
PKG_CONFIG_LIBDIR_aarch64_unknown_linux_gnu=/usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig
`},
		{name: "amd64 on arm64", platform: "linux/amd64", on: "linux/arm64", triple: "x86_64-unknown-linux-gnu", host: "aarch64-unknown-linux-gnu",
			packages: "gcc-x86-64-linux-gnu libc6-dev-amd64-cross", environment: "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER=x86_64-linux-gnu-gcc\n"},
		{name: "386", platform: "linux/386", on: "linux/amd64", triple: "i686-unknown-linux-gnu", host: "x86_64-unknown-linux-gnu",
			packages: "gcc-i686-linux-gnu libc6-dev-i386-cross", environment: "PKG_CONFIG_LIBDIR_i686_unknown_linux_gnu=/usr/lib/i386-linux-gnu/pkgconfig:/usr/share/pkgconfig\n"},
		{name: "arm/v7", platform: "linux/arm/v7", on: "linux/amd64", triple: "armv7-unknown-linux-gnueabihf", host: "x86_64-unknown-linux-gnu",
			packages: "gcc-arm-linux-gnueabihf libc6-dev-armhf-cross", environment: "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER=arm-linux-gnueabihf-gcc\n"},
		{name: "musl", platform: "linux/amd64", on: "linux/amd64", libc: "musl", triple: "x86_64-unknown-linux-musl", host: "x86_64-unknown-linux-gnu"},
		{name: "musl with C", platform: "linux/amd64", on: "linux/amd64", libc: "musl", files: withC, triple: "x86_64-unknown-linux-musl",
			host: "x86_64-unknown-linux-gnu", packages: "musl-tools", environment: "CC_x86_64_unknown_linux_musl=musl-gcc\n"},
		{name: "musl of arm64", platform: "linux/arm64", on: "linux/amd64", libc: "musl", triple: "aarch64-unknown-linux-musl",
			host: "x86_64-unknown-linux-gnu", environment: "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER=rust-lld\n"},
		{name: "musl of arm/v7 with C", platform: "linux/arm/v7", on: "linux/amd64", libc: "musl", files: withC,
			triple: "armv7-unknown-linux-musleabihf", host: "x86_64-unknown-linux-gnu", packages: "gcc-arm-linux-gnueabihf musl-dev:armhf",
			environment: "CC_armv7_unknown_linux_musleabihf=arm-linux-musleabihf-gcc\nAR_armv7_unknown_linux_musleabihf=arm-linux-gnueabihf-ar\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			args := map[string]string{}
			if tc.libc != "" {
				args["libc"] = tc.libc
			}
			p := crossPlan(t, tc.files, tc.platform, tc.on, args)
			if p.Platform != tc.platform || p.Triple != tc.triple || p.HostTriple() != tc.host {
				t.Errorf("for %s %s on %s, want %s %s on %s", p.Platform, p.Triple, p.HostTriple(), tc.platform, tc.triple, tc.host)
			}
			if got := strings.Contains(p.Tree(), "compiled on "+tc.on+" ("+tc.host+")"); got != (tc.triple != tc.host) {
				t.Errorf("the tree says where it is compiled: %v\n%s", got, p.Tree())
			}
			if (p.Cross == nil) != (tc.triple == tc.host) {
				t.Errorf("the plan crosses: %v", p.Cross != nil)
			}
			if p.Cross != nil && !p.Cross.Std {
				t.Error("the standard library is not asked for")
			}
			if tc.on != "" && p.BuildPlatform() != tc.on {
				t.Errorf("commands run on %s, want %s", p.BuildPlatform(), tc.on)
			}
			if got := strings.Join(p.CrossPackages(), " "); got != tc.packages {
				t.Errorf("packages %q, want %q", got, tc.packages)
			}
			for line := range strings.Lines(tc.environment) {
				if !strings.Contains(variables(p), line) {
					t.Errorf("the environment lacks %s:\n%s", line, variables(p))
				}
			}
			if i := slices.Index(p.Members.Args, "--target"); p.Members.Args[i+1] != tc.triple {
				t.Errorf("cargo is called with %v", p.Members.Args)
			}
		})
	}
}

// TestToolchainIsShared: the toolchain is the same for all targets.
func TestToolchainIsShared(t *testing.T) {
	files := map[string]string{"rust-toolchain.toml": "[toolchain]\nchannel = \"1.95\"\ntargets = [\"aarch64-unknown-linux-gnu\", \"x86_64-unknown-linux-gnu\"]\n"}
	for _, platform := range []string{"linux/amd64", "linux/arm64", "linux/riscv64"} {
		p := crossPlan(t, files, platform, "linux/amd64", nil)
		if got := strings.Join(p.Toolchain.Targets, " "); got != "aarch64-unknown-linux-gnu" {
			t.Errorf("%s: the toolchain has targets %q", platform, got)
		}
		if p.Cross != nil && p.Cross.Std != (platform == "linux/riscv64") {
			t.Errorf("%s: the standard library is asked for: %v", platform, p.Cross.Std)
		}
	}
}

// TestConfigurationWins: what the project's Cargo configuration says about the
// target is not replaced.
func TestConfigurationWins(t *testing.T) {
	const linker = "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER="
	for _, tc := range []struct {
		name, config, absent, present string
	}{
		{"nothing", "[build]\njobs = 3\n", "", linker},
		{"linker", "[target.aarch64-unknown-linux-gnu]\nlinker = \"clang\"\n", linker, "CC_aarch64_unknown_linux_gnu="},
		{"flags alone", "[target.aarch64-unknown-linux-gnu]\nrustflags = [\"-g\"]\n", "", linker},
		{"of another target", "[target.x86_64-unknown-linux-gnu]\nlinker = \"clang\"\n", "", linker},
		{"expression", "[target.'cfg(target_os = \"linux\")']\nlinker = \"clang\"\n", linker, "CC_aarch64_unknown_linux_gnu="},
		{"expression of another target", "[target.'cfg(target_arch = \"x86_64\")']\nlinker = \"clang\"\n", "", linker},
		{"compiler", "[env]\nCC_aarch64_unknown_linux_gnu = \"my-gcc\"\n", "CC_aarch64_unknown_linux_gnu=", linker},
		{"compiler with hyphens", "[env]\nCC_aarch64-unknown-linux-gnu = { value = \"my-gcc\", force = true }\n", "CC_aarch64_unknown_linux_gnu=", linker},
		{"compiler of all targets", "[env]\nTARGET_CC = \"my-gcc\"\n", "CC_aarch64_unknown_linux_gnu=", "CXX_aarch64_unknown_linux_gnu="},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := "\n" + variables(crossPlan(t, map[string]string{".cargo/config.toml": tc.config}, "linux/arm64", "linux/amd64", nil))
			if tc.absent != "" && strings.Contains(got, "\n"+tc.absent) {
				t.Errorf("%s is set:%s", tc.absent, got)
			}
			if !strings.Contains(got, "\n"+tc.present) {
				t.Errorf("%s is not set:%s", tc.present, got)
			}
		})
	}
}

func TestUnsupportedPlatform(t *testing.T) {
	for _, tc := range []struct {
		platform, rustfile string
		says               []string
		place              string
	}{
		{"linux/mips64le", "", []string{"platform linux/mips64le is not supported", "linux/386, linux/amd64, linux/arm/v7, linux/arm64", "wasi/wasm"}, ""},
		{"linux/amd64/v3", "", []string{"platform linux/amd64/v3 is not supported"}, ""},
		{"windows/arm64", "", []string{"platform windows/arm64 is not supported", "windows/amd64"}, ""},
		{"linux/s390x", "\nlibc = \"musl\"\n", []string{"linux/s390x with musl", "remove libc", "linux/riscv64"}, "Rustfile:2:1"},
	} {
		t.Run(tc.platform, func(t *testing.T) {
			o, err := options.Parse("Rustfile", []byte(tc.rustfile), nil)
			if err != nil {
				t.Fatal(err)
			}
			err = plan.CheckPlatform(tc.platform, o)
			var fault *cargo.Error
			if !errors.As(err, &fault) {
				t.Fatalf("the error is %v", err)
			}
			for _, say := range tc.says {
				if !strings.Contains(err.Error(), say) {
					t.Errorf("the error is %q, without %q", err, say)
				}
			}
			if fault.Span.String() != tc.place {
				t.Errorf("the error is at %q, want %q", fault.Span, tc.place)
			}
		})
	}
	if err := plan.CheckPlatform("linux/arm64", options.Defaults()); err != nil {
		t.Error(err)
	}
	_, err := plan.New(&cargo.Workspace{}, options.Defaults(), plan.Inputs{Platform: "linux/amd64", BuildPlatform: "linux/mips64le"})
	if err == nil || !strings.Contains(err.Error(), "runs on linux/mips64le") {
		t.Errorf("a builder that cannot compile gives %v", err)
	}
}
