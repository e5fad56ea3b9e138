package frontend

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/report"
	"github.com/rustfile/rustfile/llbgen"
)

// keepReport notes, for the result's metadata, which units the build compiled.
// A report that cannot be made is no reason to fail.
func (b *build) keepReport(ctx context.Context, s *solved, in llbgen.Inputs, platform ocispecs.Platform) {
	r, err := b.report(ctx, s, in, platform)
	var data []byte
	if err == nil {
		data, err = json.Marshal(r)
	}
	if err != nil {
		b.warn(ctx, "there is no report of what was compiled: "+err.Error())
		return
	}
	b.keep(report.MetadataKey, s.plan.Platform, data)
}

// showWarnings shows what the source vertex wants the user to know. It is in the
// vertex's output because its log is gone when the vertex is cached.
func (b *build) showWarnings(ctx context.Context, s *solved) {
	data, err := s.output(ctx).ReadFile("warnings")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		b.warn(ctx, "cannot read the warnings of the source vertex: "+err.Error())
	}
	for line := range strings.Lines(string(data)) {
		b.warn(ctx, strings.TrimSpace(line))
	}
}

// report says of each unit what went into it and when it was compiled.
func (b *build) report(ctx context.Context, s *solved, in llbgen.Inputs, platform ocispecs.Platform) (*report.Report, error) {
	p := s.plan
	r := &report.Report{
		Version: report.FormatVersion, Platform: p.Platform, Triple: p.Triple, Profile: p.Profile(),
		Granularity: string(p.Mode), Reason: s.reason, Toolchain: in.Toolchain.Ref, Started: b.started.UnixMilli(), Units: []report.Unit{},
	}
	if p.Units == nil {
		var err error
		r.Image, err = b.imageReport(ctx, s, in, true, platform)
		return r, err
	}
	data, err := s.output(ctx).ReadFile("record")
	if err != nil {
		return nil, err
	}
	rec, err := parseRecord(string(data))
	if err != nil {
		return nil, err
	}
	u := &unitReport{plan: p, in: in, record: rec, started: r.Started, ids: unitIDs(p)}
	r.Units = u.units()
	r.Image, err = b.imageReport(ctx, s, in, u.compiled(llbgen.SourceVertex), platform)
	return r, err
}

// record is what the source vertex noted: when each vertex ran, in milliseconds
// since 1970, and the digests of the members' sources.
type record struct {
	times  map[string][2]int64
	digest map[string]string
}

// parseRecord reads lines of "time START END VERTEX" and "source DIGEST DIR".
func parseRecord(text string) (record, error) {
	rec := record{times: map[string][2]int64{}, digest: map[string]string{}}
	for line := range strings.Lines(text) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 4)
		switch {
		case len(f) == 4 && f[0] == "time":
			start, err1 := strconv.ParseInt(f[1], 10, 64)
			end, err2 := strconv.ParseInt(f[2], 10, 64)
			if err1 != nil || err2 != nil {
				return rec, fmt.Errorf("the source vertex noted a time as %q", line)
			}
			rec.times[f[3]] = [2]int64{start, end}
		case len(f) >= 3 && f[0] == "source":
			rec.digest[strings.Join(f[2:], " ")] = f[1]
		default:
			return rec, fmt.Errorf("the source vertex noted %q", line)
		}
	}
	return rec, nil
}

type unitReport struct {
	plan    *plan.Plan
	in      llbgen.Inputs
	record  record
	started int64
	ids     []string
	keys    []string
}

// unitIDs names the nodes of a plan; nodes that differ in their features alone
// are numbered.
func unitIDs(p *plan.Plan) []string {
	ids, used := make([]string, len(p.Units.Nodes)), map[string]int{}
	for i, n := range p.Units.Nodes {
		id := n.Name + " " + n.Version + " target"
		if n.Host {
			id = n.Name + " " + n.Version + " host"
		}
		used[id]++
		if used[id] > 1 {
			id += fmt.Sprintf("#%d", used[id])
		}
		ids[i] = id
	}
	return ids
}

