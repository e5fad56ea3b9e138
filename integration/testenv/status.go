package testenv

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/moby/buildkit/client"
	digest "github.com/opencontainers/go-digest"
)

// Status is what a build reported while it ran.
type Status struct {
	// Vertices are all vertices in the order of their first report.
	Vertices []*Vertex
	// Warnings are the one-line forms of the warnings.
	Warnings []string

	byDigest map[digest.Digest]*Vertex
}

// Vertex is one step of a build.
type Vertex struct {
	Digest  digest.Digest
	Name    string
	Started bool
	Cached  bool
	Error   string
	// Log is what its process printed.
	Log string
	// Took is the time between its start and its end, zero when it did not end.
	Took time.Duration
}

// Ran returns the names of the vertices that did work: started and not taken from a cache.
func (s *Status) Ran() []string {
	return s.names(func(v *Vertex) bool { return v.Started && !v.Cached })
}

// Cached returns the names of the vertices that a cache answered.
func (s *Status) Cached() []string { return s.names(func(v *Vertex) bool { return v.Cached }) }

// Failed returns the names of the vertices that ended with an error.
func (s *Status) Failed() []string { return s.names(func(v *Vertex) bool { return v.Error != "" }) }

func (s *Status) names(want func(*Vertex) bool) []string {
	var names []string
	for _, v := range s.Vertices {
		if want(v) {
			names = append(names, v.Name)
		}
	}
	return names
}

// Logs returns everything that the processes of the build printed, step by step.
func (s *Status) Logs() string {
	var b strings.Builder
	for _, v := range s.Vertices {
		b.WriteString(v.Log)
	}
	return b.String()
}

var (
	escapes   = regexp.MustCompile(`\x1b\[[0-9;]*[A-Za-z]`)
	compiling = regexp.MustCompile(`(?m)^\s*Compiling (\S+) v(\S+)`)
	dirty     = regexp.MustCompile(`(?m)^\s*Dirty (\S+) v([^\s:]+)`)
)

// Compiled returns the crates that cargo said it compiled, as "name version", sorted, with repetitions: a crate
// that appears twice was compiled in two vertices.
func (s *Status) Compiled() []string { return s.crates(compiling) }

// Dirty returns the crates that cargo found stale (it says so with -v), sorted.
func (s *Status) Dirty() []string { return s.crates(dirty) }

func (s *Status) crates(re *regexp.Regexp) []string {
	var crates []string
	for _, v := range s.Vertices {
		for _, m := range re.FindAllStringSubmatch(escapes.ReplaceAllString(v.Log, ""), -1) {
			crates = append(crates, m[1]+" "+m[2])
		}
	}
	slices.Sort(crates)
	return crates
}

func (s *Status) vertex(d digest.Digest) *Vertex {
	if s.byDigest == nil {
		s.byDigest = map[digest.Digest]*Vertex{}
	}
	v := s.byDigest[d]
	if v == nil {
		v = &Vertex{Digest: d}
		s.byDigest[d] = v
		s.Vertices = append(s.Vertices, v)
	}
	return v
}

// add takes in one message of the daemon.
func (s *Status) add(m *client.SolveStatus) {
	for _, in := range m.Vertexes {
		v := s.vertex(in.Digest)
		v.Name = in.Name
		v.Started = v.Started || in.Started != nil
		v.Cached = v.Cached || in.Cached
		if in.Error != "" {
			v.Error = in.Error
		}
		if in.Started != nil && in.Completed != nil {
			v.Took = in.Completed.Sub(*in.Started)
		}
	}
	for _, l := range m.Logs {
		v := s.vertex(l.Vertex)
		v.Log += string(l.Data)
	}
	for _, w := range m.Warnings {
		s.Warnings = append(s.Warnings, string(w.Short))
	}
}

// collect reads a status channel until it is closed and copies what processes print to progress.
func (s *Status) collect(ch <-chan *client.SolveStatus, progress io.Writer) {
	for m := range ch {
		s.add(m)
		if progress == nil {
			continue
		}
		for _, l := range m.Logs {
			progress.Write(bytes.TrimRight(l.Data, "\x00"))
		}
	}
}
