package report

import (
	"reflect"
	"slices"
	"testing"
)

// chain is app -> mid -> leaf, with another leaf and a procedural macro.
func chain() []Unit {
	app := unit("app 0.1.0 target", "mid 1.0.0 target", "other 1.0.0 target", "derive 1.0.0 host")
	app.Kind = KindBinary
	return []Unit{
		app,
		unit("mid 1.0.0 target", "leaf 1.0.0 target"),
		unit("leaf 1.0.0 target"),
		unit("other 1.0.0 target"),
		unit("derive 1.0.0 host", "leaf 1.0.0 host"),
		unit("leaf 1.0.0 host"),
	}
}

// edit changes one unit of a list.
func edit(units []Unit, id string, change func(*Unit)) []Unit {
	i := slices.IndexFunc(units, func(u Unit) bool { return u.ID == id })
	change(&units[i])
	return units
}

// bump gives a unit another version, and with it another ID, source and vertex.
func bump(units []Unit, id, newID string) []Unit {
	fresh := unit(newID)
	edit(units, id, func(u *Unit) {
		u.ID, u.Version, u.Vertex = fresh.ID, fresh.Version, fresh.Vertex
		u.Inputs[InputSource] = fresh.Inputs[InputSource]
	})
	for _, u := range units {
		for i, d := range u.Dependencies {
			if d == id {
				u.Dependencies[i] = newID
			}
		}
	}
	return units
}

func every(units []Unit, change func(*Unit)) []Unit {
	for i := range units {
		change(&units[i])
	}
	return units
}

func one(c Cause) []Cause { return []Cause{c} }

