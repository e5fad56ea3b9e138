package report

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rustfile/rustfile/internal/golden"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct{ name, data, wantErr string }{
		{"empty report", `{"version":1}`, ""},
		{"unknown keys", `{"version":1,"more":1,"units":[{"id":"a","status":"reused","more":{}}]}`, ""},
		{"no JSON", `units`, "invalid character"},
		{"a list", `[]`, "cannot unmarshal"},
		{"rest", `{"version":1}{}`, "after top-level value"},
		{"another version", `{"version":2,"units":{}}`, "version 2 and this program reads version 1: use the rustfile that made it"},
		{"no version", `{}`, "version 0"},
		{"wrong type", `{"version":1,"units":[{"id":1}]}`, "units.id"},
		{"no id", `{"version":1,"units":[{"status":"reused"}]}`, "no id"},
		{"two of an id", `{"version":1,"units":[{"id":"b","status":"reused"},{"id":"a","status":"reused"},{"id":"b","status":"reused"}]}`, `two units "b"`},
		{"status", `{"version":1,"units":[{"id":"a","status":"fresh"}]}`, `unit "a" of the report: status "fresh"`},
		{"negative time", `{"version":1,"units":[{"id":"a","status":"reused","duration":-1}]}`, "no times"},
		{"huge time", `{"version":1,"units":[{"id":"a","status":"reused","start":9000000000000000000}]}`, "no times"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := Parse([]byte(tc.data))
			switch {
			case tc.wantErr == "" && (err != nil || r.Units == nil):
				t.Errorf("%+v, %v", r, err)
			case tc.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tc.wantErr)):
				t.Errorf("error %v, want one with %q", err, tc.wantErr)
			}
		})
	}
}

func TestJSONRoundTrip(t *testing.T) {
	previous, r := large(60)
	Compare(previous, r)
	var out bytes.Buffer
	if err := JSON(&out, r); err != nil {
		t.Fatal(err)
	}
	got, err := Parse(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for i := range r.Units { // an empty list is written as none
		if len(r.Units[i].Features) == 0 {
			r.Units[i].Features = nil
		}
	}
	if !reflect.DeepEqual(got, r) {
		t.Error("what was written is not what is read")
	}
}

func TestFromMetadata(t *testing.T) {
	_, r := large(40)
	var out bytes.Buffer
	if err := JSON(&out, r); err != nil {
		t.Fatal(err)
	}
	object := out.String()
	quoted, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	encoded := `"` + base64.StdEncoding.EncodeToString([]byte(object)) + `"`
	for _, tc := range []struct {
		name, file string
		want       []string
		wantErr    string
	}{
		{"object", `{"frontend.rustfile.report":` + object + `}`, []string{"linux/amd64"}, ""},
		{"string", `{"image.name":"x","frontend.rustfile.report":` + string(quoted) + `}`, []string{"linux/amd64"}, ""},
		{"base64", `{"frontend.rustfile.report":` + encoded + `}`, []string{"linux/amd64"}, ""},
		{"platforms", `{"frontend.rustfile.report/linux/arm64":` + string(quoted) + `,"frontend.rustfile.report/linux/arm/v7":` + object + `}`,
			[]string{"linux/arm/v7", "linux/arm64"}, ""},
		{"the report alone", object, []string{"linux/amd64"}, ""},
		{"none", `{"frontend.rustfile.plan":"{}","version":1}`, nil, ErrNoReport.Error()},
		{"no JSON", "{\n\n!", nil, "line 3: not a metadata file"},
		{"a list", `[]`, nil, "line 1: not a metadata file"},
		{"broken", `{"frontend.rustfile.report/linux/arm64":"{}"}`, nil, "frontend.rustfile.report/linux/arm64: the report has version 0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := FromMetadata([]byte(tc.file))
			if tc.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wantErr) {
					t.Errorf("error %v, want one with %q", err, tc.wantErr)
				}
				return
			}
			if err != nil || len(got) != len(tc.want) {
				t.Fatalf("%d reports, %v", len(got), err)
			}
			for _, platform := range tc.want {
				if got[platform] == nil || len(got[platform].Units) != 40 {
					t.Errorf("no report of 40 units for %s", platform)
				}
			}
		})
	}
	bake := `{"a":{"frontend.rustfile.report":` + string(quoted) + `},"b":{"image.name":"x"},"buildx.build.warnings":[]}`
	if _, err := FromMetadata([]byte(bake)); !errors.Is(err, ErrNoReport) {
		t.Errorf("a bake file's metadata: %v", err)
	}
	targets := Targets([]byte(bake))
	if got, err := FromMetadata(targets["a"]); len(targets) != 1 || err != nil || got["linux/amd64"] == nil {
		t.Errorf("targets %d, %v", len(targets), err)
	}
}

