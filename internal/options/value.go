package options

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/moby/buildkit/util/suggest"
	"github.com/rustfile/rustfile/internal/cargo"
)

// kind is the form a value was written in, in the words of an error message.
type kind = cargo.SettingKind

const (
	kindArgument kind = "a build argument"
	kindString        = cargo.StringSetting
	kindBool          = cargo.BooleanSetting
	kindArray         = cargo.ArraySetting
	kindTable         = cargo.TableSetting
	kindInteger       = cargo.IntegerSetting
)

// value is an option's value as the user wrote it, in any of the places, or a
// part of such a value.
type value struct {
	// name is the key or the build argument, spelled as the user spelled it.
	name string
	// argument is true for a build argument, and kindArgument is the kind of
	// one that is not TOML.
	argument bool
	kind     kind
	// text is a build argument or a scalar.
	text string
	// items are the elements of an array.
	items []value
	// keys are the keys of a table in the order they are written, and fields
	// their values.
	keys   []string
	fields map[string]value
	// span is the whole `key = value`; zero for a build argument.
	span cargo.Span
}

// newValue makes a value of a setting of a file.
func newValue(name string, s *cargo.Setting) value {
	v := value{name: name, kind: s.Kind, text: s.Text, keys: s.Keys, span: s.Span}
	for _, item := range s.Items {
		v.items = append(v.items, newValue(name, item))
	}
	if s.Kind == kindTable {
		v.fields = make(map[string]value, len(s.Fields))
		for key, field := range s.Fields {
			v.fields[key] = newValue(name+"."+key, field)
		}
	}
	return v
}

// newArgument makes a value of a build argument. What begins with a bracket is
// TOML where the option is a list or a table.
func newArgument(name, text string, k *key) (value, error) {
	v := value{name: name, argument: true, kind: kindArgument, text: text}
	structured := strings.HasPrefix(k.doc.Type, "array") || strings.HasPrefix(k.doc.Type, "table")
	if !structured || !strings.HasPrefix(text, "[") && !strings.HasPrefix(text, "{") {
		return v, nil
	}
	const field = "value"
	root, err := cargo.ParseSetting("", []byte(field+" = "+text))
	if err != nil || len(root.Keys) != 1 {
		return v, v.fault(fmt.Sprintf("`%s` is not a TOML value", clip(text)),
			"what begins with `[` or `{` is read as TOML, for example [\"a\", \"b\"] or {A = \"b\"}")
	}
	return asArgument(newValue(name, root.Fields[field])), nil
}

// asArgument takes the places out of a value that was no file.
func asArgument(v value) value {
	v.argument, v.span = true, cargo.Span{}
	for i := range v.items {
		v.items[i] = asArgument(v.items[i])
	}
	for key, field := range v.fields {
		v.fields[key] = asArgument(field)
	}
	return v
}

// fault is an error about the value as a whole.
func (v value) fault(message, fix string) *cargo.Error {
	return v.faultAt(v.span, message, fix)
}

// faultAt is an error about a part of the value.
func (v value) faultAt(span cargo.Span, message, fix string) *cargo.Error {
	what := "key"
	if v.argument {
		what = "build argument"
	}
	return &cargo.Error{Span: span, Message: fmt.Sprintf("%s `%s`: %s", what, clip(v.name), message), Fix: fix}
}

// typeFault says that a value has another type than the key's.
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

// integer returns a value that is a whole number from low to high.
func (v value) integer(low, high int) (int, error) {
	if v.kind != kindArgument && v.kind != kindInteger {
		return 0, v.typeFault("an integer", fmt.Sprintf("%s = %d", lastPart(v.name), low))
	}
	n, err := strconv.ParseInt(v.text, 0, 64)
	if err != nil || n < int64(low) || n > int64(high) {
		return 0, v.fault(fmt.Sprintf("`%s` is not a whole number from %d to %d", clip(v.text), low, high), fmt.Sprintf("for example %d", low))
	}
	return int(n), nil
}

