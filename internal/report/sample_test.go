package report

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// hostile is a name that breaks out of markup that does not escape it.
const hostile = `</script><script>alert(1)</script>`

// unit makes a unit of "name version [side]" that depends on others' IDs. Its
// key follows from its inputs and dependencies once [seal] has run.
func unit(id string, deps ...string) Unit {
	words := strings.Fields(id)
	u := Unit{
		ID: id, Name: words[0], Version: words[1], Kind: KindDependency, Host: len(words) > 2 && words[2] == "host",
		Vertex: "[unit] " + id, Dependencies: deps, Status: StatusReused,
		Inputs: map[string]string{
			InputSource: "checksum of " + words[0] + " " + words[1], InputFeatures: "", InputProfile: "release",
			InputConfig: "", InputToolchain: "rust:1.95", InputTarget: "x86_64-unknown-linux-gnu",
		},
	}
	return u
}

// seal makes the keys as a build does, and returns the report.
func seal(units ...Unit) *Report {
	r := &Report{Version: FormatVersion, Platform: "linux/amd64", Triple: "x86_64-unknown-linux-gnu", Profile: "release", Granularity: GranularityUnit, Units: units}
	byID := byID(r.Units)
	var key func(u *Unit) string
	key = func(u *Unit) string {
		if u.Key == "" {
			h := sha256.New()
			for _, name := range slices.Sorted(maps.Keys(u.Inputs)) {
				fmt.Fprintf(h, "%s=%s\n", name, u.Inputs[name])
			}
			fmt.Fprintf(h, "%s %s %v %t %s\n", u.Name, u.Version, u.Features, u.Host, u.Kind)
			for _, id := range u.Dependencies {
				if d := byID[id]; d != nil {
					fmt.Fprintln(h, key(d))
				}
			}
			u.Key = fmt.Sprintf("%x", h.Sum(nil))
		}
		return u.Key
	}
	for i := range r.Units {
		key(&r.Units[i])
	}
	slices.SortFunc(r.Units, func(a, b Unit) int { return strings.Compare(a.ID, b.ID) })
	return r
}

// large is a report of n units in the shape of a real project's: many leaves,
// a few that nearly everything needs, some for the host, five members, one
// binary. Everything above one bumped crate was compiled.
func large(n int) (previous, current *Report) {
	syllables := []string{"ser", "tok", "hyp", "rust", "reg", "web", "http", "io", "util", "core", "sys", "macro", "log", "time", "hash", "map", "byte", "net", "async", "json"}
	random := rand.New(rand.NewPCG(1, 2))
	bumped, members := n/30, n-6
	var units []Unit
	needed := make([]bool, n)
	for i := range n {
		name := fmt.Sprintf("%s-%s%d", syllables[random.IntN(20)], syllables[random.IntN(20)], i)
		version := fmt.Sprintf("%d.%d.%d", random.IntN(3), random.IntN(20), random.IntN(200))
		side := "target"
		var deps []int
		for range random.IntN(6) {
			// Low numbers are needed more often.
			deps = append(deps, int(float64(i)*random.Float64()*random.Float64()))
		}
		switch {
		case i == bumped:
			name, version, deps = hostile, "1.0.0", nil
		case i < 10:
			deps = nil
		case i == n-1:
			name, deps = "server", []int{n - 2, n - 3, bumped}
		case i >= members:
			for d := range members {
				if !needed[d] && d%5 == i%5 {
					deps = append(deps, d)
				}
			}
			deps = append(deps, i-1)
		case random.IntN(6) == 0:
			side = "host"
		}
		u := unit("x " + version + " " + side)
		u.ID, u.Name = name+" "+version+" "+side, name
		u.Inputs[InputSource] = fmt.Sprintf("%x", sha256.Sum256([]byte(name+version)))
		u.Vertex, u.Features = "[unit] "+u.ID, syllables[i%5:i%5+random.IntN(4)]
		if i == n-1 {
			u.Kind = KindBinary
		} else if i >= members {
			u.Kind = KindMember
		}
		for _, d := range deps {
			needed[d] = true
			u.Dependencies = append(u.Dependencies, units[d].ID)
		}
		slices.Sort(u.Dependencies)
		u.Dependencies = slices.Compact(u.Dependencies)
		units = append(units, u)
	}
	before := slices.Clone(units)
	before[bumped].Version = "0.9.0"
	previous, current = seal(before...), seal(units...)
	current.Started = 1790000000000
	current.Toolchain = "docker.io/library/rust:1.95-bookworm@sha256:" + strings.Repeat("0123456789abcdef", 4)
	compileChanged(previous, current, random)
	return previous, current
}

// compileChanged marks every unit whose key changed as compiled, after its
// dependencies.
func compileChanged(previous, current *Report, random *rand.Rand) {
	old := map[string]bool{}
	for _, u := range previous.Units {
		old[u.Key] = true
	}
	units := byID(current.Units)
	for _, i := range buildOrder(indices(current)) {
		u := &current.Units[i]
		if old[u.Key] {
			continue
		}
		u.Status, u.Start, u.Duration = StatusCompiled, current.Started+1500, 200+random.Int64N(9000)
		for _, id := range u.Dependencies {
			if d := units[id]; d != nil && d.Status == StatusCompiled {
				u.Start = max(u.Start, d.Start+d.Duration+30)
			}
		}
	}
}