// timed is a build in which two units were compiled for a reason of their own.
func timed() *Report {
	units := append(chain(), unit("evil\x1b[2J\u202e 1.0.0 target"))
	previous := seal(units[:6]...)
	fresh := edit(append(bump(chain(), "leaf 1.0.0 target", "leaf 1.0.1 target"), unit("evil\x1b[2J\u202e 1.0.0 target")), "other 1.0.0 target", func(u *Unit) {
		u.Features, u.Inputs[InputToolchain] = []string{"std"}, "docker.io/library/rust:1.95@sha256:"+strings.Repeat("0123456789abcdef", 4)
	})
	r := seal(fresh...)
	r.Started = 1790000000000
	start := r.Started
	for i := range r.Units {
		u := &r.Units[i]
		if u.Host || u.Key == byID(previous.Units)[u.ID].key() {
			continue
		}
		u.Status, u.Start, u.Duration = StatusCompiled, start, int64(40*(i+1)*(i+1)*(i+1))
		start += u.Duration / 2
	}
	Compare(previous, r)
	return r
}

func (u *Unit) key() string {
	if u == nil {
		return ""
	}
	return u.Key
}

func TestText(t *testing.T) {
	coarse := &Report{Version: 1, Granularity: GranularityCoarse, Reason: "cargo 1.30 has no unit graph",
		Units: []Unit{{ID: "dependencies", Vertex: "v", Status: StatusCompiled, Start: 1, Duration: 61000}}}
	_, many := large(400)
	previous, compared := large(400)
	Compare(previous, compared)
	for name, r := range map[string]*Report{
		"few": timed(), "many": compared, "unexplained": many, "coarse": coarse, "nothing": {Units: chain()}, "empty": {},
	} {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			if err := Text(&got, r); err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, filepath.Join("testdata", name+".txt"), got.Bytes())
		})
	}
}

func TestCauseString(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0123456789abcdef", 4)
	for _, tc := range []struct {
		cause Cause
		want  string
	}{
		{Cause{Input: "source", Was: digest, Is: strings.Repeat("f", 40)}, "source sha256:0123456789ab -> ffffffffffff"},
		{Cause{Input: "source", Was: digest, Is: digest + "0"}, "source changed"},
		{Cause{Input: "config", Is: "x"}, "config is now x"},
		{Cause{Input: "config", Was: "x"}, "config is no longer x"},
		{Cause{Input: "features", Was: "a,b", Is: "b,c,d"}, "features +c +d -a"},
		{Cause{Input: "features", Is: "a,b,c,d,e,f,g,h,i"}, "features +a +b +c +d +e +f and 3 more"},
		{Cause{Input: "dependency", Unit: "serde", Is: "2 more"}, "dependency serde: 2 more"},
		{Cause{Input: "dependency", Is: "2 more"}, "2 more"},
		{Cause{Input: "group", Unit: "serde", Was: "1", Is: "2"}, "same vertex as serde (was 1)"},
		{Cause{Input: "\x1b[31m", Was: "\n", Is: strings.Repeat("long", 30)}, `\x1b[31m \n -> longlonglonglonglonglong…onglonglonglonglonglong`},
	} {
		if got := tc.cause.String(); got != tc.want {
			t.Errorf("%+v: %q, want %q", tc.cause, got, tc.want)
		}
	}
}

// TestHTMLEscapes: no name in the page's source can end an element. What a
// browser makes of it is in TestPageInBrowser.
func TestHTMLEscapes(t *testing.T) {
	for _, name := range []string{hostile, `"><img src=x onerror=alert(1)>`, "</style><!--", "</title></svg>", "{{.}}", "\u2028\x00'`${1}", "evil\u202e"} {
		u := unit("x 1.0.0 target")
		u.ID, u.Name, u.Version, u.Kind, u.Vertex, u.Key = name, name, name, name, name, name
		u.Features, u.Inputs = []string{name}, map[string]string{name: name}
		u.Status, u.Start, u.Duration, u.Why = StatusCompiled, 5, 5, []Cause{{Input: name, Was: name, Is: name + "x", Unit: name}}
		r := &Report{Platform: name, Triple: name, Profile: name, Granularity: name, Reason: name, Toolchain: name, Units: []Unit{u}}
		var page bytes.Buffer
		if err := HTML(&page, r); err != nil {
			t.Fatal(err)
		}
		text := page.String()
		for element, want := range map[string]int{"<script": 2, "</script": 2, "<style": 1, "</style": 1, "<svg": 2, "</svg": 2, "<img": 0, "<!--": 0} {
			if got := strings.Count(text, element); got != want {
				t.Errorf("%q: %d times %s, want %d", name, got, element, want)
			}
		}
		if strings.ContainsAny(text, "\u202e\u2028\x00") {
			t.Errorf("%q: a control character in the page", name)
		}
		_, data, _ := strings.Cut(text, `id="data">`)
		data, _, _ = strings.Cut(data, "</script>")
		var held pageData
		if err := json.Unmarshal([]byte(data), &held); err != nil {
			t.Errorf("%q: the page's data: %v", name, err)
		} else if held.Units[0].ID != clean(name) {
			t.Errorf("the page's data has the unit %q, want %q", held.Units[0].ID, clean(name))
		}
	}
}

