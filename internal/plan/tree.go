package plan

import (
	"fmt"
	"strings"
)

// Tree renders the plan for people: what comes out, and from what.
func (p *Plan) Tree() string {
	var b strings.Builder
	closure := 0
	for _, c := range p.Sources.Crates {
		if c.InClosure {
			closure++
		}
	}
	fmt.Fprintf(&b, "image for %s (%s)\n", p.Platform, p.Triple)
	if p.Cross != nil {
		fmt.Fprintf(&b, "├─ compiled on %s (%s)\n", p.Cross.Platform, p.Cross.Triple)
	}
	if p.Zig != nil {
		fmt.Fprintf(&b, "├─ linked by zig %s for glibc %s\n", ZigVersion, p.Zig.Glibc)
	}
	fmt.Fprintf(&b, "├─ base %s, user %s, entrypoint %s\n", p.Image.Base, p.Image.User, strings.Join(p.Image.Entrypoint, " "))
	for _, bin := range p.Binaries {
		fmt.Fprintf(&b, "├─ binary %s of package %s\n", bin.Name, bin.Package)
	}
	fmt.Fprintf(&b, "├─ build: cargo %s\n", strings.Join(p.Members.Args, " "))
	for _, c := range p.Members.Copies {
		if !c.File {
			fmt.Fprintf(&b, "│  ├─ sources of %s\n", c.Path)
		}
	}
	if p.Dependencies.Empty {
		b.WriteString("├─ deps: none\n")
	} else {
		fmt.Fprintf(&b, "├─ deps: cargo %s\n", strings.Join(p.Dependencies.Args, " "))
	}
	fmt.Fprintf(&b, "├─ sources: %d crates, %d of them in the closure; %d git repositories\n",
		len(p.Sources.Crates), closure, len(p.Sources.Git))
	fmt.Fprintf(&b, "└─ toolchain %s\n", p.Toolchain.Image)
	for _, r := range p.Requests {
		fmt.Fprintf(&b, "   ├─ package %s for %s\n", r.Package, r.By)
	}
	return b.String()
}
