package llbgen

import (
	"embed"

	"github.com/moby/buildkit/client/llb"
)

// The commands of the exec vertices. Each takes what it works on as arguments,
// so no text of a project ever becomes shell code.
//
//go:embed scripts/*.sh
var scripts embed.FS

// script is a state that holds one script, so that editing another does not
// change the vertex's key. extra adds generated data files beside it.
func (g *generator) script(name string, extra ...dataFile) llb.State {
	data, err := scripts.ReadFile("scripts/" + name)
	if err != nil {
		panic(err) // the name is a constant of this package
	}
	fa := llb.Mkfile("/"+name, 0o755, data, llb.WithCreatedTime(sourceTime))
	for _, f := range extra {
		fa = fa.Mkfile("/"+f.name, 0o644, f.data, llb.WithCreatedTime(sourceTime))
	}
	return llb.Scratch().File(fa, g.named(nameScripts+name))
}

// links is the file that drops the links which lead out of the context.
func links() dataFile {
	data, err := scripts.ReadFile("scripts/links.sh")
	if err != nil {
		panic(err) // the name is a constant of this package
	}
	return dataFile{"links.sh", data}
}

// dataFile is a file that a script reads.
type dataFile struct {
	name string
	data []byte
}
