package imagediff

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// maxPrograms is how many bytes of the programs of a layer are held in memory
// to compare their sections; of those beyond no sections are named.
const maxPrograms = 512 << 20

// sections names the sections in which the programs among the differing files
// differ.
func (l *Layer) sections(pair [2]v1.Layer) error {
	wanted := map[string]bool{}
	for _, p := range l.Paths {
		if p.What == "content" {
			wanted[p.Path] = true
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	var files [2]map[string][]byte
	for i, layer := range pair {
		files[i] = map[string][]byte{}
		left := int64(maxPrograms)
		err := walk(layer, func(_ int, h *tar.Header, r io.Reader) error {
			name := clean(h.Name)
			if !wanted[name] || h.Size > left {
				return nil
			}
			left -= h.Size
			data, err := io.ReadAll(r)
			files[i][name] = data
			return err
		})
		if err != nil {
			return err
		}
	}
	for i, p := range l.Paths {
		if p.What == "content" {
			l.Paths[i].Sections = compareELF(files[0][p.Path], files[1][p.Path])
		}
	}
	return nil
}

// compareELF lists the sections that differ, none when one of the files is no
// ELF file.
func compareELF(a, b []byte) (names []string) {
	// debug/elf has panicked on damaged files.
	defer func() {
		if recover() != nil {
			names = nil
		}
	}()
	sectionsA, errA := readSections(a)
	sectionsB, errB := readSections(b)
	if errA != nil || errB != nil {
		return nil
	}
	var all []string
	for _, list := range []map[string][]byte{sectionsA, sectionsB} {
		for name := range list {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	for _, name := range slices.Compact(all) {
		x, inA := sectionsA[name]
		y, inB := sectionsB[name]
		if inA != inB || !bytes.Equal(x, y) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		names = []string{"headers"}
	}
	return names
}

func readSections(data []byte) (map[string][]byte, error) {
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for i, s := range f.Sections {
		if s.Type == elf.SHT_NULL {
			continue
		}
		content, err := s.Data()
		if err != nil && s.Type != elf.SHT_NOBITS {
			return nil, err
		}
		name := s.Name
		if _, taken := out[name]; taken {
			name = fmt.Sprintf("%s #%d", name, i)
		}
		out[name] = content
	}
	return out, nil
}
