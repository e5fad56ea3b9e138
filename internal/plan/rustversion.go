package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
)

// RustNeed is a package that says which Rust it needs, in its rust-version or
// by its edition.
type RustNeed struct {
	Package string `json:"package"`
	// Version is the oldest release, as "1.97".
	Version  string   `json:"version"`
	Location Location `json:"location"`

	span    cargo.Span
	edition string
}

// Fault is the error of a build that cannot have the release, and why.
func (n *RustNeed) Fault(why, fix string) *cargo.Error {
	message := fmt.Sprintf("package `%s` needs Rust %s %s", n.Package, n.Version, why)
	if n.edition != "" {
		message = fmt.Sprintf("edition %s of %s", n.edition, message)
	}
	span := n.span
	if span.File == "" {
		at := cargo.Position{Line: n.Location.Line, Column: 1}
		span = cargo.Span{File: n.Location.File, Start: at, End: at}
	}
	return &cargo.Error{Span: span, Message: message, Fix: fix}
}

// newestNeed is the package that needs the newest Rust, nil when none says. The
// rust-version counts of packages that are compiled, as with cargo; the edition
// of all, because cargo reads the manifests of all.
func newestNeed(compiled, all []*cargo.Package) *RustNeed {
	var newest *RustNeed
	add := func(p *cargo.Package, version, key, edition string) {
		if version == "" || newest != nil && slices.Compare(releaseNumbers(version), releaseNumbers(newest.Version)) <= 0 {
			return
		}
		span := p.Span(key)
		newest = &RustNeed{
			Package: p.Name, Version: version, span: span, edition: edition, Location: Location{File: span.File, Line: span.Start.Line},
		}
	}
	for _, p := range compiled {
		add(p, p.RustVersion, "package.rust-version", "")
	}
	for _, p := range all {
		add(p, editionRust[p.Edition], "package.edition", p.Edition)
	}
	return newest
}

// editionRust is the release that stabilised each edition.
// https://doc.rust-lang.org/edition-guide/editions/
var editionRust = map[string]string{"2018": "1.31", "2021": "1.56", "2024": "1.85"}

// newer reports whether a release is newer than one that is there. Where that
// has no patch number it is the newest of its patches, as the tag of an image.
func newer(version, have string) bool {
	a, b := releaseNumbers(version), releaseNumbers(have)
	return slices.Compare(a[:min(len(a), len(b))], b) > 0
}

// releaseNumbers splits "1.95.1", which may have fewer parts, and at least two.
func releaseNumbers(version string) []int {
	var out []int
	for part := range strings.SplitSeq(version, ".") {
		n, _ := strconv.Atoi(part) // rust-version and channels are checked where they are read
		out = append(out, n)
	}
	for len(out) < 2 {
		out = append(out, 0)
	}
	return out
}

// minorRelease is the tag of the newest patch of a release: that has all that
// the release has, and every project which needs one of them shares it.
func minorRelease(version string) string {
	n := releaseNumbers(version)
	return fmt.Sprintf("%d.%d", n[0], n[1])
}

// fittingRust is the release that builds packages which name no toolchain, and
// the package because of which it is not the pinned one.
func fittingRust(need *RustNeed) (string, *RustNeed) {
	if need == nil || !newer(need.Version, StableRust) {
		return StableRust, nil
	}
	return minorRelease(need.Version), need
}

// compiledFirst are the local packages of a closure; of a workspace whose
// closure is not known, all.
func compiledFirst(ws *cargo.Workspace, c *closure) []*cargo.Package {
	if c == nil {
		return localPackages(ws)
	}
	return c.local
}

// checkRust refuses a chosen release that is too old for a package, before
// anything is downloaded.
func checkRust(need *RustNeed, version string) error {
	if need == nil || !newer(need.Version, version) {
		return nil
	}
	return need.Fault("and the build uses Rust "+version,
		"ask for a newer toolchain in rust-toolchain.toml or with --build-arg toolchain="+minorRelease(need.Version))
}
