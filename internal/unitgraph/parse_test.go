package unitgraph

import (
	"strings"
	"testing"
)

// minimal is a unit graph of one program, and its metadata.
const (
	minimal = `{"version":1,"units":[{"pkg_id":"app","target":{"kind":["bin"],"crate_types":["bin"],"name":"app"},` +
		`"profile":{"lto":"false"},"platform":null,"mode":"build","features":[],"dependencies":[]}],"roots":[0]}`
	minimalPackages = `{"packages":[{"id":"app","name":"app","version":"1.0.0","source":null}],"resolve":{"nodes":[{"id":"app","deps":[]}]}}`
)

func TestNewErrors(t *testing.T) {
	tests := []struct {
		name, units, packages, want string
	}{
		{"empty", "", minimalPackages, "cargo's unit graph is not valid JSON: unexpected end of JSON input"},
		{"text", "error: no such flag", minimalPackages, "cargo's unit graph is not valid JSON"},
		{"more than one value", minimal + "{}", minimalPackages, "cargo's unit graph is not valid JSON"},
		{"another shape", `[1]`, minimalPackages, "cargo's unit graph is not valid JSON"},
		{"no version", `{}`, minimalPackages, "cargo's unit graph has version 0, and only 1 is known"},
		{"version", strings.Replace(minimal, `"version":1`, `"version":2`, 1), minimalPackages, "version 2, and only 1 is known"},
		{"version text", strings.Replace(minimal, `"version":1`, `"version":"1"`, 1), minimalPackages, "not valid JSON"},
		{"mode", strings.Replace(minimal, `"build"`, `"test"`, 1), minimalPackages, `a unit of mode "test"`},
		{"mode of another shape", strings.Replace(minimal, `"build"`, `{"check":{"test":true}}`, 1), minimalPackages, "not valid JSON"},
		{"no mode", strings.Replace(minimal, `"mode":"build",`, "", 1), minimalPackages, `a unit of mode ""`},
		{"std", strings.Replace(minimal, `"features":[]`, `"features":[],"is_std":true`, 1), minimalPackages, "the standard library is built from source"},
		{"dependency index", strings.Replace(minimal, `"dependencies":[]`, `"dependencies":[{"index":1}]`, 1), minimalPackages,
			"cargo's unit graph has no unit 1, which unit 0 depends on"},
		{"negative dependency", strings.Replace(minimal, `"dependencies":[]`, `"dependencies":[{"index":-1}]`, 1), minimalPackages,
			"cargo's unit graph has no unit -1, which unit 0 depends on"},
		{"root index", strings.Replace(minimal, `"roots":[0]`, `"roots":[1]`, 1), minimalPackages, "no unit 1, which is a root"},
		{"negative root", strings.Replace(minimal, `"roots":[0]`, `"roots":[-1]`, 1), minimalPackages, "no unit -1, which is a root"},
		{"huge index", strings.Replace(minimal, `"roots":[0]`, `"roots":[99999999999999999999]`, 1), minimalPackages, "not valid JSON"},
		{"metadata", minimal, "error: manifest", "cargo's metadata is not valid JSON"},
		{"unknown package", minimal, `{}`, "cargo's metadata has no package app"},
		{"not resolved", minimal, strings.Replace(minimalPackages, `{"nodes":[{"id":"app","deps":[]}]}`, "null", 1),
			"cargo's metadata has not resolved package app"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g, err := New([]byte(test.units), []byte(test.packages))
			if err == nil || !strings.Contains(err.Error(), test.want) || g != nil {
				t.Errorf("got %v, %v, want %q", g, err, test.want)
			}
		})
	}
}

func TestNewMinimal(t *testing.T) {
	g, err := New([]byte(minimal), []byte(minimalPackages))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := describe(g), "(app-1.0.0 local host bin), 1 units\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	empty, err := New([]byte(`{"version":1,"units":[],"roots":[]}`), []byte(`{}`))
	if err != nil || len(empty.Nodes) != 0 {
		t.Errorf("got %v, %v for no units", empty, err)
	}
}
