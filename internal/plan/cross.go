package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
)

// Cross says how to compile for another machine, or another C library, than
// the builder's. All commands of a plan run on the machine that builds, none
// under emulation; only what is made for the target differs.
type Cross struct {
	// Platform is that of the machine that builds: of the builder image and of
	// every command.
	Platform string `json:"platform"`
	// Triple is the target triple of the machine that builds. Build scripts and
	// procedural macros are compiled for it.
	Triple string `json:"triple"`
	// Std is true when the standard library of the target is to be added to the
	// toolchain, if the image lacks it.
	Std bool `json:"std,omitempty"`
	// Environment is added to that of commands that compile or link for the
	// target. The variables name the target, so they mean nothing to what is
	// compiled for the machine that builds.
	Environment map[string]string `json:"environment,omitempty"`
	// Packages are the Debian packages, sorted, that link programs for the
	// target and, where a dependency may ask for it, compile C and C++. See
	// [Plan.CrossPackages].
	Packages []string `json:"packages,omitempty"`
}

// BuildPlatform is the platform of the builder image and of every command.
func (p *Plan) BuildPlatform() string {
	if p.Cross != nil {
		return p.Cross.Platform
	}
	return p.Platform
}

// HostTriple is the target triple of the machine that builds.
func (p *Plan) HostTriple() string {
	if p.Cross != nil {
		return p.Cross.Triple
	}
	return p.Triple
}

// OnHost reports whether everything in the closure of vertex v is compiled for
// the machine that builds. Such a vertex is the same whatever the target is.
func (p *Plan) OnHost(v int) bool {
	target := func(n int) bool { return !p.Units.Nodes[n].Host }
	vertex := p.Units.Vertices[v]
	return !slices.ContainsFunc(vertex.Nodes, target) && !slices.ContainsFunc(p.Units.closureOf(vertex), target)
}

// CrossPackages are the packages that a command needs to link for the target.
func (p *Plan) CrossPackages() []string {
	if p.Cross == nil {
		return nil
	}
	return p.Cross.Packages
}

// CrossPackagesOf are the packages that vertex v needs to compile for the
// target: none when it only has Rust to compile, and that is not linked before
// the source vertex.
func (p *Plan) CrossPackagesOf(v int) []string {
	if p.Cross == nil || len(p.Cross.Packages) == 0 || !p.linksOrCompilesC(v) {
		return nil
	}
	return p.Cross.Packages
}

// linksOrCompilesC reports whether vertex v has more than Rust to compile for
// the target.
func (p *Plan) linksOrCompilesC(v int) bool {
	needs := func(n int) bool { return p.Units.Nodes[n].Linked && !p.Units.Nodes[n].Host || p.Units.compilesC(n) }
	return slices.ContainsFunc(p.Units.Vertices[v].Nodes, needs)
}

// compilesC reports whether the build script of a node for the target may run
// a compiler of C: it has a package that does, directly or not.
func (u *Units) compilesC(node int) bool {
	n := u.Nodes[node]
	if n.Host || !n.Script {
		return false
	}
	seen := map[int]bool{}
	var drives func(i int) bool
	drives = func(i int) bool {
		if !u.Nodes[i].Host || seen[i] {
			return false
		}
		seen[i] = true
		return slices.Contains(cDrivers, u.Nodes[i].Name) || slices.ContainsFunc(u.Nodes[i].Dependencies, drives)
	}
	return slices.ContainsFunc(n.Dependencies, drives)
}

// cDrivers are packages by which build scripts compile C, or find libraries
// that are compiled already.
var cDrivers = []string{"autotools", "bindgen", "cc", "cmake", "cxx-build", "gcc", "meson", "metadeps", "pkg-config", "system-deps", "vcpkg"}

