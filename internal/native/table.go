package native

import (
	"bytes"
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"sync"

	"github.com/pelletier/go-toml/v2"
	"github.com/rustfile/rustfile/internal/cargo"
)

//go:embed table.toml
var builtin []byte

// Entry says what a crate needs. The head of table.toml describes the fields.
type Entry struct {
	Name      string   `toml:"name"`
	Version   string   `toml:"version"`
	With      []string `toml:"with"`
	Unless    []string `toml:"unless"`
	Env       []string `toml:"env"`
	Debian    []string `toml:"debian"`
	Alpine    []string `toml:"alpine"`
	Tool      bool     `toml:"tool"`
	Ignores   []string `toml:"ignores"`
	Replaces  []string `toml:"replaces"`
	PkgConfig []string `toml:"pkg-config"`
	// By says in place of the crate's name who asks for the packages, "" for an
	// entry of the embedded table. At is the line that asks, if a file does.
	By string     `toml:"-"`
	At cargo.Span `toml:"-"`
}

// Table is what is known of all crates.
type Table struct {
	entries map[string][]Entry
	// libraries maps the names of pkg-config to who provides them.
	libraries map[string]Entry
	// env are the environment variables that build scripts see.
	env []string
}

// Default is the embedded table.
var Default = sync.OnceValue(func() *Table {
	t, err := parse(builtin)
	if err != nil {
		panic(err) // a test reads it
	}
	return t
})

// parse reads a table and checks its entries.
func parse(data []byte) (*Table, error) {
	var file struct {
		Crates    []Entry `toml:"crate"`
		Libraries []Entry `toml:"library"`
	}
	d := toml.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return nil, fmt.Errorf("the table of native libraries is not valid: %w", err)
	}
	t := &Table{entries: map[string][]Entry{}, libraries: map[string]Entry{}}
	for _, e := range file.Crates {
		if e.Name == "" {
			return nil, fmt.Errorf("an entry of the table of native libraries has no name")
		}
		t.entries[e.Name] = append(t.entries[e.Name], e)
	}
	for _, e := range slices.Concat(file.Crates, file.Libraries) {
		for _, p := range slices.Concat(e.Debian, e.Alpine) {
			if !ValidPackage(p) {
				return nil, fmt.Errorf("%q, of %s, is not the name of a package", p, e.Name)
			}
		}
		for _, name := range e.PkgConfig {
			if _, ok := t.libraries[name]; !ok {
				t.libraries[name] = e
			}
		}
	}
	return t, nil
}

// With is the table with entries in place of those that it has for the same
// crates, for build scripts that see the environment variables env.
func (t *Table) With(entries []Entry, env []string) *Table {
	out := &Table{entries: make(map[string][]Entry, len(t.entries)+len(entries)), libraries: t.libraries, env: env}
	for name, list := range t.entries {
		out.entries[name] = list
	}
	own := map[string]bool{}
	for _, e := range entries {
		if !own[e.Name] {
			own[e.Name], out.entries[e.Name] = true, nil
		}
		out.entries[e.Name] = append(out.entries[e.Name], e)
	}
	return out
}

// Knows reports whether the table has an entry for a crate.
func (t *Table) Knows(crate string) bool { return len(t.entries[crate]) > 0 }

// packageName is what distributions call packages, with an optional
// architecture, as dpkg has it. The longest that are known have 70 characters.
// https://www.debian.org/doc/debian-policy/ch-controlfields.html#source
var packageName = regexp.MustCompile(`^[a-z0-9][a-z0-9+._-]{0,127}(:[a-z0-9-]{1,30})?$`)

// ValidPackage reports whether a text can be the name of a package. One that
// ends in "-" would ask apt to remove a package.
func ValidPackage(name string) bool {
	return packageName.MatchString(name) && name[len(name)-1] != '-'
}

// matching are the entries for a node; a nil list of features means that they
// are not known.
func (t *Table) matching(n Node) []Entry {
	var out []Entry
	for _, e := range t.entries[n.Name] {
		if e.Version != "" && !cargo.Matches(e.Version, n.Version) {
			continue
		}
		if len(e.Env) > 0 && !anyOf(e.Env, t.env) {
			continue
		}
		if n.Features != nil && (len(e.With) > 0 && !anyOf(e.With, n.Features) || anyOf(e.Unless, n.Features)) {
			continue
		}
		out = append(out, e)
	}
	return out
}

func anyOf(names, features []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(features, name) })
}
