package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/rustfile/rustfile/internal/report"
)

// TestBuildMetadataReport takes reports through a real BuildKit into the
// metadata file, and from there into the next build's reasons.
func TestBuildMetadataReport(t *testing.T) {
	a, dir := buildApp(t)
	version := "1.0.1"
	a.solve = inProcess(func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		res, err := fakeFrontend(ctx, c)
		if err != nil {
			return nil, err
		}
		res.AddMeta(report.MetadataKey, []byte(reportOf(t, "linux/amd64", version)))
		return res, nil
	})
	meta := filepath.Join(t.TempDir(), "meta.json")
	build := func() string {
		t.Helper()
		status, _, stderr := runApp(t, a, "build", dir, "--progress", "plain", "--metadata-file", meta)
		if status != 0 {
			t.Fatalf("status %d\n%s", status, stderr)
		}
		if !strings.Contains(stderr, "units: 0 reused, 1 compiled") {
			t.Errorf("no summary in\n%s", stderr)
		}
		return stderr
	}
	if first := build(); strings.Contains(first, "last build") {
		t.Errorf("a first build has nothing to compare with\n%s", first)
	}
	version = "1.0.2"
	if second := build(); !strings.Contains(second, "version 1.0.1 -> 1.0.2") {
		t.Errorf("no reason in\n%s", second)
	}
	file, err := os.ReadFile(meta)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(file), `"frontend.rustfile.report": {`) {
		t.Errorf("the metadata file has no object for the report:\n%s", file)
	}
	status, stdout, stderr := runApp(t, a, "explain", meta)
	if status != 0 || !strings.Contains(stdout, "version 1.0.1 -> 1.0.2") || stderr != "" {
		t.Errorf("explain: %d, %q, %q", status, stdout, stderr)
	}
	if status, _, stderr := runApp(t, a, "build", "-q", dir, "--metadata-file", meta); status != 0 || stderr != "" {
		t.Errorf("quiet: %d, %q", status, stderr)
	}
}
