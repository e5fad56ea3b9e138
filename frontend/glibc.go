package frontend

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/runtimeneeds"
)

// maxSymbols is how many symbols an error lists.
const maxSymbols = 4

// checkGlibc refuses programs that need a newer release of the GNU C library than
// they were linked for: something else than zig linked them, or compiled a part.
func (b *build) checkGlibc(q *runtimeneeds.Question, out fs.FS, p *plan.Plan) error {
	if p.Zig == nil {
		return nil
	}
	for i, o := range q.Files {
		name := q.Programs[i].Name
		symbols, err := runtimeneeds.Newer(out, path.Join("bin", name), o, p.Zig.Glibc)
		if err != nil {
			return fmt.Errorf("the program %s: %w", name, err)
		}
		if len(symbols) > 0 {
			return b.tooNew(name, symbols, p.Zig.Glibc)
		}
	}
	return nil
}

// tooNew is an error about a program at the line that asks for a release.
func (b *build) tooNew(name string, symbols []string, release string) *cargo.Error {
	more := ""
	if n := len(symbols) - maxSymbols; n > 0 {
		symbols, more = symbols[:maxSymbols], fmt.Sprintf(" and %d more", n)
	}
	return b.options.Fault(options.KeyGlibc, fmt.Sprintf("the program %s does not start with %s: it needs %s%s", name, release, strings.Join(symbols, ", "), more),
		"have zig link it, which a linker in the Cargo configuration prevents, and so does a compiler in dependency-env or build-env (CC); or give the newest of these releases")
}

// explainZig says what to do when there is no zig: the download failed, or
// nothing could unpack it.
func (b *build) explainZig(err error, p *plan.Plan) error {
	if p.Zig == nil {
		return err
	}
	switch text := err.Error(); {
	case strings.Contains(text, p.Zig.URL):
		return b.zigFault(err, fmt.Sprintf("zig, which links for this release, cannot be downloaded: %v", err),
			"the builder needs to reach https://files.pythonhosted.org; what is downloaded is kept, so run the build again")
	case strings.Contains(text, `process "/bin/sh /rustfile/zig.sh"`):
		return b.zigFault(err, "zig, which links for this release, could not be unpacked in the builder image "+p.Toolchain.Image,
			"it needs unzip or perl: packages.build = [\"unzip\"] installs one")
	}
	return err
}

func (b *build) zigFault(err error, message, fix string) error {
	fault := b.options.Fault(options.KeyGlibc, message, fix)
	fault.Err = err
	return fault
}
