package gitmeta

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path"
	"sort"
	"strings"
)

const (
	idSize = 20
	// maxIndex bounds the size of an index that is read, in bytes; it is that of a
	// pack of some six million objects.
	maxIndex = 192 << 20
	// maxDelta bounds the chain of differences that one object is made from;
	// git makes at most 50 unless told otherwise.
	maxDelta = 256
)

// pack is a pack and its index, of version 2.
// https://git-scm.com/docs/gitformat-pack
type pack struct {
	index []byte
	count int
	data  io.ReaderAt
	size  int64
}

// openPacks opens all packs of a git directory.
func openPacks(fsys fs.FS) ([]*pack, error) {
	entries, err := fs.ReadDir(fsys, "objects/pack")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var packs []*pack
	for _, e := range entries {
		base, ok := strings.CutSuffix(e.Name(), ".idx")
		if !ok {
			continue
		}
		p, err := openPack(fsys, path.Join("objects/pack", base))
		if errors.Is(err, fs.ErrNotExist) {
			continue // git removes the two files one after the other
		}
		if err != nil {
			return nil, fmt.Errorf("git pack %s: %w", base, err)
		}
		packs = append(packs, p)
	}
	return packs, nil
}

func openPack(fsys fs.FS, base string) (*pack, error) {
	p := &pack{}
	var err error
	if p.index, err = readParts(fsys, base+".idx"); err != nil {
		return nil, err
	}
	if len(p.index) < 8+256*4+2*idSize || !bytes.HasPrefix(p.index, []byte("\xfftOc\x00\x00\x00\x02")) {
		return nil, errors.New("the index is not of version 2")
	}
	p.count = int(binary.BigEndian.Uint32(p.index[8+255*4:]))
	if need := 8 + 256*4 + p.count*(idSize+4+4) + 2*idSize; p.count < 0 || need > len(p.index) {
		return nil, errors.New("the index is cut off")
	}
	return p, p.open(fsys, base+".pack")
}

// readParts reads a file of at most maxIndex bytes as its own Read gives it:
// fs.ReadFile would have all of it in one message of a daemon.
func readParts(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxIndex+1))
	if len(data) > maxIndex {
		err = fmt.Errorf("%s has more than %d bytes", name, maxIndex)
	}
	return data, errors.Join(err, f.Close())
}

// open opens the pack itself. It stays open: fs.FS has no other way to read a
// part of a file twice, and what it is used for ends soon.
func (p *pack) open(fsys fs.FS, name string) error {
	f, err := fsys.Open(name)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	if at, ok := f.(io.ReaderAt); ok {
		p.data, p.size = at, info.Size()
		return nil
	}
	data, err := io.ReadAll(f)
	p.data, p.size = bytes.NewReader(data), int64(len(data))
	return errors.Join(err, f.Close())
}

