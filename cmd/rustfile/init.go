package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
	"github.com/spf13/cobra"
)

// template is the Rustfile that "rustfile init" writes: the syntax line, and
// every key as a comment.
//
//go:embed template.Rustfile
var template []byte

func (a *app) initCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "init [PATH]",
		Short: "Write a commented Rustfile",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.init(pathArg(args), force)
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "Replace a Rustfile that is there")
	return cmd
}

// init writes the Rustfile of dir, in one step: whoever looks sees no file or
// a whole one.
func (a *app) init(dir string, force bool) error {
	if st, err := os.Stat(filepath.Join(dir, manifestName)); err != nil || st.IsDir() {
		return fmt.Errorf("%s has no %s: run rustfile init in the directory of a Rust project (a workspace's root)", dir, manifestName)
	}
	file := filepath.Join(dir, rustfileName)
	if err := place(file, template, force); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "wrote %s; every setting in it is optional\n", file)
	ignored, err := ignoresTarget(dir)
	if err != nil {
		return err
	}
	if !ignored {
		fmt.Fprintf(a.stdout, "hint: a %s with the lines target/ and .git keeps build output out of what is sent to the builder\n", filepath.Join(dir, ".dockerignore"))
	}
	if _, err := os.Stat(filepath.Join(dir, "Cargo.lock")); errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(a.stdout, "hint: there is no Cargo.lock; make one with cargo generate-lockfile, the build needs it")
	}
	fmt.Fprintf(a.stdout, "build it with: rustfile build %s, or docker build -f %s %s\n", dir, file, dir)
	return nil
}

// place puts data at path; an existing file is kept unless force is given.
func place(path string, data []byte, force bool) (err error) {
	if force {
		if err := writeAtomic(path, data); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		return nil
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".Rustfile-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err := errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	// A link fails where a rename would replace.
	err = os.Link(tmp.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: edit it, or replace it with --force", path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// ignoresTarget tells whether cargo's target directory is kept out of the
// build context.
func ignoresTarget(dir string) (bool, error) {
	for _, name := range []string{rustfileName + ".dockerignore", ".dockerignore"} {
		file := filepath.Join(dir, name)
		dt, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return false, fmt.Errorf("read %s: %w", file, err)
		}
		patterns, err := ignorefile.ReadAll(strings.NewReader(string(dt)))
		if err != nil {
			return false, fmt.Errorf("read %s: %w", file, err)
		}
		ignored, err := patternmatcher.MatchesOrParentMatches("target/release", patterns)
		if err != nil {
			return false, fmt.Errorf("%s: %w", file, err)
		}
		return ignored, nil
	}
	return false, nil
}
