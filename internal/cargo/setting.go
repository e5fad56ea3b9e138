package cargo

import "errors"

// SettingKind is the type of a TOML value.
type SettingKind string

// The types of TOML values, in the words of messages.
const (
	StringSetting  SettingKind = "a string"
	IntegerSetting SettingKind = "an integer"
	FloatSetting   SettingKind = "a float"
	BooleanSetting SettingKind = "a boolean"
	DateSetting    SettingKind = "a date or time"
	ArraySetting   SettingKind = "an array"
	TableSetting   SettingKind = "a table"
)

var settingKinds = map[valueKind]SettingKind{
	stringValue: StringSetting, integerValue: IntegerSetting, floatValue: FloatSetting, booleanValue: BooleanSetting,
	datetimeValue: DateSetting, arrayValue: ArraySetting, tableValue: TableSetting,
}

// Setting is a value of a TOML file that knows where it is written. It is for
// the tables that cargo leaves to other tools.
type Setting struct {
	Kind SettingKind
	// Text is a scalar, decoded; "" for arrays and tables.
	Text string
	// Items are the elements of an array.
	Items []*Setting
	// Keys are the keys of a table in the order they are written, and Fields
	// their values.
	Keys   []string
	Fields map[string]*Setting
	// Span is the key with its value, the header of a table, or an element of
	// an array.
	Span Span
}

// ParseSetting reads a TOML file as one table. Its errors are *[Error].
func ParseSetting(file string, data []byte) (*Setting, error) {
	doc, err := parseTOML(file, "invalid TOML", data)
	if err != nil {
		var fault *Error
		if errors.As(err, &fault) && fault.Fix == "" && file != "" {
			fault.Fix = "a " + file + " is TOML; an empty one is enough"
		}
		return nil, err
	}
	return newSetting(doc.root), nil
}

// newSetting copies a value, nil for nil.
func newSetting(v *value) *Setting {
	if v == nil {
		return nil
	}
	s := &Setting{Kind: settingKinds[v.kind], Text: v.text, Keys: v.keys, Span: v.span()}
	for _, item := range v.items {
		s.Items = append(s.Items, newSetting(item))
	}
	if v.kind == tableValue {
		s.Fields = make(map[string]*Setting, len(v.fields))
		for key, field := range v.fields {
			s.Fields[key] = newSetting(field)
		}
	}
	return s
}
