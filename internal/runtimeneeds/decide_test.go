package runtimeneeds_test

import (
	"errors"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/runtimeneeds"
)

// chain builds a program that needs libone, which needs libtwo, in a builder
// with the host's C library; the libraries lie in dir of the builder.
func chain(t *testing.T, dir string, args ...string) (program string, builder tree) {
	t.Helper()
	builder = newTree(t).withLibc()
	two, one := builder.path(path.Join(dir, "libtwo.so.2.0.1")), builder.path(path.Join(dir, "libone.so.1"))
	cc(t, "int two(void){return 2;}", two, "-shared", "-fPIC", "-Wl,-soname,libtwo.so.2")
	builder.link(path.Join(dir, "libtwo.so.2"), "libtwo.so.2.0.1")
	cc(t, "int two(void);int one(void){return two()-1;}", one, "-shared", "-fPIC", "-Wl,-soname,libone.so.1", two)
	program = filepath.Join(t.TempDir(), "server")
	cc(t, "int one(void);int main(void){return one()-1;}", program, append([]string{one, "-Wl,-rpath-link," + filepath.Dir(two)}, args...)...)
	return program, builder
}

func names(libraries []runtimeneeds.Library) []string {
	var out []string
	for _, l := range libraries {
		out = append(out, l.From+" > "+l.To)
	}
	return out
}

func TestDecideCopiesTransitively(t *testing.T) {
	for _, tc := range []struct {
		name, dir string
		args      []string
		conf      bool
	}{
		{name: "default directory", dir: "usr/lib"},
		{name: "multiarch directory", dir: "usr/lib/" + hostTuple(t)},
		{name: "RUNPATH", dir: "opt/lib", args: []string{"-Wl,--disable-new-dtags,-rpath,/opt/lib"}}, // inherited by libone
	} {
		t.Run(tc.name, func(t *testing.T) {
			program, builder := chain(t, tc.dir, tc.args...)
			base := newTree(t).withLibc()
			needs, err := runtimeneeds.Decide(ask(t, program, base, builder))
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"/" + tc.dir + "/libone.so.1 > /usr/lib/libone.so.1", "/" + tc.dir + "/libtwo.so.2.0.1 > /usr/lib/libtwo.so.2"}
			if got := names(needs.Libraries); !slices.Equal(got, want) {
				t.Errorf("copies %q, want %q", got, want)
			}
			if l := needs.Libraries; len(l) == 2 && (l[0].By != "server" || l[1].By != "libone.so.1" || l[0].Size == 0) {
				t.Errorf("libraries %+v", l)
			}
		})
	}
}

// TestDecisionStarts runs programs in a root that was made as decided: chroot
// is what a container is to the loader.
func TestDecisionStarts(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("chroot needs root")
	}
	program, builder := chain(t, "opt/private", "-Wl,--disable-new-dtags,-rpath,/opt/private")
	base := newTree(t).withLibc()
	needs, err := runtimeneeds.Decide(ask(t, program, base, builder))
	if err != nil {
		t.Fatal(err)
	}
	base.copyHost(program, "usr/local/bin/server")
	run := func() error { return exec.Command("chroot", base.dir, "/usr/local/bin/server").Run() }
	if run() == nil {
		t.Fatal("the program starts without its libraries: the test proves nothing")
	}
	for _, l := range needs.Libraries {
		base.copyHost(builder.path(l.From), l.To)
	}
	if err := run(); err != nil {
		t.Errorf("the program does not start: %v", err)
	}
}

// TestDecideKeepsTheBase: what the base has is not asked of the builder.
func TestDecideKeepsTheBase(t *testing.T) {
	program, builder := chain(t, "usr/lib")
	base := newTree(t).withLibc()
	for _, name := range []string{"libone.so.1", "libtwo.so.2"} {
		base.copyHost(builder.path("usr/lib/"+name), "usr/lib/"+name)
	}
	needs, err := runtimeneeds.Decide(ask(t, program, base, tree{}))
	if err != nil || len(needs.Libraries) > 0 {
		t.Errorf("needs %+v, %v", needs, err)
	}
	if p := needs.Programs[0]; p.Static || p.Interpreter == "" || p.Glibc == "" || !slices.Contains(p.Needed, "libone.so.1") {
		t.Errorf("the program is %+v", p)
	}
}

