package native

import (
	"slices"
	"strings"
)

// Libraries are the names by which a package asks pkg-config for libraries, by
// its table [package.metadata.system-deps], sorted; features are those that are
// on, nil when they are not known. A library that the package can do without,
// or that a version table names again, is not among them.
// https://docs.rs/system-deps
func Libraries(table map[string]any, features []string) []string {
	var out []string
	for key, value := range table {
		if strings.HasPrefix(key, "cfg(") {
			nested, _ := value.(map[string]any)
			if forLinux(key) {
				out = append(out, Libraries(nested, features)...)
			}
			continue
		}
		switch v := value.(type) {
		case string:
			out = append(out, key)
		case map[string]any:
			if optional, _ := v["optional"].(bool); optional {
				continue
			}
			if feature, ok := v["feature"].(string); ok && features != nil && !slices.Contains(features, feature) {
				continue
			}
			name, ok := v["name"].(string)
			if !ok {
				name = key
			}
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// forLinux reports whether a cfg() expression may hold for Linux. One that
// names another system does not, unless it says "not".
func forLinux(cfg string) bool {
	if strings.Contains(cfg, "not(") || strings.Contains(cfg, "any(") {
		return true
	}
	for _, other := range []string{"windows", "macos", "apple", "ios", "android", "freebsd", "openbsd", "netbsd", "wasm"} {
		if strings.Contains(cfg, other) {
			return false
		}
	}
	return true
}
