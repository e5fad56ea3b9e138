package integration

import (
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/testenv"
)

// TestToolchainFile builds with a channel that no image is of, named above the manifest's directory. A crate that
// another compiler had compiled could not be used, so what the program says of its own holds for all.
func TestToolchainFile(t *testing.T) {
	onlyWithReal(t)
	f := newFakeRegistry(t)
	inner := f.projectOf(t, crate{name: "one"})
	p := &project{t: t, Dir: t.TempDir()}
	for _, name := range []string{"Cargo.toml", "Cargo.lock", "src/main.rs", ".cargo/config.toml"} {
		p.write("app/"+name, inner.read(name))
	}
	p.write("Rustfile", "# syntax="+testenv.FrontendRef+"\nmanifest-path = \"app/Cargo.toml\"\n")
	p.write("rust-toolchain.toml", "[toolchain]\nchannel = \"beta\"\ncomponents = [\"clippy\"]\n")
	p.write("app/build.rs", `fn main() {
    let out = std::process::Command::new(std::env::var("RUSTC").unwrap()).arg("--version").output().unwrap();
    println!("cargo:rustc-env=COMPILER={}", String::from_utf8(out.stdout).unwrap().trim());
}
`)
	p.replace("app/src/main.rs", "fn main() {\n", "fn main() {\n    println!(\"{}\", env!(\"COMPILER\"));\n")
	r := inProcess(testenv.SharedDaemon(t, testenv.OCI)).MustBuild(t, testenv.BuildOptions{Context: p.Dir})
	if got := r.Run(t); !strings.HasPrefix(got, "rustc 1.") || !strings.Contains(got, "-beta") || !strings.HasSuffix(got, "\none\n") {
		t.Errorf("the program prints %q", got)
	}
}
