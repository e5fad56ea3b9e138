package llbgen

import (
	"embed"
	"io/fs"

	"github.com/moby/buildkit/client/llb"
)

// The commands of the exec vertices. Each takes what it works on as arguments,
// so no text of a project ever becomes shell code.
//
//go:embed scripts/*.sh scripts/*.awk scripts/*.pl
var scripts embed.FS

// script is a state that holds one script, so that editing another does not
// change the vertex's key. extra adds files beside it.
func (g *generator) script(name string, extra ...dataFile) llb.State {
	script := file(name)
	script.mode = 0o755
	var fa *llb.FileAction
	for _, f := range append([]dataFile{script}, extra...) {
		fa = fa.Mkfile("/"+f.name, f.mode, f.data, llb.WithCreatedTime(sourceTime))
	}
	return llb.Scratch().File(fa, common(nameScripts+name))
}

// dataFile is a file that a script reads or runs.
type dataFile struct {
	name string
	mode fs.FileMode
	data []byte
}

// generated is a file that is made for one vertex.
func generated(name string, data []byte) dataFile { return dataFile{name, 0o644, data} }

// file is one of the embedded files; its name is a constant of this package.
func file(name string) dataFile {
	data, err := scripts.ReadFile("scripts/" + name)
	if err != nil {
		panic(err)
	}
	return generated(name, data)
}

// Files that several scripts share.
const (
	// linksFile drops the links which lead out of the context.
	linksFile = "links.sh"
	// watchedFile keeps cargo from taking files of the toolchain for changed.
	watchedFile = "watched.sh"
	// manifestFile leaves out of a manifest what no dependent compiles.
	manifestFile = "library-only.awk"
)

// stubRustc stands for rustc where cargo asks for the stubs.
func stubRustc() dataFile {
	f := file("stub-rustc.sh")
	f.name, f.mode = "stub-rustc", 0o755
	return f
}
