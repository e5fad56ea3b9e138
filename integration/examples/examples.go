package examples

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sort"
)

// FileName is the name of an example's expectation file.
const FileName = "test.json"

// Example is one project, under examples/ or a fixture of integration/testdata,
// with what its builds must give.
type Example struct {
	// Name is the folder's name, for example "web".
	Name string `json:"-"`
	// Dir is the folder's path, which is the build context.
	Dir string `json:"-"`
	// Cases are in file order; there is at least one.
	Cases []Case `json:"cases"`
}

// Case is one build of an example and one run of its image.
type Case struct {
	// Name is unique within the example.
	Name string `json:"name"`
	// Target is the value of --target, "" for none.
	Target string `json:"target,omitempty"`
	// BuildArgs are the --build-arg values.
	BuildArgs map[string]string `json:"buildArgs,omitempty"`
	// Error holds the strings that the message of a failing build contains. It
	// is empty when the build must succeed, and the fields below are empty when
	// it is not.
	Error []string `json:"error,omitempty"`

	// Env and Args are given to the container.
	Env  map[string]string `json:"env,omitempty"`
	Args []string          `json:"args,omitempty"`
	// ExpectedOutput is compared with all of standard output; nil when the
	// output does not matter.
	ExpectedOutput *Output `json:"expectedOutput,omitempty"`
	// ExpectedExit is the exit status.
	ExpectedExit int `json:"expectedExit,omitempty"`
	// HTTP are requests to make to the running container, in order. A container
	// with requests is ended by SIGTERM after the last; one without ends itself.
	HTTP []Request `json:"http,omitempty"`

	// Binaries are the names of all files in /usr/local/bin, sorted; nil when
	// the case does not say.
	Binaries []string `json:"binaries,omitempty"`
	// Entrypoint is the image's entrypoint; nil when the case does not say.
	Entrypoint []string `json:"entrypoint,omitempty"`
	// Labels are labels the image has among others.
	Labels map[string]string `json:"labels,omitempty"`
	// MaxSizeMB bounds the uncompressed size that the image adds to its base, in
	// units of 1,000,000 bytes; 0 is no bound.
	MaxSizeMB int `json:"maxSizeMB,omitempty"`
}

// Output is an expectation of a text: exactly one of its fields is set.
type Output struct {
	// Exact is the whole text. It is a pointer because no output at all is
	// something to expect too.
	Exact *string `json:"exact,omitempty"`
	// Regexp is matched anywhere in the text; anchor it to match the whole.
	Regexp string `json:"regexp,omitempty"`
}

// Check returns an error that shows both texts when got is not as expected.
// A nil Output expects nothing.
func (o *Output) Check(got string) error {
	switch {
	case o == nil:
		return nil
	case o.Exact != nil:
		if got != *o.Exact {
			return fmt.Errorf("output is %q, want %q", got, *o.Exact)
		}
		return nil
	}
	pattern, err := regexp.Compile(o.Regexp)
	if err != nil {
		return err
	}
	if !pattern.MatchString(got) {
		return fmt.Errorf("output is %q, want a match of %q", got, o.Regexp)
	}
	return nil
}

// Request is an HTTP GET request and what its answer must be.
type Request struct {
	Port int    `json:"port"`
	Path string `json:"path"`
	// Status is the status code, 200 when the file does not say.
	Status int `json:"status,omitempty"`
	// Contains is a part of the body; "" when the body does not matter.
	Contains string `json:"contains,omitempty"`
}

// Load reads and validates the expectation file of the example in dir.
func Load(dir string) (*Example, error) {
	path := filepath.Join(dir, FileName)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	example := &Example{Name: filepath.Base(dir), Dir: dir}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(example); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: there is text after the object", path)
	}
	if err := example.complete(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return example, nil
}

// All reads every example of the repository that holds the working directory,
// sorted by name. It is an error if there is none, so that a test that ranges
// over them cannot pass by finding nothing.
func All() ([]Example, error) {
	return loadAll("examples")
}

// Projects reads the fixture projects of integration/testdata that a build must
// accept, sorted by name.
func Projects() ([]Example, error) {
	return loadAll("integration", "testdata", "projects")
}

// Buildable are All and Projects together.
func Buildable() ([]Example, error) {
	all, err := All()
	if err != nil {
		return nil, err
	}
	projects, err := Projects()
	return append(all, projects...), err
}

func loadAll(folder ...string) ([]Example, error) {
	root, err := RepositoryRoot()
	if err != nil {
		return nil, err
	}
	pattern := filepath.Join(root, filepath.Join(folder...), "*", FileName)
	files, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no project matches %s", pattern)
	}
	var all []Example
	for _, file := range files {
		example, err := Load(filepath.Dir(file))
		if err != nil {
			return nil, err
		}
		all = append(all, *example)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all, nil
}

// RepositoryRoot returns the nearest directory at or above the working
// directory that holds a go.mod.
func RepositoryRoot() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no go.mod at or above %s", start)
		}
	}
}
