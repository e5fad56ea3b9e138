package gitmeta

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
)

// Entry is a tracked file, as the index of a checkout has it.
type Entry struct {
	Path string
	// Mode is git's mode, such as 0o100644.
	Mode uint32
	// ID is that of the file's content.
	ID string
}

// maxEntries bounds how many files an index may have, and maxPaths their paths
// in bytes: version 4 writes of each what the one before lacks.
const (
	maxEntries = 1 << 20
	maxPaths   = 256 << 20
)

// errIndex means that an index says nothing that can be used: it is damaged, of
// a split or sparse kind, or in the middle of a merge.
var errIndex = errors.New("the git index cannot be read")

// Flags of an index entry.
const (
	flagExtended = 0x4000
	flagStage    = 0x3000
	flagIntent   = 0x2000 // among the extended ones: added, but without content
)

// parseIndex reads an index of version 2, 3 or 4.
// https://git-scm.com/docs/index-format
func parseIndex(data []byte) ([]Entry, error) {
	if len(data) < 12+idSize || !bytes.HasPrefix(data, []byte("DIRC")) {
		return nil, errIndex
	}
	version, count := binary.BigEndian.Uint32(data[4:]), binary.BigEndian.Uint32(data[8:])
	if version < 2 || version > 4 || count > maxEntries {
		return nil, fmt.Errorf("%w: version %d with %d entries", errIndex, version, count)
	}
	r := &indexReader{data: data[12 : len(data)-idSize], version: version}
	var entries []Entry
	for range count {
		e, keep, err := r.entry()
		if err != nil {
			return nil, err
		}
		if keep {
			entries = append(entries, e)
		}
	}
	return entries, r.extensions()
}

type indexReader struct {
	data    []byte
	version uint32
	last    string
	// paths is how many bytes the paths have.
	paths int
}

// statSize is the size of what an entry has before its flags: the file's times,
// device, inode, mode, owner and size, and the id.
const statSize = 40 + idSize

func (r *indexReader) entry() (e Entry, keep bool, err error) {
	head := statSize + 2
	if len(r.data) < head {
		return e, false, errIndex
	}
	e.Mode = binary.BigEndian.Uint32(r.data[24:])
	e.ID = hex.EncodeToString(r.data[40:statSize])
	flags := binary.BigEndian.Uint16(r.data[statSize:])
	intent := false
	if flags&flagExtended != 0 {
		if head += 2; len(r.data) < head {
			return e, false, errIndex
		}
		intent = binary.BigEndian.Uint16(r.data[statSize+2:])&flagIntent != 0
	}
	if flags&flagStage != 0 {
		return e, false, fmt.Errorf("%w: a merge is not finished", errIndex)
	}
	rest := r.data[head:]
	prefix := ""
	if r.version == 4 {
		in := bytes.NewReader(rest)
		drop, err := distance(in)
		if err != nil || drop > int64(len(r.last)) {
			return e, false, errIndex
		}
		prefix, rest = r.last[:int64(len(r.last))-drop], rest[len(rest)-in.Len():]
	}
	end := bytes.IndexByte(rest, 0)
	if end < 0 {
		return e, false, errIndex
	}
	if r.paths += len(prefix) + end; r.paths > maxPaths {
		return e, false, fmt.Errorf("%w: its paths have more than %d bytes", errIndex, maxPaths)
	}
	e.Path = prefix + string(rest[:end])
	r.last = e.Path
	next := len(r.data) - len(rest) + end + 1
	if r.version < 4 {
		next = (head + end + 8) / 8 * 8 // one to eight NULs, to a multiple of eight
	}
	if next > len(r.data) {
		return e, false, errIndex
	}
	r.data = r.data[next:]
	return e, !intent, nil
}

// extensions refuses those without which the entries are not what they say.
func (r *indexReader) extensions() error {
	for len(r.data) >= 8 {
		size := int64(binary.BigEndian.Uint32(r.data[4:]))
		if name := string(r.data[:4]); name == "link" || name == "sdir" {
			return fmt.Errorf("%w: it is split or sparse", errIndex)
		}
		if size > int64(len(r.data))-8 {
			return errIndex
		}
		r.data = r.data[8+size:]
	}
	return nil
}
