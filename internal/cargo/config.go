package cargo

import (
	"fmt"
	"path"
	"strings"
)

// config reads .cargo/config.toml of a directory and of those above it, and
// merges them as cargo does: the nearest wins, and arrays are joined with the
// nearest last.
func (l *loader) config(root string) (*Config, error) {
	c := &Config{Values: map[string]any{}}
	for _, dir := range above(root) {
		for _, base := range []string{"config", "config.toml"} {
			name := path.Join(dir, ".cargo", base)
			if n := l.tree.lookup(name); n.err == nil && !l.tree.isFile(name) {
				continue
			}
			values, err := l.configFile(c, name, Span{File: name}, map[string]bool{})
			if err != nil {
				return nil, err
			}
			mergeConfig(c.Values, values, nil)
			break // Cargo reads the name without extension when there are both.
		}
	}
	return c, nil
}

// configFile reads one file with what it includes, which it outranks.
func (l *loader) configFile(c *Config, name string, at Span, open map[string]bool) (map[string]any, error) {
	if open[name] {
		return nil, &Error{Span: at, Message: fmt.Sprintf("config `include` cycle detected with path `%s`", name)}
	}
	open[name] = true
	defer delete(open, name)
	data, err := l.tree.read(name, MaxManifestSize)
	if err != nil {
		return nil, l.unreadable(name, at, err)
	}
	doc, err := parseTOML(name, fmt.Sprintf("could not parse TOML configuration in `%s`", name), data)
	if err != nil {
		return nil, err
	}
	c.Paths = append(c.Paths, name)
	includes := doc.root.get("include")
	if includes == nil {
		return doc.root.plainTable(), nil
	}
	if includes.kind != arrayValue {
		return nil, includes.fault("expected a list of strings or a list of tables, but found %s at `include`", includes.describe())
	}
	values := doc.root.plainTable()
	delete(values, "include")
	included := map[string]any{}
	for _, include := range includes.items {
		more, err := l.include(c, name, include, open)
		if err != nil {
			return nil, err
		}
		// A later include outranks an earlier one.
		mergeConfig(more, included, nil)
		included = more
	}
	mergeConfig(values, included, nil)
	return values, nil
}

// include reads one entry of an include key, a path or a table with one.
func (l *loader) include(c *Config, from string, v *value, open map[string]bool) (map[string]any, error) {
	var r reader
	optional := false
	written := v
	if v.kind == tableValue {
		written = v.get("path")
		optional = r.boolean(v.get("optional"), false)
		if written == nil {
			return nil, v.fault("missing field `path` at `include`")
		}
	}
	name := r.str(written)
	if r.err != nil {
		return nil, r.err
	}
	if !strings.HasSuffix(name, ".toml") {
		return nil, written.fault("expected a config include path ending with `.toml`, but found `%s`", name)
	}
	joined, err := joinPath(path.Dir(from), name)
	if err != nil {
		return nil, pathError(written, "the config include", name, err)
	}
	if !l.tree.exists(joined) && l.tree.lookup(joined).err == nil {
		if optional {
			return map[string]any{}, nil
		}
		return nil, l.missing(joined, written.span(), fmt.Sprintf("failed to load config include `%s` from `%s`: no such file", name, from),
			"Add the file to the build context, or remove the include.")
	}
	return l.configFile(c, joined, written.span(), open)
}

// mergeConfig adds what outranked holds to values: keys that are absent, and
// the elements of arrays in front.
func mergeConfig(values, outranked map[string]any, at []string) {
	for key, theirs := range outranked {
		ours, ok := values[key]
		if !ok {
			values[key] = theirs
			continue
		}
		here := append(at[:len(at):len(at)], key)
		switch ours := ours.(type) {
		case map[string]any:
			if table, ok := theirs.(map[string]any); ok {
				mergeConfig(ours, table, here)
			}
		case []any:
			if list, ok := theirs.([]any); ok && !wholeList(here) {
				values[key] = append(list[:len(list):len(list)], ours...)
			}
		}
	}
}

// wholeList reports whether cargo replaces a list instead of joining it,
// because it is one command line.
func wholeList(at []string) bool {
	last := at[len(at)-1]
	switch {
	case len(at) == 3 && at[0] == "registries" && last == "credential-provider",
		len(at) == 3 && at[0] == "target" && last == "runner",
		len(at) == 3 && at[0] == "host" && last == "runner",
		len(at) == 2 && at[0] == "registry" && last == "credential-provider",
		len(at) == 2 && at[0] == "credential-alias",
		len(at) == 2 && at[0] == "doc" && last == "browser":
		return true
	}
	return false
}

// registryIndex returns the index URL that the configuration gives a registry.
func (c *Config) registryIndex(name string) string {
	if c == nil {
		return ""
	}
	registries, _ := c.Values["registries"].(map[string]any)
	registry, _ := registries[name].(map[string]any)
	index, _ := registry["index"].(string)
	return index
}
