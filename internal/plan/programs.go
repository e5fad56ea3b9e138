package plan

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
)

// builtins are words with which a shell command can begin that are no program
// of the image. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html
var builtins = []string{
	"!", ".", ":", "[", "case", "cd", "command", "echo", "eval", "exec", "exit", "export", "false", "for", "if", "kill", "printf", "read",
	"set", "test", "trap", "true", "type", "ulimit", "umask", "unset", "until", "wait", "while", "{",
}

// NamesPrograms reports whether the options name a program that the image may
// lack.
func (p *Plan) NamesPrograms(o *options.Options) bool {
	return len(p.programs(o)) > 0
}

// named is a program that an option names, or the test with an index.
type named struct {
	key, program string
	test         int
}

// programs are those that the options name: what the image runs, its health
// check and its tests.
func (p *Plan) programs(o *options.Options) []named {
	if p.Platform == Windows {
		return nil // its paths are not those of a Linux file system
	}
	out := p.testPrograms()
	if o.Image.Init {
		out = append(out, named{key: options.KeyInit, program: initProgram})
	}
	if len(o.Image.Entrypoint) > 0 {
		out = append(out, named{key: options.KeyEntrypoint, program: o.Image.Entrypoint[0]})
	}
	if len(p.Image.Entrypoint) == 0 && len(p.Image.Cmd) > 0 {
		out = append(out, named{key: options.KeyCmd, program: p.Image.Cmd[0]})
	}
	h := p.Image.Healthcheck
	if h == nil || len(h.Test) < 2 {
		return out
	}
	if h.Test[0] == "CMD" {
		return append(out, named{key: options.KeyHealthTest, program: h.Test[1]})
	}
	out = append(out, named{key: options.KeyHealthTest, program: "/bin/sh"})
	if words := strings.Fields(h.Test[1]); len(words) > 0 && plainWord(words[0]) && !slices.Contains(builtins, words[0]) {
		out = append(out, named{key: options.KeyHealthTest, program: words[0]})
	}
	return out
}

// plainWord reports whether a word of a shell command stands for itself.
func plainWord(word string) bool {
	return !strings.ContainsAny(word, "\"'`$\\=*?[](){}<>|&;~#!")
}

// CheckPrograms looks for the programs that the options name among those of the
// plan and in a root file system, nil for an empty one. searchPath is PATH of
// the image.
func (p *Plan) CheckPrograms(o *options.Options, root fs.FS, searchPath string) error {
	for _, n := range p.programs(o) {
		found := false
		for _, at := range p.places(n.program, searchPath) {
			ok, err := p.has(root, at)
			if err != nil {
				return err
			}
			found = found || ok
		}
		if !found {
			return p.missingProgram(o, n)
		}
	}
	return nil
}

// places are the paths at which the image would look for a program.
func (p *Plan) places(program, searchPath string) []string {
	if strings.Contains(program, "/") {
		if !path.IsAbs(program) {
			program = path.Join(p.Image.Workdir, program)
		}
		return []string{path.Clean(program)}
	}
	var out []string
	for _, dir := range strings.Split(cmp.Or(p.Image.Env["PATH"], searchPath), ":") {
		if path.IsAbs(dir) {
			out = append(out, path.Join(dir, program))
		}
	}
	return out
}

// has reports whether the image has a file at a path.
func (p *Plan) has(root fs.FS, at string) (bool, error) {
	for _, b := range p.Binaries {
		if at == b.Path() {
			return true, nil
		}
	}
	resolved, info, err := resolveLinks(root, at)
	if err != nil || info != nil && !info.IsDir() {
		return err == nil, err
	}
	for _, a := range p.Image.Assets {
		if a.Destination == resolved || a.Directory && within(a.Destination, resolved) {
			return true, nil
		}
	}
	return false, nil
}

func (p *Plan) missingProgram(o *options.Options, n named) *cargo.Error {
	fix := fmt.Sprintf("name a program that the base %s has, one of the image's binaries, or a file of [[copy]]", p.Image.Base)
	if n.key == options.KeyTest {
		return o.TestFault(n.test, fmt.Sprintf("the image has no program `%s`", n.program), fix)
	}
	if n.program == "/bin/sh" && n.key == options.KeyHealthTest {
		return o.Fault(n.key, "the image has no shell to run the command in", `write it as an array: ["program", "argument"]`)
	}
	if n.key == options.KeyHealthTest {
		fix += "; a Debian package such as curl can be added with packages.runtime"
	}
	return o.Fault(n.key, fmt.Sprintf("the image has no program `%s`", n.program), fix)
}
