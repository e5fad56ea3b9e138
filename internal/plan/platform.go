package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
)

// architecture is what rustc and Debian call a platform.
type architecture struct {
	// gnu and musl are the target triples of the two C libraries, "" when rustc
	// has no standard library for one.
	// https://doc.rust-lang.org/rustc/platform-support.html
	gnu, musl string
	// debian is Debian's name of the architecture.
	// https://wiki.debian.org/SupportedArchitectures
	debian string
	// tools begins the names of Debian's cross compilers, and multiarch is the
	// directory of the architecture's libraries.
	// https://wiki.debian.org/Multiarch/Tuples
	tools, multiarch string
}

// architectures maps the platforms that images can be built for, in BuildKit's
// notation.
var architectures = map[string]architecture{
	"linux/amd64":   {"x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl", "amd64", "x86_64-linux-gnu", "x86_64-linux-gnu"},
	"linux/arm64":   {"aarch64-unknown-linux-gnu", "aarch64-unknown-linux-musl", "arm64", "aarch64-linux-gnu", "aarch64-linux-gnu"},
	"linux/arm/v7":  {"armv7-unknown-linux-gnueabihf", "armv7-unknown-linux-musleabihf", "armhf", "arm-linux-gnueabihf", "arm-linux-gnueabihf"},
	"linux/386":     {"i686-unknown-linux-gnu", "i686-unknown-linux-musl", "i386", "i686-linux-gnu", "i386-linux-gnu"},
	"linux/ppc64le": {"powerpc64le-unknown-linux-gnu", "powerpc64le-unknown-linux-musl", "ppc64el", "powerpc64le-linux-gnu", "powerpc64le-linux-gnu"},
	"linux/s390x":   {"s390x-unknown-linux-gnu", "", "s390x", "s390x-linux-gnu", "s390x-linux-gnu"},
	"linux/riscv64": {"riscv64gc-unknown-linux-gnu", "riscv64gc-unknown-linux-musl", "riscv64", "riscv64-linux-gnu", "riscv64-linux-gnu"},
}

// CheckPlatform refuses a platform that images cannot be built for with the
// given options. The platform is in BuildKit's notation, for example
// "linux/arm/v7". Errors are of type [*cargo.Error].
func CheckPlatform(platform string, o *options.Options) error {
	_, err := targetTriple(platform, o)
	return err
}

// targetTriple is what rustc calls a platform with the wanted C library.
func targetTriple(platform string, o *options.Options) (string, error) {
	if o.Triple != "" {
		return bareTriple(platform, o)
	}
	if triple, ok := artifactPlatforms[platform]; ok {
		return triple, checkArtifact(triple, "platform "+platform, o)
	}
	m, ok := architectures[platform]
	if !ok {
		return "", &cargo.Error{
			Message: fmt.Sprintf("platform %s is not supported", platform),
			Fix:     "supported platforms: " + strings.Join(append(slices.Sorted(maps.Keys(architectures)), Wasi, Windows), ", "),
		}
	}
	if err := checkGlibc(platform, o); err != nil {
		return "", err
	}
	if o.Libc != options.LibcMusl {
		return m.gnu, nil
	}
	if m.musl == "" {
		var with []string
		for name, m := range architectures {
			if m.musl != "" {
				with = append(with, name)
			}
		}
		slices.Sort(with)
		return "", &cargo.Error{
			Span:    o.Spans[options.KeyLibc],
			Message: fmt.Sprintf("Rust has no standard library for platform %s with musl", platform),
			Fix:     "remove libc = \"musl\", or build for one of: " + strings.Join(with, ", "),
		}
	}
	return m.musl, nil
}

// hostTriple is what rustc calls the machine that compiles. Its own programs,
// build scripts and procedural macros use the GNU C library.
func hostTriple(platform string) (string, error) {
	if m, ok := architectures[platform]; ok {
		return m.gnu, nil
	}
	return "", &cargo.Error{
		Message: fmt.Sprintf("the builder runs on %s, where rustfile cannot compile", platform),
		Fix:     "use a builder on one of: " + strings.Join(slices.Sorted(maps.Keys(architectures)), ", "),
	}
}
