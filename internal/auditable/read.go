package auditable

import (
	"bytes"
	"compress/zlib"
	"debug/elf"
	"encoding/json"
	"fmt"
	"io"
)

// maxSize bounds the list, in bytes of JSON. It is what the format's
// documentation recommends.
const maxSize = 8 << 20

// Read returns the list of an ELF program, nil when the program has none.
func Read(program io.ReaderAt) (*Info, error) {
	f, err := elf.NewFile(program)
	if err != nil {
		return nil, fmt.Errorf("not an ELF program: %w", err)
	}
	section := f.Section(Section)
	if section == nil {
		return nil, nil
	}
	data, err := section.Data()
	if err != nil {
		return nil, fmt.Errorf("section %s: %w", Section, err)
	}
	return Decode(data)
}

// Decode reads the contents of the section.
func Decode(data []byte) (*Info, error) {
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("section %s: %w", Section, err)
	}
	text, err := io.ReadAll(io.LimitReader(z, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("section %s: %w", Section, err)
	}
	if len(text) > maxSize {
		return nil, fmt.Errorf("section %s holds more than %d bytes", Section, maxSize)
	}
	var info Info
	if err := json.Unmarshal(text, &info); err != nil {
		return nil, fmt.Errorf("section %s: %w", Section, err)
	}
	for _, p := range info.Packages {
		for _, d := range p.Dependencies {
			if d < 0 || d >= len(info.Packages) {
				return nil, fmt.Errorf("section %s: package %s depends on number %d of %d", Section, p.Name, d, len(info.Packages))
			}
		}
	}
	return &info, nil
}
