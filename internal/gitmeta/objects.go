package gitmeta

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// maxObject bounds the size of an object that is read, in bytes. Commits and
// tags are far smaller.
const maxObject = 8 << 20

// objects reads the objects of a git directory.
type objects struct {
	fsys  fs.FS
	packs []*pack // nil until the first look into packs
	known bool    // whether packs is filled
}

// object returns the kind ("commit", "tag", "tree", "blob") and the bytes of an
// object, or fs.ErrNotExist. The bytes are those that the id is the digest of.
func (o *objects) object(id string) (kind string, data []byte, err error) {
	kind, data, err = o.find(id, 0)
	if err != nil {
		return "", nil, err
	}
	h := sha1.New()
	fmt.Fprintf(h, "%s %d\x00", kind, len(data))
	h.Write(data)
	if hex.EncodeToString(h.Sum(nil)) != id {
		return "", nil, fmt.Errorf("git object %s is damaged", id)
	}
	return kind, data, nil
}

// find reads an object that is depth differences away from the one that is
// wanted.
func (o *objects) find(id string, depth int) (kind string, data []byte, err error) {
	if !isID(id) {
		return "", nil, fmt.Errorf("%q is no object id", id)
	}
	loose, err := fs.ReadFile(o.fsys, path.Join("objects", id[:2], id[2:]))
	if err == nil {
		return inflateLoose(loose)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", nil, err
	}
	if !o.known {
		if o.packs, err = openPacks(o.fsys); err != nil {
			return "", nil, err
		}
		o.known = true
	}
	for _, p := range o.packs {
		offset, found, err := p.find(id)
		if err != nil {
			return "", nil, err
		}
		if found {
			return p.at(offset, o, depth)
		}
	}
	return "", nil, fmt.Errorf("git object %s: %w", id, fs.ErrNotExist)
}

// inflateLoose reads an object's own file: "KIND SIZE\0" and its bytes,
// compressed.
func inflateLoose(file []byte) (string, []byte, error) {
	z, err := zlib.NewReader(bytes.NewReader(file))
	if err != nil {
		return "", nil, fmt.Errorf("a git object is damaged: %w", err)
	}
	r := bufio.NewReader(io.LimitReader(z, maxObject))
	header, err := r.ReadString(0)
	if err != nil {
		return "", nil, fmt.Errorf("a git object is damaged: %w", err)
	}
	kind, size, _ := strings.Cut(strings.TrimSuffix(header, "\x00"), " ")
	data, err := io.ReadAll(r)
	if err != nil {
		return "", nil, fmt.Errorf("a git object is damaged: %w", err)
	}
	if n, err := strconv.Atoi(size); err != nil || n != len(data) {
		return "", nil, fmt.Errorf("a git object says that it has %q bytes, and has %d", size, len(data))
	}
	return kind, data, nil
}

// commit reads a commit.
func (o *objects) commit(id string) (*Commit, error) {
	kind, data, err := o.object(id)
	if err != nil {
		return nil, err
	}
	if kind != "commit" {
		return nil, fmt.Errorf("git object %s is a %s and no commit", id, kind)
	}
	return ParseCommit(id, data)
}

// peel follows annotated tags to what they point at.
func (o *objects) peel(id string) (string, error) {
	for range 8 {
		kind, data, err := o.object(id)
		if err != nil || kind != "tag" {
			return id, err
		}
		if id, err = parseTag(data); err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("git object %s: too many tags of tags", id)
}
