package options

import (
	"encoding/json"
	"fmt"
	"strings"
)

// SchemaURL is where editors find the schema.
const SchemaURL = "https://raw.githubusercontent.com/rustfile/rustfile/main/docs/rustfile.schema.json"

// schema is a JSON schema, as far as one is needed here.
// https://json-schema.org/draft-07/json-schema-release-notes
type schema struct {
	Schema      string             `json:"$schema,omitempty"`
	ID          string             `json:"$id,omitempty"`
	Title       string             `json:"title,omitempty"`
	Description string             `json:"description,omitempty"`
	Type        any                `json:"type,omitempty"`
	Enum        []string           `json:"enum,omitempty"`
	Const       any                `json:"const,omitempty"`
	Minimum     *int               `json:"minimum,omitempty"`
	Items       *schema            `json:"items,omitempty"`
	Properties  map[string]*schema `json:"properties,omitempty"`
	// Additional is false, or the schema of all keys that Properties lacks.
	Additional any      `json:"additionalProperties,omitempty"`
	Required   []string `json:"required,omitempty"`
}

// Schema is the JSON schema of a Rustfile, for editors, indented and with a
// newline at its end. The table of a manifest has the same keys but
// manifest-path.
func Schema() ([]byte, error) {
	root, err := tableSchema(func(*key) bool { return true })
	if err != nil {
		return nil, err
	}
	variant, err := tableSchema(func(k *key) bool { return k.name != KeyManifestPath })
	if err != nil {
		return nil, err
	}
	root.Schema, root.ID, root.Title = "http://json-schema.org/draft-07/schema#", SchemaURL, "Rustfile"
	root.Description = "How a Rust project becomes a container image."
	root.Properties[variantsTable] = &schema{
		Type: "object", Description: "Named sets of options, which --target picks.", Additional: variant,
	}
	data, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(data, '\n'), nil
}

// tableSchema describes a table of the options that are wanted.
func tableSchema(want func(*key) bool) (*schema, error) {
	root := newTable()
	for i := range keys {
		k := &keys[i]
		if k.argumentOnly() || !want(k) {
			continue
		}
		s, err := valueSchema(k.doc)
		if err != nil {
			return nil, fmt.Errorf("option %s: %w", k.name, err)
		}
		table, name := root, k.name
		if section, rest, ok := strings.Cut(k.name, "."); ok {
			if root.Properties[section] == nil {
				root.Properties[section] = newTable()
			}
			table, name = root.Properties[section], rest
		}
		table.Properties[name] = s
	}
	return root, nil
}

func newTable() *schema {
	return &schema{Type: "object", Properties: map[string]*schema{}, Additional: false}
}

// valueSchema describes the values that an option takes.
func valueSchema(doc KeyDoc) (*schema, error) {
	s := &schema{Description: describe(doc)}
	text := &schema{Type: "string"}
	switch doc.Type {
	case TypeString:
		s.Type, s.Enum = "string", doc.Values
		if doc.Number {
			s.Type = []string{"string", "integer"}
		}
	case TypeBoolean:
		s.Type = "boolean"
		if doc.Default == "true" && strings.Contains(doc.Description, "only `true`") {
			s.Const = true
		}
	case TypeInteger:
		least := 1
		if doc.Zero {
			least = 0
		}
		s.Type, s.Minimum = "integer", &least
	case TypeStrings:
		s.Type, s.Items = "array", text
	case TypeStringsOrString:
		s.Type, s.Items = []string{"array", "string"}, text
	case TypePorts:
		s.Type, s.Items = []string{"array", "integer"}, &schema{Type: []string{"integer", "string"}}
	case TypeTable:
		s.Type, s.Additional = "object", &schema{Type: []string{"string", "integer", "boolean"}}
	case TypeTables, TypeFields:
		table, err := fieldsSchema(doc.Fields)
		if err != nil {
			return nil, err
		}
		if s.Type, s.Items = "array", table; doc.Type == TypeFields {
			s.Type, s.Items, s.Additional = "object", nil, table
		}
	default:
		return nil, fmt.Errorf("the schema knows no type %q", doc.Type)
	}
	return s, nil
}

// fieldsSchema describes a table with the given keys.
func fieldsSchema(fields []KeyDoc) (*schema, error) {
	table := newTable()
	for _, field := range fields {
		f, err := valueSchema(field)
		if err != nil {
			return nil, err
		}
		table.Properties[field.Name] = f
		if field.Default == required {
			table.Required = append(table.Required, field.Name)
		}
	}
	return table, nil
}

// describe is what an editor shows beside a key.
func describe(doc KeyDoc) string {
	if doc.Default == required {
		return doc.Description
	}
	return doc.Description + " Default: " + doc.Default + "."
}
