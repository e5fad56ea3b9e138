package plan

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
)

// Asset is a file or directory of the context that the image gets as it is.
type Asset struct {
	// Source is relative to the context's root.
	Source string `json:"source"`
	// Destination is a path of the image. Before [Plan.Place], a file goes below
	// it when it ends in a slash.
	Destination string `json:"destination"`
	// Mode is the octal permission of files, "" for 0755 or 0644 by the
	// source's own.
	Mode string `json:"mode,omitempty"`
	// Owner is "UID:GID", or names until [Plan.ResolveUsers].
	Owner string `json:"owner"`
	// Directory is true when Source is one; [Plan.CheckFiles] finds out.
	Directory bool `json:"directory,omitempty"`
	// Compiled is true when the compiler may read it, too.
	Compiled bool `json:"compiled,omitempty"`
}

// embedding finds a macro or attribute that reads files when it is compiled, up
// to the end of its statement.
var embedding = regexp.MustCompile(`(?:\b(?:include\w*|embed\w*|\w*migrations?|migrate\w*|i18n\w*|static_\w+|load_\w+)!|` +
	`\bderive\([^)]*(?:Embed|Template|Asset)|#\[(?:template|folder|askama|asset|grammar)\b)[^;]{0,400}`)

// readByDefault are directories that macros read without being told to.
var readByDefault = map[string]*regexp.Regexp{
	"migrations": regexp.MustCompile(`\b(?:embed_migrations|migrate|\w*migrations?)!`),
	"templates":  regexp.MustCompile(`#\[template\b|\bderive\([^)]*Template`),
	"locales":    regexp.MustCompile(`\bi18n!`),
}

// planAssets decides for each asset whether the compiler may read it. What it
// does not is kept out of the vertices that compile, so that an edit of it
// compiles nothing.
func planAssets(fsys fs.FS, ws *cargo.Workspace, c *closure, outside map[string]bool, copies []options.Copy) ([]Asset, error) {
	var assets []Asset
	for _, item := range copies {
		a := Asset{Source: item.Source, Destination: item.Destination, Mode: item.Mode, Owner: item.Owner}
		if a.Owner == "" {
			a.Owner = "0:0"
		}
		switch item.Compiled {
		case "true":
			a.Compiled = true
		case "":
			compiled, err := mayCompile(fsys, ws, c, outside, item.Source)
			if err != nil {
				return nil, err
			}
			a.Compiled = compiled
		}
		assets = append(assets, a)
	}
	return assets, nil
}

// mayCompile reports whether a file or directory of the context may be read
// when the closure is compiled: when it holds a package or Rust sources, when a
// build script may look at it, or when a source names it where files are
// embedded.
func mayCompile(fsys fs.FS, ws *cargo.Workspace, c *closure, outside map[string]bool, name string) (bool, error) {
	if fsys == nil {
		return true, nil
	}
	for _, p := range localPackages(ws) {
		if p.Dir == name || within(name, p.Dir) {
			return true, nil
		}
	}
	for _, p := range c.local {
		if p.Build != "" && (within(p.Dir, name) || outside[p.Dir]) {
			return true, nil
		}
	}
	// Only what planning reads is there: manifests, sources and the like.
	if found, err := holdsPlanned(fsys, name); found || err != nil {
		return found, err
	}
	for _, p := range c.local {
		found := false
		err := walkSources(fsys, p, func(_, source string) {
			found = found || embeds(source, path.Base(name))
		})
		if found || err != nil {
			return found, err
		}
	}
	return false, nil
}

func holdsPlanned(fsys fs.FS, name string) (bool, error) {
	found := false
	err := fs.WalkDir(fsys, name, func(_ string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return fs.SkipAll
		}
		if err != nil {
			return err
		}
		base := path.Base(d.Name())
		if !d.IsDir() && (path.Ext(base) == ".rs" || base == "Cargo.toml" || base == "Cargo.lock") {
			found = true
			return fs.SkipAll
		}
		return nil
	})
	return found, err
}

// embeds reports whether a source may embed files of a name.
func embeds(source, base string) bool {
	if r := readByDefault[base]; r != nil && r.MatchString(source) {
		return true
	}
	if !strings.Contains(source, base) {
		return false
	}
	return slices.ContainsFunc(embedding.FindAllString(source, -1), func(m string) bool { return strings.Contains(m, base) })
}

// notCompiled are the assets that vertices which compile do not see.
func notCompiled(assets []Asset) []string {
	var out []string
	for _, a := range assets {
		if !a.Compiled {
			out = append(out, a.Source)
		}
	}
	return out
}

// CheckFiles looks for the files of the context that the options name, in the
// context as a build sees it. excluded tells what .dockerignore leaves out.
func (p *Plan) CheckFiles(fsys fs.FS, o *options.Options, excluded func(string) bool) error {
	for i, item := range o.Image.Copies {
		info, err := p.stat(fsys, item.Source, excluded, func(message, fix string) *cargo.Error { return copyFault(o, i, message, fix) })
		if err != nil {
			return err
		}
		p.Image.Assets[i].Directory = info.IsDir()
	}
	for _, name := range o.Build.ExtraSources {
		_, err := p.stat(fsys, name, excluded, func(message, fix string) *cargo.Error {
			e := o.Fault(options.KeyExtraSources, message, fix)
			if span, ok := o.Spans[options.KeyExtraSources+"."+name]; ok {
				e.Span = span
			}
			return e
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *Plan) stat(fsys fs.FS, name string, excluded func(string) bool, fault func(message, fix string) *cargo.Error) (fs.FileInfo, error) {
	info, err := fs.Stat(fsys, name)
	if err == nil {
		return info, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot look for %s in the build context: %w", name, err)
	}
	if excluded != nil && excluded(name) {
		return nil, fault(fmt.Sprintf("`%s` is excluded by .dockerignore", name), fmt.Sprintf("add the line `!%s` to .dockerignore", name))
	}
	return nil, fault(fmt.Sprintf("`%s` is not in the build context", name), "check the path; it is relative to the context's root")
}

// NeedsFiles reports whether [Plan.CheckFiles] has anything to look for.
func (p *Plan) NeedsFiles() bool { return len(p.Image.Assets)+len(p.Members.Extra) > 0 }
