package integration

import (
	"debug/elf"
	"os"
	"path/filepath"
	"testing"

	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/internal/auditable"
)

// bareFiles are a program for a microcontroller, with a dependency that is compiled for it.
var bareFiles = map[string]string{
	"Rustfile":   "# syntax=rustfile/rustfile:1\ntarget = \"thumbv7em-none-eabihf\"\nstrip = true\n",
	"Cargo.toml": "[package]\nname = \"blink\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\nitoa = \"1\"\n\n[profile.release]\npanic = \"abort\"\n",
	"Cargo.lock": `version = 4

[[package]]
name = "blink"
version = "0.1.0"
dependencies = [
 "itoa",
]

[[package]]
name = "itoa"
version = "1.0.19"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "3bd1574e617a9a6c1f8f8181bd7e841e1f20e4277607ef28945765188d6284d4"
`,
	"src/main.rs": `#![no_std]
#![no_main]

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

#[no_mangle]
pub extern "C" fn _start() -> ! {
    let mut buffer = itoa::Buffer::new();
    let mut ticks = 0u32;
    loop {
        ticks = ticks.wrapping_add(core::hint::black_box(buffer.format(ticks)).len() as u32);
    }
}
`,
}

// TestBareMetal builds a program for a machine without an operating system.
func TestBareMetal(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	p := newProject(t, bareFiles)
	p.verbose()
	r := buildUnits(t, b, testenv.BuildOptions{Context: p.Dir, Output: testenv.OutputDir, Attrs: everyUnitAgain})
	checkFresh(t, r)
	files, err := os.ReadDir(r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 || files[0].Name() != "blink" {
		t.Errorf("the export holds %v, want blink alone", files)
	}
	f, err := elf.Open(filepath.Join(r.Dir, "blink"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Machine != elf.EM_ARM || f.Class != elf.ELFCLASS32 || f.Entry == 0 {
		t.Errorf("the program is for %s, %s, and begins at %#x", f.Machine, f.Class, f.Entry)
	}
	for _, s := range f.Sections {
		if s.Name == auditable.Section && s.Flags&elf.SHF_ALLOC != 0 {
			t.Error("the list of packages would be loaded into the machine's memory")
		}
	}
	if f.Section(auditable.Section) == nil {
		t.Error("the program has no list of its packages")
	}
}
