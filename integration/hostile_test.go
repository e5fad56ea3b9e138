package integration

import (
	"archive/tar"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/testenv"
)

// hostileEntries are what archives hold that try to write into the directory of the crate "middle" or elsewhere. Each
// evil crate stands for itself: NAME becomes its name.
var hostileEntries = []struct {
	name    string
	entries []tar.Header
}{
	{"parent directory", []tar.Header{{Name: "NAME-1.0.0/../middle-1.0.0/src/lib.rs"}}},
	{"leading parent directory", []tar.Header{{Name: "../middle-1.0.0/src/lib.rs"}}},
	{"deep parent directory", []tar.Header{{Name: "NAME-1.0.0/src/../../../../out/crates-io/middle-1.0.0/src/lib.rs"}}},
	{"absolute path", []tar.Header{{Name: "/out/crates-io/middle-1.0.0/src/lib.rs"}}},
	{"absolute path below the top directory", []tar.Header{{Name: "NAME-1.0.0//out/crates-io/middle-1.0.0/src/lib.rs"}}},
	{"second top directory", []tar.Header{{Name: "middle-1.0.0/src/evil.rs"}, {Name: "middle-1.0.0/src/lib.rs"}}},
	{"link to a directory", []tar.Header{
		{Name: "NAME-1.0.0/out", Typeflag: tar.TypeSymlink, Linkname: "../middle-1.0.0"}, {Name: "NAME-1.0.0/out/src/lib.rs"}}},
	{"absolute link to a directory", []tar.Header{
		{Name: "NAME-1.0.0/out", Typeflag: tar.TypeSymlink, Linkname: "/out/crates-io/middle-1.0.0"}, {Name: "NAME-1.0.0/out/src/lib.rs"}}},
	{"link to a file", []tar.Header{
		{Name: "NAME-1.0.0/out", Typeflag: tar.TypeSymlink, Linkname: "../middle-1.0.0/src/lib.rs"}, {Name: "NAME-1.0.0/out"}}},
	{"hard link to a file", []tar.Header{
		{Name: "NAME-1.0.0/out", Typeflag: tar.TypeLink, Linkname: "../middle-1.0.0/src/lib.rs"}, {Name: "NAME-1.0.0/out"}}},
	{"absolute hard link to a file", []tar.Header{
		{Name: "NAME-1.0.0/out", Typeflag: tar.TypeLink, Linkname: "/out/crates-io/middle-1.0.0/src/lib.rs"}, {Name: "NAME-1.0.0/out"}}},
	{"checksum file is a link", []tar.Header{
		{Name: "NAME-1.0.0/.cargo-checksum.json", Typeflag: tar.TypeSymlink, Linkname: "../middle-1.0.0/src/lib.rs"}}},
	{"checksum file is an absolute link", []tar.Header{
		{Name: "NAME-1.0.0/.cargo-checksum.json", Typeflag: tar.TypeSymlink, Linkname: "/out/crates-io/middle-1.0.0/src/lib.rs"}}},
	{"checksum file is a directory", []tar.Header{{Name: "NAME-1.0.0/.cargo-checksum.json/", Typeflag: tar.TypeDir, Mode: 0o755}}},
	{"device", []tar.Header{{Name: "NAME-1.0.0/null", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3}}},
	{"pipe in the place of a source", []tar.Header{{Name: "NAME-1.0.0/src/pipe.rs", Typeflag: tar.TypeFifo}}},
	{"setuid", []tar.Header{{Name: "NAME-1.0.0/src/extra.rs", Mode: 0o6777}}},
	{"entry twice", []tar.Header{{Name: "NAME-1.0.0/extra"}, {Name: "NAME-1.0.0/extra"}}},
	{"script and rules beside the crates", []tar.Header{{Name: "../../../rustfile/unpack.sh"}, {Name: "/rustfile/index"}}},
}

// TestHostileCrates: whatever an archive holds that has the right checksum, the crate beside it stays as it is, or the
// build fails. The evil crates come before and after it in the order of unpacking.
func TestHostileCrates(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	f := newFakeRegistry(t)
	for _, tc := range hostileEntries {
		p := f.projectOf(t, evil("early", tc.entries), crate{name: "middle"}, evil("late", tc.entries))
		for _, granularity := range []string{"coarse", "unit"} {
			t.Run(tc.name+"/"+granularity, func(t *testing.T) { checkHostile(t, b, p, granularity) })
		}
	}
}

func checkHostile(t *testing.T, b *testenv.Builder, p *project, granularity string) {
	r, err := b.Build(t.Context(), withGranularity(testenv.BuildOptions{Context: p.Dir}, granularity))
	if err != nil {
		if log := r.Logs(); !regexp.MustCompile(`error: the crate (early|late)-1\.0\.0 (has no manifest or )?cannot be unpacked`).MatchString(log) {
			t.Errorf("the build failed otherwise than in unpacking: %v\n%s", err, log)
		}
		return
	}
	// What a crate does to itself is its own affair.
	if got := r.Run(t); !strings.Contains(got, "early\nmiddle\n") || !strings.HasSuffix(got, "late\n") {
		t.Errorf("the program prints %q", got)
	}
}

// evil makes a crate of entries. What they hold would be seen in the program's output or as an error of the compiler.
func evil(name string, entries []tar.Header) crate {
	c := crate{name: name, content: fmt.Sprintf("pub fn name() -> &'static str { \"changed by %s\" }\n", name)}
	for _, h := range entries {
		h.Name = strings.ReplaceAll(h.Name, "NAME", name)
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		c.entries = append(c.entries, h)
	}
	return c
}
