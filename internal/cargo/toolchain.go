package cargo

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// environment reads what applies to every package of the workspace: the
// toolchain file and the Cargo configuration.
func (l *loader) environment(ws *Workspace) error {
	var err error
	if ws.Toolchain, err = l.toolchain(ws.Root); err != nil {
		return err
	}
	ws.Config, err = l.config(ws.Root)
	return err
}

// above lists a directory and the directories above it, nearest first.
func above(dir string) []string {
	dirs := []string{dir}
	for dir != "." {
		dir = path.Dir(dir)
		dirs = append(dirs, dir)
	}
	return dirs
}

// toolchain reads the nearest toolchain file; rustup prefers the name without
// an extension.
func (l *loader) toolchain(root string) (*Toolchain, error) {
	for _, dir := range above(root) {
		for _, base := range []string{"rust-toolchain", "rust-toolchain.toml"} {
			name := path.Join(dir, base)
			if n := l.tree.lookup(name); n.dir || !n.exists && n.err == nil {
				continue
			}
			data, err := l.tree.read(name, MaxManifestSize)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, l.unreadable(name, Span{File: name}, err)
			}
			return parseToolchain(name, data)
		}
	}
	return nil, nil
}

const emptyToolchain = "empty toolchain override file detected. Please remove it, or else specify the desired " +
	"toolchain properties in the file"

// parseToolchain parses rust-toolchain.toml, or rust-toolchain in either of
// its formats: a single line is the channel.
func parseToolchain(name string, data []byte) (*Toolchain, error) {
	text := strings.TrimRight(string(data), "\r\n")
	if path.Ext(name) == "" && !strings.Contains(text, "\n") {
		return legacyToolchain(name, text)
	}
	doc, err := parseTOML(name, fmt.Sprintf("error parsing override file as TOML in `%s`", name), data)
	if err != nil {
		return nil, err
	}
	var r reader
	table := r.table(doc.root.get("toolchain"))
	if r.err != nil {
		return nil, r.err
	}
	if table == nil || len(table.keys) == 0 {
		return nil, doc.faultAt(0, 0, emptyToolchain)
	}
	tc := &Toolchain{Path: name, Spans: map[string]Span{}}
	for _, key := range []string{"channel", "components", "targets", "path", "profile"} {
		if v := table.get(key); v != nil {
			tc.Spans[key] = v.span()
		}
	}
	if v := table.get("path"); v != nil {
		return nil, toolchainPath(v.span())
	}
	tc.Channel = r.str(table.get("channel"))
	tc.Components = r.strs(table.get("components"))
	tc.Targets = r.strs(table.get("targets"))
	tc.Profile = r.str(table.get("profile"))
	if v := table.get("channel"); v != nil && r.err == nil {
		r.fail(checkChannel(tc.Channel, v.span()))
	}
	return tc, r.err
}

func legacyToolchain(name, text string) (*Toolchain, error) {
	channel := strings.TrimSpace(strings.TrimPrefix(text, string(utf8BOM)))
	at := Span{File: name, Start: Position{1, 1}, End: Position{1, len(text) + 1}}
	if channel == "" {
		return nil, &Error{Span: at, Message: emptyToolchain}
	}
	if err := checkChannel(channel, at); err != nil {
		return nil, err
	}
	return &Toolchain{Path: name, Channel: channel, Spans: map[string]Span{"channel": at}}, nil
}

// checkChannel refuses what is no toolchain name. The name reaches command
// lines, so only the characters that names have are let through.
func checkChannel(channel string, at Span) error {
	if strings.ContainsAny(channel, `/\`) {
		return toolchainPath(at)
	}
	bad := channel == "" || strings.HasPrefix(channel, "-")
	for _, r := range channel {
		bad = bad || !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("-_.+", r))
	}
	if !bad {
		return nil
	}
	return &Error{Span: at, Message: fmt.Sprintf("invalid toolchain name detected in override file: %q", channel),
		Fix: "Write a channel such as \"stable\", \"1.95\" or \"nightly-2026-01-02\"."}
}

func toolchainPath(at Span) *Error {
	return &Error{Span: at, Message: "the toolchain file names a toolchain by path, which does not exist inside the build",
		Fix: "Name a channel instead, for example `channel = \"stable\"`."}
}
