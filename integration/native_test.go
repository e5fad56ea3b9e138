package integration

import (
	"debug/elf"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/llbgen"
)

// installations are the names of the vertices of a build that install packages.
func installations(r *testenv.Result) []string {
	var out []string
	for _, name := range vertexNames(r) {
		if what, ok := strings.CutPrefix(name, llbgen.NameToolchain+"install "); ok {
			out = append(out, what)
		}
	}
	slices.Sort(out)
	return out
}

// TestLibraryOfTheSystem builds a program with a library that the builder image lacks, and that nobody names but the
// crate. Only what depends on the crate is compiled where the library is.
func TestLibraryOfTheSystem(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	p := unitProject(t, "system")
	r := buildUnits(t, b, testenv.BuildOptions{Context: p.Dir, Attrs: everyUnitAgain})
	checkFresh(t, r)
	if got := strings.Join(installations(r), "; "); got != "libsqlite3-dev" {
		t.Errorf("the build installs %q", got)
	}
	if got, want := unitVertices(vertexNames(r)), "itoa 1.0.19, libsqlite3-sys 0.36.0, pkg-config 0.3.34 (host), vcpkg 0.2.15 (host)"; got != want {
		t.Errorf("dependency vertices are %q, want %q", got, want)
	}
	if got := r.Run(t); got != "3\n" {
		t.Errorf("the program prints %q", got)
	}
	// In one vertex, cargo is asked all the same which features are on.
	coarse := b.MustBuild(t, withGranularity(testenv.BuildOptions{Context: p.Dir}, "coarse"))
	if got := strings.Join(installations(coarse), "; "); got != "libsqlite3-dev" {
		t.Errorf("the coarse build installs %q", got)
	}
	if got, want := programLayer(coarse), programLayer(r); got != want {
		t.Errorf("the coarse build's program is in %s, that of the units in %s", got, want)
	}
	// With the library's source there is nothing to install.
	p.replace("Cargo.toml", `libsqlite3-sys = "0.36"`, `libsqlite3-sys = { version = "0.36", features = ["unlock_notify"] }`)
	p.append("Rustfile", "[[native]]\ncrate = \"libsqlite3-sys\"\npackages = [\"libsqlite3-dev\"]\nunless = [\"unlock_notify\"]\n")
	if _, err := b.Build(t.Context(), inUnits(testenv.BuildOptions{Context: p.Dir})); err == nil {
		t.Error("the crate is compiled without the library")
	}
}

// TestLinkerOfTheConfiguration links with a linker that the builder image lacks.
func TestLinkerOfTheConfiguration(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	p := unitProject(t, "versions")
	p.append(".cargo/config.toml", "\n[target.'cfg(target_os = \"linux\")']\nrustflags = [\"-C\", \"link-arg=-fuse-ld=mold\"]\n")
	r := buildUnits(t, b, testenv.BuildOptions{Context: p.Dir})
	if got := strings.Join(installations(r), "; "); got != "mold" {
		t.Errorf("the build installs %q", got)
	}
	if got := r.Run(t); got != "5 10\n" {
		t.Errorf("the program prints %q", got)
	}
	rootfs, err := r.Unpack()
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.Open(filepath.Join(rootfs, binDir, "versions"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	comment := f.Section(".comment")
	if comment == nil {
		t.Fatal("the program does not say what linked it")
	}
	if text, err := comment.Data(); err != nil || !strings.Contains(string(text), "mold") {
		t.Errorf("the program was linked by %q (%v)", text, err)
	}
}
