package integration

import (
	"debug/elf"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/debian"
	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/internal/auditable"
	"github.com/rustfile/rustfile/llbgen"
)

// crossBuilder is a builder whose runtime base is there for other platforms, too.
func crossBuilder(t *testing.T, platforms ...string) *testenv.Builder {
	t.Helper()
	if err := testenv.Env(t).Standin.AddPlatforms(t.Context(), platforms...); err != nil {
		t.Fatal(err)
	}
	return inProcess(testenv.SharedDaemon(t, testenv.OCI))
}

// programOn checks that a program of the image is for a machine, and returns its path on this one.
func programOn(t *testing.T, r *testenv.Result, name string, machine elf.Machine) string {
	t.Helper()
	file := filepath.Join(r.Rootfs(t), binDir, name)
	f, err := elf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Machine != machine {
		t.Errorf("%s is for %s, want %s", name, f.Machine, machine)
	}
	if section := f.Section(auditable.Section); section == nil {
		t.Errorf("%s has no list of its packages", name)
	}
	return file
}

// emulate runs a program of an image for arm64 with the libraries of the image, as a process of this machine.
func emulate(t *testing.T, r *testenv.Result, name string) string {
	t.Helper()
	qemu, err := debian.Need(t.Context(), os.Stderr, "qemu-aarch64-static", "qemu-user-static")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), qemu, "-L", r.Rootfs(t), programOn(t, r, name, elf.EM_AARCH64)).CombinedOutput()
	if err != nil {
		t.Fatalf("run %s under qemu: %v\n%s", name, err, out)
	}
	return string(out)
}

// commands are the names of the vertices that compile, sorted; a name that two vertices have is there twice.
func commands(r *testenv.Result) []string {
	var out []string
	for _, v := range r.Vertices {
		if strings.Contains(v.Name, llbgen.NameDependencies) || strings.Contains(v.Name, llbgen.NameMembers) {
			out = append(out, v.Name)
		}
	}
	slices.Sort(out)
	return out
}