func TestCompare(t *testing.T) {
	for _, tc := range []struct {
		name string
		was  []Unit
		is   []Unit
		// compiled are units that no cache held; those whose key changed are
		// compiled anyway.
		compiled []string
		want     map[string][]Cause
	}{
		{name: "nothing", is: chain(), want: map[string][]Cause{}},
		{
			name: "source", is: edit(chain(), "leaf 1.0.0 target", func(u *Unit) { u.Inputs[InputSource] = "edited" }),
			want: map[string][]Cause{
				"leaf 1.0.0 target": one(Cause{Input: InputSource, Was: "checksum of leaf 1.0.0", Is: "edited"}),
				"mid 1.0.0 target":  one(Cause{Input: CauseDependency, Unit: "leaf 1.0.0 target", Is: "source changed"}),
				"app 0.1.0 target":  one(Cause{Input: CauseDependency, Unit: "leaf 1.0.0 target", Is: "source changed"}),
			},
		},
		{
			name: "version", is: bump(chain(), "leaf 1.0.0 target", "leaf 1.0.1 target"),
			want: map[string][]Cause{
				"leaf 1.0.1 target": one(Cause{Input: CauseVersion, Was: "1.0.0", Is: "1.0.1"}),
				"mid 1.0.0 target":  one(Cause{Input: CauseDependency, Unit: "leaf 1.0.1 target", Was: "1.0.0", Is: "1.0.1"}),
				"app 0.1.0 target":  one(Cause{Input: CauseDependency, Unit: "leaf 1.0.1 target", Was: "1.0.0", Is: "1.0.1"}),
			},
		},
		{
			name: "version of both sides", is: bump(bump(chain(), "leaf 1.0.0 target", "leaf 1.0.1 target"), "leaf 1.0.0 host", "leaf 1.0.1 host"),
			want: map[string][]Cause{
				"leaf 1.0.1 target": one(Cause{Input: CauseVersion, Was: "1.0.0", Is: "1.0.1"}),
				"leaf 1.0.1 host":   one(Cause{Input: CauseVersion, Was: "1.0.0", Is: "1.0.1"}),
				"mid 1.0.0 target":  one(Cause{Input: CauseDependency, Unit: "leaf 1.0.1 target", Was: "1.0.0", Is: "1.0.1"}),
				"derive 1.0.0 host": one(Cause{Input: CauseDependency, Unit: "leaf 1.0.1 host", Was: "1.0.0", Is: "1.0.1"}),
				"app 0.1.0 target": {
					{Input: CauseDependency, Unit: "leaf 1.0.1 host", Was: "1.0.0", Is: "1.0.1"},
					{Input: CauseDependency, Unit: "leaf 1.0.1 target", Was: "1.0.0", Is: "1.0.1"},
				},
			},
		},
		{
			name: "features", is: edit(chain(), "other 1.0.0 target", func(u *Unit) {
				u.Features, u.Inputs[InputFeatures] = []string{"std", "tls"}, "digest of the list"
			}),
			want: map[string][]Cause{
				"other 1.0.0 target": one(Cause{Input: InputFeatures, Is: "std,tls"}),
				"app 0.1.0 target":   one(Cause{Input: CauseDependency, Unit: "other 1.0.0 target", Is: "features changed"}),
			},
		},
		{
			name: "a feature brings a dependency", is: append(edit(chain(), "other 1.0.0 target", func(u *Unit) {
				u.Features, u.Dependencies = []string{"tls"}, []string{"rustls 0.23.1 target"}
			}), unit("rustls 0.23.1 target")),
			want: map[string][]Cause{
				"rustls 0.23.1 target": one(Cause{Input: CauseNew}),
				"other 1.0.0 target":   one(Cause{Input: InputFeatures, Is: "tls"}),
				"app 0.1.0 target":     one(Cause{Input: CauseDependency, Unit: "other 1.0.0 target", Is: "features changed"}),
			},
		},
		{
			name: "dependency added", is: edit(chain(), "other 1.0.0 target", func(u *Unit) { u.Dependencies = []string{"leaf 1.0.0 target"} }),
			want: map[string][]Cause{
				"other 1.0.0 target": one(Cause{Input: CauseDependency, Unit: "leaf 1.0.0 target", Is: "added"}),
				"app 0.1.0 target":   one(Cause{Input: CauseDependency, Unit: "leaf 1.0.0 target", Is: "added"}),
			},
		},
		{
			name: "dependency removed", is: edit(chain(), "mid 1.0.0 target", func(u *Unit) { u.Dependencies = nil }),
			want: map[string][]Cause{
				"mid 1.0.0 target": one(Cause{Input: CauseDependency, Unit: "leaf 1.0.0 target", Is: "removed"}),
				"app 0.1.0 target": one(Cause{Input: CauseDependency, Unit: "leaf 1.0.0 target", Is: "removed"}),
			},
		},
		{
			name: "toolchain", is: every(chain()[2:4], func(u *Unit) { u.Inputs[InputToolchain] = "rust:1.96" }),
			want: map[string][]Cause{
				"leaf 1.0.0 target":  one(Cause{Input: InputToolchain, Was: "rust:1.95", Is: "rust:1.96"}),
				"other 1.0.0 target": one(Cause{Input: InputToolchain, Was: "rust:1.95", Is: "rust:1.96"}),
			},
		},
		{
			name: "profile and config", is: edit(chain()[2:4], "leaf 1.0.0 target", func(u *Unit) {
				u.Inputs[InputProfile], u.Inputs[InputConfig], u.Inputs["linker"] = "dev", "abc", "mold"
			}),
			want: map[string][]Cause{"leaf 1.0.0 target": {
				{Input: InputProfile, Was: "release", Is: "dev"}, {Input: InputConfig, Is: "abc"}, {Input: "linker", Is: "mold"},
			}},
		},
		{
			name: "cache", is: chain(), compiled: []string{"leaf 1.0.0 target"},
			want: map[string][]Cause{"leaf 1.0.0 target": one(Cause{Input: CauseCache})},
		},
		{
			name: "host and target split", was: edit(chain(), "derive 1.0.0 host", func(u *Unit) { u.Dependencies = nil })[:5], is: chain(),
			want: map[string][]Cause{
				"leaf 1.0.0 host":   one(Cause{Input: CauseNew}),
				"derive 1.0.0 host": one(Cause{Input: CauseDependency, Unit: "leaf 1.0.0 host", Is: "new"}),
				"app 0.1.0 target":  one(Cause{Input: CauseDependency, Unit: "leaf 1.0.0 host", Is: "new"}),
			},
		},
		{
			name: "the nearer of two versions",
			was:  []Unit{unit("syn 1.0.9 host"), unit("syn 2.0.1 host")}, is: []Unit{unit("syn 1.0.9 host"), unit("syn 2.0.2 host")},
			want: map[string][]Cause{"syn 2.0.2 host": one(Cause{Input: CauseVersion, Was: "2.0.1", Is: "2.0.2"})},
		},
		{
			name: "both of two versions",
			was:  []Unit{unit("syn 1.0.9 host"), unit("syn 0.4.1 host")}, is: []Unit{unit("syn 0.4.2 host"), unit("syn 1.1.0 host")},
			want: map[string][]Cause{
				"syn 0.4.2 host": one(Cause{Input: CauseVersion, Was: "0.4.1", Is: "0.4.2"}),
				"syn 1.1.0 host": one(Cause{Input: CauseVersion, Was: "1.0.9", Is: "1.1.0"}),
			},
		},
		{
			name: "a binary is not the library of its name",
			was:  []Unit{unit("app 0.1.0 lib")}, is: []Unit{edit([]Unit{unit("app 0.1.0 bin")}, "app 0.1.0 bin", func(u *Unit) { u.Kind = KindBinary })[0]},
			want: map[string][]Cause{"app 0.1.0 bin": one(Cause{Input: CauseNew})},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.was == nil {
				tc.was = chain()
			}
			previous, current := seal(tc.was...), seal(tc.is...)
			keys := map[string]bool{}
			for _, u := range previous.Units {
				keys[u.Key] = true
			}
			for i := range current.Units {
				u := &current.Units[i]
				if !keys[u.Key] || slices.Contains(tc.compiled, u.ID) {
					u.Status = StatusCompiled
				}
				u.Why = one(Cause{Input: "stale"})
			}
			Compare(previous, current)
			got := map[string][]Cause{}
			for _, u := range current.Units {
				if u.Why != nil {
					got[u.ID] = u.Why
				}
			}
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got  %+v\nwant %+v", got, tc.want)
			}
		})
	}
}

