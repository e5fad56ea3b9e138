package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/client"
	"github.com/tonistiigi/go-csvvalue"
)

// output is one --output, --push or --load.
type output struct {
	typ   string
	dest  string
	attrs map[string]string
}

// exporters lists the types that --output takes.
func exporters() []string {
	return []string{client.ExporterImage, "registry", client.ExporterOCI, client.ExporterDocker, client.ExporterLocal, client.ExporterTar, "cacheonly"}
}

// parseOutput parses one --output: "type=...,dest=...,...", or a path alone
// for type=local, or "-" alone for type=tar on standard output.
func parseOutput(s string) (output, error) {
	fields, err := csvvalue.Fields(s, nil)
	if err != nil {
		return output{}, fmt.Errorf("--output %q: %w", s, err)
	}
	if len(fields) == 1 && fields[0] == s && !strings.HasPrefix(s, "type=") {
		if s == "-" {
			return output{typ: client.ExporterTar, dest: s, attrs: map[string]string{}}, nil
		}
		return output{typ: client.ExporterLocal, dest: s, attrs: map[string]string{}}, nil
	}
	attrs, err := csvMap("output", s)
	if err != nil {
		return output{}, err
	}
	o := output{typ: attrs["type"], dest: attrs["dest"], attrs: attrs}
	delete(attrs, "type")
	delete(attrs, "dest")
	if !slices.Contains(exporters(), o.typ) {
		return output{}, fmt.Errorf("--output %q: type %q is not one of %s", s, o.typ, strings.Join(exporters(), ", "))
	}
	if o.typ == "registry" {
		o.typ = client.ExporterImage
		o.attrs["push"] = "true"
		setDefault(o.attrs, "unpack", "false")
	}
	return o, nil
}

func setDefault(m map[string]string, k, v string) {
	if _, ok := m[k]; !ok {
		m[k] = v
	}
}

// parseOutputs returns what --output, --push and --load ask for together, with
// the tags filled in.
func parseOutputs(f *buildFlags) ([]output, error) {
	var outs []output
	for _, s := range f.outputs {
		o, err := parseOutput(s)
		if err != nil {
			return nil, err
		}
		if f.iidFile != "" && (o.typ == client.ExporterLocal || o.typ == client.ExporterTar) {
			return nil, fmt.Errorf("--output %q gives no image, so there is no ID for --iidfile: use type=image, oci or docker", s)
		}
		outs = append(outs, o)
	}
	if f.push {
		outs = withPush(outs)
	}
	if f.load && !slices.ContainsFunc(outs, output.loads) {
		outs = append(outs, output{typ: client.ExporterDocker, attrs: map[string]string{}})
	}
	return outs, nameOutputs(outs, f.tags)
}

// withPush makes every image output push, or adds one that does.
func withPush(outs []output) []output {
	used := false
	for _, o := range outs {
		if o.typ == client.ExporterImage {
			o.attrs["push"] = "true"
			setDefault(o.attrs, "unpack", "false")
			used = true
		}
	}
	if used {
		return outs
	}
	return append(outs, output{typ: client.ExporterImage, attrs: map[string]string{"push": "true", "unpack": "false"}})
}

// nameOutputs puts the tags into the image outputs, and refuses a push that
// has no name to push to.
func nameOutputs(outs []output, tags []string) error {
	var names []string
	for _, tag := range tags {
		ref, err := reference.Parse(tag)
		if err != nil {
			return fmt.Errorf("--tag %q: %w", tag, err)
		}
		names = append(names, ref.String())
	}
	for _, o := range outs {
		switch o.typ {
		case client.ExporterImage, client.ExporterOCI, client.ExporterDocker:
			if len(names) > 0 {
				o.attrs["name"] = strings.Join(names, ",")
			}
		}
		if push, _ := strconv.ParseBool(o.attrs["push"]); push && o.attrs["name"] == "" {
			return errors.New("a push needs a name: give the image one with --tag REGISTRY/NAME")
		}
	}
	return nil
}

// loads tells whether the output goes into a docker engine.
func (o output) loads() bool {
	return o.typ == client.ExporterDocker && o.dest == ""
}

// isDir tells whether the output is a directory, not one stream.
func (o output) isDir() bool {
	switch o.typ {
	case client.ExporterLocal:
		return true
	case client.ExporterOCI, client.ExporterDocker:
		tar, err := strconv.ParseBool(o.attrs["tar"])
		return err == nil && !tar
	}
	return false
}

// exportEntries turns the outputs into BuildKit's, with their destinations
// checked. A load has no destination yet: the caller gives it one.
func exportEntries(outs []output, stdout io.Writer) ([]client.ExportEntry, error) {
	var entries []client.ExportEntry
	stdoutUsed := false
	for _, o := range outs {
		if o.typ == "cacheonly" {
			continue
		}
		e := client.ExportEntry{Type: o.typ, Attrs: maps.Clone(o.attrs)}
		dest := o.dest
		switch {
		case o.isDir():
			if err := checkDir(o); err != nil {
				return nil, err
			}
			e.OutputDir = dest
		case o.typ == client.ExporterImage || o.loads():
		case dest == "" || dest == "-":
			if stdoutUsed {
				return nil, errors.New("two outputs would go to standard output: give one of them a dest")
			}
			stdoutUsed = true
			if err := checkStdout(o, stdout); err != nil {
				return nil, err
			}
			e.Output = streamTo(nopCloser{stdout})
		default:
			if st, err := os.Stat(dest); err == nil && st.IsDir() {
				return nil, fmt.Errorf("--output type=%s: dest %s is a directory, not a file", o.typ, dest)
			}
			e.Output = streamTo(&lazyFile{path: dest})
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func checkDir(o output) error {
	if o.dest == "" || o.dest == "-" {
		return fmt.Errorf("--output type=%s writes a directory: give it one with dest=PATH", o.typ)
	}
	st, err := os.Stat(o.dest)
	if err == nil && !st.IsDir() {
		return fmt.Errorf("--output type=%s: dest %s is a file, not a directory", o.typ, o.dest)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--output type=%s: %w", o.typ, err)
	}
	return nil
}

// checkStdout keeps an archive off a terminal.
func checkStdout(o output, stdout io.Writer) error {
	if isTerminal(stdout) {
		return fmt.Errorf("--output type=%s: give it a file with dest=PATH; it is not written to a terminal", o.typ)
	}
	return nil
}

func streamTo(w io.WriteCloser) func(map[string]string) (io.WriteCloser, error) {
	return func(map[string]string) (io.WriteCloser, error) { return w, nil }
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// lazyFile makes its file at the first byte, so that a failed build does not
// replace an older result.
type lazyFile struct {
	path string
	f    *os.File
}

func (l *lazyFile) Write(p []byte) (int, error) {
	if l.f == nil {
		if err := os.MkdirAll(filepath.Dir(l.path), 0o755); err != nil {
			return 0, err
		}
		f, err := os.Create(l.path)
		if err != nil {
			return 0, err
		}
		l.f = f
	}
	return l.f.Write(p)
}

func (l *lazyFile) Close() error {
	if l.f == nil {
		return nil
	}
	return l.f.Close()
}

// formatCSV writes a map as csvMap reads it, keys sorted.
func formatCSV(m map[string]string) string {
	var pairs []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		pairs = append(pairs, k+"="+m[k])
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	// A strings.Builder takes every write.
	_ = w.Write(pairs)
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}
