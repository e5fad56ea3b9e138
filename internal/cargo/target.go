package cargo

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"sort"
	"strings"
)

// candidate is a target that a file name suggests.
type candidate struct{ name, path string }

// targetTable describes one kind of target besides the library.
type targetTable struct {
	kind TargetKind
	auto string // the key that turns discovery off
	dir  string // where files are discovered
}

var targetTables = []targetTable{
	{KindBin, "autobins", "src/bin"},
	{KindExample, "autoexamples", "examples"},
	{KindTest, "autotests", "tests"},
	{KindBench, "autobenches", "benches"},
}

var kindOrder = map[TargetKind]int{KindLib: 0, KindBin: 1, KindExample: 2, KindTest: 3, KindBench: 4}

// allTargets collects what the manifest declares and what the files suggest.
func (b *packageBuilder) allTargets() {
	b.library()
	for _, table := range targetTables {
		if b.err == nil {
			b.targets(table)
		}
	}
	if b.err != nil {
		return
	}
	sort.SliceStable(b.p.Targets, func(i, j int) bool {
		x, y := b.p.Targets[i], b.p.Targets[j]
		if x.Kind != y.Kind {
			return kindOrder[x.Kind] < kindOrder[y.Kind]
		}
		return x.Name < y.Name
	})
	b.checkTargets()
}

func (b *packageBuilder) checkTargets() {
	if len(b.p.Targets) == 0 {
		fault := b.m.pkg.fault("no targets specified in the manifest\neither src/lib.rs, src/main.rs, a [lib] section, " +
			"or [[bin]] section must be present")
		if b.excluded != nil && (b.excluded(path.Join(b.p.Dir, "src/main.rs")) || b.excluded(path.Join(b.p.Dir, "src/lib.rs"))) {
			fault.Fix = "The sources are excluded by .dockerignore: remove the pattern that excludes them."
		}
		b.fail(fault)
		return
	}
	if b.p.DefaultRun == "" {
		return
	}
	isDefault := func(t Target) bool { return t.Kind == KindBin && t.Name == b.p.DefaultRun }
	if !slices.ContainsFunc(b.p.Targets, isDefault) {
		b.fail(b.m.pkg.get("default-run").fault("default-run target `%s` not found", b.p.DefaultRun))
	}
}

func (b *packageBuilder) file(name string) string { return path.Join(b.p.Dir, name) }

func (b *packageBuilder) library() {
	declared := b.table(b.m.doc.root.get("lib"))
	found := b.tree.exists(b.file("src/lib.rs"))
	if declared == nil && (!found || !b.boolean(b.m.pkg.get("autolib"), true)) {
		return
	}
	t := Target{Kind: KindLib, Name: strings.ReplaceAll(b.p.Name, "-", "_"), Declared: declared != nil, Span: b.m.pkg.span()}
	at := b.m.pkg
	if declared != nil {
		at = declared
		t.Span = declared.span()
		if v := declared.get("name"); v != nil {
			t.Name, at = b.str(v), v
		}
	}
	if err := validateTargetName(t.Name, KindLib); err != nil && b.err == nil {
		b.fail(at.fault("%v", err))
	}
	t.CrateTypes = b.libraryTypes(declared, t.Name)
	t.Path = b.libraryPath(declared, t.Name, found)
	if b.err == nil {
		b.p.Targets = append(b.p.Targets, t)
	}
}

func (b *packageBuilder) libraryPath(declared *value, name string, found bool) string {
	if v := declared.get("path"); v != nil {
		return b.sourcePath(v, "the library path", b.str(v))
	}
	if found {
		return "src/lib.rs"
	}
	legacy := "src/" + name + ".rs"
	if b.p.Edition == "2015" && b.tree.exists(b.file(legacy)) {
		return legacy
	}
	if b.err == nil {
		b.fail(declared.fault("can't find library `%s`, rename file to `src/lib.rs` or specify lib.path", name))
	}
	return ""
}

func (b *packageBuilder) libraryTypes(declared *value, name string) []string {
	written := declared.first("crate-type", "crate_type")
	types := b.strs(written)
	procMacro := b.boolean(declared.first("proc-macro", "proc_macro"), false)
	switch {
	case slices.Contains(types, "dylib") && slices.Contains(types, "cdylib"):
		b.fail(written.fault("library `%s` cannot set the crate type of both `dylib` and `cdylib`", name))
	case slices.Contains(types, "proc-macro") && len(types) > 1:
		b.fail(written.fault("cannot mix `proc-macro` crate type with others"))
	case written != nil:
		return types
	case procMacro:
		return []string{"proc-macro"}
	}
	return []string{"lib"}
}

