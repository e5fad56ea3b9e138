package plan

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
)

// A path in a member's sources matters when something reads it while the member
// is compiled: a build script, a procedural macro, an attribute, or one of the
// compiler's own include macros. What the program does when it runs is of no
// interest here, and most paths with steps up are of that kind.

// harmless are macros that read no file. All others may.
var harmless = []string{
	"anyhow", "assert", "assert_eq", "assert_ne", "bail", "cfg", "concat", "dbg", "debug", "debug_assert", "debug_assert_eq",
	"debug_assert_ne", "ensure", "env", "eprint", "eprintln", "error", "format", "format_args", "info", "json", "lazy_static",
	"matches", "option_env", "panic", "print", "println", "stringify", "thread_local", "todo", "trace", "unimplemented",
	"unreachable", "vec", "warn", "write", "writeln",
}

// includes are the compiler's macros that read a file, relative to the source.
var includes = []string{"include", "include_bytes", "include_str"}

var anyMigrations = regexp.MustCompile(`\bembed_migrations!\s*(\(\s*\)|\[\s*\]|\{\s*\})`)

// leaves reports whether the compilation of a source file that is depth
// directories below its package's may read files outside of the package, the
// package's manifest, or the repository; building says that the code itself
// runs in the build.
func leaves(source string, depth int, building bool) bool {
	// Without a path, diesel_migrations looks in the directories above, too.
	if anyMigrations.MatchString(source) {
		return true
	}
	if building && strings.Contains(source, "CARGO_MANIFEST_DIR") && (strings.Contains(source, ".parent()") || strings.Contains(source, ".ancestors()")) {
		return true
	}
	found := false
	rustStrings(source, func(s rustString) { found = found || s.leads(depth, building) })
	return found
}

// leads reports whether a literal makes the compilation leave the package.
func (s rustString) leads(depth int, building bool) bool {
	if strings.Contains(s.text, "CARGO_WORKSPACE_DIR") {
		return true
	}
	if !building && !slices.ContainsFunc(s.inside, func(macro string) bool { return !slices.Contains(harmless, macro) }) {
		return false
	}
	for _, name := range []string{"Cargo.toml", "Cargo.lock", "/.git"} {
		if strings.Contains(s.text, name) {
			return true
		}
	}
	text := s.text
	if len(s.inside) > 0 && slices.Contains(includes, s.inside[len(s.inside)-1]) {
		// Relative to the file; for all others a path is relative to the package.
		for steps := 0; steps < depth && strings.HasPrefix(text, "../"); steps++ {
			text = text[len("../"):]
		}
	}
	return strings.HasPrefix(text, ".git") || text == ".." || strings.HasSuffix(text, "/..") || strings.Contains(text, "../")
}

// buildTime are the directories of the packages whose libraries run in the
// build of others: procedural macros, what build scripts depend on, and what
// these need.
func buildTime(local []*cargo.Package) map[string]bool {
	at := map[string]*cargo.Package{}
	for _, p := range local {
		at[p.Dir] = p
	}
	found := map[string]bool{}
	var add func(p *cargo.Package)
	add = func(p *cargo.Package) {
		if p == nil || found[p.Dir] {
			return
		}
		found[p.Dir] = true
		for _, d := range p.Dependencies {
			if d.Path != "" && d.Kind != cargo.DevDependency {
				add(at[d.Path])
			}
		}
	}
	for _, p := range local {
		for _, t := range p.Targets {
			if slices.Contains(t.CrateTypes, "proc-macro") {
				add(p)
			}
		}
		for _, d := range p.Dependencies {
			if d.Path != "" && d.Kind == cargo.BuildDependency {
				add(at[d.Path])
			}
		}
	}
	return found
}

// runsInBuild tells which files of a package may hold code that runs in the
// build: all when its library does. Otherwise those that are not beside or
// below the library's, where the build script and its modules are, and all when
// the script takes modules from elsewhere.
func runsInBuild(fsys fs.FS, p *cargo.Package, library bool) (func(rel string) bool, error) {
	if library {
		return func(string) bool { return true }, nil
	}
	if p.Build == "" {
		return func(string) bool { return false }, nil
	}
	root := "src"
	for _, t := range p.Targets {
		if t.Kind == cargo.KindLib {
			root = path.Dir(t.Path)
		}
	}
	script, err := fs.ReadFile(fsys, path.Join(p.Dir, p.Build))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if root == "." || within(root, p.Build) || strings.Contains(string(script), "#[path") || strings.Contains(string(script), "include!") {
		return func(string) bool { return true }, nil
	}
	return func(rel string) bool { return !within(root, rel) }, nil
}
