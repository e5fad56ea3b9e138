package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/platforms"
	"github.com/rustfile/rustfile/internal/imagediff"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// verifyFlags are the flags of "rustfile verify": those of a build that decide
// what comes out, and how to tell.
type verifyFlags struct {
	buildFlags
	format string
}

func (f *verifyFlags) register(fs *pflag.FlagSet, getenv func(string) string) {
	f.registerInput(fs, getenv)
	fs.StringArrayVar(&f.cacheFrom, "cache-from", nil, `External cache sources; only used with --no-cache=false`)
	fs.BoolVar(&f.noCache, "no-cache", true, "Compile everything again; false verifies what the cache holds")
	fs.StringVar(&f.progress, "progress", defaultProgress(getenv), `Set type of progress output ("auto", "none", "plain", "quiet", "rawjson", "tty")`)
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "Suppress the build output")
	fs.StringVar(&f.format, "format", "text", `Form of the report ("text", "json")`)
}

func (a *app) verifyCommand() *cobra.Command {
	f := &verifyFlags{}
	cmd := &cobra.Command{
		Use:   "verify [OPTIONS] IMAGE [PATH | URL]",
		Short: "Rebuild an image and compare",
		Long: "Rebuild an image from the project in PATH (default: the working directory) or at a git or archive URL, and compare.\n\n" +
			"IMAGE is a reference in a registry, oci-layout://DIR, or the path of an OCI layout or archive. The flags are those that the image " +
			"was built with; the platforms and SOURCE_DATE_EPOCH are read from the image when they are not given. The status is 0 when the images are " +
			"the same, and 1 when they differ: then the report names the fields of the configuration and the files that do.",
		Example: "  rustfile verify ghcr.io/me/app:1.2.0\n" +
			"  rustfile verify ghcr.io/me/app:1.2.0 https://github.com/me/app.git#v1.2.0\n" +
			"  rustfile build --output type=oci,dest=app.tar && rustfile verify app.tar",
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.verify(cmd.Context(), f, args[0], pathArg(args[1:]))
		},
	}
	f.register(cmd.Flags(), a.getenv)
	return cmd
}

// verify is "rustfile verify".
func (a *app) verify(ctx context.Context, f *verifyFlags, ref, path string) error {
	if f.format != "text" && f.format != "json" {
		return fmt.Errorf("--format %q is not one of text, json", f.format)
	}
	dir, err := os.MkdirTemp("", "rustfile-verify")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	images, err := imagediff.Find(ctx, ref, dir)
	if err != nil {
		return err
	}
	if images, err = a.matchInputs(f, ref, images); err != nil {
		return err
	}
	rebuilt, err := a.rebuild(ctx, &f.buildFlags, path, filepath.Join(dir, "rebuild"))
	if err != nil {
		return err
	}
	reports, err := compareImages(images, rebuilt)
	if err != nil {
		return err
	}
	if err := printReports(a.stdout, f.format, reports); err != nil {
		return err
	}
	if slices.ContainsFunc(reports, func(r *imagediff.Report) bool { return !r.Same }) {
		a.hint(reports)
		return exitError(1)
	}
	return nil
}

// matchInputs takes from the image what the flags leave open, its platforms and
// its date, and returns the images of the platforms that the flags choose.
func (a *app) matchInputs(f *verifyFlags, ref string, images []imagediff.Image) ([]imagediff.Image, error) {
	wanted, err := parsePlatforms(f.platforms)
	if err != nil {
		return nil, err
	}
	if len(wanted) == 0 {
		for _, img := range images {
			f.platforms = append(f.platforms, img.Platform)
		}
	} else {
		var chosen []imagediff.Image
		for _, p := range wanted {
			i := slices.IndexFunc(images, func(img imagediff.Image) bool { return samePlatform(img.Platform, platforms.FormatAll(p)) })
			if i < 0 {
				return nil, fmt.Errorf("--platform: the image %s is not for %s", ref, platforms.FormatAll(p))
			}
			chosen = append(chosen, images[i])
		}
		images = chosen
	}
	return images, a.matchDate(f, images[0])
}

// matchDate dates the rebuild as the image is.
func (a *app) matchDate(f *verifyFlags, img imagediff.Image) error {
	const key = "SOURCE_DATE_EPOCH"
	given := a.getenv(key) != "" || slices.ContainsFunc(f.buildArgs, func(s string) bool {
		name, _, _ := strings.Cut(s, "=")
		return strings.EqualFold(name, key)
	})
	config, err := img.ConfigFile()
	if err != nil {
		return err
	}
	if at := config.Created.Time; !given && at.Unix() > 0 {
		f.buildArgs = append(f.buildArgs, key+"="+strconv.FormatInt(at.Unix(), 10))
	}
	return nil
}

// rebuild builds into an OCI layout.
func (a *app) rebuild(ctx context.Context, f *buildFlags, path, dir string) ([]imagediff.Image, error) {
	f.call, f.provenance, f.outputs = "build", "false", []string{"type=oci,tar=false,dest=" + dir}
	r, err := a.request(f, path)
	if err != nil {
		return nil, err
	}
	defer r.cleanup()
	b, c, closeBoth, err := a.connect(ctx, r)
	if err != nil {
		return nil, err
	}
	defer closeBoth()
	_, _, warnings, err := a.runGuessed(ctx, c, r, b)
	if err != nil {
		return nil, err
	}
	a.printWarnings(r, warnings)
	return imagediff.Find(ctx, dir, dir)
}

func compareImages(images, rebuilt []imagediff.Image) ([]*imagediff.Report, error) {
	var reports []*imagediff.Report
	for _, img := range images {
		i := slices.IndexFunc(rebuilt, func(other imagediff.Image) bool { return samePlatform(img.Platform, other.Platform) })
		if i < 0 {
			return nil, fmt.Errorf("the rebuild has no image for %s", img.Platform)
		}
		r, err := imagediff.Compare(img, rebuilt[i])
		if err != nil {
			return nil, err
		}
		reports = append(reports, r)
	}
	return reports, nil
}

// samePlatform compares platforms that are spelled differently, such as
// linux/arm64 and linux/arm64/v8.
func samePlatform(a, b string) bool {
	pa, errA := platforms.Parse(a)
	pb, errB := platforms.Parse(b)
	return errA == nil && errB == nil && platforms.FormatAll(platforms.Normalize(pa)) == platforms.FormatAll(platforms.Normalize(pb))
}

func printReports(w io.Writer, format string, reports []*imagediff.Report) error {
	if format == "json" {
		return imagediff.JSON(w, reports)
	}
	for _, r := range reports {
		if err := imagediff.Text(w, r); err != nil {
			return err
		}
	}
	return nil
}

// revisionField is the label that names the commit of a git context.
const revisionField = `config.Labels["org.opencontainers.image.revision"]`

// hint says what may be behind a difference that comes from the inputs.
func (a *app) hint(reports []*imagediff.Report) {
	for _, r := range reports {
		for _, field := range r.Fields {
			if field.Path == revisionField && field.Rebuild == "" {
				fmt.Fprintf(a.stderr, "The image was built from the git commit %s; to verify that, give the repository's URL with #%s in place of a directory.\n", field.Image, field.Image)
				return
			}
		}
		if len(r.Layers) > 0 && r.Layers[0].Number == 1 {
			fmt.Fprintln(a.stderr, "The first layer differs, which is the base image's: its tag may point to another image now. "+
				"Name it by its digest, with --build-context runtime=docker-image://NAME@sha256:...")
			return
		}
	}
}