// targets collects the targets of one kind.
func (b *packageBuilder) targets(table targetTable) {
	declared := b.tables(b.m.doc.root.get(string(table.kind)))
	auto := b.m.pkg.get(table.auto)
	// Without an array, discovery is on; with one, it is from edition 2018 on.
	discover := b.boolean(auto, len(declared) == 0 && b.m.doc.root.get(string(table.kind)) == nil || b.p.Edition != "2015")
	inferred := b.infer(table)
	byName := map[string][]string{}
	for _, c := range inferred {
		byName[c.name] = append(byName[c.name], c.path)
	}
	seenNames, seenPaths := map[string]bool{}, map[string]bool{}
	for _, v := range declared {
		t, ok := b.declaredTarget(table, v, byName)
		if b.err != nil {
			return
		}
		if seenNames[t.Name] {
			b.fail(v.fault(duplicateTarget, targetKindNames[table.kind], t.Name, targetKindNames[table.kind]))
			return
		}
		// Cargo compares the path as written, absent or not.
		seenNames[t.Name] = true
		if p := v.get("path"); p != nil {
			seenPaths[path.Join(".", p.text)] = true
		}
		if ok {
			b.p.Targets = append(b.p.Targets, t)
		}
	}
	if !discover {
		return
	}
	declaredNames := maps.Clone(seenNames)
	for _, c := range inferred {
		if declaredNames[c.name] || seenPaths[c.path] {
			continue
		}
		if seenNames[c.name] {
			b.fail(b.m.pkg.fault(duplicateTarget, targetKindNames[table.kind], c.name, targetKindNames[table.kind]))
			return
		}
		seenNames[c.name] = true
		b.discovered(table, c)
	}
}

const duplicateTarget = "found duplicate %s name %s, but all %s targets must have a unique name"

func (b *packageBuilder) discovered(table targetTable, c candidate) {
	if err := validateTargetName(c.name, table.kind); err != nil {
		b.fail(&Error{Span: Span{File: b.m.path, Start: b.m.pkg.span().Start, End: b.m.pkg.span().End},
			Message: fmt.Sprintf("%s: %v", b.m.doc.title, err), Fix: fmt.Sprintf("Rename `%s`.", b.file(c.path))})
		return
	}
	b.p.Targets = append(b.p.Targets,
		Target{Name: c.name, Kind: table.kind, Path: c.path, CrateTypes: []string{"bin"}, Span: b.m.pkg.span()})
}

// declaredTarget reads one [[bin]] or the like. ok is false for a target that
// cargo leaves out because its file is not where it should be.
func (b *packageBuilder) declaredTarget(table targetTable, v *value, inferred map[string][]string) (t Target, ok bool) {
	name := v.get("name")
	if name == nil {
		b.fail(v.fault("%s target %s.name is required", targetKindNames[table.kind], table.kind))
		return t, false
	}
	t = Target{Name: b.str(name), Kind: table.kind, CrateTypes: []string{"bin"}, Declared: true, Span: v.span()}
	err := validateTargetName(t.Name, table.kind)
	if err != nil && b.err == nil {
		b.fail(name.fault("%v", err))
	}
	t.RequiredFeatures = b.strs(v.get("required-features"))
	types := b.strs(v.first("crate-type", "crate_type"))
	switch {
	case table.kind == KindBin && len(types) > 0:
		b.critical(v.fault("the target `%s` is a binary and can't have any crate-types set (currently \"%s\")",
			t.Name, strings.Join(types, ", ")))
	case table.kind == KindBin && b.boolean(v.first("proc-macro", "proc_macro"), false):
		b.critical(v.fault("the target `%s` is a binary and can't have `proc-macro` set `true`", t.Name))
	case table.kind == KindExample && len(types) > 0:
		t.CrateTypes = types
	}
	if b.err != nil {
		return t, false
	}
	if p := v.get("path"); p != nil {
		written := b.str(p)
		if _, err := joinPath(b.p.Dir, written); err != nil && table.kind != KindBin {
			// Cargo looks at the file only when it builds the target, and some
			// published packages keep their tests outside. No build here can.
			return t, false
		}
		t.Path = b.sourcePath(p, fmt.Sprintf("the path of %s `%s`", targetKindNames[table.kind], t.Name), written)
		return t, b.err == nil
	}
	t.Path, err = b.targetPath(table, v, t.Name, inferred[t.Name])
	switch {
	case err == nil:
		return t, true
	case table.kind == KindBin:
		b.fail(err)
	default:
		b.critical(err)
	}
	return t, false
}

// critical records a fault that fails the build of a member, and that cargo
// overlooks in a package that is none.
func (b *packageBuilder) critical(err error) {
	if b.p.critical == nil {
		b.p.critical = err
	}
}
