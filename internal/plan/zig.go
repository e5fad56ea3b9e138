package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
)

// Zig says how to compile C and link for a release of the GNU C library that is
// not the builder's: with zig, which has the symbols of all releases.
//
// Commands of zig stand in front of those of the builder under the same names,
// and only in vertices that link or compile C for the target. No variable names
// them: cargo compares the linker's name when it decides what is fresh, so one
// that is only here would change the key of every vertex.
type Zig struct {
	// Glibc is the release, such as "2.28".
	Glibc string `json:"glibc"`
	// Target is zig's name of what it compiles for, such as
	// "x86_64-linux-gnu.2.28".
	Target string `json:"target"`
	// Tools are the names of the commands that zig stands for, sorted.
	Tools []string `json:"tools"`
	// Native is true when the target is the machine that builds. The commands
	// then compile for both, and zig is for what lies in the target's directory.
	Native bool `json:"native,omitempty"`
	// Multiarch is the directory of the architecture's libraries.
	Multiarch string `json:"multiarch"`
	// URL and SHA256 are those of the archive of zig for the machine that builds:
	// a wheel, which is a zip file.
	URL    string `json:"url"`
	SHA256 string `json:"sha256"`
}

// ZigVersion is the version of zig.
const ZigVersion = "0.15.2"

// zigs are the archives of zig by the machine that they run on, as the package
// index of Python has them: the name of the machine in the file's, the directory
// and the checksum. https://pypi.org/project/ziglang/0.15.2/#files
var zigs = map[string]struct{ machine, dir, sha256 string }{
	"linux/amd64": {"manylinux_2_12_x86_64.manylinux2010_x86_64.musllinux_1_1_x86_64", "db/81/f9f5c7fd68d80b8edff2a641a1c95ac4125356387d298374227040b8e1e8",
		"806316453d1ede7174ed3fefb8e5348154629089c3bb5fe812dfd0e172fac130"},
	"linux/arm64": {"manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64", "53/7d/8c277208250ffa72f12a10f52dfc1d45850f08244093065b40c5f4628260",
		"edc0aa60ec964a4cf462d40f68d7de242ddf37fd9a80f2afaee6397059463230"},
	"linux/arm/v7": {"manylinux_2_17_armv7l.manylinux2014_armv7l.musllinux_1_1_armv7l", "cf/ba/b85879ff883f152e2278852d3f8af37924badefaabb38d89e62a5d066b40",
		"ad43a4692311512ab55cc918596c814ff44fb811b1299fa9a57cc4e2bf315c6b"},
	"linux/386": {"manylinux_2_12_i686.manylinux2010_i686.musllinux_1_1_i686", "0a/13/006c26f2dc7510385dc549eb44983402e4539519d48567d9a6b0ae71adc7",
		"04eb9c4135ef431487b920c73312cd3a5e754019839024eeed3521772d1585a2"},
	"linux/ppc64le": {"manylinux_2_17_ppc64le.manylinux2014_ppc64le.musllinux_1_1_ppc64le", "57/ef/09d2baf722521d3878b8e17d3ee6271f02c7ef7ec398bbd059fa6466a5e6",
		"85faefbd4cfe420de92aaa8f8300bec2b9afe8d1f1d8c5abf71bf92754682536"},
	"linux/s390x": {"manylinux_2_17_s390x.manylinux2014_s390x.musllinux_1_1_s390x", "7b/5d/5690870969ed52501deaa4c722c476279a00d2c034ef7f82cf778507c3fd",
		"978ebcc3c6c9624cbc999dd8dcb65427e7474650d9709a889aace8e325705ce2"},
	"linux/riscv64": {"manylinux_2_31_riscv64.musllinux_1_1_riscv64", "b5/da/2e6655300a3174bd6299c06da577b0cb14685058d9b00b61042cf9d9e38b",
		"d3fe40825e18238e986b305cbf3a4d93a50461b893339e31c81b0d6c73f33937"},
}

// newestGlibc is the minor number of the newest release whose symbols zig knows
// (lib/libc/glibc/abilists).
const newestGlibc = 42

