package project

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"

	"github.com/rustfile/rustfile/integration/bench/schedule"
)

//go:embed testdata/bumps/*.json
var storedBumps embed.FS

// Found are the version changes that were found for a project. Looking for them takes cargo a minute or two, so that
// those for the default seed are kept in testdata/bumps.
type Found struct {
	// Lock is the SHA-256 of the Cargo.lock that they were found for.
	Lock      string
	Seed      uint64
	Leaf, Mid *Bump
	Random    []*Bump
}

// find looks for all kinds of version changes.
func find(ctx context.Context, b *bumper, bumps int, seed uint64) (*Found, error) {
	f := &Found{Lock: sum(b.lock), Seed: seed}
	var err error
	if f.Leaf, err = b.first(ctx, "leaf", b.graph.leaves()); err != nil {
		return nil, err
	}
	if f.Mid, err = b.first(ctx, "mid", b.graph.middles()); err != nil {
		return nil, err
	}
	f.Random, err = b.random(ctx, bumps, seed)
	return f, err
}

// stored returns what is kept for a project, nil when that does not serve: for another seed, or more random bumps.
func (d Def) stored(lock []byte, o Options) (*Found, error) {
	text, err := storedBumps.ReadFile(d.storedFile())
	if err != nil {
		return nil, nil
	}
	f := &Found{}
	if err := json.Unmarshal(text, f); err != nil {
		return nil, fmt.Errorf("%s: %w", d.storedFile(), err)
	}
	if f.Lock != sum(lock) || o.wants(schedule.Random) && (f.Seed != o.Seed || len(f.Random) < o.Bumps) {
		return nil, nil
	}
	f.Random = f.Random[:min(len(f.Random), o.Bumps)]
	for _, b := range append([]*Bump{f.Leaf, f.Mid}, f.Random...) {
		if b.Lock, err = b.apply(lock); err != nil {
			return nil, fmt.Errorf("%s: %w", d.storedFile(), err)
		}
	}
	return f, nil
}

func (d Def) storedFile() string { return "testdata/bumps/" + d.Name + ".json" }

// storedNames are the projects that changes are kept for.
func storedNames() ([]string, error) {
	files, err := fs.Glob(storedBumps, "testdata/bumps/*.json")
	for i, f := range files {
		files[i] = strings.TrimSuffix(strings.TrimPrefix(f, "testdata/bumps/"), ".json")
	}
	return files, err
}

// apply makes the version change in a lock file, as cargo does.
func (b *Bump) apply(lock []byte) ([]byte, error) {
	text := string(lock)
	old, ok := ParseLock(text)[b.Name+" "+b.From]
	if !ok {
		return nil, fmt.Errorf("Cargo.lock has no %s %s", b.Name, b.From)
	}
	changed := strings.NewReplacer(
		fmt.Sprintf("name = %q\nversion = %q\n", b.Name, b.From), fmt.Sprintf("name = %q\nversion = %q\n", b.Name, b.To),
		fmt.Sprintf("checksum = %q", old.Checksum), fmt.Sprintf("checksum = %q", b.Checksum),
		fmt.Sprintf("\"%s %s\"", b.Name, b.From), fmt.Sprintf("\"%s %s\"", b.Name, b.To),
		fmt.Sprintf("\"%s %s (", b.Name, b.From), fmt.Sprintf("\"%s %s (", b.Name, b.To),
	).Replace(text)
	if err := onlyChange(text, changed, b.Name, b.From, b.To); err != nil {
		return nil, err
	}
	return []byte(changed), nil
}

func sum(lock []byte) string {
	s := sha256.Sum256(lock)
	return hex.EncodeToString(s[:])
}
