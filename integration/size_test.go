package integration

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rustfile/rustfile/integration/standin"
	"github.com/rustfile/rustfile/integration/testenv"
)

// filesSize is the size of all files of an image, uncompressed.
func filesSize(t *testing.T, r *testenv.Result) int64 {
	t.Helper()
	var total int64
	err := filepath.WalkDir(r.Rootfs(t), func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return total
}

// strippedSize is the size of a program of the image, which must have no symbols that could be removed.
func strippedSize(t *testing.T, r *testenv.Result, name string) int64 {
	t.Helper()
	file := filepath.Join(r.Rootfs(t), binDir, name)
	if slices.Contains(sectionsOf(t, file), ".symtab") {
		t.Errorf("%s is not stripped", name)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// TestImageSize: the image of a web service is its base and its program, on distroless it is small, and on scratch it is
// little more than its program. Where gcr.io cannot be reached, distroless is the look-alike of package standin, which is
// made of the files of the same Debian packages.
func TestImageSize(t *testing.T) {
	b := basesBuilder(t, standin.Distroless)
	web := example(t, "web")
	static := map[string]string{"libc": "musl", "runtime-image": "scratch"}
	for _, tc := range []struct {
		name, program string
		args          map[string]string
		// more is how much there may be beside the program and the base, total how much there may be, both in bytes;
		// 0 is for what is not asked.
		more, total int64
		seldom      bool
	}{
		{name: "slim", program: "server", more: 200_000},
		{name: "distroless", program: "server", args: map[string]string{"runtime-image": "distroless"}, more: 200_000, total: 35_000_000},
		{name: "static of the worker", program: "worker", args: static, more: 1_000_000},
		{name: "static", program: "server", args: static, more: 1_000_000, seldom: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.seldom {
				onlyWithReal(t)
			}
			r := b.MustBuild(t, testenv.BuildOptions{Context: web.Dir, Target: tc.program, BuildArgs: tc.args, Attrs: buildAgain})
			img, all, program := imageReport(t, r), filesSize(t, r), strippedSize(t, r, tc.program)
			t.Logf("the image has %d bytes: %d of its base, %d of the program and %d others", all, img.BaseSize, program, all-img.BaseSize-program)
			if got := all - img.BaseSize; got > program+tc.more || got < program || got != img.AddedSize {
				t.Errorf("the image adds %d bytes to its base, of which the program has %d; the report says %d", got, program, img.AddedSize)
			}
			if tc.total > 0 && all > tc.total {
				t.Errorf("the image has %d bytes, want at most %d", all, tc.total)
			}
		})
	}
}
