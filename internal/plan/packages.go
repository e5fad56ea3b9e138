package plan

import (
	"cmp"
	"slices"
	"strings"
)

// PackageRequest says why the builder image gets a package.
type PackageRequest struct {
	// Package is the package's name, as in [Toolchain].
	Package string `json:"package"`
	// By says who asked: "crate openssl-sys 0.9.111", "packages.build".
	By string `json:"by"`
	// Location is the line that asks; its File is "" when no file does.
	Location Location `json:"location"`
}

// AddPackages adds packages of the builder image's distribution to every
// compile vertex, and notes who asked for them.
func (p *Plan) AddPackages(by string, at Location, names ...string) {
	p.request(by, at, names...)
	p.Toolchain.Packages = union(p.Toolchain.Packages, names)
}

// request notes who asked for packages.
func (p *Plan) request(by string, at Location, names ...string) {
	p.Requests = noted(p.Requests, by, at, names...)
}

// noted is a list with more requests; it changes no other that shares memory
// with it.
func noted(list []PackageRequest, by string, at Location, names ...string) []PackageRequest {
	list = slices.Clone(list)
	for _, name := range names {
		if r := (PackageRequest{Package: name, By: by, Location: at}); !slices.Contains(list, r) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b PackageRequest) int {
		return cmp.Or(
			strings.Compare(a.Package, b.Package), strings.Compare(a.By, b.By),
			strings.Compare(a.Location.File, b.Location.File), cmp.Compare(a.Location.Line, b.Location.Line))
	})
	return list
}

// union joins two lists, sorted and unique; it changes neither.
func union(a, b []string) []string {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}
