package llbgen_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	cacheimport "github.com/moby/buildkit/cache/remotecache/v1"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/llbtext"
)

// cacheConfig is the configuration that a registry cache of the whole graph
// would have, in BuildKit's own form and from BuildKit's own code; what the
// solver tells that code is imitated. Keys by content, which inputs get unless
// their mount says otherwise, are there beside those by definition.
func cacheConfig(t *testing.T, def *llb.Definition) []byte {
	t.Helper()
	vertices, err := llbtext.Vertices(def)
	if err != nil {
		t.Fatal(err)
	}
	chains := cacheimport.NewCacheChains()
	add := func(key string, deps [][]solver.CacheLink, results []solver.CacheExportResult) solver.CacheExporterRecord {
		r, _, err := chains.Add(digest.FromString(key), deps, results)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	// Outputs that nothing needs have no record.
	used := map[digest.Digest][]string{}
	for _, v := range vertices {
		for _, input := range v.Op.Inputs {
			ref := fmt.Sprintf("%s@%d", input.Digest, input.Index)
			if refs := used[digest.Digest(input.Digest)]; !slices.Contains(refs, ref) {
				used[digest.Digest(input.Digest)] = append(refs, ref)
			}
		}
	}
	records := map[string]solver.CacheExporterRecord{}
	for _, v := range vertices {
		var deps [][]solver.CacheLink
		for i, input := range v.Op.Inputs {
			ref := fmt.Sprintf("%s@%d", input.Digest, input.Index)
			links := []solver.CacheLink{{Src: records[ref]}}
			if v.Op.GetExec() != nil && byContent(v.Op.GetExec(), i) {
				links = append(links, solver.CacheLink{Src: add("content of "+ref, nil, nil)})
			}
			deps = append(deps, links)
		}
		export := v.Op.GetSource() == nil && (v.Metadata.ExportCache == nil || v.Metadata.ExportCache.Value)
		for _, ref := range used[v.Digest] {
			var results []solver.CacheExportResult
			if export {
				layer := ocispecs.Descriptor{MediaType: ocispecs.MediaTypeImageLayerZstd, Digest: digest.FromString(ref), Size: 1}
				// A time with all its digits, as BuildKit takes it.
				results = append(results, solver.CacheExportResult{
					CreatedAt: time.Unix(1, 123456789), Result: &solver.Remote{Descriptors: []ocispecs.Descriptor{layer}},
				})
			}
			records[ref] = add(ref, deps, results)
		}
	}
	config, _, err := chains.Marshal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// byContent reports whether an input of a process is also found by its content.
func byContent(op *pb.ExecOp, input int) bool {
	for _, m := range op.Mounts {
		if int(m.Input) == input && m.Dest != pb.RootMount && m.ContentCache != pb.MountContentCache_OFF {
			return true
		}
	}
	return false
}
