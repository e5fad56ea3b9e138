package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
)

// element is a start tag of a drawing.
type element struct {
	name  string
	attrs map[string]string
}

// parse decodes a whole document, which fails when it is not well-formed.
func parse(t *testing.T, svg []byte) (elements []element, text string) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	d.Strict = true
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return elements, text
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			e := element{tok.Name.Local, map[string]string{}}
			for _, a := range tok.Attr {
				e.attrs[a.Name.Local] = a.Value
			}
			elements = append(elements, e)
		case xml.CharData:
			text += string(tok)
		}
	}
}

func TestSVG(t *testing.T) {
	b := Bars{
		Title: `Time <in> "seconds" & more`, Unit: " s",
		Series: []Series{{"rustfile", true}, {"cargo-chef", false}, {"naive", false}},
		Groups: []Group{
			{Name: "xh & co", Values: []float64{50, 100, -1}, Goal: 80},
			{Name: "none", Values: []float64{-1, -1, -1}},
			{Name: "zero", Values: []float64{0, 0.25, 12}},
		},
	}
	elements, text := parse(t, b.SVG())
	var bars []float64
	var goal float64
	colours := map[string]bool{}
	for _, e := range elements {
		if x, err := strconv.ParseFloat(e.attrs["x"], 64); e.name == "rect" && err == nil {
			w, err := strconv.ParseFloat(e.attrs["width"], 64)
			if err != nil || x+w > width {
				t.Errorf("a bar begins at %v and is %v wide", x, e.attrs["width"])
			}
			colours[e.attrs["fill"]] = true
			bars = append(bars, w)
		}
		if e.name == "line" {
			goal, _ = strconv.ParseFloat(e.attrs["x1"], 64)
		}
	}
	bars = bars[len(b.Series):] // the legend's come first
	if len(bars) != 5 || bars[1] != 2*bars[0] || bars[2] <= 0 {
		t.Errorf("the bars are %v wide", bars)
	}
	if want := left + 0.8*bars[1]; goal < want-0.1 || goal > want+0.1 {
		t.Errorf("the goal is at %v, want %v", goal, want)
	}
	if len(colours) != 3 {
		t.Errorf("3 series have the colours %v", colours)
	}
	for _, want := range []string{b.Title, "xh & co", "cargo-chef", "50.0 s", "100 s", "0.25 s", "prefers-color-scheme: dark"} {
		if !strings.Contains(text, want) {
			t.Errorf("the drawing lacks %q", want)
		}
	}
	if !bytes.Equal(b.SVG(), b.SVG()) {
		t.Error("the same data was drawn in two ways")
	}
}

func TestSVGWithoutData(t *testing.T) {
	if elements, _ := parse(t, Bars{Title: "empty"}.SVG()); len(elements) == 0 {
		t.Error("nothing was drawn")
	}
}
