package report

import (
	"bytes"
	"testing"
)

func TestImageText(t *testing.T) {
	const digest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for _, tc := range []struct {
		name  string
		image *Image
		want  string
	}{
		{"none", nil, ""},
		{"scratch", &Image{AddedSize: 4_200_000}, "image: 4.2MB on scratch\n"},
		{"not measured", &Image{Base: "docker.io/library/debian:bookworm-slim" + digest, AddedSize: 4_200_000}, "image: 4.2MB on debian:bookworm-slim\n"},
		{"base", &Image{Base: "gcr.io/distroless/cc-debian12:latest" + digest, BaseSize: 23_400_000, AddedSize: 4_200_000},
			"image: 27.6MB, of which 4.2MB on gcr.io/distroless/cc-debian12:latest\n"},
		{"libraries", &Image{Base: "x", AddedSize: 1000, Packages: []string{"libpq5", "tzdata"}, Libraries: []Library{
			{Path: "/usr/lib/libz.so.1", Package: "zlib1g"}, {Path: "/usr/lib/lib\x1bx.so"}}},
			"image: 1kB on x\nlibraries from the builder: libz.so.1 (zlib1g), lib\\x1bx.so\npackages in the image: libpq5, tzdata\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := Text(&b, &Report{Image: tc.image}); err != nil {
				t.Fatal(err)
			}
			if got := b.String(); got != "units: 0 reused, 0 compiled\n"+tc.want {
				t.Errorf("got\n%s", got)
			}
		})
	}
}
