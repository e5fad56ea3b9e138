package frontend

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/runtimeneeds"
)

// artifacts are programs that need nothing of their base: no loader of Linux
// reads them. What they are is checked all the same.
func artifacts(out fs.FS, p *plan.Plan) (needs runtimeneeds.Needs, err error) {
	for _, bin := range p.Binaries {
		size, err := checkArtifact(out, bin.Name, p)
		if err != nil {
			return needs, fmt.Errorf("the program %s: %w", bin.Name, err)
		}
		needs.Programs = append(needs.Programs, runtimeneeds.Program{Name: bin.Name, Path: bin.Path(), Size: size, Static: true})
	}
	return needs, nil
}

// checkArtifact checks the header of a program and returns the size of the file.
func checkArtifact(out fs.FS, name string, p *plan.Plan) (int64, error) {
	f, err := out.Open(path.Join("bin", name))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	at, ok := f.(io.ReaderAt)
	if !ok {
		return 0, errors.New("the file cannot be read at an offset")
	}
	return info.Size(), runtimeneeds.CheckArtifact(at, p.Artifact.Format, p.Triple)
}
