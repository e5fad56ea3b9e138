package cargo

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// glob expands a members pattern as the glob crate does for cargo: `*`, `?`
// and `[...]` match within one path component and match a leading dot too, and
// `**` as a whole component matches any directories. The results are clean
// paths from the root, sorted.
func (l *loader) glob(dir, pattern string) ([]string, error) {
	parts := splitPattern(pattern)
	for _, part := range parts {
		if err := checkPattern(part); err != nil {
			return nil, err
		}
	}
	g := globber{loader: l, found: map[string]bool{}, visited: map[globState]bool{}}
	g.walk(dir, parts)
	if g.err != nil {
		return nil, g.err
	}
	return sortedKeys(g.found), nil
}

// splitPattern splits at slashes; `/` inside brackets splits too, as paths do.
func splitPattern(pattern string) []string {
	return slices.DeleteFunc(strings.Split(pattern, "/"), func(s string) bool { return s == "" || s == "." })
}

type globState struct {
	dir  string
	left int
}

type globber struct {
	*loader
	found   map[string]bool
	visited map[globState]bool // `**/**` reaches a directory in many ways
	err     error
}

func (g *globber) walk(dir string, parts []string) {
	state := globState{dir, len(parts)}
	if g.err != nil || g.visited[state] {
		return
	}
	g.visited[state] = true
	if len(parts) == 0 {
		g.found[dir] = true
		return
	}
	part, rest := parts[0], parts[1:]
	switch {
	case part == "**":
		g.recurse(dir, parts)
	case !strings.ContainsAny(part, "*?["):
		next, err := joinPath(dir, part)
		if err == nil && (g.tree.exists(next) || g.tree.lookup(next).err != nil) {
			g.walk(next, rest)
		}
	default:
		for _, name := range g.children(dir) {
			if matchPattern(part, name) {
				g.walk(path.Join(dir, name), rest)
			}
		}
	}
}

// recurse matches `**`: the directory itself for what follows it, and every
// directory below. As the last component it matches the directories below.
func (g *globber) recurse(dir string, parts []string) {
	rest := parts[1:]
	if len(rest) > 0 {
		g.walk(dir, rest)
	}
	for _, name := range g.children(dir) {
		next := path.Join(dir, name)
		if !g.tree.isDir(next) {
			continue
		}
		if len(rest) == 0 {
			g.found[next] = true
		}
		// A link may lead up and make the walk endless.
		if g.tree.lookup(next).real == path.Join(g.tree.lookup(dir).real, name) {
			g.walk(next, parts)
		}
	}
}

func (g *globber) children(dir string) []string {
	if strings.Count(dir, "/") >= MaxGlobDepth && g.err == nil {
		g.err = fmt.Errorf("the directories nest more than %d levels deep", MaxGlobDepth)
		return nil
	}
	names := sortedKeys(g.tree.entries(dir))
	if g.globbed += len(names); g.globbed > MaxGlobEntries && g.err == nil {
		g.err = fmt.Errorf("the patterns look at more than %d directory entries", MaxGlobEntries)
	}
	if g.err != nil {
		return nil
	}
	return names
}

// checkPattern refuses what the glob crate refuses.
func checkPattern(part string) error {
	if strings.Contains(part, "**") && part != "**" {
		if strings.Contains(part, "***") {
			return errors.New("wildcards are either regular `*` or recursive `**`")
		}
		return errors.New("recursive wildcards must form a single path component")
	}
	for i := 0; i < len(part); {
		if part[i] != '[' {
			i++
			continue
		}
		_, end := bracket(part[i:])
		if end < 0 {
			return errors.New("invalid range pattern")
		}
		i += end
	}
	return nil
}

// bracket returns the content of the [...] that s starts with and the offset
// behind it, -1 when it is not closed. A `]` in first place stands for itself.
func bracket(s string) (content string, end int) {
	start := 1
	if strings.HasPrefix(s[start:], "!") {
		start++
	}
	if len(s) <= start+1 {
		return "", -1
	}
	_, first := utf8.DecodeRuneInString(s[start:])
	length := strings.IndexByte(s[start+first:], ']')
	if length < 0 {
		return "", -1
	}
	end = start + first + length + 1
	return s[1 : end-1], end
}

func matchBracket(content string, r rune) bool {
	rest, negated := strings.CutPrefix(content, "!")
	set := []rune(rest)
	for i := 0; i < len(set); i++ {
		if i+2 < len(set) && set[i+1] == '-' {
			if r >= set[i] && r <= set[i+2] {
				return !negated
			}
			i += 2
		} else if set[i] == r {
			return !negated
		}
	}
	return negated
}

// matchPattern matches one component against one checked part of a pattern, in
// time proportional to the product of their lengths.
func matchPattern(pattern, name string) bool {
	starPattern, starName := -1, 0
	p, n := 0, 0
	for n < len(name) {
		r, size := utf8.DecodeRuneInString(name[n:])
		if p < len(pattern) && pattern[p] == '*' {
			starPattern, starName = p, n
			p++
			continue
		}
		if length := matchOne(pattern[p:], r); length > 0 {
			p, n = p+length, n+size
			continue
		}
		if starPattern < 0 {
			return false
		}
		_, size = utf8.DecodeRuneInString(name[starName:])
		starName += size
		p, n = starPattern+1, starName
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// matchOne matches a rune against the start of a pattern and returns how many
// bytes of the pattern that used, 0 for no match.
func matchOne(pattern string, r rune) int {
	if pattern == "" {
		return 0
	}
	switch pattern[0] {
	case '?':
		return 1
	case '[':
		content, end := bracket(pattern)
		if matchBracket(content, r) {
			return end
		}
		return 0
	}
	want, size := utf8.DecodeRuneInString(pattern)
	if want == r {
		return size
	}
	return 0
}
