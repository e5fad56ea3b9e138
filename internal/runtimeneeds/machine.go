package runtimeneeds

import (
	"debug/elf"
	"encoding/binary"
	"path"
	"strings"
)

// machine is what follows from the processor that a file is for.
type machine struct {
	// platform is how OCI platforms name it, without the operating system.
	platform string
	// multiarch is Debian's name of its directory of libraries.
	// https://wiki.debian.org/Multiarch/Tuples
	multiarch string
	// loader is the dynamic linker of the GNU C library, as programs name it.
	// https://sourceware.org/glibc/wiki/ABIList
	loader string
}

// machines are the processors that rustfile builds for. ARM is little endian
// with hardware floating point, PowerPC little endian.
var machines = map[elf.Machine]machine{
	elf.EM_X86_64:  {"amd64", "x86_64-linux-gnu", "/lib64/ld-linux-x86-64.so.2"},
	elf.EM_AARCH64: {"arm64", "aarch64-linux-gnu", "/lib/ld-linux-aarch64.so.1"},
	elf.EM_ARM:     {"arm/v7", "arm-linux-gnueabihf", "/lib/ld-linux-armhf.so.3"},
	elf.EM_386:     {"386", "i386-linux-gnu", "/lib/ld-linux.so.2"},
	elf.EM_PPC64:   {"ppc64le", "powerpc64le-linux-gnu", "/lib64/ld64.so.2"},
	elf.EM_S390:    {"s390x", "s390x-linux-gnu", "/lib/ld64.so.1"},
	elf.EM_RISCV:   {"riscv64", "riscv64-linux-gnu", "/lib/ld-linux-riscv64-lp64d.so.1"},
}

// fits reports whether an object runs on an OCI platform, such as "linux/amd64"
// or "linux/arm/v7".
func (o *Object) fits(platform string) bool {
	m, ok := machines[o.Machine]
	if !ok {
		return false
	}
	order := elf.ELFDATA2LSB
	if o.Machine == elf.EM_S390 {
		order = elf.ELFDATA2MSB
	}
	want := "linux/" + m.platform
	if o.Machine == elf.EM_ARM { // any ARM with the instructions that the program was compiled for
		platform, want = strings.Join(strings.SplitN(platform, "/", 3)[:2], "/"), "linux/arm"
	}
	return platform == want && o.Data == order
}

// processor names an object's machine for people.
func (o *Object) processor() string {
	if m, ok := machines[o.Machine]; ok {
		return m.platform
	}
	return strings.TrimPrefix(o.Machine.String(), "EM_")
}

// systemDirs are the directories that glibc's loader searches by itself, on
// Debian and elsewhere, and those of Debian's cross compilers, which only a
// builder has.
func systemDirs(o *Object) []string {
	tuple := machines[o.Machine].multiarch
	dirs := []string{"/lib/" + tuple, "/usr/lib/" + tuple}
	if o.Class == elf.ELFCLASS64 {
		dirs = append(dirs, "/lib64", "/usr/lib64")
	}
	return append(dirs, "/lib", "/usr/lib", "/usr/"+strings.Replace(tuple, "i386", "i686", 1)+"/lib")
}

// program is the one that l is loaded for.
func (l *loaded) program() *loaded {
	for l.by != nil {
		l = l.by
	}
	return l
}

// musl is the processor in the name of the program's loader when that is of
// the musl C library, as in ld-musl-x86_64.so.1, else "".
func (l *loaded) musl() string { return muslLoader(l.program().Interpreter) }

func muslLoader(interpreter string) string {
	name, ok := strings.CutPrefix(path.Base(interpreter), "ld-musl-")
	if !ok {
		return ""
	}
	name, _, _ = strings.Cut(name, ".")
	return name
}

// muslDirs are the directories that musl's loader searches.
// https://git.musl-libc.org/cgit/musl/tree/ldso/dynlink.c (load_library)
func (r *Root) muslDirs(processor string) ([]string, error) {
	data, err := r.read("/etc/ld-musl-" + processor + ".path")
	if err != nil {
		return nil, err
	}
	if data == nil {
		return []string{"/lib", "/usr/local/lib", "/usr/lib"}, nil
	}
	return strings.FieldsFunc(string(data), func(r rune) bool { return r == '\n' || r == ':' }), nil
}

// The format of ld.so.cache since glibc 2.2; glibc before 2.32 puts an older
// one before it. https://sourceware.org/git/?p=glibc.git;f=sysdeps/generic/dl-cache.h
const (
	cacheMagic  = "glibc-ld.so.cache1.1"
	cacheHeader = 48
	cacheEntry  = 24
)

// parseCache reads ld.so.cache: the paths of each library, in order.
func parseCache(data []byte, order binary.ByteOrder) map[string][]string {
	out := map[string][]string{}
	if start := strings.Index(string(data), cacheMagic); start >= 0 {
		data = data[start:]
	} else {
		return out
	}
	if len(data) < cacheHeader {
		return out
	}
	text := func(offset uint32) string {
		if uint64(offset) >= uint64(len(data)) {
			return ""
		}
		s, _, _ := strings.Cut(string(data[offset:min(int(offset)+4096, len(data))]), "\x00")
		return s
	}
	for i := range order.Uint32(data[len(cacheMagic):]) {
		at := cacheHeader + uint64(i)*cacheEntry
		if at+cacheEntry > uint64(len(data)) {
			break
		}
		if order.Uint64(data[at+16:]) != 0 {
			continue // a variant for newer processors
		}
		name, file := text(order.Uint32(data[at+4:])), text(order.Uint32(data[at+8:]))
		if name != "" && path.IsAbs(file) {
			out[name] = append(out[name], file)
		}
	}
	return out
}

// cached are the paths that ld.so.cache has for a library.
func (r *Root) cached(name string, o *Object) ([]string, error) {
	if r.cache == nil {
		data, err := r.read("/etc/ld.so.cache")
		if err != nil {
			return nil, err
		}
		order := binary.ByteOrder(binary.LittleEndian)
		if o.Data == elf.ELFDATA2MSB {
			order = binary.BigEndian
		}
		r.cache = parseCache(data, order)
	}
	return r.cache[name], nil
}
