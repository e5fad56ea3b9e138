package frontend

import (
	"errors"
	"testing"
)

// TestIgnoreFile: what .dockerignore keeps out stays out when the daemon fails.
func TestIgnoreFile(t *testing.T) {
	files := map[string]string{"Rustfile": "", "sub/Rustfile.dockerignore": "own", ".dockerignore": "all"}
	for rustfile, want := range map[string]string{"Rustfile": "all", "sub/Rustfile": "own", "./sub//Rustfile": "own", "/sub/Rustfile": "own", "../Rustfile": "all"} {
		ref := newFakeReference(t, files, nil)
		if data, err := ignoreFile(newRefFS(t.Context(), ref), rustfile); err != nil || string(data) != want {
			t.Errorf("%s: got %q, %v; want %q", rustfile, data, err, want)
		}
	}
	if data, err := ignoreFile(newRefFS(t.Context(), newFakeReference(t, nil, nil)), "Rustfile"); data != nil || err != nil {
		t.Errorf("an empty context gives %q, %v", data, err)
	}
	broken := newFakeReference(t, files, nil)
	broken.fail = errors.New("the daemon went away")
	if _, err := ignoreFile(newRefFS(t.Context(), broken), "Rustfile"); !errors.Is(err, broken.fail) {
		t.Errorf("a daemon that fails gives %v", err)
	}
}
