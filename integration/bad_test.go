package integration

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"

	"github.com/rustfile/rustfile/integration/examples"
	"github.com/rustfile/rustfile/integration/testenv"
)

// TestBadInput builds the projects of testdata/projects/bad: each must be refused with the file, the line and the
// words of its want.json, before anything runs, and nothing may come out.
func TestBadInput(t *testing.T) {
	inputs, err := examples.BadInputs()
	if err != nil {
		t.Fatal(err)
	}
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	for _, in := range inputs {
		t.Run(in.Name, func(t *testing.T) {
			o := testenv.BuildOptions{Context: in.Dir, Target: in.Target, BuildArgs: in.BuildArgs}
			// That the bytes are not those of the lock file shows when they have come.
			checkRefusal(t, b, o, in, in.Name == "wrong-checksum")
		})
	}
}

// checkRefusal builds and checks the error. Nothing may have run but reading the project and, with download, fetching.
func checkRefusal(t *testing.T, b *testenv.Builder, o testenv.BuildOptions, want examples.BadInput, download bool) *testenv.Result {
	t.Helper()
	r, err := b.Build(t.Context(), o)
	if err == nil {
		t.Fatal("the build succeeded")
	}
	if r == nil {
		t.Fatalf("the build did not begin: %v", err)
	}
	t.Logf("%v", err)
	if err := want.Check(err.Error()); err != nil {
		t.Error(err)
	}
	checkSources(t, err, want)
	checkNothingRan(t, r, download)
	if want.Absent != "" && strings.Contains(r.Logs()+strings.Join(r.Warnings, ""), want.Absent) {
		t.Error("the progress shows a secret")
	}
	checkNothingWritten(t, r)
	return r
}

// checkNothingWritten checks that a build that failed has no output.
func checkNothingWritten(t *testing.T, r *testenv.Result) {
	t.Helper()
	if entries, err := os.ReadDir(r.Dir); err == nil && len(entries) > 0 || err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the output has %v (%v)", entries, err)
	}
}

// checkNothingRan checks that a build stopped before it ran a command. BuildKit reports a step as started whose inputs
// could not be had; it has their error, and with download it is no fault.
func checkNothingRan(t *testing.T, r *testenv.Result, download bool) {
	t.Helper()
	for _, v := range r.Vertices {
		fetch := strings.HasPrefix(v.Name, "[crate] ") || strings.HasPrefix(v.Name, "[base] ")
		inherited := strings.Contains(v.Error, "digest mismatch") || strings.Contains(v.Error, "canceled")
		if v.Started && !v.Cached && !strings.HasPrefix(v.Name, "[internal] ") && !(download && (fetch || inherited)) {
			t.Errorf("%q ran, its error is %q", v.Name, v.Error)
		}
	}
}

// checkSources checks that the error carries the lines that it is about, which buildx shows below the message.
func checkSources(t *testing.T, err error, want examples.BadInput) {
	t.Helper()
	sources := errdefs.Sources(err)
	for _, s := range sources {
		if want.Absent != "" && strings.Contains(string(s.GetInfo().GetData()), want.Absent) {
			t.Error("the error carries the file with the secret")
		}
	}
	if want.Line == 0 || want.Absent != "" {
		return
	}
	here := func(s *errdefs.Source) bool {
		return s.Info.GetFilename() == want.File && len(s.Ranges) > 0 && int(s.Ranges[0].Start.Line) == want.Line
	}
	if !slices.ContainsFunc(sources, here) {
		t.Errorf("the error carries no lines of %s:%d: %v", want.File, want.Line, sources)
	}
}

