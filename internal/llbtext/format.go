package llbtext

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// Format prints a definition, one block of lines per vertex, inputs first. The
// same definition gives the same text, and so do two that differ only in what
// the client makes up for a run.
func Format(def *llb.Definition) (string, error) {
	g, err := decode(def)
	if err != nil {
		return "", err
	}
	p := &printer{graph: g}
	for _, v := range g.vertices {
		if err := p.vertex(def, v); err != nil {
			return "", fmt.Errorf("vertex %d %q: %w", v.Number, v.Name, err)
		}
	}
	result := "scratch"
	if g.result != nil {
		result = g.ref(g.result)
	}
	p.line(0, "result", result)
	return p.String(), nil
}

// printer collects the text.
type printer struct {
	strings.Builder
	graph *graph
	op    *pb.Op // the vertex being printed
}

// line prints "key: value" at a level of indentation.
func (p *printer) line(level int, key, value string) {
	fmt.Fprintf(p, "%s%s: %s\n", strings.Repeat("  ", level), key, value)
}

// text prints a line whose value is the user's, quoted where it would not show.
func (p *printer) text(level int, key, value string) { p.line(level, key, visible(value)) }

// set prints a line unless its value is empty.
func (p *printer) set(level int, key, value string) {
	if value != "" {
		p.text(level, key, value)
	}
}

// list prints values one a line, nothing when there are none.
func (p *printer) list(level int, key string, values []string) {
	if len(values) == 0 {
		return
	}
	fmt.Fprintf(p, "%s%s:\n", strings.Repeat("  ", level), key)
	for _, value := range values {
		fmt.Fprintf(p, "%s%s\n", strings.Repeat("  ", level+1), visible(value))
	}
}

// flag prints a word when it is true.
func (p *printer) flag(level int, word string, on bool) {
	if on {
		fmt.Fprintf(p, "%s%s\n", strings.Repeat("  ", level), word)
	}
}

// visible is a value as it is, or quoted when it would not be seen or could be
// taken for something else.
func visible(value string) string {
	hidden := func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }
	if value == "" || strings.TrimSpace(value) != value || strings.HasPrefix(value, `"`) || strings.ContainsFunc(value, hidden) {
		return strconv.Quote(value)
	}
	return value
}

// vertex prints one vertex.
func (p *printer) vertex(def *llb.Definition, v Vertex) error {
	p.op = v.Op
	head := fmt.Sprintf("#%d ", v.Number)
	switch op := v.Op.Op.(type) {
	case *pb.Op_Source:
		p.line(0, head+"source", visible(op.Source.Identifier))
		p.common(def, v)
		p.source(op.Source)
	case *pb.Op_Exec:
		p.WriteString(head + "exec\n")
		p.common(def, v)
		p.exec(op.Exec)
	case *pb.Op_File:
		p.WriteString(head + "file\n")
		p.common(def, v)
		return p.file(op.File)
	case *pb.Op_Merge:
		p.WriteString(head + "merge\n")
		p.common(def, v)
		for _, input := range op.Merge.Inputs {
			p.line(1, "input", p.input(input.Input))
		}
	case *pb.Op_Diff:
		p.WriteString(head + "diff\n")
		p.common(def, v)
		p.line(1, "lower", p.input(op.Diff.Lower.Input))
		p.line(1, "upper", p.input(op.Diff.Upper.Input))
	default:
		return fmt.Errorf("operation %T is not known to llbtext", v.Op.Op)
	}
	return nil
}

// common prints what every kind of vertex has.
func (p *printer) common(def *llb.Definition, v Vertex) {
	p.set(1, "name", v.Name)
	for _, key := range slices.Sorted(maps.Keys(v.Metadata.Description)) {
		if key != nameKey {
			p.text(1, "description "+key, v.Metadata.Description[key])
		}
	}
	if platform := v.Op.Platform; platform != nil {
		p.line(1, "platform", platformText(platform))
	}
	p.list(1, "constraints", v.Op.Constraints.GetFilter())
	p.flag(1, "ignore cache", v.Metadata.IgnoreCache)
	if export := v.Metadata.ExportCache; export != nil {
		p.line(1, "export cache", strconv.FormatBool(export.Value))
	}
	if group := v.Metadata.ProgressGroup; group != nil {
		weak := ""
		if group.Weak {
			weak = " (weak)"
		}
		p.line(1, "progress group", visible(group.Name)+weak)
	}
	for _, location := range def.Source.GetLocations()[string(v.Digest)].GetLocations() {
		p.location(def.Source.Infos, location)
	}
}

// location prints the lines of a file that a vertex stands for.
func (p *printer) location(infos []*pb.SourceInfo, location *pb.Location) {
	name := fmt.Sprintf("source %d, which is missing", location.SourceIndex)
	if i := int(location.SourceIndex); i >= 0 && i < len(infos) {
		name = visible(infos[i].Filename)
	}
	for _, r := range location.Ranges {
		p.line(1, "from", fmt.Sprintf("%s:%d:%d-%d:%d", name, r.Start.GetLine(), r.Start.GetCharacter(), r.End.GetLine(), r.End.GetCharacter()))
	}
}

// input is the operation's input at an index; a negative one is scratch.
func (p *printer) input(index int64) string {
	switch {
	case index < 0:
		return "scratch"
	case index < int64(len(p.op.Inputs)):
		return p.graph.ref(p.op.Inputs[index])
	default:
		return fmt.Sprintf("input %d, which is missing", index)
	}
}

// platformText is a platform in the usual form.
func platformText(platform *pb.Platform) string {
	text := platform.OS + "/" + platform.Architecture
	if platform.Variant != "" {
		text += "/" + platform.Variant
	}
	if platform.OSVersion != "" || len(platform.OSFeatures) > 0 {
		text += fmt.Sprintf(" version %q features %q", platform.OSVersion, platform.OSFeatures)
	}
	return text
}

// madeUp are the attributes that differ from run to run.
var madeUp = map[string]string{
	pb.AttrLocalUniqueID:      "<unique>",
	pb.AttrLocalSessionID:     "<session>",
	pb.AttrOCILayoutSessionID: "<session>",
}

// source prints a source's attributes.
func (p *printer) source(op *pb.SourceOp) {
	for _, key := range slices.Sorted(maps.Keys(op.Attrs)) {
		value := op.Attrs[key]
		if word, ok := madeUp[key]; ok {
			value = word
		}
		p.text(1, "attr "+key, value)
	}
}

// sum is the length and digest of bytes too long or too odd to print.
func sum(data []byte) string {
	return fmt.Sprintf("%d bytes, %s", len(data), digest.FromBytes(data))
}
