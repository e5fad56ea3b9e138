package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/moby/buildkit/client"
	"github.com/rustfile/rustfile/internal/report"
)

// lastReports returns the reports of the build before, from the metadata file
// that this one will replace. Any other file there is nothing to compare with.
func lastReports(metadataFile string) map[string]*report.Report {
	if metadataFile == "" {
		return nil
	}
	data, err := os.ReadFile(metadataFile)
	if err != nil {
		return nil
	}
	reports, err := report.FromMetadata(data)
	if err != nil {
		return nil
	}
	return reports
}

// report prints what the build compiled, and puts the reasons into the answer
// that becomes the metadata file. The image is made by now, so a report that
// cannot be read is a warning.
func (a *app) report(r *request, last map[string]*report.Report, resp *client.SolveResponse, meta map[string][]byte) {
	w := a.notices(r)
	reports, err := report.FromResult(meta)
	if err != nil {
		if !errors.Is(err, report.ErrNoReport) {
			fmt.Fprintf(w, "WARNING: no summary of what was compiled: %v\n", err)
		}
		return
	}
	for _, platform := range slices.Sorted(maps.Keys(reports)) {
		current := reports[platform]
		report.Compare(last[platform], current)
		if len(reports) > 1 {
			fmt.Fprintf(w, "%q:\n", platform)
		}
		var data bytes.Buffer
		if err := errors.Join(report.Text(w, current), report.JSON(&data, current)); err != nil {
			fmt.Fprintf(w, "WARNING: no summary of what was compiled: %v\n", err)
			return
		}
		key := report.MetadataKey
		if _, single := meta[key]; !single {
			key += "/" + platform
		}
		if _, ok := resp.ExporterResponse[key]; ok {
			// Of base64 the metadata file gets the object itself.
			resp.ExporterResponse[key] = base64.StdEncoding.EncodeToString(data.Bytes())
		}
	}
}
