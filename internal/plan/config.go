package plan

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/rustfile/rustfile/internal/cargo"
)

// quietSections are the tables of the Cargo configuration that cannot reach
// rustc or a build script. They are left out of the dependency vertex, so that
// editing them recompiles nothing.
// https://doc.rust-lang.org/cargo/reference/config.html
var quietSections = []string{
	"alias", "cargo-new", "credential-alias", "future-incompat-report", "http", "install", "net", "patch",
	"paths", "registries", "registry", "source", "term", "cache",
}

// configFile renders the part of the project's Cargo configuration that the
// dependency vertex needs, nil when there is none.
func configFile(ws *cargo.Workspace, vendored []string) (*File, error) {
	kept := maps.Clone(ws.Config.Values)
	for _, section := range quietSections {
		if section == "source" && len(vendored) > 0 {
			continue
		}
		delete(kept, section)
	}
	if build, ok := kept["build"].(map[string]any); ok {
		build = maps.Clone(build)
		for _, key := range []string{"jobs", "target", "target-dir", "build-dir", "dep-info-basedir"} {
			delete(build, key)
		}
		kept["build"] = build
		if len(build) == 0 {
			delete(kept, "build")
		}
	}
	if len(kept) == 0 {
		return nil, nil
	}
	data, err := toml.Marshal(kept)
	if err != nil {
		return nil, fmt.Errorf("cannot render the Cargo configuration of the dependency vertex: %w", err)
	}
	return &File{Path: path.Join(ws.Root, ".cargo/config.toml"), Content: string(data)}, nil
}

// configFiles are the files of the context that the configuration runs:
// wrappers and linkers given by a relative path, which cargo takes relative to
// the directory that holds .cargo.
func configFiles(ws *cargo.Workspace) []string {
	if len(ws.Config.Paths) == 0 {
		return nil
	}
	base := path.Dir(path.Dir(ws.Config.Paths[0]))
	var out []string
	add := func(v any) {
		s := text(v)
		if strings.Contains(s, "/") && !path.IsAbs(s) {
			if file := path.Join(base, s); !strings.HasPrefix(file, "../") && !slices.Contains(out, file) {
				out = append(out, file)
			}
		}
	}
	if build, ok := ws.Config.Values["build"].(map[string]any); ok {
		add(build["rustc-wrapper"])
		add(build["rustc"])
	}
	targets, _ := ws.Config.Values["target"].(map[string]any)
	for _, t := range targets {
		if table, ok := t.(map[string]any); ok {
			add(table["linker"])
		}
	}
	slices.Sort(out)
	return out
}

// relativeEnvironment reports whether the configuration sets a variable to a
// path that is relative to the directory that holds .cargo.
func relativeEnvironment(c *cargo.Config) bool {
	variables, _ := c.Values["env"].(map[string]any)
	for _, v := range variables {
		if table, ok := v.(map[string]any); ok && table["relative"] == true {
			return true
		}
	}
	return false
}
