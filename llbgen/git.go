package llbgen

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/gitmeta"
	"github.com/rustfile/rustfile/internal/plan"
)

// repositoryFile completes the repository of the source vertex.
const repositoryFile = "repository.sh"

// repository are the files of the repository that build scripts and macros look
// into, at the top of the context; none when nobody does.
func (g *generator) repository() []plan.File {
	r := g.plan.Members.Repository
	if r == nil {
		return nil
	}
	var out []plan.File
	for _, f := range r.Files() {
		out = append(out, plan.File{Path: path.Join(".git", f.Path), Content: string(f.Data)})
	}
	// What is not the project's is not to be seen as untracked.
	var made strings.Builder
	for _, name := range g.madeFiles() {
		fmt.Fprintf(&made, "/%s\n", strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name))
	}
	return append(out, plan.File{Path: ".git/info/exclude", Content: made.String()})
}

// madeFiles are the files of the source vertex that are generated.
func (g *generator) madeFiles() []string {
	names := slices.Clone(g.plan.Members.Placeholders)
	for _, f := range g.plan.Members.Files {
		names = append(names, f.Path)
	}
	return names
}

// tracked is what repositoryFile needs to know: the tracked files, and those of them
// that something generated stands for.
func (g *generator) tracked() []dataFile {
	r := g.plan.Members.Repository
	if r == nil {
		return nil
	}
	out := []dataFile{file(repositoryFile)}
	if r.Index == nil {
		return out
	}
	made := g.madeFiles()
	var list, replaced strings.Builder
	for _, e := range r.Index {
		list.WriteString(indexLine(e))
		if slices.Contains(made, e.Path) {
			replaced.WriteString(e.Path + "\x00")
		}
	}
	return append(out, generated("tracked", []byte(list.String())), generated("replaced", []byte(replaced.String())))
}

// indexLine is a file as `git update-index -z --index-info` takes it.
func indexLine(e gitmeta.Entry) string { return fmt.Sprintf("%o %s\t%s\x00", e.Mode, e.ID, e.Path) }
