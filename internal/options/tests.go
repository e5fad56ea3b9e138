package options

import (
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/rustfile/rustfile/internal/cargo"
)

// Test is a check of the finished image.
type Test struct {
	// Name is for people; never empty.
	Name string
	// Command runs in the image, with its user, environment and working
	// directory and without a network; its zero value stands for none.
	Command Command
	// Exit is the status that the command must end with.
	Exit int
	// Stdout and Stderr are texts that must occur in what the command writes.
	Stdout []string
	Stderr []string
	// Timeout is how long the command may take.
	Timeout time.Duration
	// Files are checked without running anything, in the order given.
	Files []FileTest
	// Span is the table; zero for a build argument.
	Span cargo.Span
}

// FileTest is a check of a file of the image. Links are followed.
type FileTest struct {
	// Path is clean and absolute.
	Path string
	// Absent is true when there must be nothing at the path.
	Absent bool
	// Mode are the octal permissions, with the bits for setuid, setgid and
	// sticky; "" for any.
	Mode string
	// Owner is as in [Copy], "" for anybody.
	Owner string
	// Contains are texts that the file must hold.
	Contains []string
	// Span is the table; zero for a build argument.
	Span cargo.Span
}

// testFields are the keys of a [[test]] table.
var testFields = []KeyDoc{
	{Name: "name", Type: TypeString, Default: "the command", Description: "What messages call the test."},
	{Name: "command", Type: TypeStringsOrString, Default: "none", Description: "A program of the image and its arguments, or a string for the image's shell."},
	{Name: "exit", Type: TypeInteger, Zero: true, Default: "0", Description: "The status that the command must end with."},
	{Name: "stdout", Type: TypeStringsOrString, Default: "none", Description: "Text that the command must write to standard output; of an array, each."},
	{Name: "stderr", Type: TypeStringsOrString, Default: "none", Description: "Text that it must write to standard error; of an array, each."},
	{Name: "timeout", Type: TypeString, Default: "5m", Description: "The time after which the command has failed."},
	{Name: "files", Type: TypeFields, Default: "none", Fields: fileTestFields, Description: "What must be true of files, by their absolute path in the image."},
}

// fileTestFields are the keys of a table below files.
var fileTestFields = []KeyDoc{
	{Name: "exists", Type: TypeBoolean, Default: "true", Description: "Whether the image must have the file or directory."},
	{Name: "mode", Type: TypeString, Default: "any", Description: "Its octal permissions, such as `\"0755\"`."},
	{Name: "owner", Type: TypeString, Number: true, Default: "any", Description: "Its owner, as `UID`, `UID:GID`, or names of the image."},
	{Name: "contains", Type: TypeStringsOrString, Default: "none", Description: "Text that the file must hold; of an array, each."},
}

// defaultTimeout is how long the command of a test may take.
const defaultTimeout = 5 * time.Minute

func parseTests(o *Options, v value) error {
	records, err := v.records(testFields)
	if err != nil {
		return err
	}
	o.Tests = nil
	for _, r := range records {
		t := Test{Span: r.span, Timeout: defaultTimeout}
		if err := testCommand(&t, r); err != nil {
			return err
		}
		if f, ok := r.fields["files"]; ok {
			if t.Files, err = fileTests(f); err != nil {
				return err
			}
		}
		if t.Command.String() == "" && len(t.Files) == 0 {
			return v.faultAt(r.span, "the test checks nothing", `add command = ["program", "argument"], or files`)
		}
		if t.Name, err = testName(t, r); err != nil {
			return err
		}
		o.Tests = append(o.Tests, t)
	}
	return nil
}

func testName(t Test, r value) (string, error) {
	f, ok := r.fields["name"]
	if !ok {
		if t.Command.String() == "" {
			return "files", nil
		}
		return clip(t.Command.String()), nil
	}
	name, err := f.str()
	if err == nil && strings.TrimSpace(name) == "" {
		return "", f.fault("the name is empty", "give a name, or remove the key")
	}
	return clip(strings.Join(strings.Fields(name), " ")), err
}

// testCommand reads the command of a [[test]] table and what is expected of it.
func testCommand(t *Test, r value) (err error) {
	command, has := r.fields["command"]
	if has {
		if t.Command, err = command.runnable(); err != nil {
			return err
		}
	}
	for _, name := range []string{"exit", "stdout", "stderr", "timeout"} {
		f, ok := r.fields[name]
		switch {
		case !ok:
			continue
		case !has:
			return f.fault("the test has no command", `add command = ["program", "argument"]`)
		case name == "exit":
			t.Exit, err = f.integer(0, 255)
		case name == "timeout":
			t.Timeout, err = duration(f)
		case name == "stdout":
			t.Stdout, err = f.texts()
		default:
			t.Stderr, err = f.texts()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func fileTests(v value) ([]FileTest, error) {
	if v.kind != kindTable {
		return nil, v.typeFault("a table", `files = { "/path" = { mode = "0644" } }`)
	}
	var list []FileTest
	for _, name := range v.keys {
		f := v.fields[name]
		if fault := checkAbsolute(name); fault != "" {
			return nil, v.faultAt(f.span, fault, "give an absolute path of the image, such as /etc/app.toml")
		}
		if f.kind != kindTable {
			return nil, f.typeFault("a table", strconv.Quote(name)+` = { mode = "0644" }`)
		}
		if err := f.checkRecord(f, fileTestFields); err != nil {
			return nil, err
		}
		t := FileTest{Path: path.Clean(name), Span: f.span}
		if err := fileDetails(&t, f); err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

func fileDetails(t *FileTest, v value) (err error) {
	if f, ok := v.fields["exists"]; ok {
		exists, err := f.boolean()
		if err != nil {
			return err
		}
		if t.Absent = !exists; t.Absent && len(v.keys) > 1 {
			return v.fault("a file that must not exist has nothing else to check", "remove exists, or the other keys")
		}
	}
	if f, ok := v.fields["mode"]; ok {
		if t.Mode, err = octalMode(f, 0o7777); err != nil {
			return err
		}
	}
	if f, ok := v.fields["owner"]; ok {
		if t.Owner, err = userName(f, `owner = "65532:65532"`); err != nil {
			return err
		}
	}
	if f, ok := v.fields["contains"]; ok {
		t.Contains, err = f.texts()
	}
	return err
}

// texts reads one text or several, none of which is empty.
func (v value) texts() ([]string, error) {
	items := []value{v}
	if v.kind == kindArray {
		items = v.items
	}
	var list []string
	for _, item := range items {
		text, err := item.str()
		if err != nil {
			return nil, err
		}
		if text == "" {
			return nil, v.faultAt(item.span, "the text is empty, which everything has", "give a text that must occur")
		}
		list = append(list, text)
	}
	return list, nil
}

// TestFault is an error about the [[test]] table i.
func (o *Options) TestFault(i int, message, fix string) *cargo.Error {
	return o.tableFault(KeyTest, o.Tests[i].Span, message, fix)
}
