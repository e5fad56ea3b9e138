package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// stubOf is the stub of a vertex with all nodes.
func stubOf(t *testing.T, nodes []Node, crates []Crate) *UnitStub {
	t.Helper()
	p := &Plan{
		Triple: "x86_64-unknown-linux-gnu", Members: Members{Args: []string{"build", "--profile", "release"}},
		Sources: Sources{Crates: crates, Registries: []Registry{{URL: CratesIO, Dir: "crates-io"}, {URL: "sparse+https://host.example/", Dir: "other"}}},
		Units:   &Units{Nodes: nodes, Workdir: "."},
	}
	v := Vertex{Name: "v"}
	for i := range nodes {
		v.Nodes = append(v.Nodes, i)
	}
	p.Units.Vertices = []Vertex{v}
	stub, err := p.Stub(0)
	if err != nil {
		t.Fatal(err)
	}
	return stub
}

// TestStubDoesNotCountCrates: two packages of one name and version are told
// apart alike, however many crates the lock file has before them.
func TestStubDoesNotCountCrates(t *testing.T) {
	var want []string
	for before := range 12 {
		var crates []Crate
		for i := range before {
			crates = append(crates, Crate{Name: fmt.Sprintf("a-%02d", i), Version: "1.0.0", Registry: CratesIO})
		}
		crates = append(crates, Crate{Name: "twin", Version: "1.0.0", Registry: CratesIO},
			Crate{Name: "twin", Version: "1.0.0", Registry: "sparse+https://host.example/"})
		got := stubOf(t, []Node{{Name: "twin", Version: "1.0.0", Crate: before}, {Name: "twin", Version: "1.0.0", Crate: before + 1}}, crates).Manifest
		if before == 0 {
			want = got
		}
		if !slices.Equal(got, want) {
			t.Errorf("after %d other crates the manifest is\n%s\nwant\n%s", before, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// TestStubManifest states how nodes are named in the manifest of a stub.
func TestStubManifest(t *testing.T) {
	crates := []Crate{{Name: "one", Version: "1.0.0+meta", Registry: CratesIO}, {Name: "two", Version: "2.0.0-rc.1", Registry: "sparse+https://host.example/"}}
	for _, tc := range []struct {
		name   string
		nodes  []Node
		want   string
		script bool
	}{
		{"build metadata", []Node{{Name: "one", Version: "1.0.0+meta"}}, `p0 = { package = "one", version = "=1.0.0", default-features = false }`, false},
		{"features", []Node{{Name: "one", Version: "1.0.0+meta", Features: []string{"a", "b"}}},
			`p0 = { package = "one", version = "=1.0.0", default-features = false, features = ["a", "b"] }`, false},
		{"registry", []Node{{Name: "two", Version: "2.0.0-rc.1", Crate: 1}},
			`p0 = { package = "two", registry-index = "sparse+https://host.example/", version = "=2.0.0-rc.1", default-features = false }`, false},
		{"both machines", []Node{{Name: "one", Version: "1.0.0+meta"}, {Name: "one", Version: "1.0.0+meta", Host: true, Features: []string{"h"}}},
			`p0 = { package = "one", version = "=1.0.0", default-features = false }` + "\n[build-dependencies]\n" +
				`p0 = { package = "one", version = "=1.0.0", default-features = false, features = ["h"] }`, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			stub := stubOf(t, tc.nodes, crates)
			if text := strings.Join(stub.Manifest, "\n"); !strings.Contains(text, tc.want) {
				t.Errorf("the manifest is\n%s\nwant in it\n%s", text, tc.want)
			}
			if stub.Script != tc.script {
				t.Errorf("there is a build script: %v", stub.Script)
			}
		})
	}
}

// TestPlaceholders: a package that cargo only has to find is left out when one
// that is compiled does as well, and all its versions have the features that
// are asked of one.
func TestPlaceholders(t *testing.T) {
	crates := []Crate{{Name: "one", Version: "1.0.0", Registry: CratesIO}, {Name: "two", Version: "2.5.0", Registry: CratesIO}}
	q := func(version string, replaces int, features ...string) Placeholder {
		return Placeholder{Name: "two", Version: version, Features: features, Dir: "crates-io", Replaces: replaces}
	}
	for _, tc := range []struct {
		name  string
		nodes []Node
		want  string
	}{
		{"one", []Node{{Name: "one", Version: "1.0.0", Placeholders: []Placeholder{q("2.0.0", 0, "a")}}}, "2.0.0 [a]"},
		{"two versions", []Node{{Name: "one", Version: "1.0.0", Placeholders: []Placeholder{q("2.0.0", 0, "b", "a"), q("1.0.0", 0, "a", "c")}}}, "1.0.0 [a b c], 2.0.0 [a b c]"},
		{"compiled", []Node{{Name: "two", Version: "2.5.0", Crate: 1}, {Name: "one", Version: "1.0.0", Placeholders: []Placeholder{q("2.5.0", 0)}}}, ""},
		{"a newer one compiled", []Node{{Name: "two", Version: "2.5.0", Crate: 1}, {Name: "one", Version: "1.0.0", Placeholders: []Placeholder{q("2.0.0", 2)}}}, ""},
		{"a newer one elsewhere", []Node{{Name: "one", Version: "1.0.0", Placeholders: []Placeholder{q("2.0.0", 2)}}}, "2.0.0 []"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, q := range stubOf(t, tc.nodes, crates).Placeholders {
				got = append(got, fmt.Sprintf("%s %v", q.Version, q.Features))
			}
			if strings.Join(got, ", ") != tc.want {
				t.Errorf("placeholders are %q, want %q", got, tc.want)
			}
		})
	}
}
