package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
)

// Platforms of programs that are no Linux processes, in the notation of Docker
// and containerd. https://github.com/containerd/runwasi
const (
	Wasi    = "wasi/wasm"
	Windows = "windows/amd64"
)

// artifactPlatforms are the targets of those platforms: WASI preview 1, which all
// runtimes know, and Windows with the tools of MinGW, which Debian has.
// https://doc.rust-lang.org/rustc/platform-support/wasm32-wasip1.html
// https://doc.rust-lang.org/rustc/platform-support/windows-gnu.html
var artifactPlatforms = map[string]string{Wasi: "wasm32-wasip1", Windows: "x86_64-pc-windows-gnu"}

// Artifact is a kind of program that is no Linux process. The image holds such
// programs on nothing, unless a base is asked for, and in the root directory: so
// an export of its files is the programs.
type Artifact struct {
	// Suffix is the end of the files' names, such as ".exe".
	Suffix string `json:"suffix,omitempty"`
	// Format is one of the formats of
	// [github.com/rustfile/rustfile/internal/runtimeneeds.CheckArtifact].
	Format string `json:"format"`
	// Packages are the Debian packages, sorted, that link for the target, none
	// when the toolchain does, and Compilers those that compile C for it beside.
	Packages  []string `json:"packages,omitempty"`
	Compilers []string `json:"compilers,omitempty"`
}

// artifactOf is the kind of artifact that a target triple makes, nil when its
// programs are Linux processes.
func artifactOf(triple string) *Artifact {
	switch triple {
	case artifactPlatforms[Wasi]:
		return &Artifact{Suffix: ".wasm", Format: "wasm"}
	case artifactPlatforms[Windows]:
		// rustc and cc look for the compilers under the names that they have there.
		// https://packages.debian.org/gcc-mingw-w64-x86-64-posix
		return &Artifact{Suffix: ".exe", Format: "pe", Packages: []string{"gcc-mingw-w64-x86-64-posix"}, Compilers: []string{"g++-mingw-w64-x86-64-posix"}}
	}
	switch arch, system := bare(triple); {
	case system == "":
		return nil
	case system == "uefi":
		return &Artifact{Suffix: ".efi", Format: "pe"}
	case arch == "arm":
		// https://packages.debian.org/gcc-arm-none-eabi
		return &Artifact{Format: "elf", Compilers: []string{"gcc-arm-none-eabi", "libnewlib-arm-none-eabi"}}
	case strings.HasPrefix(arch, "riscv"):
		return &Artifact{Format: "elf", Compilers: []string{"gcc-riscv64-unknown-elf"}}
	}
	return &Artifact{Format: "elf"}
}

// bare is what rustc calls the processor and the system ("none" or "uefi") of a
// target without an operating system; both are "" for any other.
// https://doc.rust-lang.org/rustc/platform-support.html
func bare(triple string) (arch, system string) {
	parts := strings.Split(triple, "-")
	for _, s := range []string{"none", "uefi"} {
		if slices.Contains(parts[1:], s) {
			system = s
		}
	}
	if system == "" || strings.HasPrefix(triple, "wasm") {
		return "", ""
	}
	arch = parts[0]
	for _, family := range [][2]string{{"arm", "arm"}, {"thumb", "arm"}, {"riscv32", "riscv32"}, {"riscv64", "riscv64"}, {"powerpc64", "powerpc64"}, {"i", "x86"}} {
		if strings.HasPrefix(arch, family[0]) {
			return family[1], system
		}
	}
	return arch, system
}

// setArtifact gives an image of artifacts its form.
func (p *Plan) setArtifact(o *options.Options) {
	if p.Artifact = artifactOf(p.Triple); p.Artifact == nil {
		return
	}
	if o.RuntimeImage == "" {
		p.Image.Base = "scratch"
	}
	p.Image.CACertificates = certificatesNever
	for i := range p.Binaries {
		p.Binaries[i].At = "/" + p.Binaries[i].Name + p.Artifact.Suffix
	}
	windows := p.Platform == Windows
	if windows && o.Image.User == "" {
		p.Image.User = "" // it has no numbers; the base names its own
	}
	if o.Image.Entrypoint == nil {
		p.Image.Entrypoint = []string{p.Binaries[0].Path()}
		if windows {
			p.Image.Entrypoint[0] = `C:\` + strings.TrimPrefix(p.Binaries[0].Path(), "/")
		}
	}
}

// Path is where the image has the binary.
func (b Binary) Path() string {
	if b.At != "" {
		return b.At
	}
	return "/usr/local/bin/" + b.Name
}

// artifact uses what links and compiles for an artifact.
func (c *Cross) artifact(a *Artifact, compiler bool) {
	c.Packages = slices.Clone(a.Packages)
	if compiler {
		c.Packages = union(c.Packages, a.Compilers)
	}
}

// checkArtifact refuses what the programs for a target cannot have; of is the
// platform or the target, in words.
func checkArtifact(triple, of string, o *options.Options) error {
	elf := artifactOf(triple).Format == "elf"
	for _, c := range []struct {
		key string
		on  bool
	}{
		{options.KeyStrip, o.Image.Strip && !elf}, {options.KeyDebug, o.Image.Debug == options.DebugSplit && !elf},
		{options.KeyInit, o.Image.Init}, {options.KeyGlibc, o.Glibc != ""},
	} {
		if c.on {
			return o.Fault(c.key, of+" has no such thing: its programs are no processes of Linux", "remove it from builds for "+of)
		}
	}
	if o.Libc != options.LibcMusl {
		return nil
	}
	return &cargo.Error{
		Span:    o.Spans[options.KeyLibc],
		Message: of + " has no musl",
		Fix:     "remove libc = \"musl\" from builds for " + of,
	}
}

// bareTriple is the target that the option names: one without an operating
// system. Those with one follow from the platform.
func bareTriple(platform string, o *options.Options) (string, error) {
	if _, system := bare(o.Triple); system == "" {
		return "", o.Fault(options.KeyTarget, fmt.Sprintf("`%s` is no target without an operating system", o.Triple),
			"give one such as thumbv7em-none-eabihf; with an operating system, the target follows from --platform and libc")
	}
	if _, ok := artifactPlatforms[platform]; ok {
		return "", o.Fault(options.KeyTarget, "conflicts with platform "+platform+", which is a target of its own", "remove one of the two")
	}
	return o.Triple, checkArtifact(o.Triple, "target "+o.Triple, o)
}