// refusals are faults that no fixture can hold: a change of a good project, or what the build is called with.
var refusals = []struct {
	name, fixture string
	do            func(p *project)
	options       func(o *testenv.BuildOptions)
	want          examples.BadInput
}{
	// Symbolic links.
	{name: "manifest is a link out of the context", do: func(p *project) { p.link("alpha/Cargo.toml", "/etc/passwd") },
		want: examples.BadInput{File: "Cargo.toml", Line: 3, Message: "symbolic link that leaves the build context"}},
	{name: "root manifest is a relative link out of the context", do: func(p *project) { p.link("Cargo.toml", "../../Cargo.toml") },
		want: examples.BadInput{File: "Cargo.toml", Message: "symbolic link that leaves the build context: it points to `../../Cargo.toml`"}},
	{name: "lock file is a link out of the context", do: func(p *project) { p.link("Cargo.lock", "/etc/hostname") },
		want: examples.BadInput{File: "Cargo.lock", Message: "symbolic link that leaves the build context"}},
	{name: "lock file is a loop of links", do: func(p *project) { p.link("Cargo.lock", "Cargo.lock") },
		want: examples.BadInput{File: "Cargo.lock", Message: "loop of symbolic links"}},
	{name: "member is a link out of the context", do: func(p *project) { p.link("alpha", "../../alpha") },
		want: examples.BadInput{File: "Cargo.toml", Line: 3, Message: "failed to read `alpha/Cargo.toml`"}},

	// Sizes.
	{name: "huge manifest", do: func(p *project) { p.append("Cargo.toml", strings.Repeat("# more\n", 200_000)) },
		want: examples.BadInput{File: "Cargo.toml", Message: "exceeds the maximum allowed size of 1 MiB"}},
	{name: "huge lock file", do: func(p *project) { p.append("Cargo.lock", strings.Repeat("# more\n", 2_500_000)) },
		want: examples.BadInput{File: "Cargo.lock", Message: "exceeds the maximum allowed size of 16 MiB"}},
	{name: "huge Rustfile", do: func(p *project) { p.append("Rustfile", strings.Repeat("# more\n", 2_500_000)) },
		want: examples.BadInput{File: "Rustfile", Message: "maximum allowed size"}},

	// Files that are not there.
	{name: "empty context", do: func(p *project) { p.must(os.RemoveAll(p.Dir)); p.write("Rustfile", "# syntax=rustfile/rustfile:1\n") },
		want: examples.BadInput{File: "Cargo.toml", Message: "Cargo.toml"}},
	{name: "manifest excluded", do: func(p *project) { p.write(".dockerignore", "Cargo.toml\n") },
		want: examples.BadInput{File: "Cargo.toml", Message: "excluded by .dockerignore"}},
	{name: "member excluded", do: func(p *project) { p.write(".dockerignore", "alpha\n") },
		want: examples.BadInput{File: "Cargo.toml", Line: 3, Message: "excluded by .dockerignore"}},
	{name: "sources excluded", do: func(p *project) { p.write(".dockerignore", "**/src\n") },
		want: examples.BadInput{File: "alpha/Cargo.toml", Line: 1, Message: "excluded by .dockerignore"}},
	{name: "everything but the lock file excluded", do: func(p *project) { p.write(".dockerignore", "*\n!Cargo.lock\n") },
		want: examples.BadInput{File: "Cargo.toml", Message: "excluded by .dockerignore"}},
	{name: "no such file", options: func(o *testenv.BuildOptions) { o.File = filepath.Join(o.Context, "Rustfile.web") },
		want: examples.BadInput{File: "Rustfile.web", Message: "no such file"}},
	{name: "manifest path outside", options: buildArg("manifest-path", "../other/Cargo.toml"),
		want: examples.BadInput{File: "manifest-path", Message: "leaves the build context"}},
	{name: "manifest path to nothing", options: buildArg("manifest-path", "crates/x/Cargo.toml"),
		want: examples.BadInput{File: "crates/x/Cargo.toml", Message: "crates/x/Cargo.toml"}},

	// What the build is called with.
	{name: "unknown target among several", fixture: "several-members", options: func(o *testenv.BuildOptions) { o.Target = "d" },
		want: examples.BadInput{File: "Cargo.toml", Line: 1, Message: "no binary is called `d`\nbinaries: a, b, c"}},
	{name: "target that is a library", options: func(o *testenv.BuildOptions) { o.Target = "alpha" },
		want: examples.BadInput{File: "Cargo.toml", Line: 1, Message: "no binary is called `alpha`"}},
	{name: "target with an option in it", options: func(o *testenv.BuildOptions) { o.Target = "--config=x" },
		want: examples.BadInput{File: "target", Message: "starts with `-`"}},
	{name: "unknown build argument", options: buildArg("feature", "x"),
		want: examples.BadInput{File: "feature", Message: "features"}},
	{name: "build argument with a typo", options: buildArg("PROFIEL", "dev"),
		want: examples.BadInput{File: "PROFIEL", Message: "profile"}},
	{name: "unknown package", options: buildArg("package", "gamma"),
		want: examples.BadInput{File: "Cargo.toml", Line: 1, Message: "no workspace member is called `gamma`\nmembers: alpha, selfhash, beta"}},
	{name: "unknown profile", options: buildArg("profile", "relase"),
		want: examples.BadInput{File: "Cargo.toml", Line: 1, Message: "profile `relase` is not defined\nprofiles: bench, dev, release, test"}},
	{name: "unknown feature of a member", fixture: "several-members", options: func(o *testenv.BuildOptions) {
		o.Target, o.BuildArgs = "a", map[string]string{"features": "lib-common/lout"}
	}, want: examples.BadInput{File: "lib-common/Cargo.toml", Line: 2, Message: "package `lib-common` has no feature `lout`\nfeatures: extra, loud"}},
	{name: "online", options: buildArg("offline", "false"),
		want: examples.BadInput{File: "offline", Message: "cannot be turned off"}},
	{name: "unlocked and frozen", options: func(o *testenv.BuildOptions) { o.BuildArgs = map[string]string{"locked": "false", "frozen": "true"} },
		want: examples.BadInput{File: "locked", Message: "conflicts with `frozen`"}},
	{name: "no commit", options: buildArg("git-metadata", "true"),
		want: examples.BadInput{File: "git-metadata", Message: "the build context has no git commit\nbuild from a git URL"}},
	{name: "invalid date", options: buildArg("SOURCE_DATE_EPOCH", "yesterday"),
		want: examples.BadInput{File: "SOURCE_DATE_EPOCH", Message: "`yesterday` is not a time"}},
	{name: "unknown key in the Rustfile", do: func(p *project) { p.append("Rustfile", "\nfeature = [\"x\"]\n") },
		want: examples.BadInput{File: "Rustfile", Line: 3, Message: "features"}},
	{name: "wrong type in the Rustfile", do: func(p *project) { p.append("Rustfile", "profile = 3\n") },
		want: examples.BadInput{File: "Rustfile", Line: 2, Message: "profile"}},
	{name: "no TOML in the Rustfile", do: func(p *project) { p.append("Rustfile", "FROM scratch\n") },
		want: examples.BadInput{File: "Rustfile", Line: 2, Message: "a Rustfile is TOML"}},
	{name: "platform that is none", options: platform("linux/pdp11"),
		want: examples.BadInput{File: "linux/pdp11", Message: "linux/amd64"}},
	{name: "other system", options: platform("darwin/arm64"),
		want: examples.BadInput{File: "darwin/arm64", Message: "linux/amd64"}},

	// Toolchains.
	{name: "toolchain by path", do: func(p *project) { p.write("rust-toolchain.toml", "[toolchain]\npath = \"/opt/rust\"\n") },
		want: examples.BadInput{File: "rust-toolchain.toml", Line: 2, Message: "names a toolchain by path"}},
	{name: "toolchain that is none", do: func(p *project) { p.write("rust-toolchain", "1.95; id\n") },
		want: examples.BadInput{File: "rust-toolchain", Line: 1, Message: "invalid toolchain name"}},
	{name: "toolchain of another channel", do: func(p *project) { p.write("rust-toolchain.toml", "[toolchain]\nchannel = \"mine\"\n") },
		want: examples.BadInput{File: "rust-toolchain.toml", Line: 2, Message: "`mine`"}},
	{name: "package needs a newer Rust", do: func(p *project) {
		p.replace("app/Cargo.toml", "publish.workspace = true\n", "publish.workspace = true\nrust-version = \"1.200\"\n")
	}, want: examples.BadInput{File: "app/Cargo.toml", Line: 6, Message: "no image of it: cannot find the base image rust:1.200-bookworm"}},
	{name: "edition of the future", do: func(p *project) { p.replace("Cargo.toml", `"2021"`, `"2042"`) },
		want: examples.BadInput{File: "Cargo.toml", Line: 7, Message: "2042"}},
}

