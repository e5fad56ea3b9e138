package options

import (
	"maps"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
)

// layers are the places that are read before the project is.
type layers struct {
	// file is the Rustfile, nil when -f names a Cargo manifest.
	file *cargo.Setting
	args map[string]string
}

// Metadata are the tables of the project's manifests that hold options, nil
// where there is none.
type Metadata struct {
	// Workspace is workspace.metadata.rustfile of the root manifest.
	Workspace *cargo.Setting
	// Package is package.metadata.rustfile of the package whose binary the
	// image runs.
	Package *cargo.Setting
	// Variant is the name of the chosen variant, "" for none.
	Variant string
}

// Variant is a named set of options that --target can pick.
type Variant struct {
	Name string
	Span cargo.Span

	table *cargo.Setting
	in    place
}

// assemble sets the options of all places, the one that gives way first.
func (l layers) assemble(m Metadata) (*Options, error) {
	o := Defaults()
	o.layers = l
	for _, t := range []struct {
		in    place
		table *cargo.Setting
	}{{inWorkspace, m.Workspace}, {inPackage, m.Package}, {inRustfile, l.file}} {
		if t.table == nil {
			continue
		}
		if err := o.readTable(t.in, "", t.table); err != nil {
			return nil, err
		}
	}
	if m.Variant != "" {
		o.Variant = m.Variant
		for _, v := range slices.Clone(o.variants) {
			if v.Name != m.Variant {
				continue
			}
			if err := o.readTable(inVariant, "", v.table); err != nil {
				return nil, err
			}
		}
	}
	if err := o.readArguments(l.args); err != nil {
		return nil, err
	}
	return o, nil
}

// With returns the options with those of the project's manifests below the
// ones that were parsed. A target that is the variant's name is no longer one.
func (o *Options) With(m Metadata) (*Options, error) {
	merged, err := o.layers.assemble(m)
	if err != nil {
		return nil, err
	}
	if merged.Target = o.Target; merged.Variant != "" {
		merged.Target = ""
	}
	return merged, nil
}

// Variants lists the variants, sorted by name. Of one that is in several
// places it has the place that wins.
func (o *Options) Variants() []Variant {
	byName := map[string]Variant{}
	for _, v := range o.variants {
		byName[v.Name] = v
	}
	list := slices.Collect(maps.Values(byName))
	slices.SortFunc(list, func(a, b Variant) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// HasVariant reports whether a table of options has a variant of the name. The
// table may be nil, or wrong in ways that reading it will tell.
func HasVariant(table *cargo.Setting, name string) bool {
	if table == nil || table.Fields[variantsTable] == nil {
		return false
	}
	return table.Fields[variantsTable].Fields[name] != nil
}