// TestDecideUsrMerge: the base's /lib is a link, and nothing may be put in its
// place.
func TestDecideUsrMerge(t *testing.T) {
	program, builder := chain(t, "usr/lib")
	base := newTree(t)
	base.copyHost(hostLibrary(t, "libc.so.6"), "usr/lib/"+hostTuple(t)+"/libc.so.6")
	base.copyHost(hostLoader(t), "usr/lib/"+hostTuple(t)+"/loader.so")
	base.link("lib", "usr/lib")
	base.link("lib64", "/usr/lib64")
	base.link("usr/lib64/"+path.Base(hostLoader(t)), "/lib/"+hostTuple(t)+"/loader.so")
	if !strings.HasPrefix(hostLoader(t), "/lib64/") {
		t.Skip("the loader of this host lies elsewhere")
	}
	needs, err := runtimeneeds.Decide(ask(t, program, base, builder))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range needs.Libraries {
		if path.Dir(l.To) != "/usr/lib/"+hostTuple(t) {
			t.Errorf("%s is copied to %s", l.Name, l.To)
		}
	}
	if len(needs.Libraries) != 2 {
		t.Errorf("libraries %+v", needs.Libraries)
	}
}

func hostTuple(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("cc", "-print-multiarch").Output()
	if err != nil || strings.TrimSpace(string(out)) == "" {
		t.Skip("the host's compiler knows no multiarch directory")
	}
	return strings.TrimSpace(string(out))
}

