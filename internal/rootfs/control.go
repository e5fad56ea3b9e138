package rootfs

import (
	"iter"
	"strings"
)

// Where package managers note what is installed, as absolute paths.
const (
	// DpkgStatus has a paragraph for each package of dpkg.
	DpkgStatus = "/var/lib/dpkg/status"
	// DpkgDirectory has a file for each package, in distroless images.
	// https://github.com/GoogleContainerTools/distroless
	DpkgDirectory = "/var/lib/dpkg/status.d"
	// ApkInstalled has a paragraph for each package of apk.
	ApkInstalled = "/lib/apk/db/installed"
)

// Field is a field of a paragraph.
type Field struct {
	// Name is what stands before the colon, "" for a line that has none.
	Name string
	// Value is the first line without spaces around it.
	Value string
	// Text is the field as it is written, with all its lines.
	Text string
}

// Paragraph is a paragraph of fields, in their order: a package.
type Paragraph []Field

// Get is the value of the first field of a name, "" when there is none.
func (p Paragraph) Get(name string) string {
	for _, f := range p {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// Paragraphs reads what dpkg or apk note: paragraphs of "Field: value" lines,
// where a line that begins with white space continues the last.
// https://www.debian.org/doc/debian-policy/ch-controlfields.html
// https://wiki.alpinelinux.org/wiki/Apk_spec
func Paragraphs(data []byte) iter.Seq[Paragraph] {
	return func(yield func(Paragraph) bool) {
		var p Paragraph
		text, at := string(data), 0
		for line := range strings.Lines(text) {
			end := at + len(line)
			switch {
			case strings.TrimSuffix(line, "\n") == "":
				if len(p) > 0 && !yield(p) {
					return
				}
				p = nil
			case (line[0] == ' ' || line[0] == '\t') && len(p) > 0:
				f := &p[len(p)-1]
				f.Text = text[at-len(f.Text) : end]
			default:
				p = append(p, field(line))
			}
			at = end
		}
		if len(p) > 0 {
			yield(p)
		}
	}
}

func field(line string) Field {
	name, value, ok := strings.Cut(line, ":")
	if !ok || line[0] == ' ' || line[0] == '\t' {
		return Field{Text: line}
	}
	return Field{Name: name, Value: strings.TrimSpace(value), Text: line}
}
