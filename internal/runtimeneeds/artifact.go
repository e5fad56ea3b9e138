package runtimeneeds

import (
	"debug/elf"
	"debug/pe"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Formats of programs that are no Linux processes.
const (
	// Wasm is a WebAssembly module. https://webassembly.github.io/spec/core/binary/modules.html
	Wasm = "wasm"
	// PE is a program of Windows, or of the firmware of a machine.
	// https://learn.microsoft.com/windows/win32/debug/pe-format
	PE = "pe"
	// ELF is a program without an operating system.
	ELF = "elf"
)

// machinesOf are the machines of target triples, by how their first part begins;
// the first that fits counts.
var machinesOf = []struct {
	prefix string
	elf    elf.Machine
	pe     uint16
}{
	{"x86_64", elf.EM_X86_64, pe.IMAGE_FILE_MACHINE_AMD64},
	{"i", elf.EM_386, pe.IMAGE_FILE_MACHINE_I386},
	{"aarch64", elf.EM_AARCH64, pe.IMAGE_FILE_MACHINE_ARM64},
	{"arm", elf.EM_ARM, pe.IMAGE_FILE_MACHINE_ARMNT},
	{"thumb", elf.EM_ARM, pe.IMAGE_FILE_MACHINE_ARMNT},
	{"riscv", elf.EM_RISCV, pe.IMAGE_FILE_MACHINE_RISCV64},
	{"loongarch64", elf.EM_LOONGARCH, pe.IMAGE_FILE_MACHINE_LOONGARCH64},
	{"powerpc", elf.EM_PPC, pe.IMAGE_FILE_MACHINE_POWERPC},
	{"sparc", elf.EM_SPARC, 0},
	{"mips", elf.EM_MIPS, 0},
}

// CheckArtifact reports whether a program has a format and is for the machine of
// a target triple, as far as its header says.
func CheckArtifact(r io.ReaderAt, format, triple string) error {
	switch format {
	case Wasm:
		header := make([]byte, 8)
		if _, err := r.ReadAt(header, 0); err != nil || string(header) != "\x00asm\x01\x00\x00\x00" {
			return errors.Join(errors.New("it is no WebAssembly module of version 1"), err)
		}
		return nil
	case PE:
		f, err := pe.NewFile(r)
		if err != nil {
			return fmt.Errorf("it is no PE file: %w", err)
		}
		return sameAs(triple, f.Machine, func(i int) uint16 { return machinesOf[i].pe })
	case ELF:
		f, err := elf.NewFile(r)
		if err != nil {
			return fmt.Errorf("it is no ELF file: %w", err)
		}
		return sameAs(triple, f.Machine, func(i int) elf.Machine { return machinesOf[i].elf })
	}
	return fmt.Errorf("the format %q is not known", format)
}

// sameAs compares the machine of a header with that of a triple; of gives that
// of an entry of machinesOf. A triple that is not there is not judged.
func sameAs[M elf.Machine | uint16](triple string, machine M, of func(i int) M) error {
	for i, m := range machinesOf {
		if !strings.HasPrefix(triple, m.prefix) {
			continue
		}
		if want := of(i); machine != want {
			return fmt.Errorf("it is for the machine %v, and the target %s is %v", machine, triple, want)
		}
		return nil
	}
	return nil
}