// words returns the parts of a list of names. A build argument, and a string
// where that is allowed, is split at commas and spaces as cargo splits
// --features; the elements of an array are not.
func (v value) words(allowString bool) ([]value, error) {
	switch {
	case v.kind == kindArgument, v.kind == kindString && allowString:
		var items []value
		for _, word := range strings.FieldsFunc(v.text, isSeparator) {
			items = append(items, value{name: v.name, argument: v.argument, kind: kindString, text: word, span: v.span})
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

// command returns the program and arguments of a command. A build argument
// that is not TOML is split at spaces, which quotes would not survive.
func (v value) command() ([]string, error) {
	if v.kind == kindArgument {
		if strings.ContainsAny(v.text, `"'\`) {
			return nil, v.fault("a command with quotes is ambiguous", `give it as TOML: ["program", "argument"]`)
		}
		return checkCommand(v, strings.Fields(v.text))
	}
	words, err := v.words(false)
	if err != nil {
		return nil, err
	}
	command := make([]string, 0, len(words))
	for _, word := range words {
		command = append(command, word.text)
	}
	return checkCommand(v, command)
}

func checkCommand(v value, command []string) ([]string, error) {
	for i, word := range command {
		if strings.ContainsRune(word, 0) {
			return nil, v.fault("the command contains a NUL", "remove it")
		}
		if i == 0 && strings.TrimSpace(word) == "" {
			return nil, v.fault("the program's name is empty", `write it as: ["program", "argument"]`)
		}
	}
	return command, nil
}

// entry is a key of a table with its value as text.
type entry struct {
	name, text string
	span       cargo.Span
}

// entries returns the keys of a table of texts in the order they are written.
// A build argument that is not TOML is one NAME=VALUE.
func (v value) entries() ([]entry, error) {
	switch v.kind {
	case kindArgument:
		name, text, ok := strings.Cut(v.text, "=")
		if !ok {
			return nil, v.fault(fmt.Sprintf("`%s` has no `=`", clip(v.text)), `give NAME=VALUE, or a table as TOML: {NAME = "value"}`)
		}
		return []entry{{name: name, text: text}}, nil
	case kindTable:
	default:
		return nil, v.typeFault("a table", "["+v.name+`] and below it NAME = "value"`)
	}
	var list []entry
	for _, key := range v.keys {
		field := v.fields[key]
		switch field.kind {
		case kindString, kindInteger, kindBool:
			list = append(list, entry{key, field.text, field.span})
		default:
			return nil, v.faultAt(field.span, fmt.Sprintf("expected a string for `%s`, found %s", clip(key), field.kind),
				"put the key in quotes when it contains a dot: \"a.b\" = \"value\"")
		}
	}
	return list, nil
}

// records returns the tables of an array of tables, whose keys must be among
// the fields.
func (v value) records(fields []KeyDoc) ([]value, error) {
	if v.kind != kindArray {
		return nil, v.typeFault("an array of tables", "[["+v.name+"]]")
	}
	for _, item := range v.items {
		if item.kind != kindTable {
			return nil, v.faultAt(item.span, fmt.Sprintf("expected tables in the array, found %s", item.kind), "write each as: [["+v.name+"]]")
		}
		if err := v.checkRecord(item, fields); err != nil {
			return nil, err
		}
	}
	return v.items, nil
}

// checkRecord checks that the keys of a table are among the fields, and that
// those are there which must be.
func (v value) checkRecord(item value, fields []KeyDoc) error {
	var known []string
	for _, f := range fields {
		known = append(known, f.Name)
	}
	for _, key := range item.keys {
		if err := v.checkField(item.fields[key], key, known); err != nil {
			return err
		}
	}
	for _, f := range fields {
		if _, ok := item.fields[f.Name]; !ok && f.Default == required {
			return v.faultAt(item.span, fmt.Sprintf("`%s` is missing", f.Name), fmt.Sprintf(`add: %s = "…"`, f.Name))
		}
	}
	return nil
}

func (v value) checkField(field value, key string, known []string) error {
	for _, name := range known {
		if name == key {
			return nil
		}
	}
	fix := "known keys: " + strings.Join(known, ", ")
	if match, ok := suggest.Search(clip(key), known, true); ok {
		fix = fmt.Sprintf("did you mean `%s`? %s", match, fix)
	}
	return v.faultAt(field.span, fmt.Sprintf("unknown key `%s`", clip(key)), fix)
}

// isSeparator reports whether a list is split at the character. Line ends are
// not separators, so that they reach the check of names and are refused.
func isSeparator(r rune) bool { return r == ',' || r == ' ' || r == '\t' }

// lastPart is the key without the tables it is in.
func lastPart(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }
