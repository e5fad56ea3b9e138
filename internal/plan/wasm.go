package plan

import (
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
)

// Wasi is the platform of WebAssembly modules, in the notation of Docker and
// containerd. https://github.com/containerd/runwasi
const Wasi = "wasi/wasm"

// wasiTriple is the target of those modules: WASI preview 1, which all runtimes
// know. https://doc.rust-lang.org/rustc/platform-support/wasm32-wasip1.html
const wasiTriple = "wasm32-wasip1"

// wasm gives an image of WebAssembly modules the form that runtimes expect: on
// nothing, with the module NAME.wasm in the root directory. So an export of the
// image's files to a directory is the module.
func (p *Plan) wasm(o *options.Options) {
	if p.Platform != Wasi {
		return
	}
	if o.RuntimeImage == "" {
		p.Image.Base = "scratch"
	}
	p.Image.CACertificates = certificatesNever
	for i := range p.Binaries {
		p.Binaries[i].At = "/" + p.Binaries[i].Name + ".wasm"
	}
	if o.Image.Entrypoint == nil {
		p.Image.Entrypoint = []string{p.Binaries[0].Path()}
	}
}

// Path is where the image has the binary.
func (b Binary) Path() string {
	if b.At != "" {
		return b.At
	}
	return "/usr/local/bin/" + b.Name
}

// checkWasm refuses what a WebAssembly module cannot have.
func checkWasm(o *options.Options) error {
	for _, c := range []struct {
		key string
		on  bool
	}{
		{options.KeyStrip, o.Image.Strip}, {options.KeyDebug, o.Image.Debug == options.DebugSplit}, {options.KeyInit, o.Image.Init},
	} {
		if c.on {
			return o.Fault(c.key, "platform "+Wasi+" has no such thing: its programs are no ELF files and no processes", "remove it from builds for "+Wasi)
		}
	}
	if o.Libc != options.LibcMusl {
		return nil
	}
	return &cargo.Error{
		Span:    o.Spans[options.KeyLibc],
		Message: "platform " + Wasi + " has a C library of its own, and no musl",
		Fix:     "remove libc = \"musl\" from builds for " + Wasi,
	}
}
