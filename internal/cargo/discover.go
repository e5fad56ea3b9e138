package cargo

import (
	"fmt"
	"path"
	"strings"
)

// infer lists the targets of a kind that the package's files suggest.
func (b *packageBuilder) infer(table targetTable) []candidate {
	var found []candidate
	if table.kind == KindBin && b.tree.exists(b.file("src/main.rs")) {
		found = append(found, candidate{b.p.Name, "src/main.rs"})
	}
	entries := b.tree.entries(b.file(table.dir))
	for _, name := range sortedKeys(entries) {
		if strings.HasPrefix(name, ".") {
			continue
		}
		full := path.Join(table.dir, name)
		switch {
		case entries[name].IsDir():
			if main := path.Join(full, "main.rs"); b.tree.exists(b.file(main)) {
				found = append(found, candidate{name, main})
			}
		case path.Ext(name) == ".rs" && name != ".rs":
			found = append(found, candidate{strings.TrimSuffix(name, ".rs"), full})
		}
	}
	return found
}

// targetPath finds the file of a declared target without a path. matching are
// the discovered files of its name.
func (b *packageBuilder) targetPath(table targetTable, v *value, name string, matching []string) (string, error) {
	if len(matching) == 1 {
		return matching[0], nil
	}
	if b.p.Edition == "2015" {
		if legacy := b.legacyPath(table.kind, name); legacy != "" {
			return legacy, nil
		}
	}
	if len(matching) > 1 {
		return "", v.fault("cannot infer path for `%s` %s\nCargo doesn't know which to use because multiple target files "+
			"found at `%s` and `%s`.", name, table.kind, matching[0], matching[1])
	}
	file, dir := path.Join(table.dir, name+".rs"), path.Join(table.dir, name, "main.rs")
	fault := v.fault("can't find `%s` %s at `%s` or `%s`. Please specify %s.path if you want to use a non-default path.",
		name, table.kind, file, dir, table.kind)
	for _, p := range []string{file, dir} {
		if b.excluded != nil && b.excluded(b.file(p)) {
			fault.Fix = fmt.Sprintf("`%s` is excluded by .dockerignore: remove the pattern that excludes it.", b.file(p))
			break
		}
	}
	return "", fault
}

// legacyPath is where edition 2015 also looks, "" when nothing is there.
func (b *packageBuilder) legacyPath(kind TargetKind, name string) string {
	var places []string
	switch {
	case kind == KindBench && name == "bench":
		places = []string{"src/bench.rs"}
	case kind == KindBin:
		if len(b.p.Targets) == 0 || b.p.Targets[0].Kind != KindLib {
			places = append(places, "src/"+name+".rs")
		}
		places = append(places, "src/main.rs", "src/bin/main.rs")
	}
	for _, p := range places {
		if b.tree.exists(b.file(p)) {
			return p
		}
	}
	return ""
}
