package options

import (
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
)

// Images that a step can run in.
const (
	// InBuilder is the builder image, before anything is compiled.
	InBuilder = "builder"
	// InImage is the base of the image, below what the build adds to it.
	InImage = "image"
)

// Command is a command that runs in an image.
type Command struct {
	// Args are a program and its arguments, nil when Shell is set.
	Args []string `json:"args,omitempty"`
	// Shell is a text for the image's shell, "" when Args are set.
	Shell string `json:"shell,omitempty"`
}

// String is the command on one line.
func (c Command) String() string {
	text := c.Shell
	if text == "" {
		text = strings.Join(c.Args, " ")
	}
	return strings.Join(strings.Fields(text), " ")
}

// Step is a command that changes the builder image or the base of the image.
type Step struct {
	// In is InBuilder or InImage.
	In      string
	Command Command
	// Network is true when the command may use the network.
	Network bool
	// Env is the environment of this command alone.
	Env map[string]string
	// Secrets are ids of secrets, in the order given.
	Secrets []string
	// Span is the table; zero for a build argument.
	Span cargo.Span
}

// stepFields are the keys of a [[run]] table.
var stepFields = []KeyDoc{
	{Name: "in", Type: TypeString, Default: required, Values: []string{InBuilder, InImage},
		Description: "Where the command runs: in the `builder` image, before anything is compiled, or in the base of the `image`."},
	{Name: "command", Type: TypeStringsOrString, Default: required, Description: "A program and its arguments, or a string for the image's shell."},
	{Name: "network", Type: TypeBoolean, Default: "false", Description: "Whether the command may use the network."},
	{Name: "env", Type: TypeTable, Default: "none", Description: "Environment variables of this command alone."},
	{Name: "secrets", Type: TypeStrings, Default: "none", Description: "Ids of `[[secrets]]` that the command can read."},
}

func parseSteps(o *Options, v value) error {
	records, err := v.records(stepFields)
	if err != nil {
		return err
	}
	o.Steps = nil
	for _, r := range records {
		s := Step{Span: r.span}
		if s.In, err = oneOf(r.fields["in"], InBuilder, InImage); err != nil {
			return err
		}
		if s.Command, err = r.fields["command"].runnable(); err != nil {
			return err
		}
		if err := stepDetails(&s, r); err != nil {
			return err
		}
		o.Steps = append(o.Steps, s)
	}
	return nil
}

// stepDetails reads the fields of a [[run]] table that may be absent.
func stepDetails(s *Step, r value) (err error) {
	if f, ok := r.fields["network"]; ok {
		if s.Network, err = f.boolean(); err != nil {
			return err
		}
	}
	if f, ok := r.fields["env"]; ok {
		if err := mergeEnv(&s.Env, f, nil); err != nil {
			return err
		}
	}
	f, ok := r.fields["secrets"]
	if !ok {
		return nil
	}
	words, err := f.words(false)
	if err != nil {
		return err
	}
	for _, word := range words {
		if err := checkTagPart("secret's id", word.text); err != nil {
			return f.faultAt(word.span, err.Error(), "give the id of a table of [[secrets]]")
		}
		if !slices.Contains(s.Secrets, word.text) {
			s.Secrets = append(s.Secrets, word.text)
		}
	}
	return nil
}

// runnable reads a command of an image: a program with arguments, or a text for
// the image's shell.
func (v value) runnable() (c Command, err error) {
	if v.kind == kindString {
		c.Shell = v.text
	} else if c.Args, err = v.command(); err != nil {
		return c, err
	}
	switch {
	case strings.TrimSpace(c.Shell) == "" && len(c.Args) == 0:
		return c, v.fault("the command is empty", `give a program and its arguments, or a string for the image's shell`)
	case strings.ContainsRune(c.Shell, 0):
		return c, v.fault("the command contains a NUL", "remove it")
	case secretText.MatchString(c.String()):
		return c, v.fault("the command holds what looks like a secret", secretFix)
	}
	return c, nil
}

// StepFault is an error about the [[run]] table i.
func (o *Options) StepFault(i int, message, fix string) *cargo.Error {
	return o.tableFault(KeyRun, o.Steps[i].Span, message, fix)
}

// tableFault is an error about a table of an array of tables.
func (o *Options) tableFault(key string, span cargo.Span, message, fix string) *cargo.Error {
	e := o.Fault(key, message, fix)
	if span.File != "" {
		e.Span = span
	}
	return e
}
