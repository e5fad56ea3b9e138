package imagelock

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/distribution/reference"
	digest "github.com/opencontainers/go-digest"
	"github.com/rustfile/rustfile/internal/cargo"
)

var (
	slim = digest.FromString("slim")
	rust = digest.FromString("rust")
)

func TestRoundTrip(t *testing.T) {
	lock := &Lock{Images: map[string]digest.Digest{"docker.io/library/debian:bookworm-slim": slim, "ghcr.io/me/rust:1": rust}}
	data := lock.Format()
	got, err := Parse("Rustfile.lock", data)
	if err != nil || !maps.Equal(got.Images, lock.Images) {
		t.Fatalf("got %+v, %v from\n%s", got, err, data)
	}
	if again := got.Format(); string(again) != string(data) {
		t.Errorf("written again it is\n%s", again)
	}
	if empty, err := Parse("x", (&Lock{}).Format()); err != nil || len(empty.Images) != 0 {
		t.Errorf("an empty file gives %+v, %v", empty, err)
	}
}

func TestPin(t *testing.T) {
	lock := &Lock{Images: map[string]digest.Digest{"docker.io/library/debian:bookworm-slim": slim, "docker.io/library/rust:latest": rust}}
	for ref, want := range map[string]string{
		"debian:bookworm-slim":                   "docker.io/library/debian:bookworm-slim@" + slim.String(),
		"docker.io/library/debian:bookworm-slim": "docker.io/library/debian:bookworm-slim@" + slim.String(),
		"rust":                                   "docker.io/library/rust:latest@" + rust.String(),
		"debian:trixie-slim":                     "",
		"ghcr.io/debian:bookworm-slim":           "",
		"debian@" + rust.String():                "docker.io/library/debian@" + rust.String(),
		"debian:bookworm-slim@" + rust.String():  "docker.io/library/debian:bookworm-slim@" + rust.String(),
	} {
		named, err := reference.ParseNormalizedNamed(ref)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := lock.Pin(named)
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("%s becomes %s, %v", ref, got, ok)
		}
		if _, ok := (*Lock)(nil).Pin(named); ok != strings.Contains(ref, "@") {
			t.Errorf("without a lock file %s is pinned: %v", ref, ok)
		}
	}
}

func TestName(t *testing.T) {
	for file, want := range map[string]string{
		"Rustfile": "Rustfile.lock", "Cargo.toml": "Rustfile.lock", "deploy/api.Rustfile": "deploy/api.Rustfile.lock", "a/Cargo.toml": "a/Rustfile.lock",
	} {
		if got := Name(file); got != want {
			t.Errorf("the lock file of %s is %s", file, got)
		}
	}
}

func TestFaults(t *testing.T) {
	head := "version = 1\n[images]\n"
	for _, tc := range []struct {
		name, file string
		line       int
	}{
		{"no TOML", "version = 1\n[images\n", 2},
		{"an unknown key", "version = 1\nimage = 2\n", 2},
		{"another version", "# x\nversion = 2\n", 2},
		{"no version", "[images]\n", 1},
		{"a short digest", head + "\"docker.io/library/debian:12\" = \"sha256:abc\"\n", 3},
		{"no digest", head + "\n'docker.io/library/debian:12' = \"latest\"\n", 4},
		{"a short reference", head + "\"debian:12\" = \"" + slim.String() + "\"\n", 3},
		{"no tag", head + "\"docker.io/library/debian\" = \"" + slim.String() + "\"\n", 3},
		{"no reference", head + "\"docker.io/library/Debian:12\" = \"" + slim.String() + "\"\n", 3},
		{"a table", head + "[images.x]\n", 0},
	} {
		_, err := Parse("Rustfile.lock", []byte(tc.file))
		var fault *cargo.Error
		if !errors.As(err, &fault) {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if tc.line > 0 && fault.Span.Start.Line != tc.line || fault.Span.File != "Rustfile.lock" || !strings.Contains(fault.Fix, "rustfile update") {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	if _, err := Parse("Rustfile.lock", make([]byte, MaxSize+1)); err == nil {
		t.Error("a huge file is accepted")
	}
}
