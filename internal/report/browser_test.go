package report

import (
	"bytes"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

var screenshots = flag.String("screenshots", "", "directory that TestPageInBrowser puts pictures of the page into")

// servePage serves a report's page and notes what is asked for.
func servePage(t *testing.T, r *Report) (url string, asked func() []string) {
	t.Helper()
	var page bytes.Buffer
	if err := HTML(&page, r); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var requests []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		requests = append(requests, r.URL.Path)
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write(page.Bytes()) // the browser's side reports what it lacks
	}))
	t.Cleanup(server.Close)
	return server.URL + "/report", func() []string {
		mu.Lock()
		defer mu.Unlock()
		return requests
	}
}

func TestPageInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	b := startBrowser(t)
	previous, r := large(400)
	Compare(previous, r)
	url, asked := servePage(t, r)
	b.open(url)
	shoot(t, b, "page.png", true)
	_, compiled := r.count()
	for expression, want := range map[string]int{
		`document.querySelectorAll("#graph .node").length`:                            len(r.Units),
		`document.querySelectorAll("#graph .edges path").length`:                      len(layOut(indices(r)).edges),
		`document.querySelectorAll("#timeline .bar").length`:                          compiled,
		`document.querySelectorAll("#units tbody tr").length`:                         len(r.Units),
		`+document.getElementById("compiled").textContent`:                            compiled,
		`+document.getElementById("reused").textContent`:                              len(r.Units) - compiled,
		`document.scripts.length`:                                                     2,
		`document.documentElement.scrollWidth - document.documentElement.clientWidth`: 0,
		`document.querySelectorAll("#graph .node.compiled").length`:                   compiled,
	} {
		if got := b.number(expression); got != float64(want) {
			t.Errorf("%s is %v, want %d", expression, got, want)
		}
	}
	t.Run("select", func(t *testing.T) { b.t = t; testSelect(t, b, r) })
	t.Run("table", func(t *testing.T) { b.t = t; testTable(t, b, r) })
	b.t = t
	shoot(t, b, "table.png", false)
	t.Run("pan and zoom", func(t *testing.T) { b.t = t; testPanZoom(t, b) })
	b.t = t
	if got := asked(); len(got) != 1 {
		t.Errorf("the server was asked for %q, want the page alone", got)
	}
	for _, request := range b.happened("Network.requestWillBeSent") {
		if !strings.Contains(request, strconv.Quote(url)) && !strings.Contains(request, `"url":"data:`) {
			t.Errorf("a request: %s", request)
		}
	}
	if got := b.complaints(); len(got) > 0 {
		t.Errorf("the page complains: %s", got)
	}
	t.Run("without script", func(t *testing.T) { b.t = t; testWithoutScript(t, b, url, r) })
}

// shoot keeps a picture for a person to look at.
func shoot(t *testing.T, b *browser, name string, whole bool) {
	t.Helper()
	if *screenshots == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(*screenshots, name), b.screenshot(whole), 0o644); err != nil {
		t.Error(err)
	}
}

// find returns the index of the unit of a name.
func find(t *testing.T, r *Report, name string) int {
	t.Helper()
	for i, u := range r.Units {
		if u.Name == name {
			return i
		}
	}
	t.Fatalf("no unit %q", name)
	return 0
}

func testSelect(t *testing.T, b *browser, r *Report) {
	node := func(name string) string {
		return `document.querySelector("#graph .node[data-unit=\"` + strconv.Itoa(find(t, r, name)) + `\"]")`
	}
	const details = `document.getElementById("details").textContent`
	b.click(node(hostile))
	for _, want := range []string{hostile + " 1.0.0 target", "version 0.9.0 -> 1.0.0", "compiled in "} {
		if got := b.text(details); !strings.Contains(got, want) {
			t.Errorf("a click shows %q, no %q", got, want)
		}
	}
	const selected = `document.querySelectorAll("#graph .node.selected, #timeline .bar.selected, #units tr.selected").length`
	if got := b.number(selected); got != 3 {
		t.Errorf("%v places show the selected unit, want the graph, the timeline and the table", got)
	}
	b.click(node("server"))
	want := "dependency " + hostile + " 1.0.0 target (was 0.9.0)"
	if got := b.text(details); !strings.Contains(got, want) {
		t.Errorf("a click shows %q, no %q", got, want)
	}
	deps := len(r.Units[find(t, r, "server")].Dependencies)
	if got := b.number(`document.querySelectorAll("#graph path.direct").length`); got != float64(deps) {
		t.Errorf("%v edges are highlighted, the unit has %d dependencies", got, deps)
	}
	if near := b.number(`document.querySelectorAll("#graph .node.near").length`); near != float64(len(r.Units)) {
		t.Errorf("%v nodes are highlighted, the binary needs all of %d", near, len(r.Units))
	}
	b.click(`document.querySelector("#timeline .bar")`)
	const title = `document.querySelector("#details h3").textContent`
	if got := b.text(title); got != hostile+" 1.0.0 target" {
		t.Errorf("the first bar selects %q", got)
	}
	shoot(t, b, "selected.png", true)
	above := dependents(r, hostile+" 1.0.0 target")
	if near := b.number(`document.querySelectorAll("#graph .node.near").length`); near != float64(len(above)) {
		t.Errorf("%v nodes are highlighted, %d need the unit", near, len(above))
	}
	b.click(`document.querySelector("#details li button")`)
	if got := b.text(title); !above[got] || got == hostile+" 1.0.0 target" {
		t.Errorf("the link in the details selects %q, which does not need the unit", got)
	}
	b.click(`document.querySelector("#graph .node.selected")`)
	if got := b.text(details); got != "No unit selected." {
		t.Errorf("a second click shows %q", got)
	}
}

