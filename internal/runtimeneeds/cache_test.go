package runtimeneeds

import (
	"encoding/binary"
	"os"
	"slices"
	"strings"
	"testing"
)

// cacheFile is a ld.so.cache with libraries, of which some are for newer
// processors, as ldconfig writes it.
func cacheFile(order binary.AppendByteOrder, before string, entries [][3]string) []byte {
	out := make([]byte, cacheHeader)
	copy(out, cacheMagic)
	count := order.AppendUint32(nil, uint32(len(entries)))
	copy(out[len(cacheMagic):], count)
	text := ""
	at := func(s string) uint32 {
		offset := cacheHeader + len(entries)*cacheEntry + len(text)
		text += s + "\x00"
		return uint32(offset)
	}
	for _, e := range entries {
		out = order.AppendUint32(out, 0x303) // flags
		out = order.AppendUint32(out, at(e[0]))
		out = order.AppendUint32(out, at(e[1]))
		out = order.AppendUint32(out, 0) // osversion
		hwcap := uint64(0)
		if e[2] != "" {
			hwcap = 1 << 62
		}
		out = order.AppendUint64(out, hwcap)
	}
	return []byte(before + string(out) + text)
}

func TestParseCache(t *testing.T) {
	entries := [][3]string{
		{"libz.so.1", "/usr/lib/glibc-hwcaps/x86-64-v3/libz.so.1", "v3"}, {"libz.so.1", "/usr/lib/libz.so.1", ""}, {"libz.so.1", "/lib32/libz.so.1", ""},
		{"libx.so", "relative", ""},
	}
	for name, order := range map[string]interface {
		binary.ByteOrder
		binary.AppendByteOrder
	}{"little endian": binary.LittleEndian, "big endian": binary.BigEndian} {
		for _, before := range []string{"", "ld.so-1.7.0\x00\x00\x00\x00\x00"} {
			data := cacheFile(order, before, entries)
			got := parseCache(data, order)
			if want := []string{"/usr/lib/libz.so.1", "/lib32/libz.so.1"}; !slices.Equal(got["libz.so.1"], want) || len(got) != 1 {
				t.Errorf("%s, after %q: %v", name, before, got)
			}
			for cut := range data {
				parseCache(data[:cut], order) // must not panic
			}
		}
	}
}

// TestHostCache reads what this host's ldconfig wrote.
func TestHostCache(t *testing.T) {
	data, err := os.ReadFile("/etc/ld.so.cache")
	if err != nil {
		t.Skip("this host has no ld.so.cache")
	}
	paths := parseCache(data, binary.NativeEndian)["libc.so.6"]
	if len(paths) == 0 || !strings.HasSuffix(paths[0], "/libc.so.6") {
		t.Fatalf("libc.so.6 is %q", paths)
	}
	if _, err := os.Stat(paths[0]); err != nil {
		t.Error(err)
	}
}
