package options

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/moby/buildkit/util/suggest"
	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
	"github.com/rustfile/rustfile/internal/cargo"
)

// MaxRustfileSize is the size in bytes above which a Rustfile is refused.
const MaxRustfileSize = 1 << 20

// maxDepth is the number of parts of the longest key. Deeper keys are unknown,
// and are not walked, so that nesting costs nothing.
const maxDepth = 2

// imagesTable is the one table of a Rustfile.
const imagesTable = "images"

// IsManifest reports whether a file is a Cargo manifest and not a Rustfile:
// its name is Cargo.toml, or it has a [package] or [workspace] table. The name
// of a Rustfile's own key, package = "…", is no table.
func IsManifest(filename string, data []byte) bool {
	if path.Base(filename) == "Cargo.toml" {
		return true
	}
	if len(data) > MaxRustfileSize {
		return false
	}
	var p unstable.Parser
	p.Reset(withoutBOM(data))
	top := true
	for p.NextExpression() {
		expression := p.Expression()
		names := keyPath(expression)
		first := names[0] == "package" || names[0] == "workspace"
		switch expression.Kind {
		case unstable.Table:
			top = false
			if first {
				return true
			}
		case unstable.KeyValue:
			if top && first && (len(names) > 1 || expression.Value().Kind == unstable.InlineTable) {
				return true
			}
		default:
			top = false
		}
	}
	return false
}

// readRustfile sets the options of a Rustfile.
func (o *Options) readRustfile(filename string, data []byte) error {
	if len(data) > MaxRustfileSize {
		return &cargo.Error{Span: cargo.Span{File: filename},
			Message: fmt.Sprintf("the file has %d bytes, more than the limit of %d", len(data), MaxRustfileSize),
			Fix:     "give a Rustfile to --file"}
	}
	r := &reader{file: filename, data: withoutBOM(data), options: o}
	if err := r.checkSyntax(); err != nil {
		return err
	}
	r.parser.Reset(r.data)
	var table []string
	for r.parser.NextExpression() {
		expression := r.parser.Expression()
		names := keyPath(expression)
		if expression.Kind == unstable.KeyValue {
			if err := r.keyValue(table, expression); err != nil {
				return err
			}
			continue
		}
		if err := r.header(expression, names); err != nil {
			return err
		}
		table = names
	}
	if err := r.parser.Error(); err != nil {
		return &cargo.Error{Span: cargo.Span{File: filename}, Message: "invalid TOML: " + err.Error()}
	}
	return nil
}

// reader walks a Rustfile in the order it is written.
type reader struct {
	file    string
	data    []byte
	lines   []int // offsets of the starts of lines
	parser  unstable.Parser
	options *Options
}

// checkSyntax decodes the whole file, which finds what a walk over its
// expressions does not: duplicate keys and tables defined twice.
func (r *reader) checkSyntax() error {
	// A NUL is refused by TOML anyway, but a UTF-16 file deserves a clear word.
	if i := bytes.IndexByte(r.data, 0); i >= 0 {
		return &cargo.Error{Span: r.span(i, i+1), Message: "invalid TOML: the file contains a NUL byte", Fix: "save the file as UTF-8"}
	}
	var tree map[string]any
	err := toml.Unmarshal(r.data, &tree)
	if err == nil {
		return nil
	}
	fault := &cargo.Error{Span: cargo.Span{File: r.file}, Message: "invalid TOML: " + strings.TrimPrefix(err.Error(), "toml: "), Err: err}
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		line, column := decode.Position()
		fault.Span.Start = cargo.Position{Line: line, Column: column}
		fault.Span.End = fault.Span.Start
	}
	fault.Fix = "a Rustfile is TOML; an empty one is enough"
	return fault
}

// header checks a [table] line.
func (r *reader) header(expression *unstable.Node, names []string) error {
	span := r.keySpan(expression)
	full := strings.Join(names, ".")
	if expression.Kind == unstable.Table && full == imagesTable {
		return nil
	}
	found := kindTable
	if expression.Kind == unstable.ArrayTable {
		found = kindArray
	}
	if full == imagesTable {
		return value{name: full, kind: found, span: span}.typeFault("a table", "["+imagesTable+"]")
	}
	return r.misplaced(names, found, span)
}

