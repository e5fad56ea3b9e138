package examples

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAll holds what every example folder must have, so that none is left out
// of the tests by a missing file.
func TestAll(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, example := range all {
		names = append(names, example.Name)
		for _, file := range []string{"Rustfile", "Cargo.toml", "Cargo.lock", "README.md", ".dockerignore"} {
			data, err := os.ReadFile(filepath.Join(example.Dir, file))
			if err != nil {
				t.Error(err)
			}
			if file == "Rustfile" && !strings.HasPrefix(string(data), "# syntax=rustfile/rustfile:1\n") {
				t.Errorf("%s: Rustfile starts with %q", example.Name, data)
			}
			if file == "Cargo.lock" && !strings.Contains(string(data), "\nversion = 4\n") {
				t.Errorf("%s: Cargo.lock is not version 4", example.Name)
			}
		}
	}
	entries, err := os.ReadDir(filepath.Dir(all[0].Dir))
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, entry := range entries {
		if entry.IsDir() {
			folders = append(folders, entry.Name())
		}
	}
	if got, want := strings.Join(names, " "), strings.Join(folders, " "); got != want {
		t.Errorf("examples are %s, the folders are %s", got, want)
	}
}

func TestProjects(t *testing.T) {
	projects, err := Projects()
	if err != nil {
		t.Fatal(err)
	}
	if want := 6; len(projects) < want {
		t.Errorf("%d projects, want at least %d", len(projects), want)
	}
	for _, project := range projects {
		for _, file := range []string{"Rustfile", "README.md"} {
			if _, err := os.Stat(filepath.Join(project.Dir, file)); err != nil {
				t.Error(err)
			}
		}
		// A context of several workspaces has them below its root.
		root, _ := filepath.Glob(filepath.Join(project.Dir, "Cargo.lock"))
		below, _ := filepath.Glob(filepath.Join(project.Dir, "*", "Cargo.lock"))
		if len(root)+len(below) == 0 {
			t.Errorf("%s has no Cargo.lock", project.Dir)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"unknown field":    {`{"cases":[{"name":"a","expectedOuput":{"exact":"x"}}]}`, "unknown field"},
		"no cases":         {`{}`, "no cases"},
		"no name":          {`{"cases":[{"expectedOutput":{"exact":"x"}}]}`, "case 0 has no name"},
		"same name":        {`{"cases":[{"name":"a","error":["x"]},{"name":"a","error":["x"]}]}`, `two cases are named "a"`},
		"no expectation":   {`{"cases":[{"name":"a"}]}`, "expects neither"},
		"two outputs":      {`{"cases":[{"name":"a","expectedOutput":{"exact":"","regexp":"x"}}]}`, "one of exact and regexp"},
		"no output":        {`{"cases":[{"name":"a","expectedOutput":{}}]}`, "one of exact and regexp"},
		"bad regexp":       {`{"cases":[{"name":"a","expectedOutput":{"regexp":"("}}]}`, "missing closing )"},
		"bad port":         {`{"cases":[{"name":"a","http":[{"path":"/"}]}]}`, "port 0"},
		"bad path":         {`{"cases":[{"name":"a","http":[{"port":80,"path":"x"}]}]}`, "slash"},
		"error and output": {`{"cases":[{"name":"a","error":["x"],"expectedOutput":{"exact":"x"}}]}`, "not made"},
		"empty error":      {`{"cases":[{"name":"a","error":[""]}]}`, "in every message"},
		"unsorted":         {`{"cases":[{"name":"a","expectedOutput":{"exact":"x"},"binaries":["b","a"]}]}`, "not sorted"},
		"text after":       {`{"cases":[{"name":"a","error":["x"]}]} {}`, "after the object"},
		"not JSON":         {`cases:`, "invalid character"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, FileName), []byte(test.text), 0o644); err != nil {
				t.Fatal(err)
			}
			example, err := Load(dir)
			if err == nil {
				t.Fatalf("got %+v, want an error", example)
			}
			if !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), FileName) {
				t.Errorf("error is %q, want it to name %s and contain %q", err, FileName, test.want)
			}
		})
	}
}

func TestOutputCheck(t *testing.T) {
	text := func(s string) *string { return &s }
	tests := []struct {
		name   string
		output *Output
		got    string
		ok     bool
	}{
		{"nothing expected", nil, "x", true},
		{"exact", &Output{Exact: text("x")}, "x", true},
		{"not exact", &Output{Exact: text("x")}, "x\n", false},
		{"empty", &Output{Exact: text("")}, "", true},
		{"not empty", &Output{Exact: text("")}, "x", false},
		{"match", &Output{Regexp: "^a+$"}, "aaa", true},
		{"no match", &Output{Regexp: "^a+$"}, "aab", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := test.output.Check(test.got); (err == nil) != test.ok {
				t.Errorf("got %v, want ok to be %v", err, test.ok)
			}
		})
	}
}
