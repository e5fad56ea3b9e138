package llbgen

import (
	"fmt"
	"path"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"github.com/rustfile/rustfile/internal/plan"
)

// Where vertices find zig, the commands that it stands for, and what it has
// compiled already; the scripts know the first and the last.
const (
	zigDir      = "/zig"
	zigToolsDir = "/zig-tools"
	zigCacheDir = "/zig-cache"
)

// withZig gives a vertex the commands of zig, in front of those of the image;
// toolchain unpacks.
func (g *generator) withZig(toolchain llb.State) []llb.RunOption {
	if g.plan.Zig == nil {
		return nil
	}
	zig := g.zig(toolchain)
	return []llb.RunOption{
		llb.AddMount(zigDir, zig, llb.Readonly, llb.ContentCache(llb.MountContentCacheOff)),
		llb.AddMount(zigCacheDir, g.zigCache(toolchain, zig), llb.ForceNoOutput, llb.ContentCache(llb.MountContentCacheOff)),
		llb.AddMount(zigToolsDir, g.zigTools(), llb.Readonly),
		llb.AddEnv("PATH", path.Join(zigToolsDir, "bin")+":"+SearchPath(g.in.Toolchain.Config.Config.Env)),
	}
}

// zig is the compiler, unpacked. No remote cache has it: it can be downloaded
// again, and is larger than what is compiled with it.
func (g *generator) zig(toolchain llb.State) llb.State {
	z := g.plan.Zig
	wheel := llb.HTTP(z.URL, llb.Checksum(digest.NewDigestFromEncoded(digest.SHA256, z.SHA256)), llb.Filename("zig.whl"), common(nameZig))
	return g.system(toolchain, nil).Run(
		llb.Args([]string{"/bin/sh", "/rustfile/zig.sh"}), llb.Dir("/"),
		llb.AddMount("/rustfile", g.script("zig.sh", file("unzip.pl")), llb.Readonly),
		llb.AddMount("/wheel", wheel, llb.Readonly, llb.ContentCache(llb.MountContentCacheOff)),
		llb.Network(pb.NetMode_NONE), llb.Platform(g.platform), common(nameZigUnpack), llb.WithoutExportCache(),
	).AddMount("/out", llb.Scratch(), llb.ContentCache(llb.MountContentCacheOff))
}

// zigCache is what zig links into every program for the target. It takes zig a
// quarter of a minute to compile, and each vertex that links would do it again.
func (g *generator) zigCache(toolchain, zig llb.State) llb.State {
	return g.system(toolchain, nil).Run(
		llb.Args([]string{"/bin/sh", "/rustfile/zig-warm.sh", g.plan.Zig.Target}), llb.Dir("/"),
		llb.AddMount("/rustfile", g.script("zig-warm.sh"), llb.Readonly),
		llb.AddMount(zigDir, zig, llb.Readonly, llb.ContentCache(llb.MountContentCacheOff)),
		llb.Network(pb.NetMode_NONE), llb.Platform(g.platform), g.named(nameZigCache+g.plan.Zig.Target),
	).AddMount("/out", llb.Scratch(), llb.ContentCache(llb.MountContentCacheOff))
}

// zigTools are the commands that zig stands for, all of them one script.
func (g *generator) zigTools() llb.State {
	z := g.plan.Zig
	at := llb.WithCreatedTime(sourceTime)
	fa := llb.Mkdir("/bin", 0o755, at).Mkfile("/settings", 0o644, []byte(zigSettings(z, g.plan.Triple)), at)
	for _, name := range z.Tools {
		fa = fa.Mkfile("/bin/"+name, 0o755, file("zig-cc.sh").data, at)
	}
	return llb.Scratch().File(fa, g.named(nameScripts+"zig-cc.sh"))
}

// zigSettings are shell variables. None of the values is a user's text: the
// release of the C library has the form that internal/options checked.
func zigSettings(z *plan.Zig, triple string) string {
	native := ""
	if z.Native {
		native = "1"
	}
	var b strings.Builder
	for _, v := range [][2]string{{"command", path.Join(zigDir, "ziglang/zig")}, {"zig", z.Target}, {"triple", triple}, {"native", native}, {"multiarch", z.Multiarch}} {
		fmt.Fprintf(&b, "%s=%s\n", v[0], v[1])
	}
	return b.String()
}
