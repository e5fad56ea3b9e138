package plan

import (
	"path"
	"slices"
	"strings"
)

// ContextPatterns are the patterns, in .dockerignore's form, of the files that
// the plan's vertices copy from the build context: include is nil for all of
// it, and exclude holds what is left out of that.
func (p *Plan) ContextPatterns() (include, exclude []string) {
	exclude = []string{path.Join(literal(p.Members.Workdir), "target"), ".git"}
	for _, dir := range p.Members.Unused {
		exclude = append(exclude, literal(dir), "!"+path.Join(literal(dir), "Cargo.toml"))
	}
	for _, a := range p.Image.Assets {
		include = append(include, literal(a.Source))
	}
	// What the options name is wanted wherever it is.
	for _, name := range slices.Concat(include, p.Members.Extra) {
		exclude = append(exclude, "!"+literal(name))
	}
	for _, c := range slices.Concat(p.Members.Copies, p.Dependencies.Copies) {
		if c.Path == "." {
			return nil, exclude
		}
		include = append(include, literal(c.Path))
	}
	slices.Sort(include)
	return slices.Compact(include), exclude
}

// literal is the pattern that matches a path and nothing else.
func literal(name string) string {
	name = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
	if strings.HasPrefix(name, "!") {
		return `\` + name
	}
	return name
}