// keyValue reads one `key = value` of a table, or those of the inline table
// that is its value.
func (r *reader) keyValue(table []string, expression *unstable.Node) error {
	names := append(slices.Clone(table), keyPath(expression)...)
	node := expression.Value()
	if node.Kind == unstable.InlineTable && len(names) == 1 && names[0] == imagesTable {
		children := node.Children()
		for children.Next() {
			if err := r.keyValue(names, children.Node()); err != nil {
				return err
			}
		}
		return nil
	}
	k := fileKey(strings.Join(names, "."))
	if k == nil || len(names) > maxDepth {
		return r.misplaced(names, kindOf(node), r.keySpan(expression))
	}
	start := int(expression.Raw.Offset)
	v := value{name: k.name, kind: kindOf(node), text: string(node.Data), span: r.span(start, start+int(expression.Raw.Length))}
	if v.kind == kindArray {
		elements := node.Children()
		for elements.Next() {
			v.items = append(v.items, r.item(elements.Node(), v.span))
		}
	}
	return r.options.set(k, v)
}

// item reads an element of an array. An array or table in it has no place of
// its own in the parser's tree and gets that of the whole.
func (r *reader) item(node *unstable.Node, whole cargo.Span) item {
	it := item{kind: kindOf(node), text: string(node.Data), span: whole}
	if node.Raw.Length > 0 {
		it.span = r.span(int(node.Raw.Offset), int(node.Raw.Offset+node.Raw.Length))
	}
	return it
}

// misplaced is the error for a key that is none of the Rustfile's: the wrong
// type when a known key is used as a table, or the other way round.
func (r *reader) misplaced(names []string, found kind, span cargo.Span) error {
	full := names[0]
	if len(names) > 1 {
		full = strings.Join(names[:min(len(names), maxDepth+1)], ".")
	}
	full = clip(full)
	if k := fileKey(names[0]); k != nil && (len(names) > 1 || found == kindTable) {
		return value{name: k.name, kind: kindTable, span: span}.typeFault(k.doc.Type, k.name+" = …")
	}
	if names[0] == imagesTable && len(names) == 1 {
		return value{name: full, kind: found, span: span}.typeFault("a table", "["+imagesTable+`] and below it builder = "…"`)
	}
	known := fileKeyNames()
	fix := "known keys: " + strings.Join(known, ", ")
	if match, ok := suggest.Search(full, append(known, imagesTable), true); ok {
		fix = fmt.Sprintf("did you mean `%s`? %s", match, fix)
	} else if k := argumentKey(full); k != nil && !k.argumentOnly() {
		fix = fmt.Sprintf("`%s` is the build argument; in a Rustfile the key is `%s`. %s", full, k.name, fix)
	}
	return &cargo.Error{Span: span, Message: fmt.Sprintf("unknown key `%s`", full), Fix: fix}
}

// keySpan is the place of an expression's key.
func (r *reader) keySpan(expression *unstable.Node) cargo.Span {
	start, end := -1, 0
	names := expression.Key()
	for names.Next() {
		raw := names.Node().Raw
		if start < 0 {
			start = int(raw.Offset)
		}
		end = int(raw.Offset + raw.Length)
	}
	return r.span(start, end)
}

// span is the place of a range of bytes.
func (r *reader) span(start, end int) cargo.Span {
	return cargo.Span{File: r.file, Start: r.position(start), End: r.position(end)}
}

// position is the place of a byte. Line starts are found once: a file of a
// megabyte can hold a hundred thousand values.
func (r *reader) position(offset int) cargo.Position {
	if r.lines == nil {
		r.lines = []int{0}
		for i, c := range r.data {
			if c == '\n' {
				r.lines = append(r.lines, i+1)
			}
		}
	}
	line := sort.SearchInts(r.lines, offset+1)
	return cargo.Position{Line: line, Column: offset - r.lines[line-1] + 1}
}

// keyPath is the dotted key of an expression.
func keyPath(expression *unstable.Node) []string {
	var names []string
	parts := expression.Key()
	for parts.Next() {
		names = append(names, string(parts.Node().Data))
	}
	return names
}

// kindOf names the type of a TOML value.
func kindOf(node *unstable.Node) kind {
	switch node.Kind {
	case unstable.String:
		return kindString
	case unstable.Bool:
		return kindBool
	case unstable.Array:
		return kindArray
	case unstable.InlineTable:
		return kindTable
	case unstable.Integer:
		return kindInteger
	case unstable.Float:
		return kindFloat
	default:
		return kindDate
	}
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

// withoutBOM drops the byte order mark that some editors write.
func withoutBOM(data []byte) []byte { return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) }
