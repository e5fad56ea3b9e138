package runtimeneeds

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// Bounds of what is read of a file: no real object comes near them, and a
// damaged one must not fill the memory.
const (
	maxStrings  = 64 << 20
	maxVersions = 1 << 16
)

// Object is what an ELF file says to the dynamic linker.
type Object struct {
	Machine elf.Machine
	Class   elf.Class
	Data    elf.Data
	// PIE is true for a program that can be loaded at any address.
	PIE bool
	// Interpreter is the absolute path of the dynamic linker, "" for a library
	// and for a program that is linked statically.
	Interpreter string
	// Soname is a library's own name, "" when it has none.
	Soname string
	// Needed are the libraries that are loaded with the file, in its order.
	Needed []string
	// RPath and RunPath are directories to search, as written: they may hold
	// $ORIGIN and $LIB.
	RPath, RunPath []string
	// Versions are the symbol versions that the file wants of its libraries.
	Versions []VersionNeed
	// Defines are the symbol versions that a library has; Versioned is false
	// when it has no such table, and then the dynamic linker takes it for any.
	Defines   map[string]bool
	Versioned bool

	// of is the file system that the file is in, name its name there; [Scan] does
	// not know them.
	of   fs.FS
	name string
}

// VersionNeed is a symbol version that a file wants of a library.
type VersionNeed struct {
	// Library is one of the Needed.
	Library string
	Version string
	// Weak versions may be absent.
	Weak bool
}

// Static reports whether the file needs no dynamic linker.
func (o *Object) Static() bool { return o.Interpreter == "" && len(o.Needed) == 0 }

// sameMachine reports whether two objects can be loaded into one process.
func (o *Object) sameMachine(p *Object) bool {
	return o.Machine == p.Machine && o.Class == p.Class && o.Data == p.Data
}

// ErrNotELF is the error of [Scan] for a file that is no ELF object.
var ErrNotELF = errors.New("not an ELF file")

// Scan reads the dynamic section of an ELF file. It reads only parts of it, and
// finds them as the dynamic linker does, through the program headers, so that a
// file without section headers will do.
func Scan(r io.ReaderAt) (*Object, error) {
	f, err := elf.NewFile(r)
	if err != nil {
		var format *elf.FormatError
		if errors.As(err, &format) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("%w: %w", ErrNotELF, err)
		}
		return nil, err
	}
	o := &Object{Machine: f.Machine, Class: f.Class, Data: f.Data, PIE: f.Type == elf.ET_DYN}
	s := &scanner{file: f, object: o, values: map[elf.DynTag]uint64{}}
	for _, p := range f.Progs {
		switch p.Type {
		case elf.PT_INTERP:
			data, err := readAll(p.Open(), p.Filesz, 4096)
			if err != nil {
				return nil, fmt.Errorf("the name of the interpreter: %w", err)
			}
			o.Interpreter = strings.TrimRight(string(data), "\x00")
		case elf.PT_DYNAMIC:
			if err := s.dynamic(p); err != nil {
				return nil, err
			}
		}
	}
	return o, nil
}

// scanner holds what the tables of a file refer to.
type scanner struct {
	file    *elf.File
	object  *Object
	values  map[elf.DynTag]uint64
	strings []byte
}

// readAll reads size bytes, at most max of them.
func readAll(r io.Reader, size, max uint64) ([]byte, error) {
	if size > max {
		return nil, fmt.Errorf("%d bytes are too many", size)
	}
	data := make([]byte, size)
	_, err := io.ReadFull(r, data)
	return data, err
}

// at opens the file where an address of the loaded object is.
func (s *scanner) at(address uint64) (*io.SectionReader, error) {
	for _, p := range s.file.Progs {
		if p.Type == elf.PT_LOAD && address >= p.Vaddr && address-p.Vaddr < p.Filesz {
			off := int64(address - p.Vaddr)
			return io.NewSectionReader(p.ReaderAt, off, int64(p.Filesz)-off), nil
		}
	}
	return nil, fmt.Errorf("%w: no segment holds the address %#x", ErrNotELF, address)
}