// zigTarget is what zig calls the target of a platform, and the oldest release
// that both zig and the standard library of Rust can do with.
// https://doc.rust-lang.org/rustc/platform-support.html and zig's
// lib/std/zig/target.zig (available_libcs)
type zigTarget struct {
	name   string
	oldest int
}

var zigTargets = map[string]zigTarget{
	"linux/amd64":   {"x86_64-linux-gnu", 17},
	"linux/arm64":   {"aarch64-linux-gnu", 17},
	"linux/arm/v7":  {"arm-linux-gnueabihf", 17},
	"linux/386":     {"x86-linux-gnu", 17},
	"linux/ppc64le": {"powerpc64le-linux-gnu", 19},
	"linux/s390x":   {"s390x-linux-gnu", 17},
	"linux/riscv64": {"riscv64-linux-gnu", 29},
}

// checkGlibc refuses a release of the GNU C library that nothing can be linked
// for.
func checkGlibc(platform string, o *options.Options) error {
	if o.Glibc == "" {
		return nil
	}
	if o.Libc == options.LibcMusl {
		return o.Fault(options.KeyGlibc, "conflicts with libc = \"musl\", which links no GNU C library", "remove one of the two")
	}
	minor, _ := strconv.Atoi(strings.TrimPrefix(o.Glibc, "2."))
	switch t := zigTargets[platform]; {
	case minor < t.oldest:
		return o.Fault(options.KeyGlibc, fmt.Sprintf("Rust's standard library for %s needs the GNU C library 2.%d, which is newer than %s", platform, t.oldest, o.Glibc),
			fmt.Sprintf("give \"2.%d\" or a newer one", t.oldest))
	case minor > newestGlibc:
		return o.Fault(options.KeyGlibc, fmt.Sprintf("zig %s knows the GNU C library up to 2.%d, and not %s", ZigVersion, newestGlibc, o.Glibc),
			fmt.Sprintf("give \"2.%d\" or an older one", newestGlibc))
	}
	return nil
}

// setZig plans that zig links, where a release of the GNU C library is asked for.
func (p *Plan) setZig(ws *cargo.Workspace, o *options.Options) {
	if o.Glibc == "" {
		return
	}
	m, archive := architectures[p.Platform], zigs[p.BuildPlatform()]
	p.Zig = &Zig{
		Glibc: o.Glibc, Target: zigTargets[p.Platform].name + "." + o.Glibc, Native: p.Cross == nil, Multiarch: m.multiarch,
		URL: fmt.Sprintf("https://files.pythonhosted.org/packages/%s/ziglang-%s-py3-none-%s.whl", archive.dir, ZigVersion, archive.machine), SHA256: archive.sha256,
	}
	tools := []string{"c++", "cc", "g++", "gcc"}
	if p.Cross != nil {
		tools = []string{m.tools + "-ar", m.tools + "-g++", m.tools + "-gcc"}
	}
	// The project's own linker wins.
	linker := linkerOf(ws.Config, p.Triple)
	p.Zig.Tools = slices.DeleteFunc(tools, func(name string) bool { return name == linker })
	if p.Cross != nil && linker == "" {
		p.Cross.Packages = nil // zig compiles for all machines, and has their headers
	}
}

// UsesZig reports whether vertex v has C to compile, or something to link, for
// the target of a plan with zig.
func (p *Plan) UsesZig(v int) bool { return p.Zig != nil && p.linksOrCompilesC(v) }

// linkerOf is the linker that the project's Cargo configuration names for a
// triple, "" for none. The table of the triple itself wins over expressions.
func linkerOf(c *cargo.Config, triple string) string {
	targets, _ := c.Values["target"].(map[string]any)
	for _, key := range append([]string{triple}, slices.Sorted(maps.Keys(targets))...) {
		if table, ok := targets[key].(map[string]any); ok && appliesTo(key, triple) {
			if linker, ok := table["linker"].(string); ok {
				return linker
			}
		}
	}
	return ""
}
