package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// FormatVersion is the version of the report's JSON that this package writes
// and reads.
const FormatVersion = 1

// The values of [Unit.Status].
const (
	StatusReused   = "reused"
	StatusCompiled = "compiled"
)

// The values of [Unit.Kind].
const (
	KindDependency = "dependency"
	KindMember     = "member"
	KindBinary     = "binary"
)

// The values of [Report.Granularity].
const (
	GranularityUnit   = "unit"
	GranularityGroup  = "group"
	GranularityCoarse = "coarse"
)

// The keys of [Unit.Inputs].
const (
	InputSource    = "source"
	InputFeatures  = "features"
	InputProfile   = "profile"
	InputConfig    = "config"
	InputToolchain = "toolchain"
	InputTarget    = "target"
)

// The values of [Cause.Input] that are no keys of [Unit.Inputs].
const (
	// CauseVersion is another version of the package.
	CauseVersion = "version"
	// CauseDependency is a change further down: nothing of the unit itself.
	CauseDependency = "dependency"
	// CauseNew is a unit that the last build did not have.
	CauseNew = "new"
	// CauseCache is a unit that did not change and was in no cache.
	CauseCache = "cache"
	// CauseGroup is an unchanged unit that shares its vertex with a changed one.
	CauseGroup = "group"
	// CauseKey is a change of something that the report does not list.
	CauseKey = "key"
)

// Report is what one build did for one platform.
type Report struct {
	// Version is [FormatVersion].
	Version int `json:"version"`
	// Platform is what the image is for, Triple what rustc calls it.
	Platform string `json:"platform"`
	Triple   string `json:"triple"`
	Profile  string `json:"profile"`
	// Granularity is how units were put into vertices: "unit", "group" or
	// "coarse". Reason says why the build fell back to coarse.
	Granularity string `json:"granularity"`
	Reason      string `json:"reason,omitempty"`
	// Toolchain is the builder image's reference and digest.
	Toolchain string `json:"toolchain"`
	// Started is when the build began, in milliseconds since 1970.
	Started int64 `json:"started"`
	// Units are sorted by ID.
	Units []Unit `json:"units"`
	// Image is what came of them, nil in a report that does not say.
	Image *Image `json:"image,omitempty"`
}

// Unit is one compilation of one package.
type Unit struct {
	// ID is unique in the report, such as "serde 1.0.219 target".
	ID      string `json:"id"`
	Name    string `json:"name"`
	Version string `json:"version"`
	// Kind is "dependency", "member" or "binary".
	Kind string `json:"kind"`
	// Host is true for what runs on the build machine: procedural macros, build
	// scripts and what they need.
	Host     bool     `json:"host,omitempty"`
	Features []string `json:"features,omitempty"`
	// Vertex is the name of the vertex that compiles the unit.
	Vertex string `json:"vertex"`
	// Key is a digest of everything that goes into the unit, its dependencies'
	// keys included; Inputs is what it is made of, each value a short string or
	// a digest.
	Key    string            `json:"key"`
	Inputs map[string]string `json:"inputs"`
	// Dependencies are IDs.
	Dependencies []string `json:"dependencies,omitempty"`
	// Status is "reused" or "compiled".
	Status string `json:"status"`
	// Start is when the vertex that compiled the unit ran, in milliseconds since
	// 1970, and Duration for how many milliseconds; both are 0 when unknown.
	Start    int64 `json:"start"`
	Duration int64 `json:"duration"`
	// Why is filled by [Compare].
	Why []Cause `json:"why,omitempty"`
}

// Cause is one reason for which a unit was compiled.
type Cause struct {
	// Input is what changed: a key of [Unit.Inputs] or one of the Cause
	// constants.
	Input string `json:"input"`
	// Was and Is are its values in the last build and in this one. Of a
	// dependency or a unit of the same group they are its versions where these
	// differ; otherwise Is says what became of it: "new", "added", "removed",
	// "source changed", or "5 more" without a Unit for those that are not listed.
	Was string `json:"was,omitempty"`
	Is  string `json:"is,omitempty"`
	// Unit is the ID of the dependency or of the unit of the same group; of one
	// that was removed, its ID in the last build.
	Unit string `json:"unit,omitempty"`
}

// maxMillis bounds times, so that sums of them stay in range; it is some year
// past 30000.
const maxMillis = 1 << 50

// Parse reads the JSON of one report and checks it.
func Parse(data []byte) (*Report, error) {
	var version struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &version); err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	if version.Version != FormatVersion {
		return nil, fmt.Errorf("the report has version %d and this program reads version %d: use the rustfile that made it", version.Version, FormatVersion)
	}
	r := &Report{}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	if r.Units == nil {
		r.Units = []Unit{}
	}
	slices.SortStableFunc(r.Units, func(a, b Unit) int { return strings.Compare(a.ID, b.ID) })
	for i, u := range r.Units {
		if i > 0 && u.ID == r.Units[i-1].ID {
			return nil, fmt.Errorf("the report has two units %q", u.ID)
		}
		if err := u.check(); err != nil {
			return nil, fmt.Errorf("unit %q of the report: %w", u.ID, err)
		}
	}
	return r, nil
}

func (u *Unit) check() error {
	switch {
	case u.ID == "":
		return fmt.Errorf("no id")
	case u.Status != StatusReused && u.Status != StatusCompiled:
		return fmt.Errorf("status %q is not %s or %s", u.Status, StatusReused, StatusCompiled)
	case u.Start < 0 || u.Start > maxMillis || u.Duration < 0 || u.Duration > maxMillis:
		return fmt.Errorf("start %d and duration %d are no times in milliseconds", u.Start, u.Duration)
	}
	return nil
}

// JSON writes the report so that [Parse] reads it again.
func JSON(w io.Writer, r *Report) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// count returns how many units were reused and compiled.
func (r *Report) count() (reused, compiled int) {
	for _, u := range r.Units {
		if u.Status == StatusCompiled {
			compiled++
		} else {
			reused++
		}
	}
	return reused, compiled
}

// compiled returns the units that were compiled: first those with a reason of
// their own, then those that others caused, each the slowest first.
func (r *Report) compiled() []*Unit {
	var units []*Unit
	for i := range r.Units {
		if r.Units[i].Status == StatusCompiled {
			units = append(units, &r.Units[i])
		}
	}
	slices.SortStableFunc(units, func(a, b *Unit) int {
		return cmp.Or(cmp.Compare(a.caused(), b.caused()), cmp.Compare(b.Duration, a.Duration), strings.Compare(a.ID, b.ID))
	})
	return units
}

// caused is 1 for a unit that was compiled because of others, else 0.
func (u *Unit) caused() int {
	if len(u.Why) > 0 && (u.Why[0].Input == CauseDependency || u.Why[0].Input == CauseGroup) {
		return 1
	}
	return 0
}

// span returns how long compiling took from its first to its last moment, and
// the sum over the vertices; units of one vertex share its time.
func span(units []*Unit) (wall, sum int64) {
	type run struct {
		vertex          string
		start, duration int64
	}
	seen := map[run]bool{}
	var first, last int64
	for _, u := range units {
		if u.Start == 0 {
			continue
		}
		if first == 0 || u.Start < first {
			first = u.Start
		}
		last = max(last, u.Start+u.Duration)
		if v := (run{u.Vertex, u.Start, u.Duration}); !seen[v] {
			seen[v] = true
			sum += u.Duration
		}
	}
	return last - first, sum
}
