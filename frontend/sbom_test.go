package frontend

import (
	"maps"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/rustfile/rustfile/internal/plan"
)

func TestParseSums(t *testing.T) {
	sha1, sha256 := strings.Repeat("1", 40), strings.Repeat("2", 64)
	got := parseSums(sha1 + "  a\n" + sha1 + "  b c\n" + sha256 + "  a\n" + sha256 + "  b c\nrubbish\n")
	delete(got, "")
	if want := map[string][2]string{"a": {sha1, sha256}, "b c": {sha1, sha256}}; !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestDownload(t *testing.T) {
	const other = "sparse+https://registry.example.com/"
	p := &plan.Plan{Sources: plan.Sources{
		Registries: []plan.Registry{{URL: plan.CratesIO, Download: "https://mirror.example.com"}, {URL: other}},
		Crates: []plan.Crate{
			{Name: "a", Version: "1.0.0", SHA256: "aa", Registry: plan.CratesIO},
			{Name: "b", Version: "1.0.0", SHA256: "bb", Registry: other},
		},
	}}
	downloads := map[string]string{other: "https://registry.example.com/{crate}-{version}"}
	for _, tc := range []struct {
		q    plan.Package
		want string
	}{
		// The address of a mirror says something of the builder and nothing of the crate.
		{plan.Package{Name: "a", Version: "1.0.0", SHA256: "aa"}, "https://crates.io/api/v1/crates/a/1.0.0/download"},
		{plan.Package{Name: "b", Version: "1.0.0", SHA256: "bb"}, "https://registry.example.com/b-1.0.0"},
		{plan.Package{Name: "a", Version: "1.0.0"}, ""},
		{plan.Package{Name: "c", Version: "1.0.0", SHA256: "cc"}, ""},
	} {
		if got := download(p, downloads, tc.q); got != tc.want {
			t.Errorf("%+v: got %q", tc.q, got)
		}
	}
}

// TestWritesSBOM: an SBOM is ours unless nobody wants one or the user names who makes it.
func TestWritesSBOM(t *testing.T) {
	for generator, want := range map[string]bool{"": false, defaultGenerator: true, "docker.io/me/scanner:1": false} {
		b := &build{ui: &dockerui.Client{}}
		if generator != "" {
			b.ui.SBOM = &dockerui.SBOM{Generator: generator}
		}
		if got := b.writesSBOM(); got != want {
			t.Errorf("with %q: %v", generator, got)
		}
	}
}
