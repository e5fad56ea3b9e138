package integration

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/standin"
	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/internal/report"
	"github.com/rustfile/rustfile/llbgen"
)

// linkedFiles are a program that is linked with OpenSSL's libcrypto as by a -sys crate. The builder has the library,
// Debian's slim image has not.
var linkedFiles = map[string]string{
	"Rustfile":   "# syntax=" + testenv.FrontendRef + "\n",
	"Cargo.toml": "[package]\nname = \"linked\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
	"Cargo.lock": "version = 4\n\n[[package]]\nname = \"linked\"\nversion = \"0.1.0\"\n",
	"build.rs":   "fn main() {\n    println!(\"cargo:rerun-if-changed=build.rs\");\n    println!(\"cargo:rustc-link-lib=dylib=crypto\");\n}\n",
	"src/main.rs": "extern \"C\" {\n    fn OpenSSL_version_num() -> std::os::raw::c_ulong;\n}\n\n" +
		"fn main() {\n    println!(\"libcrypto {}\", unsafe { OpenSSL_version_num() } >> 28);\n}\n",
}

const prints = "libcrypto 3\n"

// newProject is a project of the given files.
func newProject(t testing.TB, files map[string]string) *project {
	t.Helper()
	p := &project{t: t, Dir: filepath.Join(t.TempDir(), "context")}
	for name, text := range files {
		p.write(name, text)
	}
	return p
}

// basesBuilder is a builder that has the bases.
func basesBuilder(t *testing.T, bases ...standin.Image) *testenv.Builder {
	t.Helper()
	for _, base := range bases {
		if err := testenv.Env(t).Standin.Add(t.Context(), base); err != nil {
			t.Fatal(err)
		}
	}
	return inProcess(testenv.SharedDaemon(t, testenv.OCI))
}

// imageReport is what a build says about its image.
func imageReport(t *testing.T, r *testenv.Result) *report.Image {
	t.Helper()
	reports, err := report.FromResult(r.Meta)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reports {
		if r.Image != nil {
			return r.Image
		}
	}
	t.Fatal("the report says nothing about the image")
	return nil
}

// names are the files that an image adds to its base, without directories.
func (a added) names() []string {
	var out []string
	for _, h := range a.entries {
		if !h.FileInfo().IsDir() {
			out = append(out, "/"+strings.Trim(h.Name, "/"))
		}
	}
	slices.Sort(out)
	return out
}

// TestSharedLibraries: a library that the base lacks comes with the program, as a file that scanners know the package
// of, or with its package; a base that has it gets nothing.
func TestSharedLibraries(t *testing.T) {
	b := basesBuilder(t, standin.Distroless)
	p := newProject(t, linkedFiles)
	t.Run("copied", func(t *testing.T) {
		r := b.MustBuild(t, testenv.BuildOptions{Context: p.Dir})
		if got := r.Run(t); got != prints {
			t.Errorf("the program printed %q", got)
		}
		checkUser(t, r)
		a := addedTo(t, r, base(t, runtimeBase))
		library := "/usr/lib/x86_64-linux-gnu/libcrypto.so.3"
		want := []string{"/" + caBundle, "/usr/lib/x86_64-linux-gnu/libcrypto.so.3", "/usr/local/bin/linked", "/var/lib/dpkg/status.d/libssl3"}
		if got := a.names(); !slices.Equal(got, want) {
			t.Errorf("the image adds %q, want %q", got, want)
		}
		record, err := os.ReadFile(filepath.Join(r.Rootfs(t), "var/lib/dpkg/status.d/libssl3"))
		if err != nil || !strings.HasPrefix(string(record), "Package: libssl3\n") || !strings.Contains(string(record), "\nVersion: 3.") {
			t.Errorf("the record of the package is %q, %v", record, err)
		}
		img := imageReport(t, r)
		if len(img.Libraries) != 1 || img.Libraries[0].Path != library || img.Libraries[0].Package != "libssl3" || img.AddedSize != a.size || img.BaseSize < 10_000_000 {
			t.Errorf("the report says %+v, and %d bytes are added", img, a.size)
		}
		again := b.MustBuild(t, testenv.BuildOptions{Context: p.Dir})
		if again.Descriptor.Digest != r.Descriptor.Digest {
			t.Errorf("the second build is %s, the first %s", again.Descriptor.Digest, r.Descriptor.Digest)
		}
	})
	t.Run("in the base", func(t *testing.T) {
		r := b.MustBuild(t, testenv.BuildOptions{Context: p.Dir, BuildArgs: map[string]string{"runtime-image": "distroless"}})
		if got := r.Run(t); got != prints {
			t.Errorf("the program printed %q", got)
		}
		if img := imageReport(t, r); len(img.Libraries) > 0 || img.AddedSize > img.Programs[0].Size {
			t.Errorf("the image adds %+v", img)
		} else if total := img.BaseSize + img.AddedSize; total > 35_000_000 {
			t.Errorf("the image has %d bytes", total)
		}
	})
	t.Run("as a package", func(t *testing.T) {
		r := b.MustBuild(t, testenv.BuildOptions{Context: p.Dir, BuildArgs: map[string]string{"libraries": "packages"}})
		if got := r.Run(t); got != prints {
			t.Errorf("the program printed %q", got)
		}
		status, err := os.ReadFile(filepath.Join(r.Rootfs(t), "var/lib/dpkg/status"))
		if err != nil || !strings.Contains(string(status), "Package: libssl3\n") {
			t.Errorf("the package is not installed: %v", err)
		}
		if img := imageReport(t, r); !slices.Equal(img.Packages, []string{"libssl3"}) || len(img.Libraries) > 0 {
			t.Errorf("the report says %+v", img)
		}
	})
}

