package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/buildkit/client"
	"github.com/rustfile/rustfile/internal/report"
)

// reportOf is a report of one compiled unit of a version.
func reportOf(t *testing.T, platform, version string) string {
	t.Helper()
	r := &report.Report{
		Version: report.FormatVersion, Platform: platform, Granularity: report.GranularityUnit,
		Units: []report.Unit{{
			ID: "serde " + version + " target", Name: "serde", Version: version, Kind: report.KindDependency,
			Key: "key of " + version, Status: report.StatusCompiled, Start: 1, Duration: 2000,
		}},
	}
	var out bytes.Buffer
	if err := report.JSON(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// metadata is a metadata file of keys and reports, each as BuildKit's string.
func metadata(t *testing.T, pairs ...string) string {
	t.Helper()
	object := map[string]string{"image.name": "x"}
	for i := 0; i < len(pairs); i += 2 {
		object[pairs[i]] = pairs[i+1]
	}
	data, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestExplain(t *testing.T) {
	dir := t.TempDir()
	const amd64, arm64 = report.MetadataKey + "/linux/amd64", report.MetadataKey + "/linux/arm64"
	writeFiles(t, dir, map[string]string{
		"old.json":   metadata(t, report.MetadataKey, reportOf(t, "linux/amd64", "1.0.1")),
		"new.json":   metadata(t, report.MetadataKey, reportOf(t, "linux/amd64", "1.0.2")),
		"two.json":   metadata(t, amd64, reportOf(t, "linux/amd64", "1.0.2"), arm64, reportOf(t, "linux/arm64", "1.0.3")),
		"none.json":  metadata(t),
		"bad.json":   "{\n]",
		"bad2.json":  metadata(t, report.MetadataKey, `{"version":7}`),
		"bake.json":  fmt.Sprintf(`{"a":%s,"b":%s}`, metadata(t, report.MetadataKey, reportOf(t, "linux/amd64", "1.0.1")), metadata(t, report.MetadataKey, reportOf(t, "linux/amd64", "1.0.2"))),
		"bake1.json": fmt.Sprintf(`{"a":%s}`, metadata(t, report.MetadataKey, reportOf(t, "linux/amd64", "1.0.1"))),
	})
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, tc := range []struct {
		name    string
		args    []string
		want    []string
		wantErr string // of standard error
	}{
		{name: "text", args: []string{in("new.json")}, want: []string{"units: 0 reused, 1 compiled", "serde 1.0.2 target"}, wantErr: "hint: --previous"},
		{name: "previous", args: []string{"--previous", in("old.json"), in("new.json")}, want: []string{"version 1.0.1 -> 1.0.2"}},
		{name: "json", args: []string{"--previous", in("old.json"), "--format", "json", in("new.json")}, want: []string{`"why": [`, `"was": "1.0.1"`}},
		{name: "html", args: []string{"--previous", in("old.json"), "--format", "html", in("new.json")}, want: []string{"<!DOCTYPE html>", "serde 1.0.2"}},
		{name: "platforms", args: []string{in("two.json")}, want: []string{"\"linux/amd64\":\nunits:", "\"linux/arm64\":\nunits:"}, wantErr: "hint:"},
		{name: "one platform", args: []string{"--platform", "linux/arm64", "--format", "html", in("two.json")}, want: []string{"serde 1.0.3"}, wantErr: "hint:"},
		{name: "previous of more platforms", args: []string{"--previous", in("two.json"), in("old.json")}, want: []string{"version 1.0.2 -> 1.0.1"}},
		{name: "target of a bake file", args: []string{"--target", "b", in("bake.json")}, want: []string{"serde 1.0.2"}, wantErr: "hint:"},
		{name: "the only target", args: []string{in("bake1.json")}, want: []string{"serde 1.0.1"}, wantErr: "hint:"},
		{name: "which platform", args: []string{"--format", "json", in("two.json")}, wantErr: "two.json has reports for linux/amd64, linux/arm64: choose one with --platform"},
		{name: "no such platform", args: []string{"--platform", "linux/s390x", in("two.json")}, wantErr: "no report for linux/s390x, but for linux/amd64, linux/arm64"},
		{name: "which target", args: []string{in("bake.json")}, wantErr: "bake.json has reports for the targets a, b: choose one with --target"},
		{name: "no such target", args: []string{"--target", "c", in("bake.json")}, wantErr: `no report for "c", but for a, b`},
		{name: "no bake file", args: []string{"--target", "c", in("new.json")}, wantErr: "leave the flag out"},
		{name: "previous of another platform", args: []string{"--previous", in("old.json"), in("two.json")}, wantErr: "old.json has reports for linux/amd64 and none for linux/arm64"},
		{name: "no report", args: []string{in("none.json")}, wantErr: "none.json has no freshness report: make it with rustfile build --metadata-file"},
		{name: "no previous report", args: []string{"--previous", in("none.json"), in("new.json")}, wantErr: "--previous: " + in("none.json") + " has no freshness report"},
		{name: "no JSON", args: []string{in("bad.json")}, wantErr: "bad.json: line 2: not a metadata file"},
		{name: "another version", args: []string{in("bad2.json")}, wantErr: "bad2.json: frontend.rustfile.report: the report has version 7"},
		{name: "no file", args: []string{in("absent.json")}, wantErr: "absent.json: no such file"},
		{name: "format", args: []string{"--format", "pdf", in("new.json")}, wantErr: `--format "pdf" is not text, json or html`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, stdout, stderr := runApp(t, testApp(nil), append([]string{"explain"}, tc.args...)...)
			if (status == 0) != (tc.want != nil) {
				t.Errorf("status %d", status)
			}
			for _, want := range tc.want {
				if !strings.Contains(stdout, want) {
					t.Errorf("no %q in\n%s", want, stdout)
				}
			}
			if tc.wantErr == "" && stderr != "" || !strings.Contains(stderr, tc.wantErr) {
				t.Errorf("standard error %q, want %q", stderr, tc.wantErr)
			}
		})
	}
	out := in("page.html")
	status, stdout, stderr := runApp(t, testApp(nil), "explain", "--previous", in("old.json"), "--format", "html", "--output", out, in("new.json"))
	page, err := os.ReadFile(out)
	if status != 0 || stdout != "" || stderr != "" || err != nil || !bytes.Contains(page, []byte("version 1.0.1 -&gt; 1.0.2")) {
		t.Errorf("--output: %d, %q, %q, %d bytes, %v", status, stdout, stderr, len(page), err)
	}
	if status, _, stderr = runApp(t, testApp(nil), "explain", "--output", in("no/such/page.html"), in("new.json")); status != 1 || !strings.Contains(stderr, "--output: ") {
		t.Errorf("--output nowhere: %d, %s", status, stderr)
	}
}

// TestBuildReport: a report that cannot be read costs a warning and not the
// build, and one per platform keeps its key.
func TestBuildReport(t *testing.T) {
	const arm64 = report.MetadataKey + "/linux/arm64"
	a := testApp(nil)
	var stderr bytes.Buffer
	a.stderr = &stderr
	resp := &client.SolveResponse{ExporterResponse: map[string]string{arm64: "as it came"}}
	a.report(&request{}, nil, resp, map[string][]byte{arm64: []byte("{}")})
	if got := stderr.String(); !strings.Contains(got, "WARNING: no summary") || resp.ExporterResponse[arm64] != "as it came" {
		t.Errorf("a broken report: %q, %q", got, resp.ExporterResponse)
	}
	stderr.Reset()
	a.report(&request{}, nil, resp, map[string][]byte{"frontend.rustfile.plan": []byte("{}")})
	if got := stderr.String(); got != "" {
		t.Errorf("without a report: %q", got)
	}
	a.report(&request{}, nil, resp, map[string][]byte{arm64: []byte(reportOf(t, "linux/arm64", "1.0.1"))})
	dt, err := json.Marshal(decodeResponse(resp.ExporterResponse))
	if err != nil {
		t.Fatal(err)
	}
	reports, err := report.FromMetadata(dt)
	if err != nil || reports["linux/arm64"] == nil || len(resp.ExporterResponse) != 1 || !strings.Contains(stderr.String(), "1 compiled") {
		t.Errorf("%s, %v, %q", dt, err, stderr.String())
	}
}
