package plan

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
)

// CratesIO is the URL by which lock files name crates.io.
const CratesIO = "https://github.com/rust-lang/crates.io-index"

// The sparse name of crates.io, and where its crates are downloaded.
// https://doc.rust-lang.org/cargo/reference/registry-index.html#index-configuration
// and the `dl` of https://index.crates.io/config.json.
const (
	cratesIOSparse   = "sparse+https://index.crates.io/"
	cratesIODownload = "https://static.crates.io/crates"
)

// registryOf returns the registry that a source URL of the lock file means,
// after the source replacement of the project's Cargo configuration.
func registryOf(ws *cargo.Workspace, known map[string]*Registry, url string, at cargo.Span) (*Registry, error) {
	if url == cratesIOSparse {
		url = CratesIO
	}
	if r := known[url]; r != nil {
		return r, nil
	}
	r := &Registry{URL: url, Dir: "crates-io"}
	if url != CratesIO {
		sum := sha256.Sum256([]byte(url))
		r.Dir = fmt.Sprintf("registry-%x", sum[:4])
	}
	served, err := replacement(ws.Config, url)
	if err != nil {
		return nil, &cargo.Error{Span: configSpan(ws.Config, at), Message: err.Error()}
	}
	switch {
	case served == CratesIO || served == cratesIOSparse:
		r.Download = cratesIODownload
	case strings.HasPrefix(served, "sparse+"):
		r.Index = strings.TrimSuffix(strings.TrimPrefix(served, "sparse+"), "/")
	default:
		return nil, &cargo.Error{
			Span:    at,
			Message: fmt.Sprintf("registry %s is served by a git index, which cannot be read without cloning it", served),
			Fix:     "use the registry's sparse index (sparse+https://...) in Cargo.toml and Cargo.lock, or replace it by one in .cargo/config.toml",
		}
	}
	known[url] = r
	return r, nil
}

// replacement follows `[source.NAME] replace-with` from the source that has
// the URL to the registry that serves it.
// https://doc.rust-lang.org/cargo/reference/source-replacement.html
func replacement(c *cargo.Config, url string) (string, error) {
	sources, _ := c.Values["source"].(map[string]any)
	name := ""
	if url == CratesIO {
		name = "crates-io"
	}
	for _, n := range slices.Sorted(maps.Keys(sources)) {
		if table, ok := sources[n].(map[string]any); ok && table["registry"] == url {
			name = n
		}
	}
	for range len(sources) + 1 {
		table, _ := sources[name].(map[string]any)
		with, _ := table["replace-with"].(string)
		if with == "" {
			break
		}
		next, ok := sources[with].(map[string]any)
		if !ok {
			if registries, _ := c.Values["registries"].(map[string]any); registries != nil {
				if r, _ := registries[with].(map[string]any); r != nil {
					if index, _ := r["index"].(string); index != "" {
						return index, nil
					}
				}
			}
			return "", fmt.Errorf("source `%s` is replaced by `%s`, which is not defined", name, with)
		}
		name = with
		registry, _ := next["registry"].(string)
		if registry != "" {
			url = registry
		}
	}
	return url, nil
}

func configSpan(c *cargo.Config, fallback cargo.Span) cargo.Span {
	if len(c.Paths) > 0 {
		return cargo.Span{File: c.Paths[0], Start: cargo.Position{Line: 1, Column: 1}}
	}
	return fallback
}

// vendoredDir returns the directory of the context, relative to its root, that
// the project's configuration replaces a source by, as `cargo vendor` sets it
// up; "" when there is none. What is in the directory is what cargo builds, so
// nothing is downloaded for such a source.
func vendoredDir(c *cargo.Config, id cargo.SourceID) string {
	sources, _ := c.Values["source"].(map[string]any)
	name := ""
	if id.URL == CratesIO || id.URL == cratesIOSparse {
		name = "crates-io"
	}
	for _, n := range slices.Sorted(maps.Keys(sources)) {
		table, _ := sources[n].(map[string]any)
		if table == nil {
			continue
		}
		if table["registry"] == id.URL {
			name = n
		}
		if id.Kind == cargo.SourceGit && table["git"] == id.URL &&
			text(table["branch"]) == id.Branch && text(table["tag"]) == id.Tag && text(table["rev"]) == id.Rev {
			name = n
		}
	}
	for range len(sources) + 1 {
		table, _ := sources[name].(map[string]any)
		if dir := text(table["directory"]); dir != "" && len(c.Paths) > 0 {
			return path.Join(path.Dir(path.Dir(c.Paths[0])), dir)
		}
		if name = text(table["replace-with"]); name == "" {
			break
		}
	}
	return ""
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// registryIndex is the index of the registry that the configuration names so.
func registryIndex(c *cargo.Config, name string) string {
	registries, _ := c.Values["registries"].(map[string]any)
	r, _ := registries[name].(map[string]any)
	return text(r["index"])
}
