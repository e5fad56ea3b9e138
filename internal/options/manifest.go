package options

import (
	"bytes"
	"path"

	"github.com/pelletier/go-toml/v2/unstable"
)

// IsManifest reports whether a file is a Cargo manifest and not a Rustfile:
// its name is Cargo.toml, or it has a [package] or [workspace] table. The name
// of a Rustfile's own key, package = "…", is no table.
func IsManifest(filename string, data []byte) bool {
	if path.Base(filename) == "Cargo.toml" {
		return true
	}
	if len(data) > MaxRustfileSize {
		return false
	}
	var p unstable.Parser
	p.Reset(withoutBOM(data))
	top := true
	for p.NextExpression() {
		expression := p.Expression()
		names := keyPath(expression)
		first := names[0] == "package" || names[0] == "workspace"
		switch expression.Kind {
		case unstable.Table:
			top = false
			if first {
				return true
			}
		case unstable.KeyValue:
			if top && first && (len(names) > 1 || expression.Value().Kind == unstable.InlineTable) {
				return true
			}
		default:
			top = false
		}
	}
	return false
}

// keyPath is the dotted key of an expression.
func keyPath(expression *unstable.Node) []string {
	var names []string
	parts := expression.Key()
	for parts.Next() {
		names = append(names, string(parts.Node().Data))
	}
	return names
}

// withoutBOM drops the byte order mark that some editors write.
func withoutBOM(data []byte) []byte { return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) }
