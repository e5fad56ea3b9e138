package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/rustfile/rustfile/internal/builder"
)

// removeStale removes the ID of an older build, so that a failed one does not
// leave it behind as its own.
func removeStale(iidFile string) error {
	if iidFile == "" {
		return nil
	}
	if err := os.Remove(iidFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--iidfile: %w", err)
	}
	return nil
}

// notices is where slow preparations are told; nowhere when the user asked for
// silence or for JSON alone.
func (a *app) notices(r *request) io.Writer {
	if r.display == progressui.QuietMode || r.display == progressui.RawJSONMode {
		return io.Discard
	}
	return a.stderr
}

// finish writes what the flags ask for after a successful build.
func (a *app) finish(r *request, b *builder.Builder, resp *client.SolveResponse, meta map[string][]byte) error {
	if r.printID && r.call == nil {
		fmt.Fprintln(a.stdout, imageID(resp.ExporterResponse))
	}
	if r.iidFile != "" {
		if err := writeAtomic(r.iidFile, []byte(imageID(resp.ExporterResponse))); err != nil {
			return fmt.Errorf("--iidfile: %w", err)
		}
	}
	if r.metadataFile != "" {
		dt, err := json.MarshalIndent(decodeResponse(resp.ExporterResponse), "", "  ")
		if err != nil {
			return fmt.Errorf("--metadata-file: %w", err)
		}
		if err := writeAtomic(r.metadataFile, dt); err != nil {
			return fmt.Errorf("--metadata-file: %w", err)
		}
	}
	if r.call != nil {
		status, err := r.call.print(a.stdout, meta)
		if err == nil && status != 0 {
			return exitError(status)
		}
		return err
	}
	if len(r.outputs) == 0 {
		fmt.Fprint(a.notices(r), outputHint(b.Driver()))
	}
	return nil
}

// outputHint tells a user who gave no output where the image is.
func outputHint(driver builder.Driver) string {
	const keep = "WARNING: No output specified. The image remains in the build cache only. "
	if driver == builder.DriverEmbedded {
		return keep + "To write it to a file use --output type=oci,dest=image.tar, to push it to a registry use --tag and --push\n"
	}
	return keep + "To push it to a registry use --tag and --push, to load it into docker use --load, to write it to a file use --output type=oci,dest=image.tar\n"
}

// imageID is the digest of the image's config where there is one, else of its
// manifest, as in buildx.
func imageID(resp map[string]string) string {
	if v, ok := resp[exptypes.ExporterImageConfigDigestKey]; ok {
		return v
	}
	return resp[exptypes.ExporterImageDigestKey]
}

// decodeResponse unfolds the values that are JSON in base64.
func decodeResponse(resp map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range resp {
		out[k] = v
		dt, err := base64.StdEncoding.DecodeString(v)
		if err != nil {
			continue
		}
		var object map[string]any
		var list []map[string]any
		if (json.Unmarshal(dt, &object) == nil && len(object) > 0) || (json.Unmarshal(dt, &list) == nil && len(list) > 0) {
			out[k] = json.RawMessage(dt)
		}
	}
	return out
}

// writeAtomic replaces a file in one step.
func writeAtomic(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// printWarnings repeats the warnings of the build below the progress, each
// with the place it is about.
func (a *app) printWarnings(r *request, warnings []client.VertexWarning) {
	w := a.notices(r)
	seen := map[string]bool{}
	var lines []string
	for _, warning := range warnings {
		line := " - " + string(warning.Short)
		if warning.SourceInfo != nil && len(warning.Range) > 0 {
			line += fmt.Sprintf(" (%s:%d)", warning.SourceInfo.Filename, warning.Range[0].Start.Line)
		}
		if !seen[line] {
			seen[line] = true
			lines = append(lines, line)
		}
	}
	switch slices.Sort(lines); len(lines) {
	case 0:
		return
	case 1:
		fmt.Fprintln(w, "\n1 warning found:")
	default:
		fmt.Fprintf(w, "\n%d warnings found:\n", len(lines))
	}
	fmt.Fprintln(w, strings.Join(lines, "\n"))
}