// TestCompareManyRoots: a few are listed, the others counted.
func TestCompareManyRoots(t *testing.T) {
	ids := []string{"a 1.0.0 target", "b 1.0.0 target", "c 1.0.0 target", "d 1.0.0 target", "e 1.0.0 target"}
	for n, want := range map[int][]string{3: ids[:3], 4: ids[:4], 5: append(slices.Clone(ids[:3]), "")} {
		units := func() []Unit {
			list := []Unit{unit("top 1.0.0 target", ids[:n]...)}
			for _, id := range ids[:n] {
				list = append(list, unit(id))
			}
			return list
		}
		previous := seal(units()...)
		current := seal(every(units(), func(u *Unit) {
			if u.Name != "top" {
				u.Inputs[InputSource] = "edited"
			}
		})...)
		top := byID(current.Units)["top 1.0.0 target"]
		top.Status = StatusCompiled
		Compare(previous, current)
		var got []string
		for _, c := range top.Why {
			got = append(got, c.Unit)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d roots: %q, want %q", n, got, want)
		}
		if last := top.Why[len(top.Why)-1]; n == 5 && last.Is != "2 more" {
			t.Errorf("the last of 5 roots is %+v", last)
		}
	}
}

// TestCompareGroups: an unchanged unit is compiled with a changed one of its
// vertex.
func TestCompareGroups(t *testing.T) {
	units := func() []Unit {
		return every([]Unit{unit("a 1.0.0 target"), unit("b 1.0.0 target"), unit("c 1.0.0 target")}, func(u *Unit) {
			if u.Name != "c" {
				u.Vertex = "[group] a and 1 more"
			}
			u.Status = StatusCompiled
		})
	}
	previous, current := seal(units()...), seal(bump(units(), "a 1.0.0 target", "a 1.1.0 target")...)
	for i := range current.Units {
		if current.Units[i].Name == "a" {
			current.Units[i].Vertex = "[group] a and 1 more"
		}
	}
	current.Granularity = GranularityGroup
	Compare(previous, current)
	got := byID(current.Units)
	if want := one(Cause{Input: CauseGroup, Unit: "a 1.1.0 target", Was: "1.0.0", Is: "1.1.0"}); !reflect.DeepEqual(got["b 1.0.0 target"].Why, want) {
		t.Errorf("in the group: %+v, want %+v", got["b 1.0.0 target"].Why, want)
	}
	if want := one(Cause{Input: CauseCache}); !reflect.DeepEqual(got["c 1.0.0 target"].Why, want) {
		t.Errorf("beside the group: %+v, want %+v", got["c 1.0.0 target"].Why, want)
	}
}

// TestCompareKey: a key may cover more than the inputs that are listed.
func TestCompareKey(t *testing.T) {
	previous, current := seal(chain()...), seal(chain()...)
	u := byID(current.Units)["leaf 1.0.0 target"]
	u.Key, u.Status = "another", StatusCompiled
	Compare(previous, current)
	if len(u.Why) != 1 || u.Why[0].Input != CauseKey || u.Why[0].Is != "another" {
		t.Errorf("got %+v", u.Why)
	}
	Compare(nil, current)
	if len(u.Why) != 1 {
		t.Errorf("without a previous report: %+v", u.Why)
	}
}

// TestCompareLarge: all reasons lead to the one crate that was bumped.
func TestCompareLarge(t *testing.T) {
	previous, current := large(400)
	Compare(previous, current)
	bumped := hostile + " 1.0.0 target"
	above := dependents(current, bumped)
	for _, u := range current.Units {
		if (u.Status == StatusCompiled) != above[u.ID] {
			t.Errorf("%s is %s", u.ID, u.Status)
		}
		want := one(Cause{Input: CauseDependency, Unit: bumped, Was: "0.9.0", Is: "1.0.0"})
		switch {
		case u.ID == bumped:
			want = one(Cause{Input: CauseVersion, Was: "0.9.0", Is: "1.0.0"})
		case u.Status == StatusReused:
			want = nil
		}
		if !reflect.DeepEqual(u.Why, want) {
			t.Errorf("%s: %+v", u.ID, u.Why)
		}
	}
}
