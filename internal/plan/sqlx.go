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

// sqlxOffline makes sqlx's macros read what `cargo sqlx prepare` saved, and not
// ask a database.
// https://docs.rs/sqlx/latest/sqlx/macro.query.html#offline-mode
const sqlxOffline = "SQLX_OFFLINE"

// sqlxSaved returns where the answers of the database lie that `cargo sqlx
// prepare` saved for a package that depends on sqlx, "" when there are none:
// the directory .sqlx of sqlx 0.7 and later or the file of earlier ones, in the
// package's directory or the workspace's root.
func sqlxSaved(fsys fs.FS, ws *cargo.Workspace, c *closure) (string, error) {
	if fsys == nil {
		return "", nil
	}
	for _, p := range c.local {
		if !usesSqlx(p) {
			continue
		}
		for _, dir := range []string{p.Dir, ws.Root} {
			for _, name := range []string{".sqlx", "sqlx-data.json"} {
				at := path.Join(dir, name)
				if _, err := fs.Stat(fsys, at); err == nil {
					return at, nil
				} else if !errors.Is(err, fs.ErrNotExist) {
					return "", err
				}
			}
		}
	}
	return "", nil
}

// setSqlx tells sqlx's macros to read what was saved.
func (p *Plan) setSqlx(fsys fs.FS, ws *cargo.Workspace, c *closure) error {
	saved, err := sqlxSaved(fsys, ws, c)
	if saved != "" {
		p.Members.Environment = map[string]string{sqlxOffline: "true"}
		return err
	}
	for _, local := range c.local {
		if file := p.mentions.queries[local.Dir]; file != "" && usesSqlx(local) {
			p.Members.Unsaved = file
			break
		}
	}
	return err
}

// sqlxQuery finds the macros that ask a database when they are compiled.
var sqlxQuery = regexp.MustCompile(`\bquery(?:_as|_scalar|_file|_file_as|_file_scalar)?(?:_unchecked)?!\s*[(\[{]`)

// usesSqlx reports whether a package may use sqlx's macros. Some crates hand
// them on, such as sqlx-oldapi and sqlx-core's other wrappers.
func usesSqlx(p *cargo.Package) bool {
	return slices.ContainsFunc(p.Dependencies, func(d cargo.Dependency) bool {
		return d.Kind != cargo.DevDependency && (d.Package == "sqlx" || strings.HasPrefix(d.Package, "sqlx-"))
	})
}

// saved gives the vertex of a member what sqlx's macros look for in the
// workspace's root.
func (s *Source) saved(p *Plan, ws *cargo.Workspace) {
	if p.Members.Environment[sqlxOffline] == "" {
		return
	}
	s.Environment = map[string]string{sqlxOffline: "true"}
	for _, name := range []string{".sqlx", "sqlx-data.json"} {
		s.Copies = append(s.Copies, Copy{Path: path.Join(ws.Root, name), File: true})
	}
}
