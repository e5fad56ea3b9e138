package examples

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBadInputs holds each project to the line its want.json names: the text
// that is wrong must be on it.
func TestBadInputs(t *testing.T) {
	faults := map[string]string{
		"bad-toml":            `edition = "2021`,
		"conflict-markers":    `<<<<<<< HEAD`,
		"credentials-in-url":  `greeting = { git = "https://builder:hunter2@git.example.com/greeting.git" }`,
		"dangling-dependency": ` "itoa",`,
		"duplicate-package":   `[[package]]`,
		"lock-version-5":      `version = 5`,
		"missing-checksum":    `[[package]]`,
		"missing-member":      `    "gone",`,
		"no-binary":           `name = "no-binary"`,
		"path-outside":        `outside = { path = "../../outside" }`,
		"stale-lock":          `humantime = "2.3"`,
		"stale-requirement":   `itoa = "0.4"`,
		"type-error":          `version = 3`,
		"unknown-feature":     `name = "unknown-feature"`,
		"unknown-target":      `name = "unknown-target"`,
		"wrong-checksum":      `[[package]]`,
	}
	all, err := BadInputs()
	if err != nil {
		t.Fatal(err)
	}
	for _, input := range all {
		t.Run(input.Name, func(t *testing.T) {
			fault, ok := faults[input.Name]
			if ok != (input.Line > 0) {
				t.Fatalf("want.json names line %d, the test a fault: %v", input.Line, ok)
			}
			if !ok {
				return
			}
			data, err := os.ReadFile(filepath.Join(input.Dir, input.File))
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(string(data), "\n")
			if input.Line > len(lines) || lines[input.Line-1] != fault {
				t.Errorf("line %d of %s is not %q", input.Line, input.File, fault)
			}
		})
		delete(faults, input.Name)
	}
	if len(faults) > 0 {
		t.Errorf("there are no projects for %v", faults)
	}
}

func TestNoLockHasNone(t *testing.T) {
	dir, err := Project("bad/no-lock")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "Cargo.lock")); !os.IsNotExist(err) {
		t.Errorf("no-lock has a lock file: %v", err)
	}
}

func TestBadInputCheck(t *testing.T) {
	input := &BadInput{File: "Cargo.toml", Line: 3, Message: "invalid type", Absent: "hunter2"}
	tests := []struct {
		name, text string
		ok         bool
	}{
		{"as wanted", "Cargo.toml:3:11: invalid type: integer `3`", true},
		{"at the end", "invalid type at Cargo.toml:3", true},
		{"later", "Cargo.toml:30: x\nCargo.toml:3: invalid type", true},
		{"other line", "Cargo.toml:31:1: invalid type", false},
		{"other file", "Cargo.lock:3:1: invalid type", false},
		{"other message", "Cargo.toml:3:1: invalid", false},
		{"secret", "Cargo.toml:3:1: invalid type hunter2", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := input.Check(test.text)
			if (err == nil) != test.ok {
				t.Errorf("got %v, want ok to be %v", err, test.ok)
			}
			if err != nil && bytes.Contains([]byte(err.Error()), []byte(input.Absent)) {
				t.Errorf("the check repeats the secret: %v", err)
			}
		})
	}
}