// dynamic reads the dynamic section.
func (s *scanner) dynamic(p *elf.Prog) error {
	data, err := readAll(p.Open(), p.Filesz, maxStrings)
	if err != nil {
		return fmt.Errorf("the dynamic section: %w", err)
	}
	type entry struct {
		tag elf.DynTag
		val uint64
	}
	var entries []entry
	order, size := s.file.ByteOrder, 16
	if s.file.Class == elf.ELFCLASS32 {
		size = 8
	}
	for ; len(data) >= size; data = data[size:] {
		var e entry
		if size == 8 {
			e = entry{elf.DynTag(order.Uint32(data)), uint64(order.Uint32(data[4:]))}
		} else {
			e = entry{elf.DynTag(order.Uint64(data)), order.Uint64(data[8:])}
		}
		if e.tag == elf.DT_NULL {
			break
		}
		entries = append(entries, e)
		s.values[e.tag] = e.val
	}
	if err := s.stringTable(); err != nil {
		return err
	}
	o := s.object
	for _, e := range entries {
		switch e.tag {
		case elf.DT_NEEDED:
			o.Needed = append(o.Needed, s.text(e.val))
		case elf.DT_SONAME:
			o.Soname = s.text(e.val)
		case elf.DT_RPATH:
			o.RPath = append(o.RPath, paths(s.text(e.val))...)
		case elf.DT_RUNPATH:
			o.RunPath = append(o.RunPath, paths(s.text(e.val))...)
		}
	}
	if len(o.RunPath) > 0 {
		o.RPath = nil // the dynamic linker ignores it then
	}
	return errors.Join(s.versionNeeds(), s.versionDefinitions())
}

func paths(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ':' })
}

func (s *scanner) stringTable() error {
	address, ok := s.values[elf.DT_STRTAB]
	if !ok {
		return nil
	}
	r, err := s.at(address)
	if err != nil {
		return err
	}
	s.strings, err = readAll(r, s.values[elf.DT_STRSZ], maxStrings)
	if err != nil {
		return fmt.Errorf("the dynamic string table: %w", err)
	}
	return nil
}

// text is the string at an offset of the string table, "" when there is none.
func (s *scanner) text(offset uint64) string {
	if offset >= uint64(len(s.strings)) {
		return ""
	}
	text := s.strings[offset:]
	if end := bytes.IndexByte(text, 0); end >= 0 {
		text = text[:end]
	}
	return string(text)
}

// record reads n bytes at an offset.
func record(r io.ReaderAt, offset int64, n int) ([]byte, error) {
	data := make([]byte, n)
	_, err := r.ReadAt(data, offset)
	return data, err
}

// versionNeeds reads the table of wanted symbol versions (Elfxx_Verneed and
// Elfxx_Vernaux, which are the same in both classes).
func (s *scanner) versionNeeds() error {
	address, ok := s.values[elf.DT_VERNEED]
	if !ok {
		return nil
	}
	r, err := s.at(address)
	if err != nil {
		return err
	}
	order, at, total := s.file.ByteOrder, int64(0), 0
	for range min(s.values[elf.DT_VERNEEDNUM], maxVersions) {
		need, err := record(r, at, 16)
		if err != nil {
			return fmt.Errorf("the wanted symbol versions: %w", err)
		}
		library := s.text(uint64(order.Uint32(need[4:])))
		aux := at + int64(order.Uint32(need[8:]))
		for range order.Uint16(need[2:]) {
			if total++; total > maxVersions {
				return errors.New("the wanted symbol versions: too many")
			}
			v, err := record(r, aux, 16)
			if err != nil {
				return fmt.Errorf("the wanted symbol versions: %w", err)
			}
			s.object.Versions = append(s.object.Versions, VersionNeed{
				Library: library, Version: s.text(uint64(order.Uint32(v[8:]))), Weak: elf.DynamicVersionFlag(order.Uint16(v[4:]))&elf.VER_FLG_WEAK != 0,
			})
			next := int64(order.Uint32(v[12:]))
			if next == 0 {
				break
			}
			aux += next
		}
		next := int64(order.Uint32(need[12:]))
		if next == 0 {
			break
		}
		at += next
	}
	return nil
}

// versionDefinitions reads the table of defined symbol versions (Elfxx_Verdef
// and the first Elfxx_Verdaux of each, which is its name).
func (s *scanner) versionDefinitions() error {
	address, ok := s.values[elf.DT_VERDEF]
	if !ok {
		return nil
	}
	r, err := s.at(address)
	if err != nil {
		return err
	}
	s.object.Versioned, s.object.Defines = true, map[string]bool{}
	order, at := s.file.ByteOrder, int64(0)
	for range min(s.values[elf.DT_VERDEFNUM], maxVersions) {
		def, err := record(r, at, 20)
		if err != nil {
			return fmt.Errorf("the defined symbol versions: %w", err)
		}
		name, err := record(r, at+int64(order.Uint32(def[12:])), 8)
		if err != nil {
			return fmt.Errorf("the defined symbol versions: %w", err)
		}
		s.object.Defines[s.text(uint64(order.Uint32(name)))] = true
		next := int64(order.Uint32(def[16:]))
		if next == 0 {
			break
		}
		at += next
	}
	return nil
}
