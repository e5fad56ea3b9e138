package examples

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// BadInput is a project that a build must refuse, and how.
type BadInput struct {
	// Name is the folder's name, and Dir its path.
	Name string `json:"-"`
	Dir  string `json:"-"`
	// File and Line are where the error points; Line 0 is the file as a whole.
	File string `json:"file"`
	Line int    `json:"line"`
	// Message is a part of the error's text.
	Message string `json:"message"`
	// Absent is a secret that no output may contain, "" for none.
	Absent string `json:"absent,omitempty"`
	// Target and BuildArgs are what the build is called with.
	Target    string            `json:"target,omitempty"`
	BuildArgs map[string]string `json:"buildArgs,omitempty"`
}

// BadInputs reads the projects with faults, sorted by name.
func BadInputs() ([]BadInput, error) {
	bad, err := Project("bad")
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(bad)
	if err != nil {
		return nil, err
	}
	var all []BadInput
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		input, err := loadBad(filepath.Join(bad, entry.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, *input)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no project in %s", bad)
	}
	return all, nil
}

// Project returns the directory of a fixture project of integration/testdata.
func Project(name string) (string, error) {
	root, err := RepositoryRoot()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, "integration", "testdata", "projects", name)
	_, err = os.Stat(dir)
	return dir, err
}

func loadBad(dir string) (*BadInput, error) {
	path := filepath.Join(dir, "want.json")
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	input := &BadInput{Name: filepath.Base(dir), Dir: dir}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(input); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if input.File == "" || input.Message == "" || input.Line < 0 {
		return nil, fmt.Errorf("%s: it needs a file, a message and no negative line", path)
	}
	return input, nil
}

// Check compares the text of an error with what is wanted. The file and the
// line must stand in the text as file:line, as every error of a project's file
// prints them.
func (b *BadInput) Check(text string) error {
	place := b.File
	if b.Line > 0 {
		place = fmt.Sprintf("%s:%d", b.File, b.Line)
	}
	var errs []error
	if !containsPlace(text, place) {
		errs = append(errs, fmt.Errorf("the error does not name %s", place))
	}
	if !strings.Contains(text, b.Message) {
		errs = append(errs, fmt.Errorf("the error does not say %q", b.Message))
	}
	if b.Absent != "" && strings.Contains(text, b.Absent) {
		return errors.New("the error shows a secret")
	}
	if len(errs) > 0 {
		errs = append(errs, fmt.Errorf("the error is: %s", text))
	}
	return errors.Join(errs...)
}

// containsPlace reports whether text names a place, and not one whose line only
// starts with the same digits.
func containsPlace(text, place string) bool {
	for rest := text; ; {
		_, after, found := strings.Cut(rest, place)
		if !found {
			return false
		}
		if after == "" || after[0] < '0' || after[0] > '9' {
			return true
		}
		rest = after
	}
}
