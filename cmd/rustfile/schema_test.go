package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestSchema: the command writes the file that the documentation links to.
func TestSchema(t *testing.T) {
	want, err := os.ReadFile(filepath.Join("..", "..", "docs", "rustfile.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	a := &app{stdout: &out, stderr: os.Stderr, getenv: func(string) string { return "" }}
	if status := a.main(t.Context(), []string{"schema"}); status != 0 || !bytes.Equal(out.Bytes(), want) {
		t.Errorf("status %d, and the schema is not that of docs:\n%s", status, out.String())
	}
}