// close closes the pack when it is a file.
func (p *pack) close() error {
	if c, ok := p.data.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// find looks up an object's place in the pack.
func (p *pack) find(id string) (int64, bool, error) {
	want, err := hex.DecodeString(id)
	if err != nil {
		return 0, false, err
	}
	names := p.index[8+256*4:][:p.count*idSize]
	i := sort.Search(p.count, func(i int) bool { return bytes.Compare(names[i*idSize:][:idSize], want) >= 0 })
	if i == p.count || !bytes.Equal(names[i*idSize:][:idSize], want) {
		return 0, false, nil
	}
	offsets := p.index[8+256*4+p.count*(idSize+4):]
	offset := int64(binary.BigEndian.Uint32(offsets[i*4:]))
	if offset&(1<<31) == 0 {
		return offset, true, nil
	}
	large := offsets[p.count*4:]
	at := (offset &^ (1 << 31)) * 8
	if at+8 > int64(len(large)) {
		return 0, false, errors.New("the index of a git pack is cut off")
	}
	n := binary.BigEndian.Uint64(large[at:])
	if n > math.MaxInt64 {
		return 0, false, errors.New("the index of a git pack is damaged")
	}
	return int64(n), true, nil
}

var kinds = map[byte]string{1: "commit", 2: "tree", 3: "blob", 4: "tag"}

// at reads the object at an offset.
func (p *pack) at(offset int64, o *objects, depth int) (string, []byte, error) {
	if depth > maxDelta || offset < 12 || offset >= p.size {
		return "", nil, errors.New("a git pack is damaged")
	}
	r := bufio.NewReaderSize(io.NewSectionReader(p.data, offset, p.size-offset), 4096)
	b, err := r.ReadByte()
	if err != nil {
		return "", nil, err
	}
	code, size, shift := b>>4&7, int64(b&15), 4
	for ; b&0x80 != 0; shift += 7 {
		if b, err = r.ReadByte(); err != nil || shift > 40 {
			return "", nil, errors.Join(err, errors.New("a git pack is damaged"))
		}
		size |= int64(b&0x7f) << shift
	}
	if kind, ok := kinds[code]; ok {
		data, err := inflate(r, size)
		return kind, data, err
	}
	var kind string
	var base []byte
	switch code {
	case 6: // the base is at a distance before this object
		back, err := distance(r)
		if err != nil {
			return "", nil, err
		}
		kind, base, err = p.at(offset-back, o, depth+1)
		if err != nil {
			return "", nil, err
		}
	case 7: // the base is named
		name := make([]byte, idSize)
		if _, err := io.ReadFull(r, name); err != nil {
			return "", nil, err
		}
		// What comes of it all is compared with its id, so its bases need not be.
		if kind, base, err = o.find(hex.EncodeToString(name), depth+1); err != nil {
			return "", nil, err
		}
	default:
		return "", nil, fmt.Errorf("a git pack has an object of the unknown kind %d", code)
	}
	delta, err := inflate(r, size)
	if err != nil {
		return "", nil, err
	}
	data, err := patch(base, delta)
	return kind, data, err
}

func inflate(r io.Reader, size int64) ([]byte, error) {
	if size > maxObject {
		return nil, fmt.Errorf("a git object has %d bytes, more than the limit of %d", size, maxObject)
	}
	z, err := zlib.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("a git object is damaged: %w", err)
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(z, data); err != nil {
		return nil, fmt.Errorf("a git object is damaged: %w", err)
	}
	return data, nil
}

// distance reads git's number for the place of a base, in which each byte but
// the last adds one.
func distance(r io.ByteReader) (int64, error) {
	var n int64
	for i := 0; ; i++ {
		b, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		n = n<<7 | int64(b&0x7f)
		if b&0x80 == 0 {
			return n, nil
		}
		if i > 6 { // a ninth byte could make it negative
			return 0, errors.New("a git pack is damaged")
		}
		n++
	}
}

// patch applies a difference: copies of the base and new bytes.
func patch(base, delta []byte) ([]byte, error) {
	damaged := errors.New("a difference in a git pack is damaged")
	from, n := binary.Uvarint(delta)
	if n <= 0 || from != uint64(len(base)) {
		return nil, damaged
	}
	delta = delta[n:]
	to, n := binary.Uvarint(delta)
	if n <= 0 || to > maxObject {
		return nil, damaged
	}
	delta = delta[n:]
	out := make([]byte, 0, to)
	for len(delta) > 0 {
		op := delta[0]
		delta = delta[1:]
		if op&0x80 == 0 {
			if op == 0 || int(op) > len(delta) {
				return nil, damaged
			}
			out, delta = append(out, delta[:op]...), delta[op:]
			continue
		}
		var place [7]byte // offset in four bytes, size in three
		for i := range place {
			if op&(1<<i) == 0 {
				continue
			}
			if len(delta) == 0 {
				return nil, damaged
			}
			place[i], delta = delta[0], delta[1:]
		}
		offset := uint64(binary.LittleEndian.Uint32(place[:4]))
		size := uint64(place[4]) | uint64(place[5])<<8 | uint64(place[6])<<16
		if size == 0 {
			size = 0x10000
		}
		if offset+size > uint64(len(base)) || uint64(len(out))+size > to {
			return nil, damaged
		}
		out = append(out, base[offset:offset+size]...)
	}
	if uint64(len(out)) != to {
		return nil, damaged
	}
	return out, nil
}
