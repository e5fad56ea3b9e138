package options

import (
	"strings"
	"testing"
)

func TestSupplyChainKeys(t *testing.T) {
	for _, tc := range []struct {
		name, file string
		args       map[string]string
		want       func(o *Options)
	}{
		{name: "the file", file: "auditable = false\nsbom = 'cyclonedx'\nlocked-images = true",
			want: func(o *Options) { o.Auditable, o.SBOM, o.LockedImages = false, SBOMCycloneDX, true }},
		{name: "an argument wins", file: "auditable = false\nsbom = 'cyclonedx'", args: map[string]string{"auditable": "", "sbom": "spdx", "LOCKED_IMAGES": "1"},
			want: func(o *Options) { o.LockedImages = true }},
	} {
		got, err := Parse("Rustfile", []byte(tc.file), tc.args)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		want := with(tc.want)
		if got.Auditable != want.Auditable || got.SBOM != want.SBOM || got.LockedImages != want.LockedImages {
			t.Errorf("%s: got %+v", tc.name, plain(got))
		}
	}
	_, err := Parse("Rustfile", []byte("profile = 'dev'\nsbom = 'swid'"), nil)
	if err == nil || !strings.Contains(err.Error(), "Rustfile:2") || !strings.Contains(err.Error(), "cyclonedx") {
		t.Errorf("an unknown form: %v", err)
	}
}
