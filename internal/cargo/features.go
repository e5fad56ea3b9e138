package cargo

import (
	"fmt"
	"strings"
)

// features reads [features], adds the implicit features of optional
// dependencies and applies cargo's checks.
func (b *packageBuilder) features() {
	table := b.table(b.m.doc.root.get("features"))
	f := featureChecker{values: map[string]*value{}, written: map[string][]string{}, all: map[string][]string{}, optional: map[string]bool{}}
	if table != nil {
		for _, name := range table.keys {
			f.values[name] = table.fields[name]
			f.written[name] = b.strs(table.fields[name])
			f.all[name] = f.written[name]
		}
	}
	if b.err != nil {
		return
	}
	for _, d := range b.p.Dependencies {
		f.optional[d.Key] = f.optional[d.Key] || d.Optional
	}
	f.implicit(b.p.Dependencies)
	for _, name := range sortedKeys(f.all) {
		at := f.values[name]
		if at == nil {
			at = b.m.pkg
		}
		b.fail(f.check(name, at))
	}
	used := f.used()
	for _, d := range b.p.Dependencies {
		if f.optional[d.Key] && !used[d.Key] && b.err == nil {
			b.fail(b.m.doc.faultIn(d.Span, fmt.Sprintf("optional dependency `%s` is not included in any feature\n"+
				"Make sure that `dep:%s` is included in one of features in the [features] table.", d.Key, d.Key)))
		}
	}
	b.p.Features = f.all
}

// used returns the dependencies that some feature enables or passes on to.
func (f *featureChecker) used() map[string]bool {
	used := map[string]bool{}
	for _, list := range f.all {
		for _, enabled := range list {
			if name, ok := strings.CutPrefix(enabled, "dep:"); ok {
				used[name] = true
			} else if dep, _, ok := strings.Cut(enabled, "/"); ok {
				used[strings.TrimSuffix(dep, "?")] = true
			}
		}
	}
	return used
}

type featureChecker struct {
	values   map[string]*value
	written  map[string][]string
	all      map[string][]string // with the implicit ones
	optional map[string]bool     // every dependency, and whether it is optional
}

// implicit adds a feature for each optional dependency that no `dep:` names.
func (f *featureChecker) implicit(deps []Dependency) {
	explicit := map[string]bool{}
	for _, list := range f.written {
		for _, enabled := range list {
			if name, ok := strings.CutPrefix(enabled, "dep:"); ok && !strings.Contains(enabled, "/") {
				explicit[name] = true
			}
		}
	}
	for _, d := range deps {
		if _, taken := f.written[d.Key]; d.Optional && !taken && !explicit[d.Key] {
			f.all[d.Key] = []string{"dep:" + d.Key}
		}
	}
}

func (f *featureChecker) check(feature string, at *value) error {
	if err := validateFeatureName(feature); err != nil {
		return at.fault("%v", err)
	}
	for _, enabled := range f.all[feature] {
		if err := f.checkValue(feature, enabled, at); err != nil {
			return err
		}
	}
	return nil
}

func (f *featureChecker) checkValue(feature, enabled string, at *value) error {
	if dep, of, ok := strings.Cut(enabled, "/"); ok {
		return f.checkDependencyFeature(feature, enabled, dep, of, at)
	}
	name, explicit := strings.CutPrefix(enabled, "dep:")
	optional, isDep := f.optional[name]
	_, isFeature := f.written[name]
	_, reachable := f.all[name]
	switch {
	case !explicit && isFeature, explicit && optional, !explicit && optional && reachable:
		return nil
	case explicit && !isDep:
		return at.fault("feature `%s` includes `%s`, but `%s` is not listed as a dependency", feature, enabled, name)
	case !isDep:
		return at.fault("feature `%s` includes `%s` which is neither a dependency nor another feature", feature, enabled)
	case optional:
		return at.fault("feature `%s` includes `%s`, but `%s` is an optional dependency without an implicit feature\n"+
			"Use `dep:%s` to enable the dependency.", feature, enabled, name, name)
	}
	return at.fault("feature `%s` includes `%s`, but `%s` is not an optional dependency\nA non-optional dependency of the "+
		"same name is defined; consider adding `optional = true` to its definition.", feature, enabled, name)
}

func (f *featureChecker) checkDependencyFeature(feature, enabled, dep, of string, at *value) error {
	dep, weak := strings.CutSuffix(dep, "?")
	optional, isDep := f.optional[dep]
	switch {
	case strings.Contains(of, "/"):
		return at.fault("multiple slashes in feature `%s` (included by feature `%s`) are not allowed", enabled, feature)
	case strings.HasPrefix(dep, "dep:"):
		return at.fault("feature `%s` includes `%s` with both `dep:` and `/`\nTo fix this, remove the `dep:` prefix.", feature, enabled)
	case !isDep:
		return at.fault("feature `%s` includes `%s`, but `%s` is not a dependency", feature, enabled, dep)
	case weak && !optional:
		return at.fault("feature `%s` includes `%s` with a `?`, but `%s` is not an optional dependency\nA non-optional dependency "+
			"of the same name is defined; consider removing the `?` or changing the dependency to be optional", feature, enabled, dep)
	}
	return nil
}
