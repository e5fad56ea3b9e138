package plan_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
)

func TestZig(t *testing.T) {
	linker := func(table, name string) map[string]string {
		return map[string]string{".cargo/config.toml": "[target." + table + "]\nlinker = \"" + name + "\"\n"}
	}
	for _, tc := range []struct {
		name, platform, on, target, tools string
		files                             map[string]string
		native                            bool
		packages, machine                 string
	}{
		{name: "native", platform: "linux/amd64", on: "linux/amd64", target: "x86_64-linux-gnu.2.30", tools: "c++ cc g++ gcc", native: true, machine: "x86_64"},
		{name: "the machine's own", platform: "linux/arm64", target: "aarch64-linux-gnu.2.30", tools: "c++ cc g++ gcc", native: true, machine: "aarch64"},
		{name: "cross", platform: "linux/arm64", on: "linux/amd64", files: withC, target: "aarch64-linux-gnu.2.30",
			tools: "aarch64-linux-gnu-ar aarch64-linux-gnu-g++ aarch64-linux-gnu-gcc", machine: "x86_64"},
		{name: "arm/v7", platform: "linux/arm/v7", on: "linux/arm64", target: "arm-linux-gnueabihf.2.30",
			tools: "arm-linux-gnueabihf-ar arm-linux-gnueabihf-g++ arm-linux-gnueabihf-gcc", machine: "aarch64"},
		{name: "386", platform: "linux/386", on: "linux/amd64", target: "x86-linux-gnu.2.30", tools: "i686-linux-gnu-ar i686-linux-gnu-g++ i686-linux-gnu-gcc", machine: "x86_64"},
		{name: "a linker of the project's", platform: "linux/amd64", on: "linux/amd64", files: linker("x86_64-unknown-linux-gnu", "gcc"),
			target: "x86_64-linux-gnu.2.30", tools: "c++ cc g++", native: true, machine: "x86_64"},
		{name: "a linker of the project's to cross", platform: "linux/arm64", on: "linux/amd64", files: linker("'cfg(target_arch=\"aarch64\")'", "aarch64-linux-gnu-gcc"),
			target: "aarch64-linux-gnu.2.30", tools: "aarch64-linux-gnu-ar aarch64-linux-gnu-g++", packages: "gcc-aarch64-linux-gnu libc6-dev-arm64-cross", machine: "x86_64"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := crossPlan(t, tc.files, tc.platform, tc.on, map[string]string{"glibc": "2.30"})
			z := p.Zig
			if z == nil || z.Glibc != "2.30" || z.Target != tc.target || strings.Join(z.Tools, " ") != tc.tools || z.Native != tc.native {
				t.Fatalf("zig is planned as %+v", z)
			}
			if got := strings.Join(p.CrossPackages(), " "); got != tc.packages {
				t.Errorf("the packages are %q, want %q", got, tc.packages)
			}
			if !strings.HasPrefix(z.URL, "https://files.pythonhosted.org/") || !strings.HasSuffix(z.URL, tc.machine+".whl") || len(z.SHA256) != 64 {
				t.Errorf("zig is %s with %s", z.URL, z.SHA256)
			}
			if !strings.Contains(p.Tree(), "linked by zig "+plan.ZigVersion+" for glibc 2.30") {
				t.Errorf("the tree does not say what links:\n%s", p.Tree())
			}
			plain := crossPlan(t, tc.files, tc.platform, tc.on, nil)
			if plain.Zig != nil || (plain.Cross == nil) != (p.Cross == nil) || p.Cross != nil && !maps.Equal(plain.Cross.Environment, p.Cross.Environment) {
				t.Errorf("the variables are %q, and without the key %q", variables(p), variables(plain))
			}
		})
	}
}

// TestGlibcConflicts: what cannot be linked is refused before anything runs, at the line that asks for it.
func TestGlibcConflicts(t *testing.T) {
	for _, tc := range []struct{ platform, rustfile, want string }{
		{"linux/amd64", `glibc = "2.16"`, "needs the GNU C library 2.17, which is newer than 2.16"},
		{"linux/amd64", `glibc = "2.17"`, ""},
		{"linux/riscv64", `glibc = "2.28"`, "for linux/riscv64 needs the GNU C library 2.29"},
		{"linux/ppc64le", `glibc = "2.17"`, "2.19"},
		{"linux/amd64", `glibc = "2.43"`, "knows the GNU C library up to 2.42"},
		{"linux/amd64", "glibc = \"2.28\"\nlibc = \"musl\"", "conflicts with libc"},
		{plan.Wasi, `glibc = "2.28"`, "no such thing"},
	} {
		o, err := options.Parse("Rustfile", []byte(tc.rustfile+"\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		err = plan.CheckPlatform(tc.platform, o)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "Rustfile:1:1")) {
			t.Errorf("%s with %q gives %v, want %q", tc.platform, tc.rustfile, err, tc.want)
		}
	}
}
