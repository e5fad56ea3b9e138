package options

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
)

// Copy is a file or directory of the build context that the image gets.
type Copy struct {
	// Source is a clean path relative to the context.
	Source string
	// Destination is a clean absolute path; with a slash at its end, a file goes
	// below it under its own name.
	Destination string
	// Mode is the permission of files, "" for those of the source made equal
	// on all machines.
	Mode string
	// Owner is "UID:GID" or a name as in User, "" for root.
	Owner string
	// Compiled says whether the compiler may read the files, too: "true",
	// "false", or "" when rustfile is to find out.
	Compiled string
	// Span is the table; zero for a build argument.
	Span cargo.Span
}

// copyFields are the keys of a [[copy]] table.
var copyFields = []KeyDoc{
	{Name: "source", Type: TypeString, Default: required, Description: "A file or directory, relative to the build context."},
	{Name: "destination", Type: TypeString, Default: required,
		Description: "The path in the image; a file goes below it when it ends in `/`, the contents of a directory always do."},
	{Name: "mode", Type: TypeString, Default: "0755 for programs and directories, else 0644", Description: "The octal permissions of a file, such as `\"0640\"`; in a directory, programs stay executable."},
	{Name: "owner", Type: TypeString, Number: true, Default: "0:0", Description: "The owner, as `UID`, `UID:GID`, or names of the base image."},
	{Name: "compiled", Type: TypeBoolean, Default: "found out", Description: "Whether the compiler or a build script reads the files, too."},
}

func parseCopies(o *Options, v value) error {
	records, err := v.records(copyFields)
	if err != nil {
		return err
	}
	o.Image.Copies = nil
	for _, r := range records {
		c := Copy{Span: r.span}
		if c.Source, err = contextPath(r.fields["source"]); err != nil {
			return err
		}
		if c.Source == "." {
			return v.faultAt(r.fields["source"].span, "the whole context is too much", "name the files and directories that the image needs")
		}
		to := r.fields["destination"]
		if c.Destination, err = absolutePath(to); err != nil {
			return err
		}
		if strings.HasSuffix(to.text, "/") {
			c.Destination = strings.TrimSuffix(c.Destination, "/") + "/"
		}
		if err := copyDetails(&c, r); err != nil {
			return err
		}
		o.Image.Copies = append(o.Image.Copies, c)
	}
	return nil
}

// copyDetails reads the fields of a [[copy]] table that may be absent.
func copyDetails(c *Copy, r value) (err error) {
	if f, ok := r.fields["mode"]; ok {
		if c.Mode, err = octalMode(f, 0o777); err != nil {
			return err
		}
	}
	if f, ok := r.fields["owner"]; ok {
		if c.Owner, err = userName(f, `owner = "65532:65532"`); err != nil {
			return err
		}
	}
	if f, ok := r.fields["compiled"]; ok {
		on, err := f.boolean()
		if err != nil {
			return err
		}
		c.Compiled = strconv.FormatBool(on)
	}
	return nil
}

// octalMode reads permissions in octal, up to the greatest value.
func octalMode(v value, most uint64) (string, error) {
	text, err := v.str()
	if err != nil {
		return "", err
	}
	if n, err := strconv.ParseUint(text, 8, 32); err != nil || n > most || len(text) < 3 {
		return "", v.fault(fmt.Sprintf("`%s` is not an octal mode", clip(text)), `write it as: mode = "0644"`)
	}
	return text, nil
}

// contextPath reads a path that must stay in the build context.
func contextPath(v value) (string, error) {
	text, err := v.str()
	if err != nil {
		return "", err
	}
	if err := checkContextPath(text); err != nil {
		return "", v.fault(err.Error(), "give a path relative to the build context, such as static")
	}
	return path.Clean(text), nil
}