func (u *unitReport) units() []report.Unit {
	vertexOf := make([]string, len(u.plan.Units.Nodes))
	for _, v := range u.plan.Units.Vertices {
		for _, n := range v.Nodes {
			if vertexOf[n] == "" {
				vertexOf[n] = v.Name
			}
		}
	}
	var out []report.Unit
	for i, n := range u.plan.Units.Nodes {
		unit := report.Unit{
			ID: u.ids[i], Name: n.Name, Version: n.Version, Kind: report.KindDependency, Host: n.Host, Features: n.Features,
			Vertex: vertexOf[i], Inputs: u.inputs(n),
		}
		if n.Member != "" {
			unit.Kind = report.KindMember
		}
		for _, d := range n.Dependencies {
			unit.Dependencies = append(unit.Dependencies, u.ids[d])
		}
		u.finish(&unit, n.Dependencies)
		u.keys = append(u.keys, unit.Key)
		out = append(out, unit)
	}
	out = append(out, u.binaries()...)
	slices.SortFunc(out, func(a, b report.Unit) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// binaries are the programs; they need everything.
func (u *unitReport) binaries() []report.Unit {
	var out []report.Unit
	all := make([]int, len(u.ids))
	for i := range all {
		all[i] = i
	}
	var sources []string
	for dir, digest := range u.record.digest {
		sources = append(sources, dir+" "+digest)
	}
	slices.Sort(sources)
	for _, bin := range u.plan.Binaries {
		unit := report.Unit{
			ID: bin.Name + " binary", Name: bin.Name, Kind: report.KindBinary, Vertex: llbgen.SourceVertex,
			Dependencies: slices.Sorted(slices.Values(u.ids)),
			Inputs: map[string]string{
				report.InputSource: short(sources...), report.InputProfile: u.profile(), report.InputConfig: short(u.plan.Units.Config),
				report.InputToolchain: u.in.Toolchain.Ref, report.InputTarget: u.plan.Triple,
			},
		}
		u.finish(&unit, all)
		out = append(out, unit)
	}
	return out
}

// finish adds what follows from a unit's inputs and from the record.
func (u *unitReport) finish(unit *report.Unit, dependencies []int) {
	parts := []string{unit.Name, unit.Version}
	for _, key := range []string{
		report.InputSource, report.InputFeatures, report.InputProfile, report.InputConfig, report.InputToolchain, report.InputTarget,
	} {
		parts = append(parts, key, unit.Inputs[key])
	}
	for _, d := range dependencies {
		parts = append(parts, u.keys[d])
	}
	unit.Key = short(parts...)
	slices.Sort(unit.Dependencies)
	unit.Status = report.StatusReused
	if t, ok := u.record.times[unit.Vertex]; ok {
		unit.Start, unit.Duration = t[0], max(t[1]-t[0], 0)
		if u.compiled(unit.Vertex) {
			unit.Status = report.StatusCompiled
		}
	}
}

// compiled reports whether a vertex ran in this build.
func (u *unitReport) compiled(vertex string) bool {
	t, ok := u.record.times[vertex]
	return ok && t[1] >= u.started
}

func (u *unitReport) inputs(n plan.Node) map[string]string {
	target := u.plan.Triple
	if n.Host {
		target = "host"
	}
	in := map[string]string{
		report.InputFeatures: strings.Join(n.Features, ","), report.InputProfile: u.profile(), report.InputConfig: short(u.plan.Units.Config),
		report.InputToolchain: u.in.Toolchain.Ref, report.InputTarget: target,
	}
	switch {
	case n.Crate >= 0:
		in[report.InputSource] = "sha256:" + u.plan.Sources.Crates[n.Crate].SHA256
	case n.Git != "":
		in[report.InputSource] = n.Locked
	default:
		in[report.InputSource] = u.record.digest[n.Member]
	}
	return in
}

func (u *unitReport) profile() string {
	data, err := json.Marshal(u.plan.Units.Profiles)
	if err != nil {
		return u.plan.Profile()
	}
	return u.plan.Profile() + " " + short(string(data))
}

// short is a digest of strings.
func short(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}
