package gitmeta

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
)

// packOf makes a pack and its index of objects, which are written as they are.
func packOf(t *testing.T, ids []string, objects [][]byte) fstest.MapFS {
	t.Helper()
	pack := binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), uint32(len(objects)))
	var names, offsets []byte
	for i, id := range ids {
		name, err := hex.DecodeString(id)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name...)
		offsets = binary.BigEndian.AppendUint32(offsets, uint32(len(pack)))
		pack = append(pack, objects[i]...)
	}
	index := []byte("\xfftOc\x00\x00\x00\x02")
	for first := range 256 {
		count := 0
		for i := range ids {
			if int(names[i*idSize]) <= first {
				count++
			}
		}
		index = binary.BigEndian.AppendUint32(index, uint32(count))
	}
	index = append(append(append(index, names...), make([]byte, 4*len(ids))...), offsets...)
	return fstest.MapFS{
		"objects/pack/pack-1.idx":  {Data: append(index, make([]byte, 2*idSize)...)},
		"objects/pack/pack-1.pack": {Data: append(pack, make([]byte, idSize)...)},
	}
}

// difference is an object that is a difference from the one with an id.
func difference(t *testing.T, base string, delta []byte) []byte {
	t.Helper()
	name, err := hex.DecodeString(base)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	out.WriteByte(7<<4 | byte(len(delta)))
	out.Write(name)
	z := zlib.NewWriter(&out)
	if _, err := z.Write(delta); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestDifferencesInACircle: a pack can say that an object is made from itself. To follow that would end the process, and
// no recover would help.
func TestDifferencesInACircle(t *testing.T) {
	a, b := strings.Repeat("1", 40), strings.Repeat("2", 40)
	for name, fsys := range map[string]fstest.MapFS{
		"itself":  packOf(t, []string{a}, [][]byte{difference(t, a, []byte{1, 1, 1, 'x'})}),
		"another": packOf(t, []string{a, b}, [][]byte{difference(t, b, []byte{1, 1, 1, 'x'}), difference(t, a, []byte{1, 1, 1, 'x'})}),
	} {
		if _, _, err := (&objects{fsys: fsys}).object(a); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestDistanceIsNotNegative: the longest number that is read still counts up.
func TestDistanceIsNotNegative(t *testing.T) {
	for n := range 12 {
		got, err := distance(bytes.NewReader(append(bytes.Repeat([]byte{0xff}, n), 0x7f)))
		if got < 0 || (err != nil) != (n > 7) {
			t.Errorf("%d bytes before the last: %d, %v", n, got, err)
		}
	}
}

// TestIndexOfLongPaths: in version 4 a small index can name paths without end.
func TestIndexOfLongPaths(t *testing.T) {
	const entries = 300
	long := bytes.Repeat([]byte{'x'}, 1<<20)
	data := binary.BigEndian.AppendUint32([]byte("DIRC\x00\x00\x00\x04"), entries)
	for i := range entries {
		data = append(data, make([]byte, statSize+2)...)
		if i == 0 {
			data = append(append(data, 0), long...)
		} else {
			data = append(data, 0, 'y')
		}
		data = append(data, 0)
	}
	if _, err := parseIndex(append(data, make([]byte, idSize)...)); !errors.Is(err, errIndex) {
		t.Errorf("the error is %v", err)
	}
}
