package integration

import (
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/examples"
	"github.com/rustfile/rustfile/integration/standin"
	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/llbgen"
)

// checkNothingCompiled checks that a build stopped before it ran a vertex that compiles. BuildKit reports one as started
// whose inputs could not be had; it has their error, and no output.
func checkNothingCompiled(t *testing.T, r *testenv.Result) {
	t.Helper()
	for _, v := range r.Vertices {
		compiles := strings.Contains(v.Name, llbgen.NameDependencies) || strings.Contains(v.Name, llbgen.NameMembers)
		if compiles && (v.Log != "" || v.Started && v.Error == "") {
			t.Errorf("%q ran:\n%s", v.Name, v.Log)
		}
	}
}

// basesThatCannotBe are bases, and packages for them, of which it is known before anything is compiled that the image
// cannot be made. In TestBaseCannotStart are those of which it is not.
var basesThatCannotBe = []struct {
	name, rustfile string
	options        func(o *testenv.BuildOptions)
	want           examples.BadInput
}{
	{name: "dynamic program on scratch", rustfile: "[images]\nruntime = \"scratch\"\n",
		want: examples.BadInput{File: "Rustfile", Line: 3, Message: "the program hello is linked dynamically: it needs the loader /lib64/ld-linux-x86-64.so.2 and libc.so.6, and scratch has nothing\nmake it static with libc = \"musl\""}},
	{name: "base of another C library", rustfile: "images.runtime = \"alpine\"\n",
		want: examples.BadInput{File: "Rustfile", Line: 2, Message: "the program hello is linked with the GNU C library, and the base alpine has the musl C library"}},
	{name: "base without a C library", options: buildArg("runtime-image", "distroless-static"),
		want: examples.BadInput{File: "runtime-image", Message: "the base gcr.io/distroless/static-debian12 has no C library"}},
	{name: "base of an older C library", rustfile: "images.runtime = \"debian:" + standin.OldSuite + "-slim\"\n",
		want: examples.BadInput{File: "Rustfile", Line: 2, Message: "needs GLIBC_2.34 of libc.so.6, and the base debian:" + standin.OldSuite + "-slim has it up to "}},
	{name: "base that nobody has", rustfile: "\nimages.runtime = \"localhost:1/nothing\"\n",
		want: examples.BadInput{File: "Rustfile", Line: 3, Message: "cannot find the base image localhost:1/nothing"}},
	{name: "base of another platform", rustfile: "images.runtime = \"distroless\"\n", options: platform("linux/s390x"),
		want: examples.BadInput{File: "Rustfile", Line: 2, Message: "the base image gcr.io/distroless/cc-debian12:latest is not there for the platform linux/s390x: no match for platform in manifest: it is for linux/amd64"}},
	{name: "package that the base's distribution does not know", rustfile: "[packages]\nruntime = [\n  \"tzdata\",\n  \"no-such-package\",\n]\n",
		want: examples.BadInput{File: "Rustfile", Line: 5, Message: "the base docker.io/library/debian:" + standin.Suite + "-slim knows no package `no-such-package`"}},
	{name: "package on scratch", rustfile: "images.runtime = \"scratch\"\npackages.runtime = [\"tzdata\"]\n",
		want: examples.BadInput{File: "Rustfile", Line: 3, Message: "packages cannot be installed in scratch"}},
	{name: "package on a base without a package manager", rustfile: "images.runtime = \"distroless\"\npackages.runtime = [\"curl\"]\n",
		want: examples.BadInput{File: "Rustfile", Line: 3, Message: "packages cannot be installed in gcr.io/distroless/cc-debian12, which has no package manager"}},
	{name: "init on a base without a package manager", rustfile: "images.runtime = \"distroless\"\ninit = true\n",
		want: examples.BadInput{File: "Rustfile", Line: 3, Message: "packages cannot be installed in gcr.io/distroless/cc-debian12, which has no package manager"}},
	{name: "health check without its program, with packages", rustfile: "packages.runtime = [\"tini\"]\nhealthcheck.test = [\"curl\", \"localhost\"]\n",
		want: examples.BadInput{File: "Rustfile", Line: 3, Message: "the image has no program `curl`"}},
	{name: "package that the builder's distribution does not know", rustfile: "[packages]\nbuild = [\n  \"libssl-dev\",\n  \"libnonesuch-dev\",\n]\n",
		want: examples.BadInput{File: "Rustfile", Line: 5, Message: "knows no package `libnonesuch-dev`, which `packages.build` asks for"}},
}

// TestBaseCannotBe: what is known of the base before anything is compiled is said before.
func TestBaseCannotBe(t *testing.T) {
	b := basesBuilder(t, standin.Alpine, standin.DebianOld, standin.Distroless, standin.DistrolessStatic)
	for _, tc := range basesThatCannotBe {
		t.Run(tc.name, func(t *testing.T) {
			p := copyDir(t, example(t, "hello").Dir)
			p.write("Rustfile", "# syntax="+testenv.FrontendRef+"\n"+tc.rustfile)
			o := testenv.BuildOptions{Context: p.Dir}
			if tc.options != nil {
				tc.options(&o)
			}
			r, err := b.Build(t.Context(), o)
			if err == nil {
				t.Fatal("the build succeeded")
			}
			t.Log(err)
			if err := tc.want.Check(err.Error()); err != nil {
				t.Error(err)
			}
			checkSources(t, err, tc.want)
			checkNothingCompiled(t, r)
			checkNothingWritten(t, r)
		})
	}
}
