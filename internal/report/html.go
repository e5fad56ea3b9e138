package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"
)

var (
	//go:embed page.html
	pageSource string
	//go:embed page.css
	pageStyle string
	//go:embed page.js
	pageScript string
)

// fewEdges is how many edges of a graph are drawn plainly; more are faint until
// a unit is selected.
const fewEdges = 120

var pageTemplate = template.Must(template.New("page.html").Parse(pageSource))

// page is what the template shows.
type page struct {
	Report  *Report
	Title   string
	Started string
	// Style and Script are this package's own files. Policy allows these two by
	// their digests and nothing else, whatever a unit is called.
	Style  template.CSS
	Script template.JS
	Policy string

	Reused, Compiled, Share int
	Wall, Work, Causes      string
	Graph                   *graph
	// Sparse is true for a graph whose edges can all be told apart.
	Sparse   bool
	Nodes    []node
	Edges    []edge
	Timeline *timeline
	Rows     []row
	Data     pageData
}

// pageData is what the script knows of the units, as JSON in the page. Why and
// Took are for reading; Dependencies are places in Report.Units.
type pageData struct {
	Units        []Unit     `json:"units"`
	Dependencies [][]int    `json:"dependencies"`
	Why          [][]string `json:"why"`
	Took         []string   `json:"took"`
}

type node struct {
	Unit         *Unit
	Index        int
	X, Y         int
	TextX, TextY int
	Label        string
}

type edge struct {
	From, To int
	Path     string
}

type row struct {
	Unit     *Unit
	Index    int
	Features string
	Took     string
	Why      []string
}

// HTML writes the report as one page that loads nothing: the numbers, the unit
// graph, a timeline and a table. Its script adds selecting, searching, sorting,
// panning and zooming; without it everything is still shown.
func HTML(w io.Writer, r *Report) error {
	deps := indices(r)
	r = printable(r)
	p := newPage(r, deps)
	p.draw(r)
	for _, u := range tableOrder(r) {
		p.Rows = append(p.Rows, row{
			Unit: &r.Units[u], Index: u, Features: strings.Join(r.Units[u].Features, " "),
			Took: p.Data.Took[u], Why: p.Data.Why[u],
		})
	}
	if err := pageTemplate.Execute(w, p); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// printable is the report with [clean] texts: a character that turns the
// direction of text would show "1.0.0" as "0.0.1". Its IDs may be equal.
func printable(r *Report) *Report {
	c := *r
	c.Platform, c.Triple, c.Profile, c.Granularity = clean(r.Platform), clean(r.Triple), clean(r.Profile), clean(r.Granularity)
	c.Reason, c.Toolchain = clean(r.Reason), clean(r.Toolchain)
	c.Units = slices.Clone(r.Units)
	for i := range c.Units {
		u := &c.Units[i]
		u.ID, u.Name, u.Version, u.Kind = clean(u.ID), clean(u.Name), clean(u.Version), clean(u.Kind)
		u.Vertex, u.Key = clean(u.Vertex), clean(u.Key)
		u.Features = slices.Clone(u.Features)
		for k, f := range u.Features {
			u.Features[k] = clean(f)
		}
		inputs := map[string]string{}
		for name, value := range u.Inputs {
			inputs[clean(name)] = clean(value)
		}
		u.Why = slices.Clone(u.Why)
		for k, c := range u.Why {
			u.Why[k] = Cause{Input: clean(c.Input), Was: clean(c.Was), Is: clean(c.Is), Unit: clean(c.Unit)}
		}
		u.Inputs, u.Dependencies = inputs, nil // the page has deps for these
	}
	return &c
}

func newPage(r *Report, deps [][]int) *page {
	p := &page{Report: r, Style: template.CSS(pageStyle), Script: template.JS(pageScript)}
	p.Policy = fmt.Sprintf("default-src 'none'; img-src data:; style-src '%s'; script-src '%s'", source(pageStyle), source(pageScript))
	p.Reused, p.Compiled = r.count()
	if n := len(r.Units); n > 0 {
		p.Share = 100 * p.Reused / n
	}
	units := r.compiled()
	wall, sum := span(units)
	p.Wall, p.Work, p.Causes = duration(wall), duration(sum), causeCounts(units)
	p.Title = "Freshness of the build"
	if r.Platform != "" {
		p.Title += " for " + r.Platform
	}
	if r.Started > 0 {
		p.Started = time.UnixMilli(r.Started).UTC().Format("2006-01-02 15:04:05 UTC")
	}
	p.Data = pageData{Units: r.Units, Dependencies: deps}
	for i := range r.Units {
		words := []string{}
		for _, c := range r.Units[i].Why {
			words = append(words, c.String())
		}
		p.Data.Why = append(p.Data.Why, words)
		p.Data.Took = append(p.Data.Took, duration(r.Units[i].Duration))
	}
	return p
}

// source is the name of an inline style or script in a content security policy.
func source(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// indices returns the dependencies of every unit as places in r.Units. IDs that
// the report does not have are left out, and so are repeated ones.
func indices(r *Report) [][]int {
	places := map[string]int{}
	for i, u := range r.Units {
		places[u.ID] = i
	}
	deps := make([][]int, len(r.Units))
	for i, u := range r.Units {
		deps[i] = []int{}
		for _, id := range u.Dependencies {
			if d, ok := places[id]; ok && d != i {
				deps[i] = append(deps[i], d)
			}
		}
		slices.Sort(deps[i])
		deps[i] = slices.Compact(deps[i])
	}
	return deps
}

// draw fills in the graph and the timeline.
func (p *page) draw(r *Report) {
	p.Timeline = newTimeline(r)
	p.Graph = layOut(p.Data.Dependencies)
	for i := range r.Units {
		u := &r.Units[i]
		x, y := p.Graph.x[i], p.Graph.y[i]
		p.Nodes = append(p.Nodes, node{
			Unit: u, Index: i, X: x, Y: y, TextX: x + 6, TextY: y + 13, Label: cut(u.Name+" "+u.Version, labelLetters),
		})
	}
	p.Sparse = len(p.Graph.edges) <= fewEdges
	for _, e := range p.Graph.edges {
		x1, y1 := p.Graph.x[e[1]]+nodeWidth, p.Graph.y[e[1]]+nodeHeight/2
		x2, y2 := p.Graph.x[e[0]], p.Graph.y[e[0]]+nodeHeight/2
		bend := max((x2-x1)/2, 24)
		p.Edges = append(p.Edges, edge{From: e[0], To: e[1], Path: fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x1, y1, x1+bend, y1, x2-bend, y2, x2, y2)})
	}
}

// tableOrder is the compiled units as in the text, and then the others.
func tableOrder(r *Report) []int {
	places := map[*Unit]int{}
	for i := range r.Units {
		places[&r.Units[i]] = i
	}
	var order []int
	for _, u := range r.compiled() {
		order = append(order, places[u])
	}
	for i, u := range r.Units {
		if u.Status != StatusCompiled {
			order = append(order, i)
		}
	}
	return order
}
