package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/rustfile/rustfile/internal/imagelock"
)

// TestWriteLock: each answer replaces the file, and what changed is said.
func TestWriteLock(t *testing.T) {
	const slim, rust = "docker.io/library/debian:bookworm-slim", "docker.io/library/rust:1.95-bookworm"
	one, two := digest.FromString("one"), digest.FromString("two")
	file := filepath.Join(t.TempDir(), "Rustfile.lock")
	for _, tc := range []struct {
		name   string
		answer imagesAnswer
		says   []string
		has    int
	}{
		{"the first time", imagesAnswer{Images: map[string]digest.Digest{slim: one}}, []string{slim + " is pinned to " + one.String()}, 1},
		{"again", imagesAnswer{Images: map[string]digest.Digest{slim: one, rust: one}}, []string{slim + " is unchanged", rust + " is pinned"}, 2},
		{"moved and gone", imagesAnswer{Images: map[string]digest.Digest{slim: two}, Dropped: []string{rust}},
			[]string{slim + " is now " + two.String() + ", and was " + one.String(), rust + " is dropped"}, 1},
		{"no answer", imagesAnswer{Images: map[string]digest.Digest{slim: two}, Kept: []string{slim}}, []string{slim + " stays at " + two.String()}, 1},
	} {
		var stdout bytes.Buffer
		a := &app{stdout: &stdout}
		if err := a.writeLock(file, &tc.answer); err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		for _, text := range tc.says {
			if !strings.Contains(stdout.String(), text) {
				t.Errorf("%s: it says\n%s", tc.name, stdout.String())
			}
		}
		data, err := os.ReadFile(file)
		if n := bytes.Count(data, []byte("sha256:")); err != nil || n != tc.has {
			t.Errorf("%s: %v, the file is\n%s", tc.name, err, data)
		}
	}
	if err := os.WriteFile(file, []byte("not a lock file"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := (&app{stdout: &bytes.Buffer{}}).writeLock(file, &imagesAnswer{Images: map[string]digest.Digest{slim: one}}); err != nil {
		t.Errorf("a damaged file is not replaced: %v", err)
	}
}

// TestLLBUsesTheLock: a definition names the images of the lock file, and is not made without them when they were asked
// for.
func TestLLBUsesTheLock(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, crate())
	writeFiles(t, dir, map[string]string{"Rustfile": "# syntax=rustfile/rustfile:1\nlocked-images = true\n"})
	status, _, stderr := runApp(t, testApp(nil), "llb", dir)
	if status == 0 || !strings.Contains(stderr, "Rustfile:2") || !strings.Contains(stderr, "has no digest in Rustfile.lock") {
		t.Errorf("without a lock file: status %d, %s", status, stderr)
	}
	a := testApp(nil)
	p, err := loadProject(&planFlags{}, dir)
	if err != nil {
		t.Fatal(err)
	}
	lock := &imagelock.Lock{Images: map[string]digest.Digest{p.plan.Toolchain.Image: digest.FromString("rust"), p.plan.Image.Base: digest.FromString("debian")}}
	writeFiles(t, dir, map[string]string{"Rustfile.lock": string(lock.Format())})
	status, stdout, stderr := runApp(t, a, "llb", dir)
	for ref, dgst := range lock.Images {
		name, _, _ := strings.Cut(ref, ":")
		if !strings.Contains(stdout, name+"@"+dgst.String()) {
			t.Errorf("status %d, %s: the definition does not name %s@%s", status, stderr, name, dgst)
		}
	}
}

// TestUpdateNeedsAPlace: nothing is asked when there is nowhere to write.
func TestUpdateNeedsAPlace(t *testing.T) {
	a := &app{getenv: func(string) string { return "" }}
	for want, args := range map[string][]string{"no directory": {"", "https://example.com/x.git"}, "--file -": {"-", t.TempDir()}, "no Rustfile": {"", t.TempDir()}} {
		if err := a.update(context.Background(), &buildFlags{file: args[0]}, args[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", args, err)
		}
	}
}
