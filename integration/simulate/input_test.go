package main

import (
	"os"
	"path/filepath"
	"testing"
)

const unitsJSON = `{"version":1,"roots":[3],"units":[
 {"pkg_id":"registry+https://x#sys@1.2.3","target":{"kind":["custom-build"],"name":"build-script-build"},"platform":null,"mode":"build","features":["a"],"dependencies":[]},
 {"pkg_id":"registry+https://x#sys@1.2.3","target":{"kind":["custom-build"],"name":"build-script-build"},"platform":"t","mode":"run-custom-build","features":["a"],"dependencies":[{"index":0}]},
 {"pkg_id":"registry+https://x#sys@1.2.3","target":{"kind":["lib"],"name":"sys"},"platform":"t","mode":"build","features":["a"],"dependencies":[{"index":1}]},
 {"pkg_id":"path+file:///src/app#0.1.0","target":{"kind":["bin"],"name":"app"},"platform":"t","mode":"build","features":[],"dependencies":[{"index":2}]}]}`

const timingsHTML = `<script>
const UNIT_DATA = [
{"i":0,"name":"sys","version":"1.2.3","start":0,"duration":1,"sections":null},
{"i":1,"name":"sys","version":"1.2.3","start":1,"duration":2,"sections":null},
{"i":2,"name":"sys","version":"1.2.3","start":3,"duration":4,"sections":[["frontend",{"start":0.0,"end":3.0}],["codegen",{"start":3.0,"end":4.0}]]},
{"i":3,"name":"app","version":"0.1.0","start":7,"duration":1,"sections":null}
];
const CONCURRENCY_DATA = [];</script>`

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestReadProject(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "p.units.json", unitsJSON)
	write(t, dir, "p.html", timingsHTML)
	write(t, dir, "p.lock", "[[package]]\nname = \"app\"\n\n[[package]]\nname = \"sys\"\nsource = \"x\"\n\n[[package]]\nname = \"w\"\nsource = \"x\"\n")
	p, err := readProject(dir, "p")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Graph.Nodes) != 2 || p.Locked != 2 {
		t.Fatalf("%d nodes, %d locked; want 2 and 2", len(p.Graph.Nodes), p.Locked)
	}
	sys, app := p.Graph.Nodes[0], p.Graph.Nodes[1]
	if sys.Name != "sys" || sys.Host || sys.Own != 7 || len(sys.Units) != 3 || sys.Root {
		t.Errorf("the library, its build script and the run are one node of 7 s: %+v", sys)
	}
	if !app.Root || len(app.Deps) != 1 || app.Deps[0] != 0 {
		t.Errorf("the workspace depends on it: %+v", app)
	}
	if u := p.Graph.Units[2]; u.Front != 3 || u.Back != 1 || !u.Early {
		t.Errorf("dependents can start after 3 s: %+v", u)
	}
}

func TestReadProjectRefusesTimesOfAnotherBuild(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "p.units.json", unitsJSON)
	write(t, dir, "p.lock", "")
	for name, page := range map[string]string{
		"no data":       "<html></html>",
		"other package": `const UNIT_DATA = [{"i":0,"name":"other","version":"1.2.3","duration":1}];`,
		"unit missing":  `const UNIT_DATA = [{"i":0,"name":"sys","version":"1.2.3","duration":1}];`,
		"index too big": `const UNIT_DATA = [{"i":9,"name":"sys","version":"1.2.3","duration":1}];`,
	} {
		write(t, dir, "p.html", page)
		if _, err := readProject(dir, "p"); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestNameVersion(t *testing.T) {
	for id, want := range map[string][2]string{
		"registry+https://github.com/rust-lang/crates.io-index#adler2@2.0.1": {"adler2", "2.0.1"},
		"path+file:///src/app#0.1.0":                                         {"app", "0.1.0"},
		"git+https://x/y.git?rev=1#name@0.2.0":                               {"name", "0.2.0"},
	} {
		if n, v := nameVersion(id); n != want[0] || v != want[1] {
			t.Errorf("%s: %s %s", id, n, v)
		}
	}
}
