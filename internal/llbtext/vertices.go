package llbtext

import (
	"fmt"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// nameKey is the description under which llb.WithCustomName keeps a name.
const nameKey = "llb.customname"

// Vertex is a vertex of a definition.
type Vertex struct {
	// Number is the vertex's number in [Format], from 1.
	Number int
	// Name is the custom name, "" when it has none.
	Name string
	// Digest is the digest of the marshalled operation. It covers the inputs'
	// digests, and with them everything beneath.
	Digest digest.Digest
	Op     *pb.Op
	// Metadata does not take part in the digest.
	Metadata llb.OpMetadata
}

// graph is a decoded definition.
type graph struct {
	vertices []Vertex
	number   map[digest.Digest]int
	result   *pb.Input // nil for scratch
}

// Vertices decodes a definition into its vertices, each after its inputs. All
// operations are there, also those that the result does not need.
func Vertices(def *llb.Definition) ([]Vertex, error) {
	g, err := decode(def)
	if err != nil {
		return nil, err
	}
	return g.vertices, nil
}

// Digest maps custom names to the digests of their vertices. Of vertices with
// the same name the second is called "name #2" and so on, in the order of
// [Format]; vertices without a name are left out.
func Digest(def *llb.Definition) (map[string]digest.Digest, error) {
	g, err := decode(def)
	if err != nil {
		return nil, err
	}
	digests := map[string]digest.Digest{}
	seen := map[string]int{}
	for _, v := range g.vertices {
		if v.Name == "" {
			continue
		}
		seen[v.Name]++
		name := v.Name
		if n := seen[v.Name]; n > 1 {
			name = fmt.Sprintf("%s #%d", v.Name, n)
		}
		digests[name] = v.Digest
	}
	return digests, nil
}

// decode unmarshals a definition and orders its vertices.
func decode(def *llb.Definition) (*graph, error) {
	g := &graph{number: map[digest.Digest]int{}}
	ops := map[digest.Digest]*pb.Op{}
	order := make([]digest.Digest, 0, len(def.Def))
	for i, data := range def.Def {
		var op pb.Op
		if err := op.UnmarshalVT(data); err != nil {
			return nil, fmt.Errorf("operation %d of the definition: %w", i, err)
		}
		if i == len(def.Def)-1 && op.Op == nil {
			// The last operation has no content and one input, the result.
			if len(op.Inputs) != 1 {
				return nil, fmt.Errorf("the definition's last operation has %d inputs, want 1", len(op.Inputs))
			}
			g.result = op.Inputs[0]
			break
		}
		key := digest.FromBytes(data)
		ops[key] = &op
		order = append(order, key)
	}
	if g.result == nil && len(def.Def) > 0 {
		return nil, fmt.Errorf("the definition has no result")
	}
	if g.result != nil {
		if err := g.visit(def, ops, digest.Digest(g.result.Digest)); err != nil {
			return nil, err
		}
	}
	for _, key := range order {
		if err := g.visit(def, ops, key); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// visit numbers a vertex after its inputs. A digest cannot contain itself, so
// the walk ends.
func (g *graph) visit(def *llb.Definition, ops map[digest.Digest]*pb.Op, key digest.Digest) error {
	if _, done := g.number[key]; done {
		return nil
	}
	op, ok := ops[key]
	if !ok {
		return fmt.Errorf("the definition lacks the input %s", key)
	}
	for _, input := range op.Inputs {
		if err := g.visit(def, ops, digest.Digest(input.Digest)); err != nil {
			return err
		}
	}
	metadata := def.Metadata[key]
	v := Vertex{Number: len(g.vertices) + 1, Name: metadata.Description[nameKey], Digest: key, Op: op, Metadata: metadata}
	g.vertices = append(g.vertices, v)
	g.number[key] = v.Number
	return nil
}

// ref is an input by number, with the output when it is not the first.
func (g *graph) ref(input *pb.Input) string {
	text := fmt.Sprintf("#%d", g.number[digest.Digest(input.Digest)])
	if input.Index != 0 {
		text += fmt.Sprintf(".%d", input.Index)
	}
	return text
}
