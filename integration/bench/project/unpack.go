package project

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

//go:embed testdata/service testdata/workspace/Cargo.lock
var testdata embed.FS

// Unpack writes the project's files to dir.
func (d Def) Unpack(ctx context.Context, dir string) error {
	if d.Source != nil {
		return d.Source(dir)
	}
	if err := d.Crates[0].Unpack(ctx, dir); err != nil {
		return err
	}
	members := d.Crates[1:]
	if len(members) == 0 {
		return nil
	}
	var names []string
	for _, c := range members {
		if err := c.Unpack(ctx, filepath.Join(dir, "crates", c.Name)); err != nil {
			return err
		}
		names = append(names, c.Name)
	}
	return assemble(dir, names)
}

// writeService writes the service of testdata.
func writeService(dir string) error {
	sub, err := fs.Sub(testdata, "testdata/service")
	if err != nil {
		return err
	}
	return os.CopyFS(dir, sub)
}

// assemble turns a package and others that were published from the same workspace into that workspace: they depend on
// each other by path, and what only their tests need is left out, because the lock file of a published package does
// not have it.
func assemble(dir string, members []string) error {
	for _, at := range append([]string{"."}, members...) {
		file, up := filepath.Join(dir, "crates", at, "Cargo.toml"), "../"
		if at == "." {
			file, up = filepath.Join(dir, "Cargo.toml"), "crates/"
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		manifest := byPath(string(text), members, up)
		if at == "." {
			manifest += "\n[workspace]\nmembers = [\"crates/*\"]\n"
		} else {
			manifest = withoutTests(manifest)
			// A published package has a lock file of its own; a workspace has one, at its root.
			if err := os.Remove(filepath.Join(dir, "crates", at, "Cargo.lock")); err != nil && !os.IsNotExist(err) {
				return err
			}
		}
		if err := os.WriteFile(file, []byte(manifest), 0o644); err != nil {
			return err
		}
	}
	file := filepath.Join(dir, "Cargo.lock")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	lock, err := localised(string(text), members)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, []byte(lock), 0o644)
}

// byPath gives dependencies on members a path. The manifests are in cargo's normal form: a table per dependency.
func byPath(manifest string, members []string, up string) string {
	var b strings.Builder
	for line := range strings.Lines(manifest) {
		b.WriteString(line)
		for _, m := range members {
			if strings.TrimSpace(line) == "[dependencies."+m+"]" || strings.TrimSpace(line) == "[dev-dependencies."+m+"]" {
				fmt.Fprintf(&b, "path = %q\n", up+m)
			}
		}
	}
	return b.String()
}

// withoutTests leaves out the tables that only tests, examples and benchmarks need.
func withoutTests(manifest string) string {
	var b strings.Builder
	var skip bool
	for line := range strings.Lines(manifest) {
		if strings.HasPrefix(line, "[") {
			skip = strings.HasPrefix(line, "[dev-dependencies") || strings.HasPrefix(line, "[[test]]") ||
				strings.HasPrefix(line, "[[example]]") || strings.HasPrefix(line, "[[bench]]")
		}
		if !skip {
			b.WriteString(line)
		}
	}
	return b.String()
}

// localised makes packages of a lock file local ones: without source and checksum.
func localised(lock string, members []string) (string, error) {
	sections := strings.Split(lock, "\n\n")
	for _, m := range members {
		var found bool
		for i, s := range sections {
			if !strings.HasPrefix(strings.TrimPrefix(s, "\n"), "[[package]]\nname = \""+m+"\"\n") {
				continue
			}
			found = true
			var kept []string
			for line := range strings.SplitSeq(s, "\n") {
				if !strings.HasPrefix(line, "source = ") && !strings.HasPrefix(line, "checksum = ") {
					kept = append(kept, line)
				}
			}
			sections[i] = strings.Join(kept, "\n")
		}
		if !found {
			return "", fmt.Errorf("it has no package %s", m)
		}
	}
	return strings.Join(sections, "\n\n"), nil
}
