package options

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rustfile/rustfile/internal/cargo"
)

// everyStep is a Rustfile with all keys of [[run]] and [[test]].
const everyStep = `
[[secrets]]
id = "token"
[[run]]
in = "builder"
command = "echo hi > /opt/hi"
network = true
env = { A = "b", N = 1 }
secrets = ["token", "token"]
[[run]]
in = "image"
command = ["useradd", "app"]
[[test]]
name = "starts"
command = ["app", "--version"]
exit = 3
stdout = "app 1"
stderr = ["a", "b"]
timeout = "1m30s"
[test.files."/etc//app.toml"]
mode = "0640"
owner = "app:staff"
contains = "x = 1"
[[test]]
files = { "/bin/sh" = { exists = false }, "/tmp" = { mode = "1777", owner = 0 } }
[[test]]
command = "app   --help"
`

func TestParseSteps(t *testing.T) {
	o, err := Parse("Rustfile", []byte(everyStep), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range o.Steps {
		o.Steps[i].Span = cargo.Span{File: o.Steps[i].Span.String()}
	}
	if want := []Step{
		{In: InBuilder, Command: Command{Shell: "echo hi > /opt/hi"}, Network: true, Env: map[string]string{"A": "b", "N": "1"}, Secrets: []string{"token"},
			Span: cargo.Span{File: "Rustfile:4:1"}},
		{In: InImage, Command: Command{Args: []string{"useradd", "app"}}, Span: cargo.Span{File: "Rustfile:10:1"}},
	}; !reflect.DeepEqual(o.Steps, want) {
		t.Errorf("the steps are %+v", o.Steps)
	}
	if o.Tests[0].Timeout != 90*time.Second || o.Tests[2].Timeout != 5*time.Minute {
		t.Errorf("the tests may take %s and %s", o.Tests[0].Timeout, o.Tests[2].Timeout)
	}
	for i := range o.Tests {
		o.Tests[i].Timeout = 0
		o.Tests[i].Span = cargo.Span{File: o.Tests[i].Span.String()}
		for k := range o.Tests[i].Files {
			o.Tests[i].Files[k].Span = cargo.Span{}
		}
	}
	if want := []Test{
		{Name: "starts", Command: Command{Args: []string{"app", "--version"}}, Exit: 3, Stdout: []string{"app 1"}, Stderr: []string{"a", "b"},
			Files: []FileTest{{Path: "/etc/app.toml", Mode: "0640", Owner: "app:staff", Contains: []string{"x = 1"}}}, Span: cargo.Span{File: "Rustfile:13:1"}},
		{Name: "files", Files: []FileTest{{Path: "/bin/sh", Absent: true}, {Path: "/tmp", Mode: "1777", Owner: "0"}}, Span: cargo.Span{File: "Rustfile:24:1"}},
		{Name: "app --help", Command: Command{Shell: "app   --help"}, Span: cargo.Span{File: "Rustfile:26:1"}},
	}; !reflect.DeepEqual(o.Tests, want) {
		t.Errorf("the tests are %+v", o.Tests)
	}
}

// TestStepsOfPlaces: the tables of one place win, those of a variant over all files.
func TestStepsOfPlaces(t *testing.T) {
	o, err := Parse("Rustfile", []byte("[[test]]\ncommand = 'a'\n[[variants.v.test]]\ncommand = 'v'\n[[variants.v.run]]\nin = 'image'\ncommand = 'v'\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if o, err = o.With(Metadata{Variant: "v"}); err != nil || len(o.Tests) != 1 || o.Tests[0].Command.Shell != "v" || len(o.Steps) != 1 {
		t.Errorf("tests %+v, steps %+v, %v", o.Tests, o.Steps, err)
	}
	o, err = Parse("Rustfile", []byte("[[test]]\ncommand = 'a'\n"), map[string]string{"test": `[{command = ["b"], files = {"/x" = {mode = "644"}}}]`})
	if err != nil || len(o.Tests) != 1 || o.Tests[0].Name != "b" || o.Tests[0].Files[0].Mode != "644" {
		t.Errorf("tests %+v, %v", o.Tests, err)
	}
}

func TestStepFaults(t *testing.T) {
	for _, tc := range []struct{ name, file, at, want string }{
		{"no place", "[[run]]\ncommand = 'a'", "Rustfile:1:1", "`in` is missing"},
		{"no command", "[[run]]\nin = 'image'", "Rustfile:1:1", "`command` is missing"},
		{"another place", "[[run]]\nin = 'base'\ncommand = 'a'", "Rustfile:2:1", "one of: builder, image"},
		{"unknown key", "[[run]]\nin = 'image'\ncommand = 'a'\nnetwrok = true", "Rustfile:4:1", "did you mean `network`?"},
		{"empty command", "[[run]]\nin = 'image'\ncommand = ' '", "Rustfile:3:1", "the command is empty"},
		{"empty array", "[[run]]\nin = 'image'\ncommand = []", "Rustfile:3:1", "the command is empty"},
		{"secret in a command", "[[run]]\nin = 'image'\ncommand = 'curl https://me:hunter2@host/'", "Rustfile:3:1", "looks like a secret"},
		{"secret in a variable", "[[run]]\nin = 'image'\ncommand = 'a'\nenv = { A = 'https://me:hunter2@host/' }", "Rustfile:4:9", "looks like a secret"},
		{"environment", "[[run]]\nin = 'image'\ncommand = 'a'\nenv = ['A=b']", "Rustfile:4:1", "expected a table"},
		{"secret's id", "[[run]]\nin = 'image'\ncommand = 'a'\nsecrets = ['a/b']", "Rustfile:4:12", "the secret's id `a/b` contains"},
		{"tests nothing", "[[test]]\nname = 'x'", "Rustfile:1:1", "the test checks nothing"},
		{"empty name", "[[test]]\nname = ' '\ncommand = 'x'", "Rustfile:2:1", "the name is empty"},
		{"output of nothing", "[[test]]\nstdout = 'x'\nfiles = { '/x' = {} }", "Rustfile:2:1", "the test has no command"},
		{"status", "[[test]]\ncommand = 'x'\nexit = 256", "Rustfile:3:1", "not a whole number from 0 to 255"},
		{"empty text", "[[test]]\ncommand = 'x'\nstdout = ['a', '']", "Rustfile:3:16", "the text is empty"},
		{"text of another type", "[[test]]\ncommand = 'x'\nstdout = [1]", "Rustfile:3:11", "expected a string"},
		{"relative path", "[[test]]\nfiles = { x = {} }", "Rustfile:2:11", "is not absolute"},
		{"file that is no table", "[[test]]\nfiles = { '/x' = '0644' }", "Rustfile:2:11", "expected a table"},
		{"files that are no table", "[[test]]\nfiles = ['/x']", "Rustfile:2:1", "expected a table"},
		{"unknown key of a file", "[[test]]\nfiles = { '/x' = { perm = '0644' } }", "Rustfile:2:20", "unknown key `perm`"},
		{"mode", "[[test]]\n[test.files.'/x']\nmode = '0689'", "Rustfile:3:1", "not an octal mode"},
		{"owner", "[[test]]\n[test.files.'/x']\nowner = 'a b'", "Rustfile:3:1", "contains ` `"},
		{"absent with a mode", "[[test]]\n[test.files.'/x']\nmode = '0644'\nexists = false", "Rustfile:2:1", "must not exist"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Parse("Rustfile", []byte(tc.file), nil)
			var fault *cargo.Error
			if !errors.As(err, &fault) {
				t.Fatalf("got %v, want a *cargo.Error", err)
			}
			if fault.Span.String() != tc.at || fault.Fix == "" || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("at %s: %v\nwant at %s: %s", fault.Span, err, tc.at, tc.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the message has the secret: %v", err)
			}
		})
	}
}
