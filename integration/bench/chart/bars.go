package chart

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// Bars is a drawing of groups of bars on one scale.
type Bars struct {
	Title string
	// Unit follows the values: " s", " ×".
	Unit string
	// Groups are drawn from the top; each has a bar per entry of Series, in this order.
	Groups []Group
	Series []Series
}

// Series is what bars of one colour stand for.
type Series struct {
	Name string
	// Strong series are the subject, the others what it is compared with.
	Strong bool
}

// Group is a set of bars under one heading.
type Group struct {
	Name string
	// Values are the lengths, one per series; a negative one means that there is none.
	Values []float64
	// Goal is a mark on the scale, 0 for none.
	Goal float64
}

const (
	width      = 760
	left       = 200 // where bars begin
	right      = 90  // room for a value behind the longest bar
	barHeight  = 15
	barGap     = 3
	groupGap   = 14
	headHeight = 34
	legendLine = 18
	swatch     = 12
	labelRoom  = 60 // about the width of a value
)

// hues tell the series that are compared with apart.
var hues = []string{"#8a8f98", "#b08d57", "#7f9a6d", "#9a7aa0", "#5f9ea0", "#b0736f", "#6f7fb0"}

// strong are the colours of the subject.
var strong = []string{"#c2410c", "#ea7a3c", "#f3a777"}

const style = `
text { font: 12px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 15px; font-weight: 600; }
.dim { fill: #59636e; }
.goal { stroke: #1f2328; stroke-width: 2; stroke-dasharray: 3 2; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .dim { fill: #9198a1; }
  .goal { stroke: #f0f6fc; }
}
`

// SVG draws the bars.
func (b Bars) SVG() []byte {
	var d drawing
	legend := headHeight + legendLine*len(b.Series)
	y := legend + groupGap
	scale := b.scale()
	for _, g := range b.Groups {
		y = d.group(b, g, scale, y) + groupGap
	}
	var head drawing
	head.text(0, 18, "title", "start", b.Title)
	for i, s := range b.Series {
		top := headHeight + legendLine*i
		head.rect(left, top-10, swatch, swatch, b.colour(i))
		head.text(left+18, top, "dim", "start", s.Name)
	}
	return fmt.Appendf(nil, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" aria-label=\"%s\">\n<style>%s</style>\n%s%s</svg>\n",
		width, y, width, y, escape(b.Title), style, head.String(), d.String())
}

// scale is the number of pixels per unit.
func (b Bars) scale() float64 {
	var longest float64
	for _, g := range b.Groups {
		longest = max(longest, g.Goal)
		for _, v := range g.Values {
			longest = max(longest, v)
		}
	}
	if longest == 0 {
		return 0
	}
	return (width - left - right) / longest
}

// colour is the colour of a series.
func (b Bars) colour(series int) string {
	list, n := hues, 0
	if b.Series[series].Strong {
		list = strong
	}
	for _, s := range b.Series[:series] {
		if s.Strong == b.Series[series].Strong {
			n++
		}
	}
	return list[n%len(list)]
}

// drawing is the inside of an SVG document.
type drawing struct{ strings.Builder }

// group draws a group from y on and returns where it ends.
func (d *drawing) group(b Bars, g Group, scale float64, y int) int {
	top := y
	for i, v := range g.Values {
		if v < 0 {
			continue
		}
		w := v * scale
		d.rect(left, y, max(w, 1), barHeight, b.colour(i))
		end := w
		if goal := g.Goal * scale; goal > w && goal < w+labelRoom {
			end = goal // or the mark would cross the value
		}
		d.text(left+int(end)+6, y+barHeight-3, "", "start", value(v)+b.Unit)
		y += barHeight + barGap
	}
	d.text(left-8, (top+y-barGap)/2+4, "", "end", g.Name)
	if g.Goal > 0 {
		x := float64(left) + g.Goal*scale
		fmt.Fprintf(d, "<line class=\"goal\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>\n", x, x, top-3, y)
	}
	return max(y, top+barHeight)
}

func (d *drawing) rect(x, y int, w float64, h int, fill string) {
	fmt.Fprintf(d, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\" fill=\"%s\"/>\n", x, y, w, h, fill)
}

func (d *drawing) text(x, y int, class, anchor, text string) {
	if class != "" {
		class = " class=\"" + class + "\""
	}
	fmt.Fprintf(d, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\"%s>%s</text>\n", x, y, anchor, class, escape(text))
}

// value has as many digits as matter.
func value(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func escape(text string) string {
	var b strings.Builder
	// A strings.Builder does not fail.
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}
