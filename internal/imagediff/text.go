package imagediff

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text writes a report for people.
func Text(w io.Writer, r *Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "image    %s (%s)\nrebuild  %s\n", r.Image, r.Platform, r.Rebuild)
	switch {
	case r.Same && r.Encoding:
		b.WriteString("The contents are the same. The digests differ because layers are compressed, or media types called, in another way.\n")
	case r.Same:
		b.WriteString("The images are the same.\n")
	default:
		b.WriteString("The images differ:\n")
	}
	for _, f := range r.Fields {
		fmt.Fprintf(&b, "  configuration, %s: %s\n", printable(f.Path), sides(f.Image, f.Rebuild))
	}
	for _, l := range r.Layers {
		l.text(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (l *Layer) text(b *strings.Builder) {
	fmt.Fprintf(b, "  layer %d", l.Number)
	if l.CreatedBy != "" {
		fmt.Fprintf(b, " (%.80s)", printable(strings.Join(strings.Fields(l.CreatedBy), " ")))
	}
	switch {
	case l.Image == "":
		b.WriteString(", only in the rebuild")
	case l.Rebuild == "":
		b.WriteString(", only in the image")
	}
	b.WriteString("\n")
	for _, p := range l.Paths {
		fmt.Fprintf(b, "    %s: %s", printable(p.Path), p.What)
		if p.Image != "" || p.Rebuild != "" {
			fmt.Fprintf(b, ": %s", sides(p.Image, p.Rebuild))
		}
		if len(p.Sections) > 0 {
			fmt.Fprintf(b, "; sections %s", printable(strings.Join(p.Sections, " ")))
		}
		b.WriteString("\n")
	}
	if l.More > 0 {
		fmt.Fprintf(b, "    and %d more\n", l.More)
	}
}

func sides(image, rebuild string) string {
	say := func(s string) string {
		if s == "" {
			return "none"
		}
		return printable(s)
	}
	return "image " + say(image) + ", rebuild " + say(rebuild)
}

// printable quotes a text that could do something to a terminal: the names in
// an image are whoever made that chose.
func printable(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
		return strconv.Quote(s)
	}
	return s
}

// JSON writes reports as one object with the key "images".
func JSON(w io.Writer, reports []*Report) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(map[string]any{"images": reports})
}
