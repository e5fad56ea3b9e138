package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// cargoUnit is one unit of `cargo build --unit-graph -Z unstable-options`, the fields that grouping and timing need.
type cargoUnit struct {
	PkgID  string `json:"pkg_id"`
	Target struct {
		Kind []string `json:"kind"`
		Name string   `json:"name"`
		Path string   `json:"src_path"`
	} `json:"target"`
	Profile struct {
		OptLevel string `json:"opt_level"`
		LTO      string `json:"lto"`
	} `json:"profile"`
	Platform     *string  `json:"platform"`
	Mode         string   `json:"mode"`
	Features     []string `json:"features"`
	Dependencies []struct {
		Index int `json:"index"`
	} `json:"dependencies"`
}

// timing is one unit of cargo's own report, `cargo build --timings`.
type timing struct {
	Index    int     `json:"i"`
	Name     string  `json:"name"`
	Version  string  `json:"version"`
	Duration float64 `json:"duration"`
	Start    float64 `json:"start"`
	Sections []phase `json:"sections"`
}

// phase is one section of a unit's time; cargo writes it as a pair of name and span.
type phase struct {
	Name       string
	Start, End float64
}

// UnmarshalJSON reads cargo's ["frontend", {"start": 0, "end": 1}].
func (p *phase) UnmarshalJSON(data []byte) error {
	span := struct{ Start, End float64 }{}
	if err := json.Unmarshal(data, &[]any{&p.Name, &span}); err != nil {
		return fmt.Errorf("section of a unit's time: %w", err)
	}
	p.Start, p.End = span.Start, span.End
	return nil
}

var unitData = regexp.MustCompile(`(?s)const UNIT_DATA = (\[.*?\n?\]);`)

// readTimings finds the units' times in the HTML page that cargo writes.
func readTimings(path string) ([]timing, error) {
	page, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("timings: %w", err)
	}
	found := unitData.FindSubmatch(page)
	if found == nil {
		return nil, fmt.Errorf("%s: no UNIT_DATA: is it the page that `cargo build --timings` writes?", path)
	}
	var out []timing
	if err := json.Unmarshal(found[1], &out); err != nil {
		return nil, fmt.Errorf("%s: UNIT_DATA: %w", path, err)
	}
	return out, nil
}

// readUnits reads a unit graph.
func readUnits(path string) ([]cargoUnit, []int, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("unit graph: %w", err)
	}
	var g struct {
		Version int         `json:"version"`
		Units   []cargoUnit `json:"units"`
		Roots   []int       `json:"roots"`
	}
	if err := json.Unmarshal(data, &g); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	if g.Version != 1 {
		return nil, nil, fmt.Errorf("%s: unit graph version %d, only 1 is known", path, g.Version)
	}
	return g.Units, g.Roots, nil
}

// project is one measured build.
type project struct {
	Name   string
	Graph  *graph
	Locked int // packages in Cargo.lock that are not members
}

// readProject reads <dir>/<name>.units.json, <name>.html and <name>.lock.
func readProject(dir, name string) (*project, error) {
	units, _, err := readUnits(filepath.Join(dir, name+".units.json"))
	if err != nil {
		return nil, err
	}
	times, err := readTimings(filepath.Join(dir, name+".html"))
	if err != nil {
		return nil, err
	}
	lock, err := os.ReadFile(filepath.Join(dir, name+".lock"))
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	g, err := newGraph(units, times)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &project{Name: name, Graph: g, Locked: strings.Count(string(lock), "\nsource = ")}, nil
}

// nameVersion splits a package id. Cargo leaves the name out when the URL ends in it.
func nameVersion(id string) (name, version string) {
	base, fragment, _ := strings.Cut(id, "#")
	if n, v, ok := strings.Cut(fragment, "@"); ok {
		return n, v
	}
	return base[strings.LastIndexByte(base, '/')+1:], fragment
}

// rustBytes is how much Rust source lies next to a crate's root and below it. A source that is not there counts as 0.
func rustBytes(root string) int64 {
	sum := int64(0)
	_ = filepath.WalkDir(filepath.Dir(root), func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && filepath.Ext(path) == ".rs" {
			if info, err := entry.Info(); err == nil {
				sum += info.Size()
			}
		}
		return nil
	})
	return sum
}