// TestBaseCannotStart: an image whose program could not start is not made. The program has a build script, which could make
// it static; TestBaseCannotBe is for programs of which it is certain.
func TestBaseCannotStart(t *testing.T) {
	b := basesBuilder(t, standin.Alpine, standin.DebianOld, standin.DistrolessStatic)
	for _, tc := range []struct {
		name, rustfile string
		args           map[string]string
		want           []string
	}{
		{"scratch", "[images]\nruntime = \"scratch\"\n", nil,
			[]string{"Rustfile:3:1: key `images.runtime`: the program linked is linked dynamically", "/lib64/ld-linux-x86-64.so.2", "libcrypto.so.3", "scratch has nothing", `libc = "musl"`}},
		{"musl", "images.runtime = \"alpine\"\n", nil, []string{"Rustfile:2:1: key `images.runtime`: the program linked is linked with the GNU C library, and the base alpine has the musl C library"}},
		{"no C library", "", map[string]string{"runtime-image": "distroless-static"}, []string{"build argument `runtime-image`: the program linked", "the base gcr.io/distroless/static-debian12 has no C library"}},
		{"older C library", "", map[string]string{"runtime-image": "debian:" + standin.OldSuite + "-slim"},
			[]string{"needs GLIBC_2.34 of libc.so.6", "the base debian:" + standin.OldSuite + "-slim has it up to GLIBC_2.30", "glibc 2.34 or newer"}},
		{"library that must not be added", "libraries = \"none\"\n", nil,
			[]string{"the program linked needs the library libcrypto.so.3, and the base debian:" + standin.Suite + "-slim has no such file", `libraries = "auto"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newProject(t, linkedFiles)
			p.append("Rustfile", tc.rustfile)
			r, err := b.Build(t.Context(), testenv.BuildOptions{Context: p.Dir, BuildArgs: tc.args})
			if err == nil {
				t.Fatal("the build succeeded")
			}
			t.Log(err)
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q", want)
				}
			}
			checkNothingWritten(t, r)
		})
	}
}

// TestStaticBases runs a static program on bases that have next to nothing.
func TestStaticBases(t *testing.T) {
	b := basesBuilder(t, standin.Alpine, standin.DistrolessStatic)
	hello := example(t, "hello")
	build := func(t *testing.T, args map[string]string) *testenv.Result {
		t.Helper()
		args["libc"] = "musl"
		// No base needs a shell for its image to be tested.
		args["test"] = `[{name = "greets", command = ["hello"], stdout = "Hello, world!"}]`
		r := b.MustBuild(t, testenv.BuildOptions{Context: hello.Dir, BuildArgs: args})
		checkRun(t, r, &hello.Cases[0])
		if !slices.ContainsFunc(r.Vertices, func(v *testenv.Vertex) bool { return v.Name == llbgen.NameTest+"greets" }) {
			t.Error("the image was not tested")
		}
		return r
	}
	t.Run("scratch", func(t *testing.T) {
		r := build(t, map[string]string{"runtime-image": "scratch"})
		img := imageReport(t, r)
		if !img.Programs[0].Static || img.Base != "" || img.AddedSize > img.Programs[0].Size+10_000 {
			t.Errorf("the report says %+v", img)
		}
		for _, file := range []string{"etc/passwd", "etc/group"} {
			if text, err := os.ReadFile(filepath.Join(r.Rootfs(t), file)); err != nil || !strings.Contains(string(text), "\nnonroot:x:65532:") {
				t.Errorf("/%s is %q, %v", file, text, err)
			}
		}
		if info, err := os.Stat(filepath.Join(r.Rootfs(t), "tmp")); err != nil || info.Mode().Perm() != 0o777 {
			t.Errorf("/tmp is %v, %v", info, err)
		}
	})
	t.Run("scratch with less", func(t *testing.T) {
		r := build(t, map[string]string{"runtime-image": "scratch", "passwd": "false"})
		var files []string
		if err := filepath.WalkDir(r.Rootfs(t), func(name string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				files = append(files, strings.TrimPrefix(name, r.Rootfs(t)))
			}
			return err
		}); err != nil || !slices.Equal(files, []string{"/usr/local/bin/hello"}) {
			t.Errorf("the image has %q, %v", files, err)
		}
	})
	t.Run("scratch with certificates and time zones", func(t *testing.T) {
		r := build(t, map[string]string{"runtime-image": "scratch", "ca-certificates": "true", "tzdata": "true"})
		checkCertificates(t, r)
		if _, err := os.Stat(filepath.Join(r.Rootfs(t), "usr/share/zoneinfo/Europe/Berlin")); err != nil {
			t.Error(err)
		}
	})
	for _, runtime := range []string{"alpine", "distroless"} {
		t.Run(runtime, func(t *testing.T) {
			r := build(t, map[string]string{"runtime-image": runtime})
			if img := imageReport(t, r); img.AddedSize > img.Programs[0].Size {
				t.Errorf("the image adds more than the program: %+v", img)
			}
			if !slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.Contains(w, "musl C library is slow") }) {
				t.Errorf("no warning about the allocator in %q", r.Warnings)
			}
		})
	}
}