// planCross is nil when the target is the machine that builds.
func planCross(ws *cargo.Workspace, closure *closure, platform, triple, buildPlatform, host string, t Toolchain) *Cross {
	if triple == host {
		return nil
	}
	c := &Cross{Platform: buildPlatform, Triple: host, Environment: map[string]string{}, Std: !slices.Contains(t.Targets, triple)}
	m, compiler, artifact := architectures[platform], closure.names(ws, cDrivers), artifactOf(triple)
	switch {
	case artifact != nil:
		c.artifact(artifact, compiler)
	case triple == m.gnu:
		c.gnu(m, compiler)
	case platform == buildPlatform:
		// The builder's gcc links what rustc brings; musl's headers and libc.a
		// are only for C. https://packages.debian.org/musl-tools
		if compiler {
			c.Packages = []string{"musl-tools"}
		}
		c.set("CC_"+underscored(triple), "musl-gcc")
	default:
		// The start files and libc.a come with the standard library, and the
		// linker with the toolchain. Only C needs Debian's musl, whose package
		// has a command that makes Debian's cross compiler use it.
		// https://packages.debian.org/musl-dev
		if compiler {
			c.Packages = []string{"gcc-" + packageSuffix(m.tools), "musl-dev:" + m.debian}
		}
		c.set(linkerVariable(triple), "rust-lld")
		c.set("CC_"+underscored(triple), strings.Replace(m.multiarch, "gnu", "musl", 1)+"-gcc")
		c.set("AR_"+underscored(triple), m.tools+"-ar")
	}
	maps.DeleteFunc(c.Environment, func(name, _ string) bool { return configures(ws.Config, triple, name) })
	return c
}

// names reports whether the closure has a package of one of the names.
func (c *closure) names(ws *cargo.Workspace, list []string) bool {
	for i := range c.locked {
		if slices.Contains(list, ws.Lock.Packages[i].Name) {
			return true
		}
	}
	return false
}

// gnu uses Debian's cross compilers.
func (c *Cross) gnu(m architecture, compiler bool) {
	triple := underscored(m.gnu)
	suffix := packageSuffix(m.tools)
	c.Packages = []string{"gcc-" + suffix, "libc6-dev-" + m.debian + "-cross"}
	if compiler {
		c.Packages = append([]string{"g++-" + suffix}, c.Packages...)
	}
	c.set(linkerVariable(m.gnu), m.tools+"-gcc")
	// https://docs.rs/cc/latest/cc/#external-configuration-via-environment-variables
	c.set("CC_"+triple, m.tools+"-gcc")
	c.set("CXX_"+triple, m.tools+"-g++")
	c.set("AR_"+triple, m.tools+"-ar")
	// Packages of the target's architecture put their files where those of any
	// architecture do, so no directory stands before them.
	// https://docs.rs/pkg-config/latest/pkg_config/#environment-variables
	c.set("PKG_CONFIG_ALLOW_CROSS_"+triple, "1")
	c.set("PKG_CONFIG_LIBDIR_"+triple, "/usr/lib/"+m.multiarch+"/pkgconfig:/usr/share/pkgconfig")
}

// packageSuffix is the end of the names of cross compilers' packages, where
// underscores are not allowed.
func packageSuffix(tools string) string { return strings.ReplaceAll(tools, "_", "-") }

func (c *Cross) set(name, value string) { c.Environment[name] = value }

// linkerVariable names cargo's variable for the linker of a target.
// https://doc.rust-lang.org/cargo/reference/config.html#targettriplelinker
func linkerVariable(triple string) string {
	return "CARGO_TARGET_" + strings.ToUpper(underscored(triple)) + "_LINKER"
}

func underscored(triple string) string {
	return strings.NewReplacer("-", "_", ".", "_").Replace(triple)
}

// configures reports whether the project's own Cargo configuration decides
// what a variable of ours would: the linker of the target, or the variable.
// Cargo lets variables win over both.
func configures(c *cargo.Config, triple, name string) bool {
	if variables, ok := c.Values["env"].(map[string]any); ok {
		for _, spelling := range spellings(triple, name) {
			if _, ok := variables[spelling]; ok {
				return true
			}
		}
	}
	return name == linkerVariable(triple) && linkerOf(c, triple) != ""
}

// spellings are the names under which a project sets what one of our variables
// sets, the more particular first.
func spellings(triple, name string) []string {
	out := []string{name}
	if tool, ok := strings.CutSuffix(name, "_"+underscored(triple)); ok {
		out = append(out, tool+"_"+triple, "TARGET_"+tool)
	}
	return out
}
