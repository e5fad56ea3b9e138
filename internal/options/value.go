package options

import (
	"fmt"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
)

// kind is the form a value was written in, in the words of an error message.
type kind string

const (
	kindArgument kind = "a build argument"
	kindString   kind = "a string"
	kindBool     kind = "a boolean"
	kindArray    kind = "an array"
	kindTable    kind = "a table"
	kindInteger  kind = "an integer"
	kindFloat    kind = "a float"
	kindDate     kind = "a date or time"
)

// item is an element of an array.
type item struct {
	kind kind
	text string
	span cargo.Span
}

// value is an option's value as the user wrote it, in either place.
type value struct {
	// name is the key or the build argument, spelled as the user spelled it.
	name string
	kind kind
	// text is a build argument, a string or "true" and "false".
	text string
	// items are the elements of an array.
	items []item
	// span is the whole `key = value`; zero for a build argument.
	span cargo.Span
}

// fault is an error about the value as a whole.
func (v value) fault(message, fix string) *cargo.Error {
	return v.faultAt(v.span, message, fix)
}

// faultAt is an error about a part of the value.
func (v value) faultAt(span cargo.Span, message, fix string) *cargo.Error {
	what := "key"
	if v.kind == kindArgument {
		what = "build argument"
	}
	return &cargo.Error{Span: span, Message: fmt.Sprintf("%s `%s`: %s", what, v.name, message), Fix: fix}
}

// typeFault says that the Rustfile has a value of another type than the key's.
func (v value) typeFault(want, example string) *cargo.Error {
	return v.fault(fmt.Sprintf("expected %s, found %s", want, v.kind), fmt.Sprintf("write it as: %s", example))
}

// str returns a value that is one string.
func (v value) str() (string, error) {
	if v.kind != kindArgument && v.kind != kindString {
		return "", v.typeFault("a string", lastPart(v.name)+` = "…"`)
	}
	return v.text, nil
}

// boolean returns a value that is true or false. As a build argument, an empty
// value means true, as if it were cargo's flag.
func (v value) boolean() (bool, error) {
	text := v.text
	if v.kind == kindArgument {
		text = strings.ToLower(text)
	} else if v.kind != kindBool {
		return false, v.typeFault("true or false", lastPart(v.name)+" = true")
	}
	switch text {
	case "true", "1", "":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, v.fault(fmt.Sprintf("`%s` is neither true nor false", clip(text)), "use true, false, 1 or 0")
}

// words returns the parts of a list. A build argument, and a string where that
// is allowed, is split at commas and spaces as cargo splits --features; the
// elements of an array are not.
func (v value) words(allowString bool) ([]item, error) {
	switch {
	case v.kind == kindArgument, v.kind == kindString && allowString:
		var items []item
		for _, word := range strings.FieldsFunc(v.text, isSeparator) {
			items = append(items, item{kind: kindString, text: word, span: v.span})
		}
		return items, nil
	case v.kind == kindArray:
		for _, it := range v.items {
			if it.kind != kindString {
				return nil, v.faultAt(it.span, fmt.Sprintf("expected strings in the array, found %s", it.kind),
					fmt.Sprintf(`write it as: %s = ["…", "…"]`, lastPart(v.name)))
			}
		}
		return v.items, nil
	}
	return nil, v.typeFault("an array of strings", lastPart(v.name)+` = ["…", "…"]`)
}

// isSeparator reports whether a list is split at the character. Line ends are
// not separators, so that they reach the check of names and are refused.
func isSeparator(r rune) bool { return r == ',' || r == ' ' || r == '\t' }

// lastPart is the key without the tables it is in.
func lastPart(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }
