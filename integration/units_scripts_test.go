package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/testenv"
)

// scripted is a library whose says() gives what its build script puts into the variable SAID.
func scripted(name, script string) lib {
	return lib{name: name, files: map[string]string{
		"build.rs":   "fn main() {\n" + script + "}\n",
		"src/lib.rs": "pub fn says() -> String {\n    String::from(env!(\"SAID\"))\n}\n",
	}}
}

// with adds a file to a library.
func (l lib) with(name, text string) lib {
	l.files[name] = text
	return l
}

// scriptLibs are libraries with build scripts of all kinds, as far as cargo's freshness goes.
func scriptLibs() []lib {
	say := func(s string) string { return fmt.Sprintf("    println!(\"cargo::rustc-env=SAID=%s\");\n", s) }
	watch := func(s string) string { return fmt.Sprintf("    println!(\"cargo::rerun-if-changed=%s\");\n", s) }
	return []lib{
		scripted("says-nothing", say("nothing")),
		scripted("watches-file", watch("data/text.txt")+watch("build.rs")+
			"    println!(\"cargo::rustc-env=SAID={}\", std::fs::read_to_string(\"data/text.txt\").unwrap());\n").with("data/text.txt", "text"),
		scripted("watches-old", "    println!(\"cargo:rerun-if-changed=build.rs\");\n    println!(\"cargo:rustc-env=SAID=old\");\n"),
		scripted("watches-directory", watch("data")+watch("src")+
			"    println!(\"cargo::rustc-env=SAID={}\", std::fs::read_dir(\"data\").unwrap().count());\n").
			with("data/a.txt", "a").with("data/deep/b.txt", "b"),
		scripted("watches-absolute",
			"    println!(\"cargo::rerun-if-changed={}/data.txt\", std::env::var(\"CARGO_MANIFEST_DIR\").unwrap());\n"+say("absolute")).with("data.txt", "x"),
		scripted("watches-environment", "    println!(\"cargo::rerun-if-env-changed=FLAVOUR\");\n    println!(\"cargo::rerun-if-env-changed=NOT_SET\");\n"+
			"    println!(\"cargo::rustc-env=SAID={}\", std::env::var(\"FLAVOUR\").unwrap_or_default());\n"),
		scripted("watches-both", watch("build.rs")+"    println!(\"cargo::rerun-if-env-changed=CC\");\n"+say("both")),
		// Cargo would run this one in every build.
		scripted("watches-missing", watch("not/there.txt")+watch(".git/HEAD")+say("missing")),
		// bindgen names the headers that it read, whose dates are later than any output's.
		scripted("watches-toolchain", watch("/usr/include/stdio.h")+watch("/usr/include/linux")+say("toolchain")),
		generates(),
		{name: "configured", files: map[string]string{
			"build.rs":   "fn main() {\n    println!(\"cargo::rustc-check-cfg=cfg(told)\");\n    println!(\"cargo::rustc-cfg=told\");\n}\n",
			"src/lib.rs": "pub fn says() -> String {\n    format!(\"told {}\", cfg!(told))\n}\n",
		}},
		{name: "elsewhere", manifest: "build = \"tools/build.rs\"\n\n[lib]\nname = \"moved\"\npath = \"code/lib.rs\"\n", files: map[string]string{
			"tools/build.rs": "fn main() {\n    println!(\"cargo::rerun-if-changed=tools/build.rs\");\n}\n",
			"code/lib.rs":    "pub fn says() -> String {\n    String::from(\"moved\")\n}\n",
		}},
	}
}

// generates writes code, and keeps a copy of a file with its old date.
func generates() lib {
	script := `use std::{env, fs, path::Path, process::Command};

fn main() {
    let out = env::var("OUT_DIR").unwrap();
    let out = Path::new(&out);
    fs::create_dir_all(out.join("empty")).unwrap();
    fs::write(out.join("code.rs"), "pub const WHAT: &str = \"generated\";").unwrap();
    std::os::unix::fs::symlink("code.rs", out.join("link.rs")).unwrap();
    assert!(Command::new("cp").arg("-a").arg("old").arg(out.join("copied")).status().unwrap().success());
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=old/name.txt");
}
`
	return lib{name: "generates", files: map[string]string{
		"build.rs":     script,
		"old/name.txt": "copied",
		"src/lib.rs": "mod code {\n    include!(concat!(env!(\"OUT_DIR\"), \"/link.rs\"));\n}\n\n" +
			"#[macro_export]\nmacro_rules! copied {\n    () => { include_str!(concat!(env!(\"GENERATES\"), \"/copied/name.txt\")) };\n}\n\n" +
			"pub fn says() -> String {\n    format!(\"{} {}\", code::WHAT, include_str!(concat!(env!(\"OUT_DIR\"), \"/copied/name.txt\")))\n}\n",
	}}
}

// TestUnitsWithBuildScripts has a library for each way in which a build script can say what it depends on.
func TestUnitsWithBuildScripts(t *testing.T) {
	f := newFakeRegistry(t)
	g := &graph{name: "scripts", libs: scriptLibs(), config: "[env]\nFLAVOUR = \"sweet\"\n"}
	main := "fn main() {\n"
	for _, l := range g.libs {
		g.deps = append(g.deps, l.name)
		name := l.ident()
		if name == "elsewhere" {
			name = "moved"
		}
		main += fmt.Sprintf("    println!(\"{}\", %s::says());\n", name)
	}
	g.main = main + "}\n"
	p := g.project(t, f, nil)
	checkGraph(t, p, "nothing\ntext\nold\n2\nabsolute\nsweet\nboth\nmissing\ntoolchain\ngenerated copied\ntold true\nmoved\n", len(g.libs))
}

// TestUnitsWithLinks has a library with a links key that tells where its header and what it generated are, a library
// whose build script looks at both, and a program that does so too.
func TestUnitsWithLinks(t *testing.T) {
	look := func(say string) string {
		return fmt.Sprintf(`    let read = |key: &str, file: &str| {
        let dir = std::env::var(key).expect(key);
        std::fs::read_to_string(std::path::Path::new(&dir).join(file)).expect(file)
    };
    println!("cargo::rustc-env=%s={} {} {}", read("DEP_THING_INCLUDE", "thing.h"), read("DEP_THING_ROOT", "made.txt"), read("DEP_THING_ROOT", "kept/thing.h"));
`, say)
	}
	sys := lib{name: "thing-sys", manifest: "links = \"thing\"\n", files: map[string]string{
		"build.rs": `use std::{env, fs, path::Path, process::Command};

fn main() {
    let out = env::var("OUT_DIR").unwrap();
    fs::write(Path::new(&out).join("made.txt"), "made").unwrap();
    assert!(Command::new("cp").arg("-a").arg("include").arg(Path::new(&out).join("kept")).status().unwrap().success());
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::metadata=ROOT={out}");
    println!("cargo:include={}/include", env::var("CARGO_MANIFEST_DIR").unwrap());
}
`,
		"include/thing.h": "header",
	}}
	user := scripted("thing", look("SAID"))
	user.deps = []string{"thing-sys"}
	f := newFakeRegistry(t)
	g := &graph{name: "links", libs: []lib{user, sys}, deps: []string{"thing", "thing-sys"},
		script: "fn main() {\n" + look("PROGRAM") + "}\n",
		main:   "fn main() {\n    println!(\"{}\\n{}\\n{}\", thing::says(), env!(\"PROGRAM\"), thing_sys::says());\n}\n",
	}
	checkGraph(t, g.project(t, f, nil), "header made header\nheader made header\nthing-sys0\n", 2)
}

// TestUnitsWithMacros has a macro that reads a file of its own package when it runs, one that a library uses, and a library that macros, build
// scripts and the program share.
func TestUnitsWithMacros(t *testing.T) {
	reads := lib{name: "reads", macro: true, files: map[string]string{
		"template.txt": "template",
		"src/lib.rs": "#[proc_macro]\npub fn say(_: proc_macro::TokenStream) -> proc_macro::TokenStream {\n" +
			"    let text = std::fs::read_to_string(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/template.txt\")).unwrap();\n" +
			"    format!(\"{text:?}\").parse().unwrap()\n}\n",
	}}
	uses := lib{name: "uses", deps: []string{"makes", "shared"}, scriptDeps: []string{"shared"}, files: map[string]string{
		"build.rs":   "fn main() {\n    println!(\"cargo::rustc-env=SAID={}\", shared::says());\n}\n",
		"src/lib.rs": "pub fn says() -> String {\n    format!(\"{} {} {}\", makes::say!(), env!(\"SAID\"), shared::says())\n}\n",
	}}
	f := newFakeRegistry(t)
	g := &graph{name: "macros", deps: []string{"reads", "uses", "shared"}, libs: []lib{
		{name: "makes", macro: true, deps: []string{"shared"}}, reads, {name: "shared"}, uses,
	}}
	p := g.project(t, f, nil)
	r := checkGraph(t, p, "template\nmakes0 shared0 shared0 shared0\nshared0\n", 5)
	if got, want := unitVertices(vertexNames(r)), "makes 1.0.0 (host), reads 1.0.0 (host), shared 1.0.0, shared 1.0.0 (host), uses 1.0.0"; got != want {
		t.Errorf("vertices are %q, want %q", got, want)
	}
}

// TestUnitsOfTwoRegistries has one name and version in two registries, and a library of the private one that depends on
// one of crates.io.
func TestUnitsOfTwoRegistries(t *testing.T) {
	public, private := newFakeRegistry(t), newFakeRegistry(t)
	index := "sparse+http://" + private.address + "/index/"
	same := lib{name: "same", files: map[string]string{"src/lib.rs": "pub fn says() -> String {\n    String::from(\"private\")\n}\n"}}
	user := lib{name: "user", manifest: "\n[dependencies.same]\nversion = \"1.0\"\nregistry-index = \"" + index + "\"\n\n" +
		"[dependencies.plain]\nversion = \"1.0\"\nregistry-index = \"https://github.com/rust-lang/crates.io-index\"\n",
		files: map[string]string{"src/lib.rs": "pub fn says() -> String {\n    same::says() + \" \" + &plain::says()\n}\n"}}
	g := &graph{name: "registries", deps: []string{"plain", "same"}, libs: []lib{{name: "plain"}, {name: "same"}}}
	g.tables = "user = { version = \"1.0\", registry = \"private\" }\n"
	g.config = "\n[registries.private]\nindex = \"" + index + "\"\n"
	g.main = "fn main() {\n    println!(\"{} {}\", same::says(), user::says());\n}\n"
	p := g.project(t, public, nil)
	p.append("Cargo.lock", private.lockLibs(t, index, []lib{same, user})+
		"dependencies = [\n \"plain\",\n \"same 1.0.0 ("+index+")\",\n]\n") // of user
	p.replace("Cargo.lock", "dependencies = [\n \"plain\",\n \"same\",\n]\n",
		"dependencies = [\n \"plain\",\n \"same 1.0.0 ("+cratesIO+")\",\n \"user\",\n]\n")
	checkGraph(t, p, "same0 private plain0\n", 4)
}

// TestUnitsOfPathDependencies has a package beside the program that is no member of its workspace and has dependencies of
// its own, for its library and for its build script.
func TestUnitsOfPathDependencies(t *testing.T) {
	f := newFakeRegistry(t)
	g := &graph{name: "paths", deps: []string{"shared"}, libs: []lib{{name: "far"}, {name: "shared"}, {name: "tool", deps: []string{"shared"}}}}
	g.tables = "near = { path = \"../near\" }\n"
	g.main = "fn main() {\n    println!(\"{} {}\", shared::says(), near::says());\n}\n"
	made := g.project(t, f, nil)
	p := &project{t: t, Dir: t.TempDir()}
	for _, name := range []string{"Cargo.toml", "Cargo.lock", "src/main.rs", ".cargo/config.toml"} {
		p.write("program/"+name, made.read(name))
	}
	p.write("Rustfile", made.read("Rustfile"))
	p.replace("program/Cargo.lock", " \"shared\",\n]\n\n[[package]]\nname = \"far\"", " \"near\",\n \"shared\",\n]\n\n[[package]]\nname = \"far\"")
	p.append("program/Cargo.lock", "\n[[package]]\nname = \"near\"\nversion = \"0.1.0\"\n"+lockedDependencies([]string{"far", "tool"}))
	p.write("near/Cargo.toml", "[package]\nname = \"near\"\nversion = \"0.1.0\"\n[dependencies]\nfar = \"1\"\n[build-dependencies]\ntool = \"1\"\n")
	p.write("near/build.rs", "fn main() {\n    println!(\"cargo::rustc-env=SAID={}\", tool::says());\n}\n")
	p.write("near/src/lib.rs", "pub fn says() -> String {\n    far::says() + \" \" + env!(\"SAID\")\n}\n")
	checkGraphWith(t, p, map[string]string{"manifest-path": "program/Cargo.toml"}, "shared0 far0 tool0 shared0\n", 4)
}

// checkGraph builds a project in units on the shared daemon, with all compile vertices run again.
func checkGraph(t *testing.T, p *project, prints string, vertices int) *testenv.Result {
	t.Helper()
	return checkGraphWith(t, p, nil, prints, vertices)
}

func checkGraphWith(t *testing.T, p *project, args map[string]string, prints string, vertices int) *testenv.Result {
	t.Helper()
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	r := buildUnits(t, b, testenv.BuildOptions{Context: p.Dir, BuildArgs: args, Attrs: everyUnitAgain})
	checkFresh(t, r)
	if got := r.Run(t); got != prints {
		t.Errorf("the program prints %q, want %q", got, prints)
	}
	if got := len(strings.Split(unitVertices(vertexNames(r)), ", ")); got != vertices {
		t.Errorf("%d dependency vertices, want %d", got, vertices)
	}
	return r
}
