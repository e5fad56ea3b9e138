package plan

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// measured lists package names that were seen to compile within 1.3 seconds,
// and those that were not. How it was made: docs/granularity.md.
//
//go:embed data/weights.txt
var measured string

// weights maps a measured name to whether it is light.
var weights = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(measured) {
		if class, name, ok := strings.Cut(strings.TrimSpace(line), " "); ok && !strings.HasPrefix(line, "#") {
			out[name] = class == "light"
		}
	}
	return out
})

// maxLightArchive is the size of the archive, in bytes, up to which a package
// that was not measured is taken for light. Of the measured ones it tells 80 %
// of the light and 91 % of the others right.
const maxLightArchive = 50_000

// nativeTools are the build dependencies of packages that compile other
// languages, which their size does not show.
var nativeTools = []string{"cc", "cmake", "bindgen", "autotools"}

// light returns the function that tells light nodes of a level. sizes holds the
// sizes of archives by crate directory; a crate without one is not light. It
// looks at a node's own package alone, so that a change of class touches no
// vertex but those that the change of version does.
func (p *Plan) light(sizes map[string]int64, l level) func(Node) bool {
	nodes := p.Units.Nodes
	return func(n Node) bool {
		if light, ok := weights()[n.Name]; ok && !l.sizeOnly {
			return light
		}
		if n.Crate < 0 || !l.sizeOnly && slices.ContainsFunc(n.Dependencies, func(d int) bool {
			return nodes[d].Host && slices.Contains(nativeTools, nodes[d].Name)
		}) {
			return false
		}
		size, ok := sizes[p.CrateDir(p.Sources.Crates[n.Crate])]
		return ok && size <= l.archive
	}
}
