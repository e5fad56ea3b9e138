package imagediff

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// maxPaths is how many paths of a layer a report lists.
const maxPaths = 100

// compareLayers pairs the layers by number: a changed layer changes the layers
// above it at most, and those are few.
func compareLayers(image, rebuild Image) ([]Layer, error) {
	layers, err := both(image, rebuild, v1.Image.Layers)
	if err != nil {
		return nil, err
	}
	configs, err := both(image, rebuild, v1.Image.ConfigFile)
	if err != nil {
		return nil, err
	}
	var out []Layer
	for i := range max(len(layers[0]), len(layers[1])) {
		l := Layer{Number: i + 1}
		var pair [2]v1.Layer
		for side := range pair {
			if i >= len(layers[side]) {
				continue
			}
			pair[side] = layers[side][i]
			id, err := pair[side].DiffID()
			if err != nil {
				return nil, err
			}
			if side == 0 {
				l.Image = id.String()
			} else {
				l.Rebuild = id.String()
			}
			if l.CreatedBy == "" {
				l.CreatedBy = createdBy(configs[side], i)
			}
		}
		if l.Image == l.Rebuild {
			continue
		}
		if err := l.compare(pair); err != nil {
			return nil, fmt.Errorf("layer %d: %w", l.Number, err)
		}
		out = append(out, l)
	}
	return out, nil
}

// createdBy is what the history says of a layer.
func createdBy(config *v1.ConfigFile, layer int) string {
	for _, h := range config.History {
		if h.EmptyLayer {
			continue
		}
		if layer == 0 {
			return h.CreatedBy
		}
		layer--
	}
	return ""
}

// entry is a file of a layer, with the digest of its content.
type entry struct {
	header tar.Header
	place  int
	sum    string
}

// compare lists the paths in which the two layers differ.
func (l *Layer) compare(pair [2]v1.Layer) error {
	var sides [2]map[string]entry
	for i, layer := range pair {
		var err error
		if sides[i], err = list(layer); err != nil {
			return err
		}
	}
	names := slices.Concat(slices.Collect(maps.Keys(sides[0])), slices.Collect(maps.Keys(sides[1])))
	slices.Sort(names)
	names = slices.Compact(names)
	for _, name := range names {
		a, inImage := sides[0][name]
		b, inRebuild := sides[1][name]
		switch {
		case !inRebuild:
			l.add(Path{Path: name, What: "only in the image"})
		case !inImage:
			l.add(Path{Path: name, What: "only in the rebuild"})
		default:
			for _, p := range compareEntries(a, b) {
				p.Path = name
				l.add(p)
			}
		}
	}
	if len(l.Paths) == 0 {
		l.order(names, sides)
	}
	return l.sections(pair)
}

func (l *Layer) add(p Path) {
	if len(l.Paths) == maxPaths {
		l.More++
		return
	}
	l.Paths = append(l.Paths, p)
}

// order finds the first path that is at another place in the archive.
func (l *Layer) order(names []string, sides [2]map[string]entry) {
	for _, name := range names {
		a, b := sides[0][name].place, sides[1][name].place
		if a != b {
			l.add(Path{Path: name, What: "order", Image: fmt.Sprintf("entry %d", a), Rebuild: fmt.Sprintf("entry %d", b)})
			return
		}
	}
}

// list reads a layer; a nil layer is empty.
func list(layer v1.Layer) (map[string]entry, error) {
	entries := map[string]entry{}
	err := walk(layer, func(place int, h *tar.Header, r io.Reader) error {
		sum := sha256.New()
		if _, err := io.Copy(sum, r); err != nil {
			return err
		}
		entries[clean(h.Name)] = entry{*h, place, hex.EncodeToString(sum.Sum(nil))}
		return nil
	})
	return entries, err
}

func clean(name string) string { return path.Join("/", name) }

// walk calls f for each entry of a layer.
func walk(layer v1.Layer, f func(place int, h *tar.Header, r io.Reader) error) error {
	if layer == nil {
		return nil
	}
	rc, err := layer.Uncompressed()
	if err != nil {
		return err
	}
	defer rc.Close()
	r := tar.NewReader(rc)
	for place := 1; ; place++ {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = f(place, h, r)
		}
		if err != nil {
			return err
		}
	}
}

// compareEntries lists what differs between two entries of one path.
func compareEntries(a, b entry) []Path {
	var out []Path
	differ := func(what, image, rebuild string) {
		if image != rebuild {
			out = append(out, Path{What: what, Image: image, Rebuild: rebuild})
		}
	}
	differ("type", kind(a.header), kind(b.header))
	differ("link", a.header.Linkname, b.header.Linkname)
	differ("mode", fmt.Sprintf("%04o", a.header.Mode&0o7777), fmt.Sprintf("%04o", b.header.Mode&0o7777))
	differ("owner", owner(a.header), owner(b.header))
	differ("time", a.header.ModTime.UTC().Format(time.RFC3339Nano), b.header.ModTime.UTC().Format(time.RFC3339Nano))
	differ("attributes", fmt.Sprint(a.header.PAXRecords), fmt.Sprint(b.header.PAXRecords))
	if a.sum != b.sum {
		out = append(out, Path{What: "content", Image: size(a), Rebuild: size(b)})
	}
	return out
}

func owner(h tar.Header) string { return fmt.Sprintf("%d:%d", h.Uid, h.Gid) }

func size(e entry) string { return fmt.Sprintf("%d bytes, sha256:%.12s", e.header.Size, e.sum) }

func kind(h tar.Header) string {
	switch h.Typeflag {
	case tar.TypeReg:
		return "file"
	case tar.TypeDir:
		return "directory"
	case tar.TypeSymlink:
		return "symbolic link"
	case tar.TypeLink:
		return "hard link"
	}
	return fmt.Sprintf("type %q", h.Typeflag)
}
