package options

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"github.com/rustfile/rustfile/internal/golden"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestSchemaIsUpToDate compares the schema that editors load with the table of
// keys.
func TestSchemaIsUpToDate(t *testing.T) {
	got, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, filepath.Join("..", "..", "docs", "rustfile.schema.json"), got)
}

// TestSchemaAgrees: what the schema accepts and refuses, the parser does, too,
// as far as types and names go.
func TestSchemaAgrees(t *testing.T) {
	data, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("rustfile.json", document); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("rustfile.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		file string
		ok   bool
	}{
		{"", true}, {everyImageKey, true}, {"[variants.a]\nbins = ['a']\n[variants.a.healthcheck]\ntest = 'x'", true}, {"features = 'a b'", true},
		{"features = ['a']", true}, {"ports = 80", true}, {"healthcheck.test = ['a']", true}, {"user = 5", true}, {"granularity = 'unit'", true},
		{"images.builder = 'rust'", true}, {"env = {A = 1, B = true, C = 'x'}", true}, {"locked = true", true}, {"locked = false", true}, {"stop-signal = 15", true},
		{everyStep, true}, {"test = [{command = ['a'], exit = 0}]", true}, {"test = [{files = {'/a' = {modes = '1'}}}]", false}, {"run = [{command = 'a'}]", false},
		{"run = [{in = 'x', command = 'a'}]", false}, {"test = [{command = 'a', exit = -1}]", false}, {"test = [{files = {'/a' = 1}}]", false},
		{"featrues = []", false}, {"bins = 'a'", false}, {"bins = [1]", false}, {"all-features = 'yes'", false}, {"granularity = 'fine'", false},
		{"images.build = 'x'", false}, {"images = 'x'", false}, {"env = {A = [1]}", false}, {"copy = [{source = 'a'}]", false}, {"offline = false", false},
		{"copy = [{source = 'a', destination = '/b', dest = 'c'}]", false}, {"variants.a.variants = {}", false}, {"variants.a.manifest-path = 'Cargo.toml'", false},
		{"variants.a.profiel = 'dev'", false}, {"healthcheck.retries = 0", false}, {"healthcheck.retries = '3'", false}, {"ports = ['80', true]", false},
		{"debug = 'all'", false}, {"SOURCE_DATE_EPOCH = 1", false}, {"secrets = [{env = 'A'}]", false},
	} {
		var value map[string]any
		if err := toml.Unmarshal([]byte(tc.file), &value); err != nil {
			t.Fatal(err)
		}
		if value == nil {
			value = map[string]any{}
		}
		if err := s.Validate(value); (err == nil) != tc.ok {
			t.Errorf("the schema says of %q: %v", tc.file, err)
		}
		if _, err := Parse("Rustfile", []byte(tc.file), nil); (err == nil) != tc.ok {
			t.Errorf("the parser says of %q: %v", tc.file, err)
		}
	}
}
