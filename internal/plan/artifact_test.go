package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/native"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
)

func TestArtifacts(t *testing.T) {
	for _, tc := range []struct {
		name, platform string
		files          map[string]string
		triple, path   string
		packages       string
		entrypoint     string
		user           string
	}{
		{"a module", plan.Wasi, nil, "wasm32-wasip1", "/a.wasm", "", "/a.wasm", "65532:65532"},
		{"a module with C", plan.Wasi, withC, "wasm32-wasip1", "/a.wasm", "", "/a.wasm", "65532:65532"},
		{"Windows", plan.Windows, nil, "x86_64-pc-windows-gnu", "/a.exe", "gcc-mingw-w64-x86-64-posix", `C:\a.exe`, ""},
		{"Windows with C", plan.Windows, withC, "x86_64-pc-windows-gnu", "/a.exe", "g++-mingw-w64-x86-64-posix gcc-mingw-w64-x86-64-posix", `C:\a.exe`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := crossPlan(t, tc.files, tc.platform, "linux/amd64", nil)
			if p.Triple != tc.triple || p.BuildPlatform() != "linux/amd64" || !p.Cross.Std || variables(p) != "" || p.Artifact == nil {
				t.Errorf("the plan is for %s, and crosses by %+v", p.Triple, p.Cross)
			}
			if got := strings.Join(p.CrossPackages(), " "); got != tc.packages {
				t.Errorf("the packages are %q, want %q", got, tc.packages)
			}
			if p.Image.Base != "scratch" || p.Image.CACertificates != "" || strings.Join(p.Image.Entrypoint, " ") != tc.entrypoint || p.Binaries[0].Path() != tc.path || p.Image.User != tc.user {
				t.Errorf("the image is %+v with %s", p.Image, p.Binaries[0].Path())
			}
			if p.NeedsUsers() {
				t.Error("the user is looked for in the base")
			}
			p = crossPlan(t, tc.files, tc.platform, "linux/amd64", map[string]string{"runtime-image": "example.org/base", "entrypoint": "/other", "user": "7:7"})
			if p.Image.Base != "example.org/base" || strings.Join(p.Image.Entrypoint, " ") != "/other" || p.Image.User != "7:7" {
				t.Errorf("the image is %+v, and another was asked for", p.Image)
			}
		})
	}
	for triple, want := range map[string]string{
		"thumbv7em-none-eabihf": "/a elf ", "x86_64-unknown-uefi": "/a.efi pe ", "riscv32imac-unknown-none-elf": "/a elf gcc-riscv64-unknown-elf", "aarch64-unknown-none": "/a elf ",
	} {
		files := map[string]string(nil)
		if strings.HasPrefix(triple, "riscv") {
			files = withC
		}
		p := crossPlan(t, files, "linux/amd64", "linux/amd64", map[string]string{"target": triple})
		if got := p.Binaries[0].Path() + " " + p.Artifact.Format + " " + strings.Join(p.CrossPackages(), " "); got != want || p.Triple != triple || p.Platform != "linux/amd64" || p.HostTriple() != "x86_64-unknown-linux-gnu" {
			t.Errorf("for %s the plan is %q on %s for %s, want %q", triple, got, p.HostTriple(), p.Triple, want)
		}
	}
	if p := crossPlan(t, nil, "linux/amd64", "linux/amd64", nil); p.Binaries[0].Path() != "/usr/local/bin/a" || p.Artifact != nil {
		t.Errorf("a program is at %s", p.Binaries[0].Path())
	}
}

// TestArtifactConflicts: what the programs of a platform cannot have is refused at its line.
func TestArtifactConflicts(t *testing.T) {
	for _, platform := range []string{plan.Wasi, plan.Windows} {
		for _, line := range []string{`libc = "musl"`, "strip = true", `debug = "split"`, "init = true", `glibc = "2.28"`, `target = "thumbv7em-none-eabihf"`} {
			o, err := options.Parse("Rustfile", []byte(line+"\n"), nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := plan.CheckPlatform(platform, o); err == nil || !strings.Contains(err.Error(), "Rustfile:1:1") || !strings.Contains(err.Error(), platform) {
				t.Errorf("%s for %s gives %v", line, platform, err)
			}
		}
	}
}

// TestTargetOption: only targets that no platform has are given so.
func TestTargetOption(t *testing.T) {
	for _, tc := range []struct{ rustfile, want string }{
		{`target = "thumbv7em-none-eabihf"`, ""},
		{"target = \"thumbv7em-none-eabihf\"\nstrip = true", ""},
		{`target = "aarch64-unknown-linux-gnu"`, "is no target without an operating system"},
		{`target = "wasm32-unknown-unknown"`, "is no target without an operating system"},
		{"glibc = \"2.28\"\ntarget = \"thumbv7em-none-eabihf\"", "target thumbv7em-none-eabihf has no such thing"},
		{"init = true\ntarget = \"aarch64-unknown-none\"", "target aarch64-unknown-none has no such thing"},
		{"strip = true\ntarget = \"x86_64-unknown-uefi\"", "target x86_64-unknown-uefi has no such thing"},
	} {
		o, err := options.Parse("Rustfile", []byte(tc.rustfile+"\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		err = plan.CheckPlatform("linux/amd64", o)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "Rustfile:1:1")) {
			t.Errorf("%q gives %v, want %q", tc.rustfile, err, tc.want)
		}
	}
}

// TestArtifactLibraries: Debian has no libraries for Windows, so none of another architecture is asked for; what the build
// machine needs it gets.
func TestArtifactLibraries(t *testing.T) {
	fsys := project(map[string]string{"Rustfile": ""})
	o, err := options.Parse("Rustfile", []byte("packages.build = [\"libfoo-dev\", \"nasm\"]\n[[native]]\ncrate = \"one\"\npackages = [\"libone-dev\"]\n"), nil)
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
	p, err := plan.New(ws, o, plan.Inputs{Platform: plan.Windows, BuildPlatform: "linux/amd64", Context: fsys})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.AddNative(ws, o, native.NewSystem([]byte("Package: apt\nStatus: install ok installed\n"), nil), nil); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(p.Toolchain.Packages, " "); got != "libfoo-dev nasm" {
		t.Errorf("every vertex gets %q", got)
	}
	for _, name := range slices.Concat(p.Members.Packages, p.Dependencies.Packages, p.CrossPackages()) {
		if strings.Contains(name, ":") {
			t.Errorf("the package %s is asked for", name)
		}
	}
}
