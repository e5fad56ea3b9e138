package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/rustfile/rustfile/internal/imagediff"
)

// madeImage is an image of no layers for a platform, dated at seconds since 1970.
func madeImage(t *testing.T, architecture, variant string, seconds int64) imagediff.Image {
	t.Helper()
	img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{
		OS: "linux", Architecture: architecture, Variant: variant, Created: v1.Time{Time: time.Unix(seconds, 0).UTC()},
	})
	if err != nil {
		t.Fatal(err)
	}
	platform := strings.TrimSuffix("linux/"+architecture+"/"+variant, "/")
	return imagediff.Image{Image: img, Platform: platform}
}

// TestMatchInputs states what a rebuild takes from the image.
func TestMatchInputs(t *testing.T) {
	for _, tc := range []struct {
		name      string
		env       map[string]string
		platforms []string
		args      []string
		seconds   int64
		// want are the platforms and build arguments of the rebuild; an error begins with "!".
		want string
	}{
		{name: "all platforms", want: "linux/amd64 linux/arm64/v8;"},
		{name: "one of them", platforms: []string{"linux/arm64"}, want: "linux/arm64;"},
		{name: "another", platforms: []string{"linux/riscv64"}, want: "!the image me/app is not for linux/riscv64"},
		{name: "a date", seconds: 1700000000, want: "linux/amd64 linux/arm64/v8; SOURCE_DATE_EPOCH=1700000000"},
		{name: "a date that is given", seconds: 1700000000, args: []string{"source_date_epoch=5"}, want: "linux/amd64 linux/arm64/v8; source_date_epoch=5"},
		{name: "a date in the environment", env: map[string]string{"SOURCE_DATE_EPOCH": "5"}, seconds: 1700000000, want: "linux/amd64 linux/arm64/v8;"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			images := []imagediff.Image{madeImage(t, "amd64", "", tc.seconds), madeImage(t, "arm64", "v8", tc.seconds)}
			f := &verifyFlags{buildFlags: buildFlags{platforms: tc.platforms, buildArgs: tc.args}}
			chosen, err := testApp(tc.env).matchInputs(f, "me/app", images)
			got := strings.TrimSpace(strings.Join(f.platforms, " ") + "; " + strings.Join(f.buildArgs, " "))
			if err != nil {
				got = "!" + strings.TrimPrefix(err.Error(), "--platform: ")
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if len(tc.platforms) == 1 && err == nil && (len(chosen) != 1 || chosen[0].Platform != "linux/arm64/v8") {
				t.Errorf("the images are %+v", chosen)
			}
		})
	}
}

// TestVerifyFaults: what is wrong is said before anything is built.
func TestVerifyFaults(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "image")
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := path.AppendImage(madeImage(t, "amd64", "", 0)); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(t.TempDir(), "none")
	t.Setenv("TMPDIR", t.TempDir())
	for _, tc := range []struct{ args, want []string }{
		{[]string{"verify"}, []string{"accepts between 1 and 2 arg(s)"}},
		{[]string{"verify", "--format", "xml", dir}, []string{`--format "xml" is not one of text, json`}},
		{[]string{"verify", "A B"}, []string{`"A B" is no image`}},
		{[]string{"verify", dir, none}, []string{"no build context", none}},
		{[]string{"verify", "--platform", "linux/s390x", dir}, []string{"is not for linux/s390x"}},
	} {
		status, stdout, stderr := runApp(t, testApp(nil), tc.args...)
		if status != 1 || stdout != "" || slices.ContainsFunc(tc.want, func(w string) bool { return !strings.Contains(stderr, w) }) {
			t.Errorf("%q: status %d, %q, %s, want %q", tc.args, status, stdout, stderr, tc.want)
		}
	}
	if left, err := filepath.Glob(filepath.Join(os.TempDir(), "rustfile-verify*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}
