package cargo

import "fmt"

// inheritable are the keys of [package] that may say `workspace = true`.
var inheritable = map[string]bool{
	"authors": true, "categories": true, "description": true, "documentation": true, "edition": true,
	"exclude": true, "homepage": true, "include": true, "keywords": true, "license": true,
	"license-file": true, "publish": true, "readme": true, "repository": true, "rust-version": true, "version": true,
}

// inherits reports whether a value is written as `{ workspace = true }`, and
// refuses the malformed.
func inherits(v *value) (bool, error) {
	if v == nil || v.kind != tableValue {
		return false, nil
	}
	flag := v.get("workspace")
	if flag == nil {
		return false, nil
	}
	var r reader
	if !r.boolean(flag, false) && r.err == nil {
		r.fail(flag.fault("`workspace` cannot be false"))
	}
	return r.err == nil, r.err
}

// workspaceOf returns the root that m inherits from.
func (l *loader) workspaceOf(m *manifest, at *value) (*manifest, error) {
	root, err := l.rootOf(m)
	if err != nil {
		return nil, err
	}
	if root == nil || root.workspace == nil {
		fault := at.fault("failed to find a workspace root")
		fault.Fix = "Write the value out, or add a [workspace] section with it to the root manifest above this package."
		return nil, fault
	}
	if l.inherited == nil {
		l.inherited = map[string]bool{}
	}
	l.inherited[root.path] = true
	return root, nil
}

// packageField returns package.KEY, or what it inherits; nil when absent.
func (l *loader) packageField(m *manifest, key string) (*value, error) {
	v := m.pkg.get(key)
	inherited, err := inherits(v)
	if err != nil || !inherited {
		return v, err
	}
	if !inheritable[key] {
		return nil, v.fault("`package.%s` cannot be inherited from the workspace", key)
	}
	root, err := l.workspaceOf(m, v)
	if err != nil {
		return nil, err
	}
	found := root.workspace.find("package", key)
	if found == nil {
		fault := v.fault("error inheriting `%s` from workspace root manifest's `workspace.package.%s`: "+
			"`workspace.package.%s` was not defined", key, key, key)
		fault.Fix = fmt.Sprintf("Add `%s` to [workspace.package] in `%s`.", key, root.path)
		return nil, fault
	}
	return found, nil
}

// workspaceDependency returns the entry of workspace.dependencies that a
// dependency inherits from, and the root that holds it.
func (l *loader) workspaceDependency(m *manifest, name string, at *value) (*value, *manifest, error) {
	root, err := l.workspaceOf(m, at)
	if err != nil {
		return nil, nil, err
	}
	const context = "error inheriting `%s` from workspace root manifest's `workspace.dependencies.%s`: "
	table := root.workspace.get("dependencies")
	entry := table.get(name)
	switch {
	case table == nil:
		err := at.fault(context+"`workspace.dependencies` was not defined", name, name)
		err.Fix = fmt.Sprintf("Add a [workspace.dependencies] section with `%s` to `%s`.", name, root.path)
		return nil, nil, err
	case entry == nil:
		err := at.fault(context+"`dependency.%s` was not found in `workspace.dependencies`", name, name, name)
		err.Fix = fmt.Sprintf("Add `%s` to [workspace.dependencies] in `%s`.", name, root.path)
		return nil, nil, err
	case entry.kind != stringValue && entry.kind != tableValue:
		return nil, nil, entry.fault("invalid type: %s, expected a version string like \"0.9.8\" or a "+
			"detailed dependency like { version = \"0.9.8\" }", entry.describe())
	}
	var r reader
	if r.boolean(entry.get("optional"), false) {
		return nil, nil, entry.fault("%s is optional, but workspace dependencies cannot be optional", name)
	}
	return entry, root, r.err
}
