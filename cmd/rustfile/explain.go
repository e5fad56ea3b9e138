package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/report"
	"github.com/spf13/cobra"
)

// explainFlags are the flags of "rustfile explain".
type explainFlags struct {
	previous string
	format   string
	output   string
	platform string
	target   string
}

func (a *app) explainCommand() *cobra.Command {
	f := &explainFlags{}
	cmd := &cobra.Command{
		Use:   "explain METADATA_FILE",
		Short: "Show what a build compiled, and why",
		Long: "Show what a build compiled, and why, from the file that the build's --metadata-file wrote:\n\n" +
			"  rustfile explain --previous yesterday.json today.json\n" +
			"  rustfile explain --previous yesterday.json --format html --output report.html today.json",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.explain(f, args[0])
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&f.previous, "previous", "", "Metadata file of the build to compare with, which gives the reasons")
	fs.StringVar(&f.format, "format", "text", `Format of the report ("text", "json", "html")`)
	fs.StringVarP(&f.output, "output", "o", "", "File to write to (default: standard output)")
	fs.StringVar(&f.platform, "platform", "", "Platform to show, of a build for several")
	fs.StringVar(&f.target, "target", "", "Target to show, of a bake file's build")
	return cmd
}

func (a *app) explain(f *explainFlags, file string) error {
	write, ok := map[string]func(io.Writer, *report.Report) error{"text": report.Text, "json": report.JSON, "html": report.HTML}[f.format]
	if !ok {
		return fmt.Errorf("--format %q is not text, json or html", f.format)
	}
	reports, err := readReports(file, f)
	if err != nil {
		return err
	}
	if len(reports) > 1 && f.format != "text" {
		return fmt.Errorf("%s has reports for %s: choose one with --platform for --format %s", file, listPlatforms(reports), f.format)
	}
	if f.previous != "" {
		previous, err := readReports(f.previous, f)
		if err != nil {
			return fmt.Errorf("--previous: %w", err)
		}
		for platform, r := range reports {
			if previous[platform] == nil {
				return fmt.Errorf("--previous: %s has reports for %s and none for %s to compare with", f.previous, listPlatforms(previous), platform)
			}
			report.Compare(previous[platform], r)
		}
	}
	var out strings.Builder
	for _, platform := range slices.Sorted(maps.Keys(reports)) {
		if len(reports) > 1 {
			fmt.Fprintf(&out, "%q:\n", platform)
		}
		if err := write(&out, reports[platform]); err != nil {
			return err
		}
	}
	if f.previous == "" && !reasoned(reports) {
		fmt.Fprintln(a.stderr, "hint: --previous FILE, the metadata file of the build before, gives the reasons")
	}
	if f.output == "" || f.output == "-" {
		_, err := io.WriteString(a.stdout, out.String())
		return err
	}
	if err := writeAtomic(f.output, []byte(out.String())); err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	return nil
}

// reasoned tells that no unit was compiled without a known reason.
func reasoned(reports map[string]*report.Report) bool {
	for _, r := range reports {
		for _, u := range r.Units {
			if u.Status == report.StatusCompiled && len(u.Why) == 0 {
				return false
			}
		}
	}
	return true
}

// readReports reads the reports of a metadata file by platform; with --platform
// only that one.
func readReports(file string, f *explainFlags) (map[string]*report.Report, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the metadata file: %w", err)
	}
	if data, err = targetPart(file, data, f.target); err != nil {
		return nil, err
	}
	reports, err := report.FromMetadata(data)
	if errors.Is(err, report.ErrNoReport) {
		return nil, fmt.Errorf("%s has no freshness report: make it with rustfile build --metadata-file %s, or with docker buildx build and the same flag", file, file)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w; make the file with rustfile build --metadata-file", file, err)
	}
	if f.platform == "" {
		return reports, nil
	}
	if reports[f.platform] == nil {
		return nil, fmt.Errorf("--platform: %s has no report for %s, but for %s", file, f.platform, listPlatforms(reports))
	}
	return map[string]*report.Report{f.platform: reports[f.platform]}, nil
}

// targetPart is the metadata of one target where the file is of a bake file's
// build, else the whole.
func targetPart(file string, data []byte, target string) ([]byte, error) {
	targets := report.Targets(data)
	names := strings.Join(slices.Sorted(maps.Keys(targets)), ", ")
	switch part, ok := targets[target]; {
	case ok:
		return part, nil
	case target != "" && len(targets) == 0:
		return nil, fmt.Errorf("--target: %s is not of a bake file's build with reports: leave the flag out", file)
	case target != "":
		return nil, fmt.Errorf("--target: %s has no report for %q, but for %s", file, target, names)
	case len(targets) > 1:
		return nil, fmt.Errorf("%s has reports for the targets %s: choose one with --target", file, names)
	}
	for _, only := range targets {
		return only, nil
	}
	return data, nil
}

func listPlatforms(reports map[string]*report.Report) string {
	return strings.Join(slices.Sorted(maps.Keys(reports)), ", ")
}
