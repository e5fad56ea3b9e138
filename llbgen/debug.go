package llbgen

import (
	"path"

	"github.com/moby/buildkit/client/llb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// debugRoot is where debuggers look for the debug information of a program,
// below the program's own directory.
// https://sourceware.org/gdb/current/onlinedocs/gdb.html/Separate-Debug-Files.html
const debugRoot = "/usr/lib/debug"

// debugInfo is a root filesystem of nothing but the debug information that was
// split off the binaries.
func (g *generator) debugInfo(binaries llb.State) llb.State {
	var fa *llb.FileAction
	for _, b := range g.plan.Binaries {
		file := b.Name + ".debug"
		fa = fa.Copy(binaries, path.Join("/debug", file), path.Join(debugRoot, "usr/local/bin", file), g.added(0o644))
	}
	return llb.Scratch().File(fa, append(g.again("build"), g.named(nameDebug))...)
}

// debugImage is the config of an image of debug information, which runs nothing.
func (g *generator) debugImage() dockerspec.DockerOCIImage {
	var img dockerspec.DockerOCIImage
	img.Platform, img.Created = g.target, &g.epoch
	img.RootFS = ocispecs.RootFS{Type: "layers"}
	img.Config.Labels = g.plan.Image.Labels
	img.History = []ocispecs.History{{Created: &g.epoch, CreatedBy: "rustfile: add the debug information", Comment: "rustfile"}}
	return img
}
