package plan

import (
	"fmt"
	"slices"

	"github.com/rustfile/rustfile/internal/options"
)

// maxCacheConfig is the size, in bytes, that the configuration of a remote
// cache may have by [Plan.CacheConfig] for one platform. BuildKit refuses to
// import one of over 1 MiB, and then everything is compiled again; two
// platforms in one cache have to fit, and the records of earlier builds.
const maxCacheConfig = 500_000

// What vertices take in the configuration of a cache. A record of it is
//
//	{"layers":[{"layer":123,"createdAt":"<30>"}],"digest":"sha256:<64>","inputs":[[{"link":1234}],...]},
//
// without layers when nothing is exported, and the layer that it leads to
//
//	{"blob":"sha256:<64>","parent":-1},
const (
	exportedBytes = 180 + 95
	recordBytes   = 100
	linkBytes     = 16
	// fixedLinks are those of a compile vertex beside its archives: toolchain,
	// script (by definition and by content), probe and inputs.
	fixedLinks = 5
	// otherBytes is for the vertices that every build has.
	otherBytes = 10_000
)

// CacheConfig estimates the size in bytes of a remote cache's configuration
// for the plan's vertices; it is not below what BuildKit writes.
func (p *Plan) CacheConfig() int {
	// An archive is a record and a link of the vertex of all manifests.
	size := otherBytes + len(p.Sources.Crates)*(recordBytes+linkBytes)
	for _, v := range p.Units.Vertices {
		// One more link is the source vertex's.
		size += exportedBytes + (fixedLinks+len(v.Nodes)+1)*linkBytes
		if len(v.Inputs) > 1 {
			size += recordBytes + len(v.Inputs)*linkBytes // their merge
		}
		if len(v.Nodes) > 1 || p.Units.Nodes[v.Nodes[0]].Member != "" {
			size += recordBytes // the archives in one directory, or a member's sources
		}
	}
	return size
}

// maxNodes is how many nodes a vertex can have; see [maxRest].
const maxNodes = 800

// level is how finely nodes are cut into vertices.
type level struct {
	mode Mode
	// archive is the size up to which a package is light.
	archive int64
	// sizeOnly is true when what was measured does not count.
	sizeOnly bool
}

// levels are tried in this order until the plan is small enough. The size of a
// project decides, so two projects of very different size may not share the
// vertices that they could.
var levels = []level{
	{mode: Unit},
	{mode: Group, archive: maxLightArchive},
	{mode: Group, archive: 2 * maxLightArchive},
	{mode: Group, archive: 4 * maxLightArchive},
	{mode: Group, archive: 8 * maxLightArchive},
	{mode: Group, archive: 8 * maxLightArchive, sizeOnly: true},
}

// granularity chooses how finely the nodes are cut into vertices. It fails when
// no way gives few enough.
func (p *Plan) granularity(o *options.Options, sizes map[string]int64) error {
	for _, l := range levels {
		if l.mode == Unit && o.Granularity != options.GranularityUnit {
			continue
		}
		light := p.light(sizes, l)
		if l.mode == Unit {
			light = func(Node) bool { return false }
		}
		p.Mode, p.Units.Vertices = l.mode, cut(p.Units.Nodes, light)
		if p.CacheConfig() <= maxCacheConfig && !slices.ContainsFunc(p.Units.Vertices, func(v Vertex) bool { return len(v.Nodes) > maxNodes }) {
			return nil
		}
	}
	return fmt.Errorf("the project has %d units, too many for a remote cache even in %d groups", len(p.Units.Nodes), len(p.Units.Vertices))
}
