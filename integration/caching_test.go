package integration

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rustfile/rustfile/integration/testenv"
)

// steps are the vertices of a build that do work, by the beginning of their names and in the order of the graph. The
// first prefix that fits names a vertex, so the longer ones come first.
var steps = []struct{ prefix, name string }{
	{"[toolchain] ", "toolchain"},
	{"[sources] gather crates", "gather"},
	{"[sources] manifests of crates", "manifests"},
	{"[plan] ask cargo", "plan"},
	{"[sources] unpack crates of other packages", "unpack-rest"},
	{"[sources] unpack crates", "unpack"},
	{"[sources] packages of ", "git"},
	{"[deps] ", "deps"},
	{"[build] ", "build"},
	{"[image] copy the binaries", "image"},
}

// work returns the steps that ran, in the order of the graph and once each. Crates are sources: they have no inputs,
// so BuildKit reports them as started even when it only asked itself for their checksum. Whether they are downloaded
// again is TestCratesAreDownloadedOnce's question. The vertex that merges the image's layers makes no files.
func work(r *testenv.Result) string {
	ran := r.Ran()
	var names []string
	for _, step := range steps {
		if i := slices.IndexFunc(ran, func(n string) bool { return strings.HasPrefix(n, step.prefix) }); i >= 0 {
			names = append(names, step.name)
			ran = slices.DeleteFunc(ran, func(n string) bool { return strings.HasPrefix(n, step.prefix) })
		}
	}
	for _, n := range ran {
		for _, known := range []string{"[internal] ", "[base] ", "[context ", "[crate] ", "[git] ", "[image] add the binaries to the base", "exporting ", "importing cache "} {
			if strings.HasPrefix(n, known) {
				n = ""
				break
			}
		}
		if n != "" {
			names = append(names, "unknown step "+n)
		}
	}
	return strings.Join(names, " ")
}

