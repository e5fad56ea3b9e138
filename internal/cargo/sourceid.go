package cargo

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// CratesIO is the URL by which lock files name crates.io, whatever protocol
// fetches its index.
const CratesIO = "https://github.com/rust-lang/crates.io-index"

const cratesIOSparse = "sparse+https://index.crates.io/"

// errCredentials says nothing of the URL, which holds the secret.
var errCredentials = errors.New("the URL contains credentials")

// ParseSourceID parses the source of a locked package. An empty string is the
// local source. The error of a URL with credentials does not repeat it.
func ParseSourceID(s string) (SourceID, error) {
	if s == "" {
		return SourceID{Kind: SourceLocal}, nil
	}
	kind, rest, ok := strings.Cut(s, "+")
	if !ok {
		return SourceID{}, fmt.Errorf("invalid source `%s`", redact(s))
	}
	switch kind {
	case "registry":
		return parseRegistry(rest, rest)
	case "sparse":
		return parseRegistry(s, rest)
	case "git":
		return parseGitSource(rest)
	case "path":
		return SourceID{Kind: SourceLocal}, nil
	}
	return SourceID{}, fmt.Errorf("unsupported source protocol: %s", redact(kind))
}

func parseRegistry(full, location string) (SourceID, error) {
	if _, err := parseURL(location); err != nil {
		return SourceID{}, err
	}
	return SourceID{Kind: SourceRegistry, URL: full}, nil
}

func parseGitSource(s string) (SourceID, error) {
	u, err := parseURL(s)
	if err != nil {
		return SourceID{}, err
	}
	id := SourceID{Kind: SourceGit, Commit: strings.ToLower(u.Fragment)}
	if !isCommit(id.Commit) && id.Commit != "" {
		return SourceID{}, fmt.Errorf("git source `%s` is locked to `%s`, which is not a commit", redact(s), id.Commit)
	}
	// Cargo lets the last of several references win.
	for _, pair := range strings.Split(u.RawQuery, "&") {
		key, value, _ := strings.Cut(pair, "=")
		value, err := url.QueryUnescape(value)
		if err != nil {
			return SourceID{}, fmt.Errorf("invalid git reference in `%s`", redact(s))
		}
		switch key {
		case "branch", "ref":
			id.Branch, id.Tag, id.Rev = value, "", ""
		case "tag":
			id.Branch, id.Tag, id.Rev = "", value, ""
		case "rev":
			id.Branch, id.Tag, id.Rev = "", "", value
		}
	}
	id.URL, _, _ = strings.Cut(s, "#")
	id.URL, _, _ = strings.Cut(id.URL, "?")
	return id, nil
}

// isCommit reports whether s is a full SHA-1 or SHA-256 commit.
func isCommit(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

// parseURL parses a URL that cargo may be told to fetch from.
func parseURL(s string) (*url.URL, error) {
	if hasCredentials(s) {
		return nil, errCredentials
	}
	for _, r := range s {
		if r <= ' ' || r == 0x7f {
			return nil, fmt.Errorf("invalid url %q: it contains white space or a control character", s)
		}
	}
	u, err := url.Parse(s)
	if err != nil {
		// The text of a url.Error repeats the URL as it is.
		return nil, fmt.Errorf("invalid url `%s`", redact(s))
	}
	switch {
	case u.Scheme == "" || !strings.HasPrefix(s[len(u.Scheme):], "://"):
		return nil, fmt.Errorf("invalid url `%s`: relative URL without a base", redact(s))
	case u.Scheme != "file" && u.Host == "":
		return nil, fmt.Errorf("invalid url `%s`: empty host", redact(s))
	case strings.HasPrefix(u.Host, "-") || strings.HasPrefix(u.User.Username(), "-"):
		return nil, fmt.Errorf("invalid url `%s`: host or user starts with `-`", redact(s))
	}
	return u, nil
}

// hasCredentials looks for a password anywhere and for any user on http(s),
// where the user is the token. It does not rely on the URL being well formed.
func hasCredentials(s string) bool {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return false
	}
	if i := strings.IndexAny(rest, "/?#\\"); i >= 0 {
		rest = rest[:i]
	}
	at := strings.LastIndex(rest, "@")
	if at < 0 {
		return false
	}
	scheme = strings.ToLower(scheme)
	return strings.Contains(rest[:at], ":") || strings.HasSuffix(scheme, "http") || strings.HasSuffix(scheme, "https")
}

// redact removes what may be credentials from text that is to be shown.
func redact(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		if at := strings.LastIndex(s, "@"); at >= 0 {
			return "…" + s[at:]
		}
		return s
	}
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		return scheme + "://…" + rest[at:]
	}
	return s
}

// String renders a source id as lock files of version 4 do. Parsing it gives
// the id back.
func (s SourceID) String() string {
	switch s.Kind {
	case SourceRegistry:
		if strings.HasPrefix(s.URL, "sparse+") {
			return s.URL
		}
		return "registry+" + s.URL
	case SourceGit:
		text := "git+" + s.URL
		for _, ref := range [][2]string{{"branch", s.Branch}, {"tag", s.Tag}, {"rev", s.Rev}} {
			if ref[1] != "" {
				text += "?" + ref[0] + "=" + url.QueryEscape(ref[1])
				break
			}
		}
		if s.Commit != "" {
			text += "#" + s.Commit
		}
		return text
	}
	return ""
}

// IsCratesIO reports whether the source is crates.io.
func (s SourceID) IsCratesIO() bool {
	return s.Kind == SourceRegistry && sameURL(s.URL, CratesIO)
}

// canonicalURL is the form in which cargo compares URLs: without trailing
// slash and .git, and in lower case on github.com.
func canonicalURL(s string) string {
	s = strings.TrimSuffix(s, "/")
	if strings.HasPrefix(s, "sparse+") {
		return s
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return s
	}
	host, rest, _ := strings.Cut(rest, "/")
	scheme, host = strings.ToLower(scheme), strings.ToLower(host)
	if host == "github.com" {
		scheme, rest = "https", strings.ToLower(rest)
	}
	return scheme + "://" + host + "/" + strings.TrimSuffix(rest, ".git")
}

// comparableURL is equal for URLs that mean the same; crates.io has two.
func comparableURL(s string) string {
	if s = canonicalURL(s); s == canonicalURL(cratesIOSparse) {
		return canonicalURL(CratesIO)
	}
	return s
}

func sameURL(a, b string) bool { return comparableURL(a) == comparableURL(b) }
