package unitgraph

import (
	"fmt"
	"testing"
)

// TestLicense: a node has the license that the package's manifest declares.
func TestLicense(t *testing.T) {
	const id = "path+file:///a#a@1.0.0"
	units := `{"version": 1, "roots": [0], "units": [{"pkg_id": "` + id + `", "target": {"kind": ["bin"], "crate_types": ["bin"], "name": "a"},
		"profile": {"lto": "false"}, "platform": "x86_64-unknown-linux-gnu", "mode": "build", "features": [], "dependencies": []}]}`
	for license, want := range map[string]string{`"MIT/Apache-2.0"`: "MIT/Apache-2.0", "null": ""} {
		packages := fmt.Sprintf(`{"packages": [{"id": %q, "name": "a", "version": "1.0.0", "license": %s}], "resolve": {"nodes": [{"id": %q, "deps": []}]}}`, id, license, id)
		g, err := New([]byte(units), []byte(packages))
		if err != nil {
			t.Fatal(err)
		}
		if got := g.Nodes[0].License; got != want {
			t.Errorf("the license %s is %q", license, got)
		}
	}
}
