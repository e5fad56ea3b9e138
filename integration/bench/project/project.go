package project

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rustfile/rustfile/integration/bench/schedule"
)

// Options say what of a project is prepared.
type Options struct {
	// Rows are those that will be measured.
	Rows []schedule.Row
	// Bumps is the number of random bumps, Seed picks them.
	Bumps int
	Seed  uint64
}

func (o Options) wants(rows ...schedule.Row) bool {
	for _, want := range rows {
		for _, r := range o.Rows {
			if r == want {
				return true
			}
		}
	}
	return false
}

// Project is a project ready to be built in any state.
type Project struct {
	Def
	// Dir has its files, SecondDir those of the second project, if that is asked for.
	Dir, SecondDir string
	// Locked is the number of packages in its Cargo.lock, Compiled how many of crates.io are compiled for the binary.
	Locked, Compiled int
	// Leaf, Mid and Random are the version changes, nil when no row needs any.
	Leaf, Mid *Bump
	Random    []*Bump
	// Share is the share of the second project's packages that this one has.
	Share float64

	lock, edited, member, secondLock []byte
}

// Prepare unpacks a project to dir and finds its version changes. The second project goes beside it.
func Prepare(ctx context.Context, d Def, dir string, cargo Cargo, o Options) (*Project, error) {
	p := &Project{Def: d, Dir: dir, SecondDir: dir + "-second"}
	if err := d.Unpack(ctx, dir); err != nil {
		return nil, err
	}
	if err := p.read(); err != nil {
		return nil, err
	}
	p.Locked = len(ParseLock(string(p.lock)))
	g, err := readGraph(ctx, cargo, dir, d.Package)
	if err != nil {
		return nil, err
	}
	p.Compiled = len(g.thirdParty())
	if err := p.bumps(ctx, cargo, g, o); err != nil {
		return nil, err
	}
	if o.wants(schedule.Second, schedule.SecondOwn) {
		manifest, err := os.ReadFile(p.path("Cargo.toml"))
		if err != nil {
			return nil, err
		}
		base := second{p.secondName(), p.Package, p.path("Cargo.toml"), p.lock, profiles(string(manifest))}
		if p.Share, err = g.second(ctx, cargo, p.SecondDir, base); err != nil {
			return nil, err
		}
		if p.secondLock, err = os.ReadFile(filepath.Join(p.SecondDir, "Cargo.lock")); err != nil {
			return nil, err
		}
	}
	return p, p.Set(schedule.State{})
}

// bumps finds the version changes that are asked for.
func (p *Project) bumps(ctx context.Context, cargo Cargo, g *graph, o Options) error {
	if !o.wants(schedule.Leaf, schedule.FreshBump, schedule.Mid, schedule.Random) {
		return nil
	}
	f, err := p.stored(p.lock, o)
	if err == nil && f == nil {
		bumps := o.Bumps
		if !o.wants(schedule.Random) {
			bumps = 0
		}
		b := &bumper{cargo: cargo, dir: p.Dir, lock: p.lock, graph: g, taken: map[string]bool{}}
		f, err = find(ctx, b, bumps, o.Seed)
	}
	if err != nil {
		return err
	}
	p.Leaf, p.Mid, p.Random = f.Leaf, f.Mid, f.Random
	return nil
}

// read keeps the files that states change as they were unpacked.
func (p *Project) read() error {
	var err error
	if p.lock, err = os.ReadFile(filepath.Join(p.Dir, "Cargo.lock")); err != nil {
		return err
	}
	if p.edited, err = os.ReadFile(p.path(p.EditFile)); err != nil || p.MemberFile == "" {
		return err
	}
	p.member, err = os.ReadFile(p.path(p.MemberFile))
	return err
}

func (p *Project) path(file string) string { return filepath.Join(p.Dir, filepath.FromSlash(file)) }

// secondName is the package of the second project.
func (p *Project) secondName() string { return p.Package + "-second" }

// Target is what is built in a state: the directory, the binary, and the version that it prints.
type Target struct{ Dir, Package, Bin, Version string }

// Target returns what is built in a state.
func (p *Project) Target(s schedule.State) Target {
	if s.Second {
		return Target{p.SecondDir, p.secondName(), p.secondName(), secondVersion}
	}
	return Target{p.Dir, p.Package, p.Bin, p.Version}
}

// Bump returns the version change of a state, nil for none.
func (p *Project) Bump(s schedule.State) (*Bump, error) {
	switch s.Bump {
	case "":
		return nil, nil
	case schedule.Leaf:
		return p.Leaf, nil
	case schedule.Mid:
		return p.Mid, nil
	}
	if s.Sample >= len(p.Random) {
		return nil, fmt.Errorf("%s has %d random bumps, number %d is asked for", p.Name, len(p.Random), s.Sample+1)
	}
	return p.Random[s.Sample], nil
}

// Set brings the project's files into a state. Files that are as they should be are not touched.
func (p *Project) Set(s schedule.State) error {
	lock := p.lock
	b, err := p.Bump(s)
	if err != nil {
		return err
	}
	if b != nil {
		lock = b.Lock
	}
	if err := write(p.path("Cargo.lock"), lock); err != nil {
		return err
	}
	if err := write(p.path(p.EditFile), edit(p.edited, s.Edit)); err != nil || p.MemberFile == "" {
		return err
	}
	return write(p.path(p.MemberFile), edit(p.member, s.Member))
}

// edit appends code to a source file, other code for each number.
func edit(text []byte, number int) []byte {
	if number == 0 {
		return text
	}
	return fmt.Appendf(bytes.Clone(text), "\n/// Edited by the benchmark.\npub const BENCH_EDIT_%d: usize = %d;\n", number, number)
}

// write writes a file unless it has the content already.
func write(file string, content []byte) error {
	if old, err := os.ReadFile(file); err == nil && bytes.Equal(old, content) {
		return nil
	}
	return os.WriteFile(file, content, 0o644)
}

// Count says how many of the crates that were compiled belong to the project as it is in a state, each once, and how
// many of these come from a registry. Crates are "name version".
func (p *Project) Count(s schedule.State, compiled []string) (all, thirdParty int) {
	lock := p.lock
	if s.Second {
		lock = p.secondLock
	} else if b, err := p.Bump(s); err == nil && b != nil {
		lock = b.Lock
	}
	locked := ParseLock(string(lock))
	seen := map[string]bool{}
	for _, id := range compiled {
		l, ok := locked[id]
		if !ok || seen[id] {
			continue
		}
		seen[id] = true
		all++
		if l.Source != "" {
			thirdParty++
		}
	}
	return all, thirdParty
}