// TestTwoPlatforms builds a program with C code for two machines at once. What runs on the machine that builds is
// compiled once, and the rest once for each; cargo finds all of it fresh.
func TestTwoPlatforms(t *testing.T) {
	b := crossBuilder(t, "linux/arm64")
	r := buildUnits(t, b, testenv.BuildOptions{
		Context: unitProject(t, "native").Dir, Platforms: []string{"linux/amd64", "linux/arm64"}, Attrs: everyUnitAgain,
		BuildArgs: map[string]string{"test": `[{name = "prints", command = ["native"], stdout = "1.0.8, ", files = {"/usr/local/bin/native" = {mode = "0755"}}}]`},
	})
	if want := "the commands of the tests `prints` are not run: the image is for linux/arm64, and the machine that builds is linux/amd64"; !slices.Contains(r.Warnings, want) {
		t.Errorf("the warnings are %q, want %q", r.Warnings, want)
	}
	if !slices.ContainsFunc(r.Vertices, func(v *testenv.Vertex) bool { return v.Name == "[linux/amd64] [test] prints" }) {
		t.Error("the image for this machine was not tested")
	}
	want := []string{
		"[deps] cc 1.11.3 (host)", "[deps] find-msvc-tools 0.1.15 (host)", "[deps] pkg-config 0.3.34 (host)", "[deps] shlex 2.0.1 (host)",
		"[linux/amd64] [build] cargo build --profile release --target x86_64-unknown-linux-gnu --bin native",
		"[linux/amd64] [deps] bzip2-sys 0.1.13+1.0.8",
		"[linux/arm64] [build] cargo build --profile release --target aarch64-unknown-linux-gnu --bin native",
		"[linux/arm64] [deps] bzip2-sys 0.1.13+1.0.8",
	}
	if got := commands(r); !slices.Equal(got, want) {
		t.Errorf("compiled in\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, v := range r.Vertices {
		if strings.Contains(v.Name, llbgen.NameMembers) && strings.Count(v.Log, "Compiling ") != 1 {
			t.Errorf("%s compiled more than the program:\n%s", v.Name, v.Log)
		}
	}
	if dirty := r.Dirty(); len(dirty) > 0 {
		t.Errorf("not fresh: %v", dirty)
	}
	for _, platform := range []string{"linux/amd64", "linux/arm64"} {
		if err := r.Select(platform); err != nil {
			t.Fatal(err)
		}
		got := ""
		if platform == "linux/amd64" {
			programOn(t, r, "native", elf.EM_X86_64)
			got = r.Run(t)
		} else {
			got = emulate(t, r, "native")
		}
		if want := "1.0.8, 13-Jul-2019 6\n"; got != want {
			t.Errorf("on %s the program printed %q, want %q", platform, got, want)
		}
		if platform != r.Image.OS+"/"+r.Image.Architecture {
			t.Errorf("the image for %s says it is for %s/%s", platform, r.Image.OS, r.Image.Architecture)
		}
	}
}

// crossTargets are targets that are built for only where all tests are asked for: a library that the linker makes, C code
// for musl of another machine, and machines that this one does not run.
var crossTargets = []struct {
	project, platform, libc, program string
	machine                          elf.Machine
}{
	{"profiles", "linux/arm64", "gnu", "profiles", elf.EM_AARCH64},
	{"native", "linux/arm64", "musl", "native", elf.EM_AARCH64},
	{"native", "linux/arm/v7", "gnu", "native", elf.EM_ARM},
	{"native", "linux/386", "gnu", "native", elf.EM_386},
	{"native", "linux/ppc64le", "gnu", "native", elf.EM_PPC64},
	{"native", "linux/s390x", "gnu", "native", elf.EM_S390},
	{"native", "linux/riscv64", "gnu", "native", elf.EM_RISCV},
	{"platforms", "linux/arm/v7", "musl", "platforms", elf.EM_ARM},
	{"platforms", "linux/386", "musl", "platforms", elf.EM_386},
	{"platforms", "linux/ppc64le", "musl", "platforms", elf.EM_PPC64},
	{"platforms", "linux/riscv64", "musl", "platforms", elf.EM_RISCV},
}

// TestRealCrossTargets builds for the other machines.
func TestRealCrossTargets(t *testing.T) {
	onlyWithReal(t)
	for _, c := range crossTargets {
		t.Run(strings.ReplaceAll(c.project+" "+c.platform+" "+c.libc, "/", "-"), func(t *testing.T) {
			b := crossBuilder(t, c.platform)
			if c.platform == "linux/riscv64" && c.libc == "gnu" && testenv.Env(t).Standin.Reachable {
				t.Skip("the release of the default base has no image for riscv64")
			}
			r := buildUnits(t, b, testenv.BuildOptions{
				Context: unitProject(t, c.project).Dir, Platforms: []string{c.platform}, BuildArgs: map[string]string{"libc": c.libc}, Output: testenv.OutputDir,
			})
			if dirty := r.Dirty(); len(dirty) > 0 {
				t.Errorf("not fresh: %v", dirty)
			}
			f, err := elf.Open(filepath.Join(r.Dir, binDir, c.program))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if f.Machine != c.machine {
				t.Errorf("the program is for %s, want %s", f.Machine, c.machine)
			}
		})
	}
}

// TestRealCrossLibrary builds a program for another machine with a library of the system for that machine, which the image
// gets, too.
func TestRealCrossLibrary(t *testing.T) {
	onlyWithReal(t)
	b := crossBuilder(t, "linux/arm64")
	r := buildUnits(t, b, testenv.BuildOptions{Context: unitProject(t, "system").Dir, Platforms: []string{"linux/arm64"}, Attrs: everyUnitAgain})
	checkFresh(t, r)
	if got := strings.Join(installations(r), "; "); !strings.Contains(got, "libsqlite3-dev:arm64") {
		t.Errorf("the build installs %q", got)
	}
	here := buildUnits(t, b, testenv.BuildOptions{Context: unitProject(t, "system").Dir})
	if got, want := emulate(t, r, "system"), here.Run(t); got != want || got == "" {
		t.Errorf("the program printed %q, that of this machine %q", got, want)
	}
}

// TestMusl links the C library into the program, for this machine and another, so that both need no base.
func TestMusl(t *testing.T) {
	b := crossBuilder(t)
	r := buildUnits(t, b, testenv.BuildOptions{
		Context: unitProject(t, "platforms").Dir, Platforms: []string{"linux/amd64", "linux/arm64"},
		BuildArgs: map[string]string{"libc": "musl", "runtime-image": "scratch"},
	})
	for _, platform := range []string{"linux/amd64", "linux/arm64"} {
		if err := r.Select(platform); err != nil {
			t.Fatal(err)
		}
		got := ""
		if platform == "linux/amd64" {
			checkStatic(t, programOn(t, r, "platforms", elf.EM_X86_64))
			got = r.Run(t)
		} else {
			checkStatic(t, programOn(t, r, "platforms", elf.EM_AARCH64))
			got = emulate(t, r, "platforms")
		}
		if want := "2 1\n"; got != want {
			t.Errorf("on %s the program printed %q, want %q", platform, got, want)
		}
	}
	native := buildUnits(t, b, testenv.BuildOptions{
		Context: unitProject(t, "native").Dir, BuildArgs: map[string]string{"libc": "musl", "runtime-image": "scratch"},
	})
	checkStatic(t, programOn(t, native, "native", elf.EM_X86_64))
	if got := native.Run(t); got != "1.0.8, 13-Jul-2019 6\n" {
		t.Errorf("the program printed %q", got)
	}
}

// checkStatic fails the test when a program wants a loader.
func checkStatic(t *testing.T, file string) {
	t.Helper()
	f, err := elf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			name, _ := io.ReadAll(p.Open())
			t.Errorf("%s wants the loader %s", filepath.Base(file), name)
		}
	}
}