// dependents returns the unit and all that need it.
func dependents(r *Report, id string) map[string]bool {
	found := map[string]bool{id: true}
	for grown := true; grown; {
		grown = false
		for _, u := range r.Units {
			if !found[u.ID] && slices.ContainsFunc(u.Dependencies, func(d string) bool { return found[d] }) {
				found[u.ID], grown = true, true
			}
		}
	}
	return found
}

func testTable(t *testing.T, b *browser, r *Report) {
	const visible = `[...document.querySelectorAll("#units tbody tr")].filter((r) => r.offsetParent).length`
	const search = `document.getElementById("search")`
	count := func(fits func(Unit) bool) float64 {
		n := 0
		for _, u := range r.Units {
			if fits(u) {
				n++
			}
		}
		return float64(n)
	}
	for _, tc := range []struct {
		text string
		fits func(Unit) bool
	}{
		{hostile, func(u Unit) bool {
			return u.Name == hostile || strings.Contains(reasons(&u), hostile)
		}},
		{"0.9.0 -> 1.0.0", func(u Unit) bool { return u.Name == hostile }},
		{"MACRO", func(u Unit) bool { return strings.Contains(u.Name+strings.Join(u.Features, " ")+reasons(&u), "macro") }},
		{"no such unit", func(Unit) bool { return false }},
		{"", func(Unit) bool { return true }},
	} {
		b.typeInto(search, tc.text)
		if got, want := b.number(visible), count(tc.fits); got != want {
			t.Errorf("a search for %q shows %v rows, want %v", tc.text, got, want)
		}
	}
	b.eval(`(() => { const s = document.getElementById("status"); s.value = "compiled"; s.dispatchEvent(new Event("change")); })()`, nil)
	_, compiled := r.count()
	if got := b.number(visible); got != float64(compiled) {
		t.Errorf("the status shows %v rows, want %d", got, compiled)
	}
	const times = `[...document.querySelectorAll("#units td.time")].map((c) => +c.dataset.value)`
	for _, order := range []string{"a <= b", "a >= b"} {
		b.click(`document.querySelectorAll("#units th button")[5]`)
		if got := b.text(times + `.reduce(([ok, a], b) => [ok && (a === undefined || ` + order + `), b], [true])[0] + ""`); got != "true" {
			t.Errorf("sorted by time, not all %s", order)
		}
	}
	b.click(`document.querySelectorAll("#units th button")[0]`)
	if got := b.text(`document.querySelector("#units th").getAttribute("aria-sort")`); got != "ascending" {
		t.Errorf("sorted by name: %q", got)
	}
}

func testPanZoom(t *testing.T, b *browser) {
	box := func() (v [4]float64) {
		b.eval(`document.getElementById("graph").getAttribute("viewBox").split(" ").map(Number)`, &v)
		return v
	}
	whole := box()
	b.click(`document.getElementById("zoom-in")`)
	near := box()
	if near[2] >= whole[2] || near[0] <= whole[0] {
		t.Errorf("from %v the + leads to %v", whole, near)
	}
	const selected = `document.querySelectorAll("#graph .selected").length`
	before := b.number(selected)
	x, y := b.middle(`document.getElementById("graph")`)
	b.mouse("mousePressed", x, y)
	for i := range 5 {
		b.mouse("mouseMoved", x+float64(20*i), y+float64(10*i))
	}
	b.mouse("mouseReleased", x+80, y+40)
	b.settle()
	if moved := box(); moved[0] >= near[0] || moved[1] >= near[1] || moved[2] != near[2] {
		t.Errorf("a drag leads from %v to %v", near, moved)
	}
	if after := b.number(selected); after != before {
		t.Errorf("a drag selects: %v, then %v", before, after)
	}
	b.call("Input.dispatchMouseEvent", map[string]any{"type": "mouseWheel", "x": x, "y": y, "deltaX": 0, "deltaY": -200, "modifiers": 2}, nil)
	b.settle()
	if closer := box(); closer[2] >= near[2] {
		t.Errorf("ctrl and wheel lead from %v to %v", near, closer)
	}
	b.click(`document.getElementById("zoom-fit")`)
	if got := box(); got != whole {
		t.Errorf("fit leads to %v, want %v", got, whole)
	}
}

func testWithoutScript(t *testing.T, b *browser, url string, r *Report) {
	b.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
	b.open(url)
	shoot(t, b, "noscript.png", false)
	if got := b.text(`document.documentElement.className`); got != "" {
		t.Fatalf("the script ran: %q", got)
	}
	for expression, want := range map[string]int{
		`document.querySelectorAll("#units tbody tr").length`:                                  len(r.Units),
		`document.querySelectorAll("#graph .node").length`:                                     len(r.Units),
		`+document.getElementById("total").textContent`:                                        len(r.Units),
		`[...document.querySelectorAll("input, button")].filter((e) => e.offsetParent).length`: 0,
	} {
		if got := b.number(expression); got != float64(want) {
			t.Errorf("%s is %v, want %d", expression, got, want)
		}
	}
	if got := b.text(`document.querySelector("#units td.why").textContent`); got == "" {
		t.Error("the first row of the table, a compiled unit, has no reason")
	}
}
