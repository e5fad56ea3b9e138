package plan

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rustfile/rustfile/internal/options"
)

// Test is a check of the finished image.
type Test struct {
	// Name is for people and never empty.
	Name string `json:"name"`
	// Command runs in the image; nil when the test runs nothing.
	Command *options.Command `json:"command,omitempty"`
	// Exit is the status that the command must end with.
	Exit int `json:"exit,omitempty"`
	// Stdout and Stderr are texts that must occur in what it writes.
	Stdout []string `json:"stdout,omitempty"`
	Stderr []string `json:"stderr,omitempty"`
	// Timeout is how long the command may take, in nanoseconds; 0 without one.
	Timeout time.Duration `json:"timeout,omitempty"`
	// Files are checked without running anything.
	Files []FileTest `json:"files,omitempty"`
	// Location is the line that asks for the test; its File is "" when no file does.
	Location Location `json:"location"`
}

// FileTest is a check of a file of the image.
type FileTest struct {
	// Path is absolute; links are followed.
	Path string `json:"path"`
	// Absent is true when there must be nothing at the path.
	Absent bool `json:"absent,omitempty"`
	// Mode are octal permissions, Owner is "USER" or "USER:GROUP", by name or
	// number; "" for any.
	Mode  string `json:"mode,omitempty"`
	Owner string `json:"owner,omitempty"`
	// Contains are texts that the file must hold.
	Contains []string `json:"contains,omitempty"`
}

// Output is what a command of a test did.
type Output struct {
	// Status is the exit status, as a shell counts it.
	Status         int
	Stdout, Stderr string
}

// setTests plans the checks of the image. Of debug information alone there is
// nothing to check.
func (p *Plan) setTests(o *options.Options) {
	if p.Image.DebugOnly {
		return
	}
	for _, t := range o.Tests {
		test := Test{
			Name: t.Name, Exit: t.Exit, Stdout: t.Stdout, Stderr: t.Stderr,
			Location: Location{File: t.Span.File, Line: t.Span.Start.Line},
		}
		if t.Command.String() != "" {
			test.Command, test.Timeout = &t.Command, t.Timeout
		}
		for _, f := range t.Files {
			test.Files = append(test.Files, FileTest{Path: f.Path, Absent: f.Absent, Mode: f.Mode, Owner: f.Owner, Contains: f.Contains})
		}
		p.Tests = append(p.Tests, test)
	}
}

// RunsTests reports whether commands of tests can run: those of another
// platform's image cannot, on the machine that builds.
func (p *Plan) RunsTests() bool { return p.Platform == p.BuildPlatform() }

// testPrograms are the programs that the tests run.
func (p *Plan) testPrograms() []named {
	var out []named
	for i, t := range p.Tests {
		if t.Command != nil && len(t.Command.Args) > 0 && p.RunsTests() {
			out = append(out, named{key: options.KeyTest, program: t.Command.Args[0], test: i})
		}
	}
	return out
}

// shownLines is how many lines of a command's output a message has.
const shownLines = 20

// Fault says in what the output of the test's command is not what the test
// expects, "" in nothing.
func (t Test) Fault(got Output) string {
	var faults []string
	if got.Status != t.Exit {
		faults = append(faults, fmt.Sprintf("`%s` ended with status %d, expected %d", t.Command, got.Status, t.Exit))
	}
	for _, s := range []struct {
		name, text string
		want       []string
	}{{"standard output", got.Stdout, t.Stdout}, {"standard error", got.Stderr, t.Stderr}} {
		for _, want := range s.want {
			if !strings.Contains(s.text, want) {
				faults = append(faults, fmt.Sprintf("the %s of `%s` has no %q", s.name, t.Command, want))
			}
		}
	}
	if len(faults) == 0 {
		return ""
	}
	return strings.Join(faults, "; ") + lastLines("standard output", got.Stdout) + lastLines("standard error", got.Stderr)
}

// lastLines quotes the end of a text for a message.
func lastLines(name, text string) string {
	text = strings.TrimRight(strings.ToValidUTF8(text, "\uFFFD"), "\n")
	if text == "" {
		return "\n" + name + " is empty"
	}
	lines := strings.Split(text, "\n")
	title := name
	if n := len(lines) - shownLines; n > 0 {
		lines, title = lines[n:], fmt.Sprintf("%s, the last %d of %d lines", name, shownLines, len(lines))
	}
	return "\n" + title + ":\n    " + strings.Join(lines, "\n    ")
}

// Fault says in what a file of the image is not as the test expects, "" in
// nothing. owner is the owner of a file as root knows it.
func (f FileTest) Fault(root fs.FS, owner func(fs.FileInfo) (uid, gid uint32)) (string, error) {
	at, info, err := resolveLinks(root, f.Path)
	switch {
	case err != nil:
		return "", err
	case info == nil && f.Absent:
		return "", nil
	case info == nil:
		return "the image has no " + f.Path, nil
	case f.Absent:
		return "the image has " + f.Path, nil
	}
	var faults []string
	want, err := strconv.ParseUint(f.Mode, 8, 32)
	if got := unixMode(info.Mode()); err == nil && uint64(got) != want {
		faults = append(faults, fmt.Sprintf("%s has mode %04o, expected %04o", f.Path, got, want))
	}
	fault, err := f.ownerFault(root, owner, info)
	if err != nil {
		return "", err
	}
	faults = append(faults, fault)
	if len(f.Contains) > 0 {
		if fault, err = f.contentFault(root, at, info); err != nil {
			return "", err
		}
		faults = append(faults, fault)
	}
	faults = slices.DeleteFunc(faults, func(fault string) bool { return fault == "" })
	return strings.Join(faults, "; "), nil
}

// unixMode are permissions as chmod counts them.
func unixMode(mode fs.FileMode) uint32 {
	out := uint32(mode.Perm())
	for bit, flag := range map[uint32]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if mode&flag != 0 {
			out |= bit
		}
	}
	return out
}

// ownerFault compares the owner; the group counts when the test names one.
func (f FileTest) ownerFault(root fs.FS, owner func(fs.FileInfo) (uid, gid uint32), info fs.FileInfo) (string, error) {
	if f.Owner == "" {
		return "", nil
	}
	var files [2][]byte
	for i, name := range []string{"etc/passwd", "etc/group"} {
		data, err := fs.ReadFile(root, name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		files[i] = data
	}
	want, err := numericOwner(f.Owner, files[0], files[1])
	if err != nil {
		return strings.Replace(err.Error(), "the base image", "the image", 1), nil
	}
	uid, gid := owner(info)
	got := fmt.Sprintf("%d:%d", uid, gid)
	if !strings.Contains(f.Owner, ":") {
		got, _, _ = strings.Cut(got, ":")
		want, _, _ = strings.Cut(want, ":")
	}
	if got == want {
		return "", nil
	}
	return fmt.Sprintf("%s belongs to %s, expected %s", f.Path, got, want), nil
}

func (f FileTest) contentFault(root fs.FS, at string, info fs.FileInfo) (string, error) {
	if !info.Mode().IsRegular() {
		return f.Path + " is no file, and so contains no text", nil
	}
	data, err := fs.ReadFile(root, at[1:])
	if err != nil {
		return "", err
	}
	for _, want := range f.Contains {
		if !strings.Contains(string(data), want) {
			return fmt.Sprintf("%s does not contain %q", f.Path, want), nil
		}
	}
	return "", nil
}