func (p *project) link(name, to string) {
	p.t.Helper()
	p.must(os.RemoveAll(p.path(name)))
	p.must(os.Symlink(to, p.path(name)))
}

func buildArg(name, value string) func(*testenv.BuildOptions) {
	return func(o *testenv.BuildOptions) { o.BuildArgs = map[string]string{name: value} }
}

func platform(p string) func(*testenv.BuildOptions) {
	return func(o *testenv.BuildOptions) { o.Platforms = []string{p} }
}

// TestRefusal is TestBadInput for faults that no fixture holds.
func TestRefusal(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	for _, tc := range refusals {
		t.Run(tc.name, func(t *testing.T) {
			fixture := tc.fixture
			if fixture == "" {
				fixture = "selfhash"
			}
			p := copyOf(t, fixture)
			if tc.do != nil {
				tc.do(p)
			}
			o := testenv.BuildOptions{Context: p.Dir}
			if tc.options != nil {
				tc.options(&o)
			}
			checkRefusal(t, b, o, tc.want, false)
		})
	}
}

// TestLinkedSource builds projects whose sources are symbolic links: inside of the context they are followed as cargo
// does; one that leaves it is never read, neither here nor in the builder's file system, and hurts only where it is used.
func TestLinkedSource(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	t.Run("inside", func(t *testing.T) {
		s := newSelfhash(t)
		s.must(os.Rename(s.path(nested), s.path("beta/value.rs")))
		s.link(nested, "../../value.rs")
		if got := b.MustBuild(t, testenv.BuildOptions{Context: s.Dir}).Run(t); !strings.Contains(got, "beta 3") {
			t.Errorf("the program prints %q", got)
		}
	})
	t.Run("outside and unused", func(t *testing.T) {
		s := newSelfhash(t)
		s.link("app/src/.#main.rs", "me@host.1234:5678") // Emacs locks files so
		s.link("app/passwd", "/etc/passwd")
		s.link("app/result", "../../../result")
		s.link("app/src/unused.rs", "/etc/passwd")
		r := b.MustBuild(t, testenv.BuildOptions{Context: s.Dir})
		if got := r.Run(t); !strings.Contains(got, "beta 3") {
			t.Errorf("the program prints %q", got)
		}
		if want := "warning: /src/app/passwd is a symbolic link that leaves the build context, to /etc/passwd, and is left out"; !strings.Contains(r.Logs(), want) {
			t.Errorf("the log does not say %q:\n%s", want, r.Logs())
		}
	})
	for _, to := range []string{"/etc/passwd", "../../../etc/passwd"} {
		t.Run("outside to "+to, func(t *testing.T) {
			s := newSelfhash(t)
			s.link("app/data.txt", to)
			s.append("app/src/main.rs", "pub const DATA: &str = include_str!(\"../data.txt\");\n")
			r, err := b.Build(t.Context(), testenv.BuildOptions{Context: s.Dir})
			if err == nil {
				t.Fatal("the build succeeded")
			}
			for _, want := range []string{"/src/app/data.txt is a symbolic link that leaves the build context", "couldn't read `app/src/../data.txt`"} {
				if !strings.Contains(r.Logs(), want) {
					t.Errorf("the log does not say %q:\n%s", want, r.Logs())
				}
			}
		})
	}
}

// TestFileOutsideContext: as with buildx, the directory of the file that -f names is sent on its own, so it may lie
// outside of the context, and its options count.
func TestFileOutsideContext(t *testing.T) {
	p := copyOf(t, "selfhash")
	other := &project{t: t, Dir: t.TempDir()}
	other.write("My.Rustfile", "profile = \"dev\"\n")
	defs, err := record(t, testenv.BuildOptions{Context: p.Dir, File: other.path("My.Rustfile")})
	if err != nil {
		t.Fatal(err)
	}
	dev := func(def *pb.Definition) bool {
		return slices.ContainsFunc(execs(def), func(e *pb.ExecOp) bool { return slices.Contains(e.Meta.Args, "dev") })
	}
	if !slices.ContainsFunc(defs, dev) {
		t.Error("no process is told to build with the profile of the file")
	}
}
