package options

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/util/suggest"
	"github.com/rustfile/rustfile/internal/cargo"
)

// MaxRustfileSize is the size in bytes above which a Rustfile is refused.
const MaxRustfileSize = 1 << 20

// place is a place where options are written, in the words of messages.
type place string

const (
	inRustfile  place = "the Rustfile"
	inWorkspace place = "[workspace.metadata.rustfile]"
	inPackage   place = "[package.metadata.rustfile]"
	inVariant   place = "a variant"
)

// variantsTable holds a table of options for each variant.
const variantsTable = "variants"

// parseFile reads a Rustfile as one table.
func parseFile(filename string, data []byte) (*cargo.Setting, error) {
	if len(data) > MaxRustfileSize {
		return nil, &cargo.Error{Span: cargo.Span{File: filename},
			Message: fmt.Sprintf("the file has %d bytes, more than the limit of %d", len(data), MaxRustfileSize),
			Fix:     "give a Rustfile to --file"}
	}
	root, err := cargo.ParseSetting(filename, data)
	var fault *cargo.Error
	if errors.As(err, &fault) {
		fault.Fix = "a Rustfile is TOML in UTF-8; an empty one is enough"
	}
	return root, err
}

// readTable sets the options of a table in the order they are written. prefix
// is the key of the table and a dot, "" for the whole.
func (o *Options) readTable(in place, prefix string, table *cargo.Setting) error {
	if table.Kind != kindTable {
		return newValue(prefix, table).typeFault("a table", string(in))
	}
	for _, key := range table.Keys {
		if err := o.readKey(in, prefix+key, table.Fields[key]); err != nil {
			return err
		}
	}
	return nil
}

func (o *Options) readKey(in place, name string, s *cargo.Setting) error {
	k := fileKey(name)
	switch {
	case k != nil:
		v := newValue(k.name, s)
		if fault := k.misplacedIn(in, v); fault != nil {
			return fault
		}
		if v.kind == kindTable && !strings.HasPrefix(k.doc.Type, "table") {
			return v.typeFault(k.doc.Type, k.name+" = …")
		}
		return o.set(k, v)
	case name == variantsTable && in != inVariant:
		return o.readVariants(in, s)
	case isSection(name):
		if s.Kind != kindTable {
			return newValue(name, s).typeFault("a table", "["+name+"] and the keys below it")
		}
		return o.readTable(in, name+".", s)
	}
	return unknownKey(clip(name), s.Span)
}

// misplacedIn is the error for an option that has no meaning in a place.
func (k *key) misplacedIn(in place, v value) error {
	switch {
	case k.name == KeyManifestPath && in != inRustfile:
		return v.fault("cannot be set in "+string(in)+": it says where the manifests are", "set it in the Rustfile, or as a build argument")
	case k.name == KeyPackage && in == inPackage:
		return v.fault("cannot be set in a package's own table", "set it in the Rustfile, in [workspace.metadata.rustfile], or as a build argument")
	}
	return nil
}

// readVariants checks all variants of a table and notes them. The options of
// the chosen one are set later, above those of all tables.
func (o *Options) readVariants(in place, s *cargo.Setting) error {
	if s.Kind != kindTable {
		return newValue(variantsTable, s).typeFault("a table", "[variants.NAME]")
	}
	for _, name := range s.Keys {
		table := s.Fields[name]
		at := newValue(variantsTable+"."+name, table)
		if table.Kind != kindTable {
			return at.typeFault("a table", "[variants.NAME] and the keys below it")
		}
		if err := checkBinName(name); err != nil {
			return at.fault(strings.Replace(err.Error(), "binary name", "variant's name", 1), "name it as --target can take it")
		}
		if err := Defaults().readTable(inVariant, "", table); err != nil {
			return err
		}
		o.variants = append(o.variants, Variant{Name: name, Span: table.Span, table: table, in: in})
	}
	return nil
}

// unknownKey is the error for a key that is no option.
func unknownKey(full string, span cargo.Span) error {
	known := fileKeyNames()
	fix := "known keys: " + strings.Join(known, ", ")
	if match, ok := suggest.Search(full, append(append(known, sections()...), variantsTable), true); ok {
		fix = fmt.Sprintf("did you mean `%s`? %s", match, fix)
	} else if k := argumentKey(full); k != nil && !k.argumentOnly() {
		fix = fmt.Sprintf("`%s` is the build argument; in a file the key is `%s`. %s", full, k.name, fix)
	}
	return &cargo.Error{Span: span, Message: fmt.Sprintf("unknown key `%s`", full), Fix: fix}
}

// isSection reports whether a key is a table that only groups options.
func isSection(name string) bool { return slices.Contains(sections(), name) }

// sections are the tables that group options, in the order of the reference.
func sections() []string {
	var names []string
	for _, k := range keys {
		if table, _, ok := strings.Cut(k.name, "."); ok && !slices.Contains(names, table) {
			names = append(names, table)
		}
	}
	return names
}

// fileKeyNames lists the keys of a Rustfile in the order of the reference.
func fileKeyNames() []string {
	var names []string
	for _, k := range keys {
		if !k.argumentOnly() {
			names = append(names, k.name)
		}
	}
	return names
}
