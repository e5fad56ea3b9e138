package cargo

import (
	"bytes"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// document is a parsed TOML file whose every value knows where it is written.
type document struct {
	path string
	// title opens the message of every fault, in cargo's words.
	title string
	data  []byte // without byte order mark
	root  *value
	lines []int // offset of each line's first byte
}

type valueKind uint8

const (
	stringValue valueKind = iota
	integerValue
	floatValue
	booleanValue
	datetimeValue
	arrayValue
	tableValue
)

var valueKindNames = [...]string{"string", "integer", "floating point", "boolean", "datetime", "sequence", "map"}

// tableOrigin says how a table came to be, which decides how TOML lets it grow.
type tableOrigin uint8

const (
	implicitTable tableOrigin = iota // named only as the parent of another header
	headerTable                      // [name] or an element of [[name]]
	dottedTable                      // named by a dotted key
	inlineTable                      // { ... }, closed
)

// value is a node of the tree.
type value struct {
	doc        *document
	kind       valueKind
	origin     tableOrigin
	headers    bool   // an array made by [[name]]
	text       string // a scalar, decoded
	items      []*value
	keys       []string // of a table, in order of appearance
	fields     map[string]*value
	start, end int // key and value, a header, or the element of an array
}

// parseTOML parses a file. Its errors are *Error.
func parseTOML(path, title string, raw []byte) (*document, error) {
	doc := &document{path: path, title: title, data: bytes.TrimPrefix(raw, utf8BOM)}
	doc.lines = append(doc.lines, 0)
	for i, c := range doc.data {
		if c == '\n' {
			doc.lines = append(doc.lines, i+1)
		}
	}
	for _, check := range []func([]byte) (int, string){checkEncoding, scanLimits} {
		if at, fault := check(doc.data); at >= 0 {
			return nil, doc.faultAt(at, at+1, fault)
		}
	}
	doc.root = &value{doc: doc, kind: tableValue, origin: headerTable}
	b := builder{doc: doc, table: doc.root}
	b.parser.Reset(doc.data)
	for b.err == nil && b.parser.NextExpression() {
		b.expression(b.parser.Expression())
	}
	if b.err != nil {
		return nil, b.err
	}
	if err := b.parser.Error(); err != nil {
		return nil, doc.syntaxError(err)
	}
	return doc, nil
}

func (d *document) syntaxError(err error) error {
	var fault *unstable.ParserError
	if !errors.As(err, &fault) {
		return d.faultAt(0, 0, err.Error())
	}
	// The highlight is a subslice of the data, so capacities give its offset.
	at := cap(d.data) - cap(fault.Highlight)
	if at < 0 || at > len(d.data) {
		at = len(d.data)
	}
	return d.faultAt(at, at+len(fault.Highlight), fault.Message)
}

func (d *document) faultAt(start, end int, message string) *Error {
	return d.faultIn(d.span(start, end), message)
}

func (d *document) faultIn(span Span, message string) *Error {
	return &Error{Span: span, Message: d.title + ": " + message}
}

func (d *document) span(start, end int) Span {
	return Span{File: d.path, Start: d.position(start), End: d.position(end)}
}

func (d *document) position(offset int) Position {
	line := sort.SearchInts(d.lines, offset+1)
	return Position{Line: line, Column: offset - d.lines[line-1] + 1}
}

// span is the place of a value, the whole file for nil.
func (v *value) span() Span { return v.doc.span(v.start, v.end) }

// fault is an error at the value.
func (v *value) fault(format string, args ...any) *Error {
	return v.doc.faultAt(v.start, v.end, fmt.Sprintf(format, args...))
}

// get returns the field of a table, nil when there is none.
func (v *value) get(key string) *value {
	if v == nil {
		return nil
	}
	return v.fields[key]
}

// find follows keys from a table down.
func (v *value) find(keys ...string) *value {
	for _, key := range keys {
		v = v.get(key)
	}
	return v
}

// first returns the first field there is of several spellings.
func (v *value) first(keys ...string) *value {
	for _, key := range keys {
		if field := v.get(key); field != nil {
			return field
		}
	}
	return nil
}

// describe names a value as serde's type errors do.
func (v *value) describe() string {
	switch v.kind {
	case stringValue:
		return fmt.Sprintf("string %q", v.text)
	case integerValue, floatValue, booleanValue:
		return fmt.Sprintf("%s `%s`", valueKindNames[v.kind], v.text)
	}
	return valueKindNames[v.kind]
}

// plain converts a value to what encoding packages use: string, int64,
// float64, bool, []any and map[string]any. A date stays its text.
func (v *value) plain() any {
	switch v.kind {
	case integerValue:
		n, _ := strconv.ParseInt(v.text, 0, 64)
		return n
	case floatValue:
		f, _ := strconv.ParseFloat(v.text, 64)
		return f
	case booleanValue:
		return v.text == "true"
	case arrayValue:
		list := make([]any, len(v.items))
		for i, item := range v.items {
			list[i] = item.plain()
		}
		return list
	case tableValue:
		return v.plainTable()
	}
	return v.text
}

func (v *value) plainTable() map[string]any {
	table := make(map[string]any, len(v.keys))
	for _, key := range v.keys {
		table[key] = v.fields[key].plain()
	}
	return table
}

// checkScalar validates what the parser leaves to its caller and normalizes
// the text, so that plain cannot fail.
func (v *value) checkScalar() error {
	switch v.kind {
	case integerValue:
		text := strings.TrimPrefix(strings.ReplaceAll(v.text, "_", ""), "+")
		if _, err := strconv.ParseInt(text, 0, 64); err != nil {
			return v.fault("integer `%s` does not fit 64 bits", v.text)
		}
		v.text = text
	case floatValue:
		text := strings.ReplaceAll(v.text, "_", "")
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return v.fault("invalid floating point number `%s`", v.text)
		}
		v.text = text
	case datetimeValue:
		var probe map[string]any
		if err := toml.Unmarshal([]byte("x = "+v.text), &probe); err != nil {
			return v.fault("invalid datetime `%s`", v.text)
		}
	}
	return nil
}