// compiled returns the names of the crates that cargo compiled, sorted and once each, without the stubs of the
// dependency vertex: a script takes rustc's place for those.
func compiled(r *testenv.Result) string {
	var names []string
	for _, c := range r.Compiled() {
		name, _, _ := strings.Cut(c, " ")
		if !strings.HasPrefix(name, "rustfile-stub-") && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// What is compiled for the binaries of several-members.
const (
	membersOfA = "a lib-a lib-common"
	allOfA     = "a cfg-if hex lib-a lib-common memchr"
)

// Versions and checksums that are not in the fixture's lock file.
const (
	memchrNow, memchrThen = "2.8.3", "2.8.0"
	memchrNowSum          = "cf8baf1c55e62ffcace7a9f06f4bd9cd3f0c4beb022d3b367256b91b87513d98"
	memchrThenSum         = "f8ca58f447f06ed17d5fc4043ce1b10dd205e060fb3ce5b979b8ed8e59ff3f79"

	humantimeNow, humantimeThen = "2.4.0", "2.3.0"
	humantimeNowSum             = "15cdd26707701c53297e2fa6afb323d55fbc1d0810c3aec078ae3ef0424c3c15"
	humantimeThenSum            = "135b12329e5e3ce057a9f972339ea52bc954fe1e9358ef27f95e89716fbc5424"
)

// lockedPackage is the text of a package's entry in the fixture's lock file.
func (p *project) lockedPackage(name string) string {
	p.t.Helper()
	_, after, found := strings.Cut(p.read("Cargo.lock"), "[[package]]\nname = \""+name+"\"\n")
	if !found {
		p.t.Fatalf("Cargo.lock has no package %s", name)
	}
	entry, _, _ := strings.Cut(after, "\n[[package]]")
	return "[[package]]\nname = \"" + name + "\"\n" + entry
}

// A change is one scenario: what is done to a project whose build is cached, and what the next build does.
type change struct {
	name string
	// target is the binary, a by default.
	target string
	do     func(p *project)
	// options changes what the build is called with.
	options func(o *testenv.BuildOptions)
	// work and compiled are the steps that must run and the crates that must be compiled; no others may.
	work, compiled string
	// prints is the program's output, when it is worth a look.
	prints string
	// unpacks leaves it open whether crates are gathered and unpacked.
	unpacks bool
}

// ignoredChanges are edits that the binaries do not depend on.
var ignoredChanges = []change{
	{name: "nothing", prints: "a 434f4d4d4f4e 3\n"},
	{name: "touch", do: func(p *project) { p.date(time.Now().Add(time.Hour)) }},
	{name: "touch to the past", do: func(p *project) { p.date(time.Unix(1, 0)) }},
	{name: "README", do: func(p *project) { p.append("README.md", "More.\n"); p.write("a/README.md", "Of a.\n") }},
	{name: "licence", do: func(p *project) { p.write("LICENSE", "Free.\n"); p.write("a/LICENSE-MIT", "Free.\n") }},
	{name: "docs", do: func(p *project) { p.write("docs/index.md", "x"); p.write("a/docs/index.md", "x") }},
	{name: "git", do: func(p *project) { p.write(".git/HEAD", "ref: x\n"); p.write(".github/workflows/ci.yml", "on: push\n") }},
	{name: "editor and CI", do: func(p *project) {
		p.write(".vscode/settings.json", "{}")
		p.write("Dockerfile", "FROM scratch\n")
		p.write("a/.gitignore", "target\n")
	}},
	{name: "target directory", do: func(p *project) { p.write("target/release/a", "x"); p.write("a/target/x", "x") }},
	{name: "integration test", do: func(p *project) {
		p.append("a/tests/duration.rs", "// more\n")
		p.write("lib-common/tests/more.rs", "#[test] fn t() {}\n")
		p.write("lib-a/benches/b.rs", "fn main() {}\n")
		p.write("lib-a/examples/e.rs", "fn main() {}\n")
	}},
	{name: "Rustfile comment", do: func(p *project) { p.append("Rustfile", "# A comment.\n") }},
	{name: "dockerignore", do: func(p *project) { p.write(".dockerignore", "*.log\nREADME.md\n") }},
	{name: "label", options: func(o *testenv.BuildOptions) { o.Labels = map[string]string{"team": "x"} }},
	{name: "source of a member that b does not use", target: "b", do: func(p *project) {
		p.append("a/src/main.rs", "// more\n")
		p.append("lib-a/src/lib.rs", "// more\n")
		p.append("c/src/main.rs", "fn unused() {}\n")
	}},
	{name: "source of a library that c does not use", target: "c", do: func(p *project) { p.append("lib-common/src/lib.rs", "// more\n") }},
	{name: "new file of a member that c does not use", target: "c", do: func(p *project) { p.write("a/src/more.rs", "") }},
}

// sourceChanges are edits after which the workspace members are compiled and nothing else.
var sourceChanges = []change{
	{name: "source of the binary", work: "build image", compiled: membersOfA, prints: "A 434f4d4d4f4e 3\n",
		do: func(p *project) { p.replace("a/src/main.rs", `"a {} {}"`, `"A {} {}"`) }},
	{name: "source of a library", work: "build image", compiled: membersOfA, prints: "a 434f4d4d4f4e 4\n",
		do: func(p *project) { p.replace("lib-a/src/lib.rs", "+ 1", "+ 2") }},
	{name: "source comment", work: "build", compiled: membersOfA, // the program's bytes are the same
		do: func(p *project) { p.append("a/src/main.rs", "// more\n") }},
	{name: "new module", work: "build image", compiled: membersOfA, prints: "a 434f4d4d4f4e 8\n", do: func(p *project) {
		p.write("lib-a/src/more.rs", "pub const MORE: usize = 5;\n")
		p.append("lib-a/src/lib.rs", "mod more;\n")
		p.replace("lib-a/src/lib.rs", "+ 1", "+ 1 + more::MORE")
	}},
	{name: "new binary of the package", work: "build", compiled: membersOfA,
		do: func(p *project) { p.write("a/src/bin/extra.rs", "fn main() {}\n") }},
	{name: "SOURCE_DATE_EPOCH", work: "build image", compiled: membersOfA,
		options: func(o *testenv.BuildOptions) { o.BuildArgs = map[string]string{"SOURCE_DATE_EPOCH": "1700000000"} }},
}

// manifestChanges are edits of manifests that change no third-party crate's compilation.
var manifestChanges = []change{
	{name: "version", work: "build image", compiled: membersOfA, do: func(p *project) {
		p.replace("Cargo.toml", `version = "0.1.0"`, `version = "0.2.0"`)
		p.replace("Cargo.lock", `version = "0.1.0"`, `version = "0.2.0"`)
	}},
	{name: "description, authors, licence", work: "build", compiled: membersOfA, do: func(p *project) {
		p.replace("a/Cargo.toml", "[dependencies]\n", "description = \"A.\"\nauthors = [\"A <a@example.com>\"]\nlicense = \"MIT\"\n\n[dependencies]\n")
	}},
	{name: "lints", work: "build", compiled: membersOfA, do: func(p *project) {
		p.append("Cargo.toml", "\n[workspace.lints.rust]\nunused_variables = \"allow\"\n")
		p.append("a/Cargo.toml", "\n[lints]\nworkspace = true\n")
	}},
	{name: "comment in Cargo.toml", work: "build", compiled: membersOfA,
		do: func(p *project) { p.append("Cargo.toml", "# More.\n"); p.append("a/Cargo.toml", "# More.\n") }},
	{name: "comment in Cargo.lock", work: "build", compiled: membersOfA, do: func(p *project) { p.append("Cargo.lock", "# More.\n") }},
	{name: "CRLF", work: "build", compiled: membersOfA, do: func(p *project) {
		for _, name := range []string{"Cargo.toml", "a/Cargo.toml", "lib-a/Cargo.toml", "Cargo.lock"} {
			p.replace(name, "\n", "\r\n")
		}
	}},
	{name: "order of tables and keys", work: "build", compiled: membersOfA, do: func(p *project) {
		p.replace("a/Cargo.toml", "hex = { version = \"0.4\", default-features = false, features = [\"alloc\"] }\n", "")
		p.append("a/Cargo.toml", "\n[dependencies.hex]\nfeatures = [\"alloc\"]\nversion = \"0.4\"\ndefault-features = false\n")
		p.replace("Cargo.toml", `"a", "b", "c"`, `"c", "b", "a"`)
	}},
	{name: "dev-dependency bumped", work: "gather unpack-rest build", compiled: membersOfA, do: func(p *project) {
		p.replace("Cargo.lock", humantimeNow, humantimeThen)
		p.replace("Cargo.lock", humantimeNowSum, humantimeThenSum)
	}},
	{name: "dev-dependency added", work: "build", compiled: membersOfA, do: func(p *project) {
		p.append("a/Cargo.toml", "either = \"1.15\"\n") // in the lock file for another member
		p.replace("Cargo.lock", "dependencies = [\n \"hex\",", "dependencies = [\n \"either\",\n \"hex\",")
	}},
	{name: "dependency of another member added", work: "gather unpack-rest build", compiled: membersOfA, do: func(p *project) {
		p.append("c/Cargo.toml", "bitflags = \"2.9\"\n")
		p.replace("Cargo.lock", " \"fastrand\",\n", " \"bitflags\",\n \"fastrand\",\n")
		p.append("Cargo.lock", "\n[[package]]\nname = \"bitflags\"\nversion = \"2.9.4\"\n"+
			"source = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"2261d10cca569e4643e526d8dc2e62e433cc8aba21ab764233731f8d369bf394\"\n")
	}},
	{name: "another member's directory renamed", work: "build", compiled: membersOfA, do: func(p *project) {
		p.must(os.Rename(p.path("c"), p.path("programs")))
		p.replace("Cargo.toml", `"c", `, `"programs", `)
	}},
	{name: "a used member's directory renamed", work: "build image", compiled: membersOfA, do: func(p *project) {
		p.must(os.Rename(p.path("lib-a"), p.path("lib-z")))
		p.replace("a/Cargo.toml", "../lib-a", "../lib-z")
		p.replace("lib-common/Cargo.toml", "../lib-a", "../lib-z")
	}},
	{name: "another member's profile", work: "build", compiled: membersOfA,
		do: func(p *project) { p.append("Cargo.toml", "\n[profile.release.package.c]\nopt-level = 1\n") }},
	{name: "cargo alias and net settings", work: "build", compiled: membersOfA,
		do: func(p *project) { p.write(".cargo/config.toml", "[alias]\nx = \"run\"\n[net]\nretry = 3\n") }},
	{name: "rust-toolchain.toml names the toolchain in use", work: "build", compiled: membersOfA,
		do: func(p *project) { p.write("rust-toolchain.toml", "[toolchain]\nchannel = \"1.95\"\n") }},
}

// dependencyChanges are edits after which the dependencies are compiled again.
var dependencyChanges = []change{
	{name: "dependency bumped", work: "gather unpack-rest unpack deps build image", compiled: allOfA, prints: "a 434f4d4d4f4e 3\n", do: func(p *project) {
		p.replace("Cargo.lock", memchrNow, memchrThen)
		p.replace("Cargo.lock", memchrNowSum, memchrThenSum)
	}},
	{name: "dependency added", work: "gather unpack-rest unpack deps build image", compiled: "a cfg-if fastrand hex lib-a lib-common memchr", do: func(p *project) {
		p.replace("lib-a/Cargo.toml", "[dependencies]\n", "[dependencies]\nfastrand = { version = \"2.3\", default-features = false }\n")
		p.replace("Cargo.lock", "dependencies = [\n \"lib-common\",\n \"memchr\",", "dependencies = [\n \"fastrand\",\n \"lib-common\",\n \"memchr\",")
	}},
	{name: "dependency removed", work: "gather unpack-rest unpack deps build image", compiled: "a cfg-if lib-a lib-common memchr", prints: "a COMMON 3\n", do: func(p *project) {
		p.replace("a/Cargo.toml", "hex = { version = \"0.4\", default-features = false, features = [\"alloc\"] }\n", "")
		p.replace("a/src/main.rs", "hex::encode(lib_common::name())", "lib_common::name()")
		p.replace("Cargo.lock", " \"hex\",\n", "")
		p.replace("Cargo.lock", p.lockedPackage("hex")+"\n", "")
	}},
	{name: "feature of a dependency", work: "deps build image", compiled: allOfA, do: func(p *project) {
		p.replace("lib-a/Cargo.toml", `memchr = { version = "2.7", default-features = false }`, `memchr = "2.7"`)
	}},
	{name: "feature of the build", work: "deps build image", compiled: allOfA, do: func(p *project) {
		p.append("a/Cargo.toml", "\n[features]\nstd = [\"hex/std\"]\n")
	}, options: func(o *testenv.BuildOptions) { o.BuildArgs = map[string]string{"features": "std"} }},
	{name: "profile setting", work: "deps build image", compiled: allOfA,
		do: func(p *project) { p.append("Cargo.toml", "\n[profile.release]\nopt-level = 1\n") }},
	{name: "profile", work: "deps build image", compiled: allOfA,
		options: func(o *testenv.BuildOptions) { o.BuildArgs = map[string]string{"profile": "dev"} }},
	{name: "profile of a dependency", work: "deps build image", compiled: allOfA,
		do: func(p *project) { p.append("Cargo.toml", "\n[profile.release.package.memchr]\nopt-level = 0\n") }},
	// A build script could have dependencies, and the stub that stands for its package has one too.
	{name: "new build script", work: "deps build image", compiled: allOfA,
		do: func(p *project) { p.write("a/build.rs", "fn main() {}\n") }},
	{name: "rustflags", work: "deps build image", compiled: allOfA,
		do: func(p *project) { p.write(".cargo/config.toml", "[build]\nrustflags = [\"-Copt-level=2\"]\n") }},
}

// TestWhatAChangeRuns holds the caching promises: after each change of a project whose build is cached, exactly
// these steps run and exactly these crates are compiled.
func TestWhatAChangeRuns(t *testing.T) {
	b := inProcess(testenv.FreshDaemon(t, testenv.DaemonOptions{}))
	base := copyOf(t, "several-members")
	for _, target := range []string{"a", "b", "c"} {
		b.MustBuild(t, withGranularity(testenv.BuildOptions{Context: base.Dir, Target: target, Output: testenv.OutputNone}, "coarse"))
	}
	toolchain := dependencyChangeOfToolchain(t)
	for _, changes := range [][]change{ignoredChanges, sourceChanges, manifestChanges, dependencyChanges, {toolchain}} {
		for _, c := range changes {
			t.Run(c.name, func(t *testing.T) { c.check(t, b, base) })
		}
	}
}

// check applies a change to a copy of the project and builds it.
func (c change) check(t *testing.T, b *testenv.Builder, base *project) {
	p := base.clone(t)
	o := testenv.BuildOptions{Context: p.Dir, Target: "a"}
	if c.target != "" {
		o.Target = c.target
	}
	if c.do != nil {
		c.do(p)
	}
	if c.options != nil {
		c.options(&o)
	}
	r := b.MustBuild(t, withGranularity(o, "coarse"))
	// A coarse build asks cargo for nothing but the list of packages.
	got := strings.NewReplacer("manifests ", "", "plan ", "").Replace(work(r))
	if c.unpacks {
		got = strings.NewReplacer("gather ", "", "unpack-rest ", "", "unpack ", "").Replace(got)
	}
	if got != c.work {
		t.Errorf("steps that ran: %q, want %q", got, c.work)
	}
	if got := compiled(r); got != c.compiled {
		t.Errorf("compiled crates: %q, want %q", got, c.compiled)
	}
	if dirty := r.Dirty(); len(dirty) > 0 || strings.Contains(r.Logs(), "were compiled again") {
		t.Errorf("the dependency layer did not match, dirty crates: %q", dirty)
	}
	if c.prints != "" {
		if got := r.Run(t); got != c.prints {
			t.Errorf("the program prints %q, want %q", got, c.prints)
		}
	}
}
