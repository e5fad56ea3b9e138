package knownhosts

import (
	"crypto/hmac"
	"crypto/sha1" // the hash of hashed names in the file's format
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// revoked marks a key that no server may have, and authority one that signs
// the keys of servers. See "SSH_KNOWN_HOSTS FILE FORMAT" in
// https://man.openbsd.org/sshd.8
const (
	revoked   = "@revoked"
	authority = "@cert-authority"
)

// defaultPort is that of an ssh URL without one.
const defaultPort = "22"

// Parse returns the lines of a known_hosts file that hold keys, without the
// space around them. The error names the first line that is not valid.
func Parse(text string) ([]string, error) {
	var lines []string
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := Check(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// Check returns what is wrong with a line that holds a key.
func Check(line string) error {
	if strings.ContainsAny(line, "\n\r\x00") {
		return errors.New("it is more than one line")
	}
	fields := strings.Fields(line)
	if len(fields) > 0 && strings.HasPrefix(fields[0], "@") {
		if fields[0] != revoked && fields[0] != authority {
			return fmt.Errorf("%s is no marker: there are %s and %s", fields[0], authority, revoked)
		}
		fields = fields[1:]
	}
	if len(fields) < 3 {
		return errors.New("expected the names of hosts, the kind of the key and the key, with spaces between")
	}
	data, err := base64.StdEncoding.DecodeString(fields[2])
	if err != nil {
		return fmt.Errorf("the key is not base64: %w", err)
	}
	key, err := ssh.ParsePublicKey(data)
	if err != nil {
		return fmt.Errorf("the key is not valid: %w", err)
	}
	if key.Type() != fields[1] {
		return fmt.Errorf("the key is of kind %s, and the line says %s", key.Type(), fields[1])
	}
	return nil
}

// WithPublished adds to lines the published keys of the large git hosts, of
// those that no line is about.
func WithPublished(lines []string) []string {
	out := slices.Clone(lines)
	for _, line := range published {
		host, _, _ := strings.Cut(line, " ")
		if !Knows(lines, host, "") {
			out = append(out, line)
		}
	}
	return out
}

// Knows reports whether a line has a key that the server of a host may have;
// an empty port is that of ssh.
func Knows(lines []string, host, port string) bool {
	names := []string{strings.ToLower(host)}
	if port != "" && port != defaultPort {
		// ssh takes a key of the plain name for any port.
		names = append(names, "["+names[0]+"]:"+port)
	}
	return slices.ContainsFunc(lines, func(line string) bool {
		patterns, ok := patternsOf(line)
		return ok && slices.ContainsFunc(names, func(name string) bool { return matches(patterns, name) })
	})
}

// patternsOf are the names of a line, false when its key makes no server known.
func patternsOf(line string) (string, bool) {
	fields := strings.Fields(line)
	switch {
	case len(fields) == 0 || fields[0] == revoked:
		return "", false
	case fields[0] == authority && len(fields) > 1:
		return fields[1], true
	}
	return fields[0], true
}

// matches reports whether a name is one of a list of patterns. A pattern with
// "!" excludes names from the whole list.
func matches(patterns, name string) bool {
	if strings.HasPrefix(patterns, "|") {
		return isHashOf(patterns, name)
	}
	found := false
	for pattern := range strings.SplitSeq(strings.ToLower(patterns), ",") {
		pattern, not := strings.CutPrefix(pattern, "!")
		if !like(pattern, name) {
			continue
		}
		if not {
			return false
		}
		found = true
	}
	return found
}

// like reports whether a name fits a pattern with "*" and "?". A "*" takes as
// little as it can; only the last one ever has to take more.
func like(pattern, name string) bool {
	star, taken := -1, 0 // the last "*", and where in the name what it took ends
	p, n := 0, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, taken = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p++
			n++
		case star >= 0:
			taken++
			p, n = star+1, taken
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// isHashOf reports whether "|1|SALT|HASH" stands for a name: HMAC-SHA1, both
// parts in base64.
func isHashOf(hashed, name string) bool {
	parts := strings.Split(hashed, "|")
	if len(parts) != 4 || parts[1] != "1" {
		return false
	}
	salt, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return false
	}
	want, err := base64.StdEncoding.DecodeString(parts[3])
	if err != nil {
		return false
	}
	mac := hmac.New(sha1.New, salt)
	mac.Write([]byte(name))
	return hmac.Equal(mac.Sum(nil), want)
}