// oldLibc makes a C library that defines symbol versions up to a release alone.
func oldLibc(t *testing.T, base tree) {
	t.Helper()
	script := filepath.Join(t.TempDir(), "versions")
	if err := os.WriteFile(script, []byte("GLIBC_2.2.5 { global: puts; local: *; };\nGLIBC_2.9 {};\nGLIBC_2.10 {};\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	base.copyHost(hostLoader(t), hostLoader(t))
	cc(t, "int puts(const char*s){return !s;}", base.path("usr/lib/libc.so.6"), "-shared", "-fPIC", "-nostdlib", "-Wl,-soname,libc.so.6", "-Wl,--version-script="+script)
}

func TestFaults(t *testing.T) {
	dynamic := filepath.Join(t.TempDir(), "server")
	cc(t, hello, dynamic)
	static := filepath.Join(t.TempDir(), "static")
	cc(t, hello, static, "-static")
	chained, builder := chain(t, "usr/lib")
	foreign := "linux/arm64"
	if hostPlatform() == foreign {
		foreign = "linux/amd64"
	}
	for _, tc := range []struct {
		name    string
		program string
		base    func(tree)
		change  func(*runtimeneeds.Question)
		want    []string
	}{
		{"dynamic on scratch", dynamic, nil, func(q *runtimeneeds.Question) { q.Base = runtimeneeds.NewRoot(nil, nil) },
			[]string{"server is linked dynamically", hostLoader(t), "libc.so.6", "scratch has nothing", `libc = "musl"`, "distroless"}},
		{"no C library", dynamic, func(b tree) { b.write("etc/passwd", "root:x:0:0::/:\n") }, nil,
			[]string{"linked dynamically", "example/base:1 has no C library"}},
		{"musl base", dynamic, func(b tree) { b.write("lib/ld-musl-x86_64.so.1", "") }, nil,
			[]string{"linked with the GNU C library", "example/base:1 has the musl C library", "the key libc"}},
		{"another platform", dynamic, nil, func(q *runtimeneeds.Question) { q.Platform = foreign }, []string{"server is for", "the image for " + foreign}},
		{"static of another platform", static, nil, func(q *runtimeneeds.Question) { q.Platform = foreign }, []string{"static is for", foreign}},
		{"old glibc", dynamic, func(b tree) { oldLibc(t, b) }, nil,
			[]string{"needs GLIBC_2.34 of libc.so.6", "example/base:1 has it up to GLIBC_2.10", "glibc 2.34 or newer"}},
		{"library of nobody", chained, func(b tree) { b.withLibc() }, func(q *runtimeneeds.Question) {
			q.Builder = func() (*runtimeneeds.Root, error) { return newTree(t).withLibc().root(), nil }
		}, []string{"the program server needs the library libone.so.1", "nor has the image that it was compiled in"}},
		{"nothing is to be added", chained, func(b tree) { b.withLibc() }, func(q *runtimeneeds.Question) { q.Libraries = runtimeneeds.None },
			[]string{"needs the library libone.so.1", `libraries = "auto"`}},
		{"packages without apt", chained, func(b tree) { b.withLibc() }, func(q *runtimeneeds.Question) {
			q.Libraries = runtimeneeds.Packages
			q.Builder = func() (*runtimeneeds.Root, error) { return builder.root(), nil }
		}, []string{"no package of the builder has the file /usr/lib/libone.so.1", `libraries = "copy"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			base := newTree(t)
			if tc.base != nil {
				tc.base(base)
			}
			q := ask(t, tc.program, base, tree{})
			if tc.change != nil {
				tc.change(&q)
			}
			_, err := runtimeneeds.Decide(q)
			var fault *runtimeneeds.Fault
			if !errors.As(err, &fault) {
				t.Fatalf("error %v", err)
			}
			for _, want := range tc.want {
				if !strings.Contains(fault.Error(), want) {
					t.Errorf("no %q in\n%v", want, fault)
				}
			}
		})
	}
}

// TestCopiedLibraryNeedsNewer: what is copied must be content with the base,
// too.
func TestCopiedLibraryNeedsNewer(t *testing.T) {
	builder := newTree(t).withLibc()
	lib := builder.path("usr/lib/libnew.so.1")
	// pthread_create moved into libc.so.6 in glibc 2.34.
	cc(t, "#include <pthread.h>\nint start(void){pthread_t p;return pthread_create(&p,0,0,0);}", lib, "-shared", "-fPIC", "-Wl,-soname,libnew.so.1")
	program := filepath.Join(t.TempDir(), "server")
	cc(t, "int start(void);int puts(const char*);void _start(void){start();}", program, lib, "-nostartfiles", "-Wl,--allow-shlib-undefined")
	base := newTree(t)
	oldLibc(t, base)
	_, err := runtimeneeds.Decide(ask(t, program, base, builder))
	if err == nil || !strings.Contains(err.Error(), "the library libnew.so.1, which the program server needs, needs GLIBC_2.34 of libc.so.6") {
		t.Errorf("error %v", err)
	}
}

func TestStaticNeedsNothing(t *testing.T) {
	program := filepath.Join(t.TempDir(), "server")
	cc(t, hello, program, "-static")
	q := ask(t, program, newTree(t), tree{})
	q.Base = runtimeneeds.NewRoot(nil, nil)
	q.CACertificates, q.Users = runtimeneeds.Always, true
	needs, err := runtimeneeds.Decide(q)
	if err != nil {
		t.Fatal(err)
	}
	if !needs.Programs[0].Static || len(needs.Libraries) > 0 || !needs.CACertificates || !needs.Users || needs.TimeZones {
		t.Errorf("needs %+v", needs)
	}
	base := newTree(t)
	base.write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/:\n")
	base.write("etc/pki/tls/certs/ca-bundle.crt", "")
	q.Base = base.root()
	if needs, err = runtimeneeds.Decide(q); err != nil || needs.CACertificates || needs.Users {
		t.Errorf("needs %+v of a base that has them, %v", needs, err)
	}
}

// TestHostClosure: of a real program of this host nothing is missing on it.
func TestHostClosure(t *testing.T) {
	program, err := exec.LookPath("cc1")
	if out, e := exec.Command("cc", "-print-prog-name=cc1").Output(); err != nil && e == nil {
		program = strings.TrimSpace(string(out))
	}
	if !filepath.IsAbs(program) {
		t.Skip("no C compiler here")
	}
	needs, err := runtimeneeds.Decide(ask(t, program, tree{t, "/"}, tree{}))
	if err != nil || len(needs.Libraries) > 0 {
		t.Errorf("needs %+v, %v", needs.Libraries, err)
	}
}
