package native

import (
	"path"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
)

// linkers maps the programs that link, and the names that -fuse-ld takes, to
// packages of Debian and Alpine. What comes with every compiler is not listed.
var linkers = map[string]Entry{
	"clang":   {Debian: []string{"clang"}, Alpine: []string{"clang"}},
	"clang++": {Debian: []string{"clang"}, Alpine: []string{"clang"}},
	"g++":     {Debian: []string{"g++"}, Alpine: []string{"g++"}},
	"lld":     {Debian: []string{"lld"}, Alpine: []string{"lld"}},
	"ld.lld":  {Debian: []string{"lld"}, Alpine: []string{"lld"}},
	"mold":    {Debian: []string{"mold"}, Alpine: []string{"mold"}},
	"ld.mold": {Debian: []string{"mold"}, Alpine: []string{"mold"}},
}

// Linkers are the packages of the linkers that a Cargo configuration names for
// all targets, or in a table whose key, a triple or a cfg() expression, applies.
func Linkers(config map[string]any, applies func(table string) bool) []Entry {
	var names []string
	if build, ok := config["build"].(map[string]any); ok {
		names = append(names, inFlags(build["rustflags"])...)
	}
	targets, _ := config["target"].(map[string]any)
	for key, value := range targets {
		table, ok := value.(map[string]any)
		if !ok || !applies(key) {
			continue
		}
		linker, _ := table["linker"].(string)
		names = append(names, program(linker))
		names = append(names, inFlags(table["rustflags"])...)
	}
	slices.Sort(names)
	var out []Entry
	for _, name := range slices.Compact(names) {
		e, ok := linkers[name]
		if base, version, found := strings.Cut(name, "-"); !ok && found && strings.Trim(version, "0123456789") == "" {
			// clang-16, lld-16 and ld.lld-16 are packages of their own.
			base = strings.TrimPrefix(base, "ld.")
			if _, ok = linkers[base]; ok {
				e = Entry{Debian: []string{base + "-" + version}, Alpine: []string{base + version}}
			}
		}
		if ok {
			e.Name = name
			out = append(out, e)
		}
	}
	return out
}

// inFlags finds the linkers in rustflags, a list or a text.
func inFlags(v any) []string {
	var flags []string
	switch v := v.(type) {
	case string:
		flags = strings.Fields(v)
	case []any:
		for _, f := range v {
			if s, ok := f.(string); ok {
				flags = append(flags, s)
			}
		}
	}
	var out []string
	for _, f := range flags {
		f = strings.TrimPrefix(f, "-C")
		f = strings.TrimSpace(f)
		if name, ok := strings.CutPrefix(f, "linker="); ok {
			out = append(out, program(name))
		}
		if _, arg, ok := strings.Cut(f, "link-arg"); ok {
			_, arg, _ = strings.Cut(arg, "=")
			for word := range strings.FieldsSeq(arg) {
				if name, ok := strings.CutPrefix(word, "-fuse-ld="); ok {
					out = append(out, program(name))
				}
			}
		}
	}
	return out
}

// program is the name of a linker that is looked for in PATH or in /usr/bin, ""
// for one at another place, which the project or the image brings.
func program(linker string) string {
	if dir := path.Dir(linker); strings.Contains(linker, "/") && dir != "/usr/bin" && dir != "/bin" {
		return ""
	}
	return path.Base(linker)
}

// LinkerSpan finds the line of the configuration's files that names a linker.
func LinkerSpan(c *cargo.Config, files map[string][]byte, linker string) cargo.Span {
	for _, name := range c.Paths {
		line := 0
		for text := range strings.Lines(string(files[name])) {
			line++
			if !strings.HasPrefix(strings.TrimSpace(text), "#") && strings.Contains(text, linker) {
				at := cargo.Position{Line: line, Column: 1}
				return cargo.Span{File: name, Start: at, End: at}
			}
		}
	}
	return cargo.Span{}
}
