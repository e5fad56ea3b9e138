package cargo

import (
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// builder turns the parser's flat expressions into a tree and applies TOML's
// rules on redefinition, which the parser leaves to its caller.
type builder struct {
	doc    *document
	parser unstable.Parser
	table  *value // of the last header
	err    error
}

func (b *builder) expression(e *unstable.Node) {
	switch e.Kind {
	case unstable.Table:
		b.header(e)
	case unstable.ArrayTable:
		b.arrayHeader(e)
	case unstable.KeyValue:
		b.keyValue(b.table, e)
	}
}

// keyPart is one part of a dotted key and the range it is written at.
type keyPart struct {
	name       string
	start, end int
}

func keyParts(it unstable.Iterator) []keyPart {
	var parts []keyPart
	for it.Next() {
		n := it.Node()
		start := int(n.Raw.Offset)
		parts = append(parts, keyPart{name: string(n.Data), start: start, end: start + int(n.Raw.Length)})
	}
	return parts
}

func (b *builder) fail(p keyPart, message string) {
	if b.err == nil {
		b.err = b.doc.faultAt(p.start, p.end, message)
	}
}

func (t *value) set(key string, v *value) *value {
	if t.fields == nil {
		t.fields = make(map[string]*value)
	}
	t.keys = append(t.keys, key)
	t.fields[key] = v
	return v
}

func (b *builder) newTable(origin tableOrigin, start, end int) *value {
	return &value{doc: b.doc, kind: tableValue, origin: origin, start: start, end: end}
}

// parent walks a header's leading parts, making implicit tables on the way.
func (b *builder) parent(parts []keyPart) *value {
	t := b.doc.root
	for _, p := range parts[:len(parts)-1] {
		next := t.fields[p.name]
		switch {
		case next == nil:
			next = t.set(p.name, b.newTable(implicitTable, parts[0].start, parts[len(parts)-1].end))
		case next.kind == arrayValue && next.headers:
			next = next.items[len(next.items)-1]
		case next.kind != tableValue || next.origin == inlineTable:
			b.fail(p, "duplicate key")
			return nil
		}
		t = next
	}
	return t
}

// headerRange is the range of [name] or [[name]], brackets included.
func (b *builder) headerRange(parts []keyPart) (int, int) {
	start, end := parts[0].start, parts[len(parts)-1].end
	for start > 0 && b.doc.data[start-1] != '\n' {
		start--
	}
	for start < parts[0].start && b.doc.data[start] != '[' {
		start++
	}
	for end < len(b.doc.data) && strings.IndexByte(" \t]", b.doc.data[end]) >= 0 {
		end++
	}
	for end > start && strings.IndexByte(" \t", b.doc.data[end-1]) >= 0 {
		end--
	}
	return start, end
}

func (b *builder) header(e *unstable.Node) {
	parts := keyParts(e.Key())
	t := b.parent(parts)
	if t == nil {
		return
	}
	start, end := b.headerRange(parts)
	last := parts[len(parts)-1]
	existing := t.fields[last.name]
	switch {
	case existing == nil:
		existing = t.set(last.name, b.newTable(headerTable, start, end))
	case existing.kind == tableValue && existing.origin == implicitTable:
		existing.origin, existing.start, existing.end = headerTable, start, end
	default:
		b.fail(last, "duplicate key")
		return
	}
	b.table = existing
}

func (b *builder) arrayHeader(e *unstable.Node) {
	parts := keyParts(e.Key())
	t := b.parent(parts)
	if t == nil {
		return
	}
	start, end := b.headerRange(parts)
	last := parts[len(parts)-1]
	array := t.fields[last.name]
	switch {
	case array == nil:
		array = t.set(last.name, &value{doc: b.doc, kind: arrayValue, headers: true, start: start, end: end})
	case array.kind != arrayValue || !array.headers:
		b.fail(last, "duplicate key")
		return
	}
	b.table = b.newTable(headerTable, start, end)
	array.items = append(array.items, b.table)
}

func (b *builder) keyValue(t *value, e *unstable.Node) {
	parts := keyParts(e.Key())
	start, end := int(e.Raw.Offset), int(e.Raw.Offset+e.Raw.Length)
	for _, p := range parts[:len(parts)-1] {
		next := t.fields[p.name]
		if next == nil {
			next = t.set(p.name, b.newTable(dottedTable, start, end))
		} else if next.kind != tableValue || next.origin != dottedTable {
			b.fail(p, "duplicate key")
			return
		}
		t = next
	}
	last := parts[len(parts)-1]
	if t.fields[last.name] != nil {
		b.fail(last, "duplicate key")
		return
	}
	v := b.value(e.Value(), start, end)
	if b.err == nil {
		t.set(last.name, v)
	}
}

var scalarKinds = map[unstable.Kind]valueKind{
	unstable.String: stringValue, unstable.Bool: booleanValue,
	unstable.Integer: integerValue, unstable.Float: floatValue,
	unstable.LocalDate: datetimeValue, unstable.LocalTime: datetimeValue,
	unstable.LocalDateTime: datetimeValue, unstable.DateTime: datetimeValue,
}

func (b *builder) value(n *unstable.Node, start, end int) *value {
	v := &value{doc: b.doc, start: start, end: end}
	switch n.Kind {
	case unstable.Array:
		v.kind = arrayValue
		for it := n.Children(); it.Next() && b.err == nil; {
			item := it.Node()
			from, to := start, end
			if item.Raw.Length > 0 {
				from, to = int(item.Raw.Offset), int(item.Raw.Offset+item.Raw.Length)
			}
			v.items = append(v.items, b.value(item, from, to))
		}
	case unstable.InlineTable:
		v.kind, v.origin = tableValue, inlineTable
		for it := n.Children(); it.Next() && b.err == nil; {
			b.keyValue(v, it.Node())
		}
	default:
		v.kind, v.text = scalarKinds[n.Kind], string(n.Data)
		if err := v.checkScalar(); err != nil && b.err == nil {
			b.err = err
		}
	}
	return v
}
