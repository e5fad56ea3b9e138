package imagelock

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/distribution/reference"
	digest "github.com/opencontainers/go-digest"
	"github.com/pelletier/go-toml/v2"
	"github.com/rustfile/rustfile/internal/cargo"
)

// version is the version of the file's form.
const version = 1

// MaxSize is the size in bytes above which a lock file is refused.
const MaxSize = 1 << 20

// Lock is a lock file of images.
type Lock struct {
	// File is the name of the file that errors show.
	File string
	// Images maps references, in full and with a tag, to digests.
	Images map[string]digest.Digest
}

// Name is the name of the lock file that belongs to a Rustfile: the Rustfile's
// with ".lock", and Rustfile.lock for a manifest.
func Name(rustfile string) string {
	if path.Base(rustfile) == "Cargo.toml" {
		return path.Join(path.Dir(rustfile), "Rustfile.lock")
	}
	return rustfile + ".lock"
}

// Key is the name of an image in the file, "" for one that has a digest
// already and needs no other.
func Key(named reference.Named) string {
	if _, ok := named.(reference.Digested); ok {
		return ""
	}
	return reference.TagNameOnly(named).String()
}

// Pin adds the digest to a reference that has none. It is false when the file
// has no digest for it, or there is no file (l is nil).
func (l *Lock) Pin(named reference.Named) (reference.Named, bool) {
	key := Key(named)
	if key == "" {
		return named, true
	}
	if l == nil {
		return named, false
	}
	dgst, ok := l.Images[key]
	if !ok {
		return named, false
	}
	pinned, err := reference.WithDigest(reference.TagNameOnly(named), dgst)
	return pinned, err == nil
}

// Missing says that the lock file of that name has no digest of an image.
func Missing(named reference.Named, file string) string {
	return fmt.Sprintf("the base image %s has no digest in %s", reference.FamiliarString(named), file)
}

// Refuse is the error for an image that the lock file of that name has no
// digest of, where the user asked for one at a place.
func Refuse(named reference.Named, file string, at cargo.Span) error {
	return &cargo.Error{Span: at, Message: Missing(named, file), Fix: "run `rustfile update` and commit " + file + ", or do not ask for locked-images"}
}

// Format writes the file.
func (l *Lock) Format() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "# The base images that builds use. Written by `rustfile update`; commit it.\nversion = %d\n\n[images]\n", version)
	for _, ref := range slices.Sorted(maps.Keys(l.Images)) {
		fmt.Fprintf(&out, "%s = %s\n", strconv.Quote(ref), strconv.Quote(l.Images[ref].String()))
	}
	return out.Bytes()
}

// Parse reads the file. Errors are of type [*cargo.Error].
func Parse(file string, data []byte) (*Lock, error) {
	if len(data) > MaxSize {
		return nil, fault(file, nil, 0, fmt.Sprintf("the file has %d bytes, more than %d", len(data), MaxSize))
	}
	var form struct {
		Version int               `toml:"version"`
		Images  map[string]string `toml:"images"`
	}
	dec := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := dec.Decode(&form); err != nil {
		line := 1
		var decode *toml.DecodeError
		var strict *toml.StrictMissingError
		if errors.As(err, &strict) && len(strict.Errors) > 0 {
			decode = &strict.Errors[0]
		}
		if decode != nil || errors.As(err, &decode) {
			line, _ = decode.Position()
		}
		return nil, fault(file, data, line, "not a lock file of images: "+strings.TrimPrefix(err.Error(), "toml: "))
	}
	if form.Version != version {
		return nil, fault(file, data, lineOf(data, "version"), fmt.Sprintf("version %d of the lock file is not known; %d is", form.Version, version))
	}
	lock := &Lock{File: file, Images: map[string]digest.Digest{}}
	for _, ref := range slices.Sorted(maps.Keys(form.Images)) {
		named, err := reference.ParseNormalizedNamed(ref)
		if err != nil || Key(named) != ref {
			return nil, fault(file, data, lineOf(data, ref), fmt.Sprintf("%q is not a full image reference with a tag and without a digest", ref))
		}
		dgst := digest.Digest(form.Images[ref])
		if err := dgst.Validate(); err != nil {
			return nil, fault(file, data, lineOf(data, ref), fmt.Sprintf("%q is not a digest: %v", dgst, err))
		}
		lock.Images[ref] = dgst
	}
	return lock, nil
}

// fault is an error at a line, with the remedy that all have in common.
func fault(file string, data []byte, line int, message string) error {
	at := cargo.Position{Line: line, Column: 1}
	return &cargo.Error{
		Span: cargo.Span{File: file, Start: at, End: at}, Message: message, Source: data,
		Fix: "run `rustfile update`, which writes the file anew",
	}
}

// lineOf is the first line that begins with a key.
func lineOf(data []byte, key string) int {
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		if strings.HasPrefix(strings.TrimLeft(line, " \t\"'"), key) {
			return n
		}
	}
	return 1
}