// TestHTMLOddReports: none is too odd to be drawn, and none takes long.
func TestHTMLOddReports(t *testing.T) {
	deep := make([]Unit, 5000)
	for i := range deep {
		deep[i] = Unit{ID: strings.Repeat("x", i+1), Status: StatusReused}
		if i > 0 {
			deep[i].Dependencies = []string{deep[i-1].ID}
		}
	}
	for name, units := range map[string][]Unit{
		"empty": nil, "alone": {unit("a 1.0.0 target")}, "of itself": {unit("a 1.0.0 target", "a 1.0.0 target", "gone")},
		"cycle": {unit("a 1.0.0 target", "b 1.0.0 target"), unit("b 1.0.0 target", "c 1.0.0 target"), unit("c 1.0.0 target", "a 1.0.0 target")},
		"chain": deep[:500],
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			var page bytes.Buffer
			if err := HTML(&page, &Report{Units: units}); err != nil {
				t.Fatal(err)
			}
			if got := strings.Count(page.String(), `<g class="node `); got != len(units) {
				t.Errorf("%d nodes, want %d", got, len(units))
			}
			if took := time.Since(begin); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
	if got := buildOrder(indices(&Report{Units: deep})); len(got) != len(deep) || got[0] != 0 {
		t.Errorf("the order of a chain begins with %d", got[0])
	}
}

func TestLayers(t *testing.T) {
	// 0 needs 1 and 2, 1 needs 3, 4 needs 2 alone.
	got := layers([][]int{{1, 2}, {3}, {}, {}, {2}})
	if want := [][]int{{3}, {1, 2}, {0, 4}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	_, r := large(400)
	deps := indices(r)
	g := layOut(deps)
	taken := map[[2]int]bool{}
	for u := range deps {
		at := [2]int{g.x[u], g.y[u]}
		if taken[at] || at[0] < 0 || at[1] < 0 || at[0]+nodeWidth > g.Width || at[1]+nodeHeight > g.Height {
			t.Errorf("unit %d is at %v of %d × %d", u, at, g.Width, g.Height)
		}
		taken[at] = true
		for _, d := range deps[u] {
			if g.x[d] >= g.x[u] {
				t.Errorf("dependency %d is at %d, what needs it at %d", d, g.x[d], g.x[u])
			}
		}
	}
}

func TestTimeline(t *testing.T) {
	r := &Report{Started: 1000, Units: []Unit{
		{ID: "a", Status: StatusCompiled, Start: 1000, Duration: 500},
		{ID: "b", Status: StatusCompiled, Start: 1200, Duration: 800},
		{ID: "c", Status: StatusCompiled, Start: 1500, Duration: 100},
		{ID: "d", Status: StatusCompiled, Start: 2000, Duration: 0},
		{ID: "e", Status: StatusCompiled},
		{ID: "f", Status: StatusReused, Start: 1000, Duration: 500},
	}}
	got := newTimeline(r)
	if len(got.Bars) != 4 || got.Unknown != 1 || got.Height != axisHeight+2*laneHeight+4 {
		t.Fatalf("%+v", got)
	}
	const first, second = axisHeight, axisHeight + laneHeight
	for i, want := range []bar{{Unit: 0, X: 0, Y: first, Width: 600}, {Unit: 1, X: 240, Y: second, Width: 960}, {Unit: 2, X: 600, Y: first, Width: 120}, {Unit: 3, X: 1198, Y: first, Width: 2}} {
		b := got.Bars[i]
		if b.Unit != want.Unit || b.X != want.X || b.Y != want.Y || b.Width != want.Width {
			t.Errorf("bar %d is %+v, want %+v", i, b, want)
		}
	}
	if len(got.Ticks) != 10 || got.Ticks[1].Label != "100ms" || got.Ticks[1].X != 120 {
		t.Errorf("ticks %+v", got.Ticks)
	}
}
