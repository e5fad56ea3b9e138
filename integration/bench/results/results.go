package results

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/rustfile/rustfile/integration/bench/schedule"
)

// Report is everything that one or several runs measured.
type Report struct {
	// Runs are the runs, the newest last.
	Runs     []Run
	Projects []*Project
	// Planning is what making the graph takes, nil when it was not measured.
	Planning *Planning `json:",omitempty"`
}

// Run is one run of the program.
type Run struct {
	Day, Machine, Commit, Bases, Flags string
	Route                              string
	Rounds                             int
	// Versions are those of BuildKit and the base images' programs, by name.
	Versions map[string]string
	// Unfinished tells why the run ended before its last step, "" when it did not.
	Unfinished string `json:",omitempty"`
}

// Project is what was measured on one project.
type Project struct {
	Name, Title, Note string
	// Locked is the number of packages in its Cargo.lock, Compiled how many of crates.io are compiled for it.
	Locked, Compiled int
	// Leaf, Mid and Random describe the version changes.
	Leaf, Mid string
	Random    []string
	// Share is the share of the second project's packages that this one has, 0 when there is none.
	Share float64
	Cells []*Cell
	// Exports are the caches in the registry.
	Exports []Export
	Images  []Image
}

// Cell is a row and a contender.
type Cell struct {
	Row       schedule.Row
	Contender schedule.Contender
	// Run is the number of the run in Report.Runs that measured it.
	Run     int
	Samples []Sample `json:",omitempty"`
	// Failed is why a build of it failed, "" when none did.
	Failed string `json:",omitempty"`
}

// Sample is one build.
type Sample struct {
	Round   int
	Seconds float64
	// Executed is the number of vertices that did work, Vertices the number of all of them.
	Executed, Vertices int
	// Compiled are the crates that cargo compiled, ThirdParty those of them that come from a registry.
	Compiled, ThirdParty int
	// DaemonCPU is the CPU time of buildkitd itself in seconds, without the processes that it runs.
	DaemonCPU float64
	// Bump is the number of the random bump, from 0.
	Bump int
	// Warnings are those of the build, each once, such as that rustfile fell back to one vertex.
	Warnings []string `json:",omitempty"`
}

// Export is a cache in the registry.
type Export struct {
	Contender schedule.Contender
	Bytes     int64
	Layers    int
	// Manifest and Config are the sizes of these two documents; BuildKit imports none that is larger than 1 MiB.
	Manifest, Config int64
	Seconds          float64
}

// Image are the sizes of an image in bytes.
type Image struct {
	Contender schedule.Contender
	// Compressed are all layers, Added those above the base image, Files and Binary are unpacked.
	Compressed, Added, Files, Binary int64
}

// Planning is what planning one project takes, in medians of processes that do nothing else.
type Planning struct {
	Title              string
	Packages, Vertices int
	Steps              []PlanningStep
	PeakKiB            int64
	LLBBytes           int64
	// FrontendKiB is the peak memory of the frontend's process on the daemon, 0 when it was not seen.
	FrontendKiB int64
}

// PlanningStep is a part of planning.
type PlanningStep struct {
	Name         string
	Milliseconds float64
}

// Project returns a project by its name, and adds it when there is none.
func (r *Report) Project(name string) *Project {
	i := slices.IndexFunc(r.Projects, func(p *Project) bool { return p.Name == name })
	if i < 0 {
		i = len(r.Projects)
		r.Projects = append(r.Projects, &Project{Name: name})
	}
	return r.Projects[i]
}

// Cell returns a cell of a project, nil when it was not measured.
func (p *Project) Cell(row schedule.Row, c schedule.Contender) *Cell {
	i := slices.IndexFunc(p.Cells, func(x *Cell) bool { return x.Row == row && x.Contender == c })
	if i < 0 {
		return nil
	}
	return p.Cells[i]
}

// Make returns the cell of a run; what another run measured for its row is forgotten, because only what was measured
// together may be compared.
func (p *Project) Make(row schedule.Row, c schedule.Contender, run int) *Cell {
	p.Cells = slices.DeleteFunc(p.Cells, func(x *Cell) bool { return x.Row == row && x.Run != run })
	cell := p.Cell(row, c)
	if cell == nil {
		cell = &Cell{Row: row, Contender: c, Run: run}
		p.Cells = append(p.Cells, cell)
	}
	return cell
}

// Export returns a contender's cache, nil when it was not exported.
func (p *Project) Export(c schedule.Contender) *Export {
	i := slices.IndexFunc(p.Exports, func(e Export) bool { return e.Contender == c })
	if i < 0 {
		return nil
	}
	return &p.Exports[i]
}

// SetExport notes a contender's cache.
func (p *Project) SetExport(e Export) {
	p.Exports = append(slices.DeleteFunc(p.Exports, func(x Export) bool { return x.Contender == e.Contender }), e)
}

// Image returns a contender's image, nil when it was not measured.
func (p *Project) Image(c schedule.Contender) *Image {
	i := slices.IndexFunc(p.Images, func(x Image) bool { return x.Contender == c })
	if i < 0 {
		return nil
	}
	return &p.Images[i]
}

// SetImage notes a contender's image.
func (p *Project) SetImage(m Image) {
	p.Images = append(slices.DeleteFunc(p.Images, func(x Image) bool { return x.Contender == m.Contender }), m)
}

const (
	jsonFile  = "results.json"
	tableFile = "results.md"
)

// Read returns the report that an earlier run left in a directory, an empty one when there is none.
func Read(dir string) (*Report, error) {
	text, err := os.ReadFile(filepath.Join(dir, jsonFile))
	if os.IsNotExist(err) {
		return &Report{}, nil
	}
	if err != nil {
		return nil, err
	}
	var r Report
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%s: %w; remove it, or run without -add", filepath.Join(dir, jsonFile), err)
	}
	return &r, nil
}

// Write writes the table, the charts and the JSON file to a directory. Charts of an earlier run that this one has no
// data for are removed.
func (r *Report) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	files := map[string][]byte{jsonFile: append(text, '\n'), tableFile: []byte(r.Markdown())}
	for name, svg := range r.Charts() {
		files[name] = svg
	}
	old, err := filepath.Glob(filepath.Join(dir, chartPrefix+"*.svg"))
	if err != nil {
		return err
	}
	for _, file := range old {
		if files[filepath.Base(file)] == nil {
			if err := os.Remove(file); err != nil {
				return err
			}
		}
	}
	for name, content := range files {
		if err := replace(filepath.Join(dir, name), content); err != nil {
			return err
		}
	}
	return nil
}

// replace writes a file in one go: a run may be killed at any time.
func replace(file string, content []byte) error {
	if err := os.WriteFile(file+".new", content, 0o644); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
