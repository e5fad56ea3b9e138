package runtimeneeds_test

import (
	"bytes"
	"debug/elf"
	"debug/pe"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/runtimeneeds"
)

// peHeader is the start of a PE file: the header of DOS, which says where the other is, and that.
func peHeader(machine uint16) []byte {
	data := make([]byte, 0x80, 0x100)
	copy(data, "MZ")
	binary.LittleEndian.PutUint32(data[0x3c:], 0x80)
	data = append(data, "PE\x00\x00"...)
	data, _ = binary.Append(data, binary.LittleEndian, pe.FileHeader{Machine: machine})
	return data
}

// elfHeader is that of a file for a 32-bit machine without sections.
func elfHeader(machine elf.Machine) []byte {
	h := elf.Header32{Type: uint16(elf.ET_EXEC), Machine: uint16(machine), Version: 1, Ehsize: 52, Shentsize: 40}
	copy(h.Ident[:], "\x7fELF\x01\x01\x01")
	data, _ := binary.Append(nil, binary.LittleEndian, h)
	return data
}

func TestCheckArtifact(t *testing.T) {
	module := []byte("\x00asm\x01\x00\x00\x00")
	for _, tc := range []struct {
		name, format, triple string
		data                 []byte
		want                 string
	}{
		{"module", runtimeneeds.Wasm, "wasm32-wasip1", module, ""},
		{"component", runtimeneeds.Wasm, "wasm32-wasip1", []byte("\x00asm\x0d\x00\x01\x00"), "no WebAssembly module of version 1"},
		{"empty", runtimeneeds.Wasm, "wasm32-wasip1", nil, "no WebAssembly module"},
		{"Windows", runtimeneeds.PE, "x86_64-pc-windows-gnu", peHeader(pe.IMAGE_FILE_MACHINE_AMD64), ""},
		{"another machine", runtimeneeds.PE, "x86_64-pc-windows-gnu", peHeader(pe.IMAGE_FILE_MACHINE_I386), "the target x86_64-pc-windows-gnu is"},
		{"no PE file", runtimeneeds.PE, "x86_64-pc-windows-gnu", module, "it is no PE file"},
		{"cut short", runtimeneeds.PE, "x86_64-pc-windows-gnu", peHeader(pe.IMAGE_FILE_MACHINE_AMD64)[:0x40], "it is no PE file"},
		{"bare metal", runtimeneeds.ELF, "thumbv7em-none-eabihf", elfHeader(elf.EM_ARM), ""},
		{"bare metal of another machine", runtimeneeds.ELF, "riscv32imac-unknown-none-elf", elfHeader(elf.EM_ARM), "EM_RISCV"},
		{"no ELF file", runtimeneeds.ELF, "thumbv7em-none-eabihf", module, "it is no ELF file"},
		{"unknown format", "com", "x86_64-pc-dos", module, "not known"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := runtimeneeds.CheckArtifact(bytes.NewReader(tc.data), tc.format, tc.triple)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}
