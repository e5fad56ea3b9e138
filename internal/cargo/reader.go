package cargo

// reader converts values to Go types. The first fault wins and later reads
// return zero values, so a caller reads all its fields and checks err once. A
// nil value is an absent key and reads as zero.
type reader struct {
	err error
}

func (r *reader) fail(err error) {
	if r.err == nil && err != nil {
		r.err = err
	}
}

func (r *reader) expect(v *value, kind valueKind, expected string) bool {
	if v == nil {
		return false
	}
	if v.kind != kind {
		r.fail(v.fault("invalid type: %s, expected %s", v.describe(), expected))
		return false
	}
	return true
}

func (r *reader) str(v *value) string {
	if r.expect(v, stringValue, "a string") {
		return v.text
	}
	return ""
}

func (r *reader) boolean(v *value, absent bool) bool {
	if r.expect(v, booleanValue, "a boolean") {
		return v.text == "true"
	}
	return absent
}

func (r *reader) strs(v *value) []string {
	if !r.expect(v, arrayValue, "a sequence") {
		return nil
	}
	list := make([]string, 0, len(v.items))
	for _, item := range v.items {
		list = append(list, r.str(item))
	}
	return list
}

// strOrStrs reads a string or an array of strings.
func (r *reader) strOrStrs(v *value) []string {
	if v != nil && v.kind == stringValue {
		return []string{v.text}
	}
	if v != nil && v.kind != arrayValue {
		r.expect(v, arrayValue, "string or list of strings")
		return nil
	}
	return r.strs(v)
}

// table returns v when it is a table, else nil.
func (r *reader) table(v *value) *value {
	if r.expect(v, tableValue, "a table") {
		return v
	}
	return nil
}

// tables reads an array of tables.
func (r *reader) tables(v *value) []*value {
	if !r.expect(v, arrayValue, "a sequence") {
		return nil
	}
	for _, item := range v.items {
		if r.table(item) == nil {
			return nil
		}
	}
	return v.items
}
