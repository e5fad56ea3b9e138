package project

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// midShare is the share of packages that need the one of the mid bump, as near as there is one.
const midShare = 0.3

// Bump is another version of one package, and the lock file that has it.
type Bump struct {
	Name, From, To string
	// Checksum is that of the new version.
	Checksum string
	// Dependents are the packages that need it, near or far, the user's own included.
	Dependents int
	Lock       []byte `json:"-"`
}

// String describes the bump.
func (b *Bump) String() string {
	return fmt.Sprintf("%s %s to %s (dependents, near or far: %d)", b.Name, b.From, b.To, b.Dependents)
}

// versions are what is tried in place of a version: its neighbours. Which of them exist does not change over time, but
// for a version that was the newest.
func versions(from string) []string {
	if strings.ContainsAny(from, "+-") {
		return nil
	}
	parts := strings.Split(from, ".")
	if len(parts) != 3 {
		return nil
	}
	patch, err := strconv.Atoi(parts[2])
	if err != nil {
		return nil
	}
	var list []string
	for _, step := range []int{-1, +1, -2, +2} {
		if patch+step >= 0 {
			list = append(list, parts[0]+"."+parts[1]+"."+strconv.Itoa(patch+step))
		}
	}
	return list
}

// bumper tries version changes in a project's directory.
type bumper struct {
	cargo Cargo
	dir   string
	lock  []byte
	graph *graph
	taken map[string]bool // ids that have been tried
}

// try returns a version change of a package that changes nothing else, nil when there is none.
func (b *bumper) try(ctx context.Context, id string) (*Bump, error) {
	p := b.graph.packages[id]
	if b.taken[p.ID] {
		return nil, nil
	}
	b.taken[p.ID] = true
	file := filepath.Join(b.dir, "Cargo.lock")
	defer os.WriteFile(file, b.lock, 0o644)
	for _, to := range versions(p.Version) {
		if err := os.WriteFile(file, b.lock, 0o644); err != nil {
			return nil, err
		}
		if _, err := b.cargo(ctx, b.dir, "update", "--quiet", "--package", p.Name+"@"+p.Version, "--precise", to); err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			continue // there is no such version, or some requirement excludes it
		}
		lock, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if onlyChange(string(b.lock), string(lock), p.Name, p.Version, to) == nil {
			sum := ParseLock(string(lock))[p.Name+" "+to].Checksum
			return &Bump{Name: p.Name, From: p.Version, To: to, Checksum: sum, Dependents: b.graph.dependents[id], Lock: lock}, nil
		}
	}
	return nil, nil
}

// first returns the first of the candidates that can be changed.
func (b *bumper) first(ctx context.Context, what string, candidates []string) (*Bump, error) {
	for _, id := range candidates {
		if bump, err := b.try(ctx, id); err != nil || bump != nil {
			return bump, err
		}
	}
	return nil, fmt.Errorf("no dependency has another version for the %s bump", what)
}

// leaves are the packages that no other package of crates.io needs, those that need most themselves first: the
// libraries that a project is built on, such as an HTTP client.
func (g *graph) leaves() []string {
	list := slices.DeleteFunc(g.thirdParty(), func(id string) bool { return g.libraries[id] > 0 })
	slices.SortStableFunc(list, func(a, b string) int { return cmp.Compare(len(g.needs(b)), len(g.needs(a))) })
	return list
}

// middles are all packages, those first whose share of dependents is nearest to midShare.
func (g *graph) middles() []string {
	list := g.thirdParty()
	distance := func(id string) float64 {
		return max(float64(g.dependents[id])/float64(len(g.closure))-midShare, midShare-float64(g.dependents[id])/float64(len(g.closure)))
	}
	slices.SortStableFunc(list, func(a, b string) int { return cmp.Compare(distance(a), distance(b)) })
	return list
}

// shuffled are all packages in an order that the seed decides.
func (g *graph) shuffled(seed uint64) []string {
	list := g.thirdParty()
	r := rand.New(rand.NewPCG(seed, uint64(len(list))))
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// random returns n version changes of different packages.
func (b *bumper) random(ctx context.Context, n int, seed uint64) ([]*Bump, error) {
	var found []*Bump
	for _, id := range b.graph.shuffled(seed) {
		if len(found) == n {
			break
		}
		bump, err := b.try(ctx, id)
		if err != nil {
			return nil, err
		}
		if bump != nil {
			found = append(found, bump)
		}
	}
	return found, nil
}
