package plan

import (
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
)

// WillBeDynamic reports whether it is certain, before anything is compiled,
// that the programs will be linked dynamically with the GNU C library of the
// image that links them: rustc does that for a gnu target unless somebody says
// otherwise. That is a linker or flags in the Cargo configuration, or the build
// script of a program's package (`cargo::rustc-link-arg`).
// https://doc.rust-lang.org/reference/linkage.html#static-and-dynamic-c-runtimes
func (p *Plan) WillBeDynamic(ws *cargo.Workspace) bool {
	if !strings.Contains(p.Triple, "-linux-gnu") || changesLinking(ws.Config.Values) {
		return false
	}
	for _, profile := range ws.Profiles {
		if profile["rustflags"] != nil {
			return false
		}
	}
	for _, b := range p.Binaries {
		scripted := func(m *cargo.Package) bool { return m.Name == b.Package && m.Build != "" }
		if slices.ContainsFunc(ws.Members, scripted) {
			return false
		}
	}
	return true
}

// changesLinking reports whether a table of the Cargo configuration names a
// linker or has flags that could change how programs are linked.
func changesLinking(table map[string]any) bool {
	for key, value := range table {
		switch value := value.(type) {
		case map[string]any:
			if changesLinking(value) {
				return true
			}
		default:
			if key == "linker" || key == "rustflags" && linkFlags(value) {
				return true
			}
		}
	}
	return false
}

// linkFlags reports whether rustflags, a list or a text, have a word about
// linking.
func linkFlags(v any) bool {
	switch v := v.(type) {
	case string:
		return slices.ContainsFunc([]string{"static", "link", "start", "relocation"}, func(word string) bool { return strings.Contains(v, word) })
	case []any:
		return slices.ContainsFunc(v, linkFlags)
	}
	return true // cargo will say what it thinks of it
}
