package unitgraph

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestActivate(t *testing.T) {
	features := map[string][]string{
		"default":  {"std"},
		"std":      {},
		"named":    {"dep:a"},
		"implicit": {"dep:implicit"},
		"strong":   {"b/x", "b/y"},
		"weak":     {"c?/x"},
		"mixed":    {"dep:d", "d?/x", "std", "e-f/g-h"},
		"more":     {"b/z"},
	}
	tests := []struct {
		name     string
		features string
		optional string
		asked    map[string][]string
	}{
		{"none", "", "", nil},
		{"plain", "default std", "", nil},
		{"unknown", "missing", "", nil},
		{"dep:", "named", "a", nil},
		{"implicit", "implicit", "implicit", nil},
		{"a/b", "strong", "b", map[string][]string{"b": {"x", "y"}}},
		{"a?/b", "weak", "c", map[string][]string{"c": {"x"}}},
		{"several values", "mixed std", "d e-f", map[string][]string{"d": {"x"}, "e-f": {"g-h"}}},
		{"two features", "more strong", "b", map[string][]string{"b": {"x", "y", "z"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := activate(&resolved{features: features}, strings.Fields(test.features))
			if got := strings.Join(slices.Sorted(maps.Keys(a.optional)), " "); got != test.optional {
				t.Errorf("optional dependencies %q, want %q", got, test.optional)
			}
			for key := range a.features {
				slices.Sort(a.features[key])
			}
			if len(a.features)+len(test.asked) > 0 && !reflect.DeepEqual(a.features, test.asked) {
				t.Errorf("features %v, want %v", a.features, test.asked)
			}
		})
	}
}

// needs is a normal dependency on a crate.
func needs(name, requirement string) dependency {
	return dependency{Name: name, Source: cratesIO, Requirement: requirement}
}

// with changes a dependency.
func (d dependency) with(change func(*dependency)) dependency {
	change(&d)
	return d
}

func optional(d *dependency)   { d.Optional = true }
func forWindows(d *dependency) { d.Target = "cfg(windows)" }

func TestPlaceholders(t *testing.T) {
	// The package a is compiled with feature f and with b 1.4.0; cargo knows
	// more packages.
	always := tableName{}
	windows := tableName{Target: "cfg(windows)"}
	tests := []struct {
		name     string
		declared []dependency
		choices  []choice
		want     []string
	}{
		{"compiled", []dependency{needs("b", "^1.2")}, []choice{{"b", "b#1", []tableName{always}}}, nil},
		{"other platform", []dependency{needs("w", "^0.3.9").with(forWindows)}, []choice{{"w", "w", []tableName{windows}}}, []string{"w 0.3.9 []"}},
		{"other platform, compiled all the same", []dependency{needs("b", "^1").with(forWindows)}, []choice{{"b", "b#1", []tableName{windows}}}, nil},
		{"not chosen", []dependency{needs("x", ">=1.2, <3")}, nil, []string{"x 1.2.0 []"}},
		{"development", []dependency{needs("x", "1").with(func(d *dependency) { d.Kind = "dev" })}, nil, nil},
		{"build", []dependency{needs("x", "~1.4").with(func(d *dependency) { d.Kind = "build" })}, nil, []string{"x 1.4.0 []"}},
		{"optional, off", []dependency{needs("off", "1").with(optional)}, nil, nil},
		{"optional, on", []dependency{needs("on", "1").with(optional).with(forWindows)}, nil, []string{"on 1.0.0 [fast]"}},
		{"optional, on by another name", []dependency{needs("x", "1").with(optional).with(func(d *dependency) { d.Rename = "on" })}, nil, []string{"x 1.0.0 [fast]"}},
		{"optional, another name is on", []dependency{needs("on", "1").with(optional).with(func(d *dependency) { d.Rename = "off" })}, nil, nil},
		{"features", []dependency{needs("on", "1").with(func(d *dependency) { d.Features = []string{"z", "fast", "a"} })}, nil, []string{"on 1.0.0 [a fast z]"}},
		{"tables of two targets", []dependency{
			needs("w", "0.3").with(forWindows).with(func(d *dependency) { d.Features = []string{"y"} }),
			needs("w", "0.3").with(func(d *dependency) { d.Target, d.Features = "cfg(gnu)", []string{"x", "y"} }),
			needs("w", "0.3.1").with(func(d *dependency) { d.Target = "cfg(msvc)" }),
		}, nil, []string{"w 0.3.0 [x y]", "w 0.3.1 []"}},
		{"sorted", []dependency{needs("z", "1"), needs("x", "2"), needs("x", "1")}, nil, []string{"x 1.0.0 []", "x 2.0.0 []", "z 1.0.0 []"}},
		{"two versions, the lower compiled", []dependency{
			needs("b", "^1"), needs("b", "^2").with(forWindows).with(func(d *dependency) { d.Rename = "b-new" }),
		}, []choice{{"b", "b#1", []tableName{always}}, {"b_new", "b#2", []tableName{windows}}}, []string{"b 2.0.0 []"}},
		{"two versions for one requirement", []dependency{
			needs("b", "^1"), needs("b", ">=1").with(func(d *dependency) { d.Rename = "b-new" }),
		}, []choice{{"b", "b#1", []tableName{always}}, {"b_new", "b#2", []tableName{always}}}, []string{"b 1.0.0 []"}},
		{"one requirement in two tables", []dependency{
			needs("b", ">=1"), needs("b", ">=1").with(forWindows),
		}, []choice{{"b", "b#1", []tableName{always}}, {"b", "b#2", []tableName{windows}}}, []string{"b 1.0.0 []"}},
		{"pre-release without a version", []dependency{needs("pre", "*")}, []choice{{"pre", "pre", []tableName{always}}}, nil},
		{"pre-release", []dependency{needs("w", "=0.3.9-rc.1")}, nil, []string{"w 0.3.9-rc.1 []"}},
		{"without its package", []dependency{needs("x", "1")}, []choice{{"x", "missing", []tableName{always}}}, []string{"x 1.0.0 []"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := synthetic(t, "false", "app bin a", "a lib b#1 pre", "b#1 lib", "pre lib")
			g.Units[1].Features = []string{"f"}
			m := &metadata{}
			m.add(metadataPackage{ID: "app", Name: "app", Version: "0.1.0", Dependencies: []dependency{needs("local", "1")}})
			m.add(metadataPackage{ID: "a", Name: "a", Version: "1.0.0", Source: cratesIO, Dependencies: test.declared,
				Features: map[string][]string{"f": {"dep:on", "on?/fast"}, "g": {"dep:off"}}}, test.choices...)
			m.add(metadataPackage{ID: "b#1", Name: "b", Version: "1.4.0", Source: cratesIO})
			m.add(metadataPackage{ID: "b#2", Name: "b", Version: "2.1.0", Source: cratesIO})
			m.add(metadataPackage{ID: "w", Name: "w", Version: "0.3.9", Source: cratesIO})
			m.add(metadataPackage{ID: "pre", Name: "pre", Version: "1.0.0-dev", Source: cratesIO})
			var got []string
			for _, n := range graphOf(t, g, m).Nodes {
				if n.Name != "a" && len(n.Placeholders) > 0 {
					t.Errorf("%s has placeholders", n.Name)
				}
				for _, p := range n.Placeholders {
					if p.Source != cratesIO {
						t.Errorf("%s has source %q", p.Name, p.Source)
					}
					got = append(got, fmt.Sprintf("%s %s %v", p.Name, p.Version, p.Features))
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestPlaceholderErrors(t *testing.T) {
	g := synthetic(t, "false", "app bin a", "a lib")
	m := packagesOf(g)
	m.Packages[1].Dependencies = []dependency{needs("x", "not a requirement")}
	_, err := New(marshal(t, g), marshal(t, m))
	if err == nil || !strings.HasPrefix(err.Error(), "a 1.0.0 depends on x: ") {
		t.Errorf("got %v", err)
	}
}
