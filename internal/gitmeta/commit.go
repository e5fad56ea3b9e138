package gitmeta

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Person is an author or a committer, and when.
type Person struct {
	Name, Email string
	// Time has the zone that the person was in.
	Time time.Time
}

// Commit is a parsed commit object.
type Commit struct {
	// ID is the full id in lower-case hex.
	ID      string
	Tree    string
	Parents []string
	Author  Person
	// Committer's time is the time of the commit.
	Committer Person
	// Message is the whole message.
	Message string
	// Raw is the object's bytes, without git's header.
	Raw []byte
}

// Subject is the first paragraph of the message in one line, as git's %s.
func (c *Commit) Subject() string {
	first, _, _ := strings.Cut(strings.TrimLeft(c.Message, "\n"), "\n\n")
	return strings.Join(strings.Split(strings.TrimSpace(first), "\n"), " ")
}

// ParseCommit parses the bytes of a commit object.
// https://git-scm.com/docs/git-hash-object, https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
func ParseCommit(id string, raw []byte) (*Commit, error) {
	c := &Commit{ID: id, Raw: raw}
	header, message, found := strings.Cut(string(raw), "\n\n")
	if !found {
		header = strings.TrimSuffix(header, "\n")
	}
	c.Message = message
	for line := range strings.SplitSeq(header, "\n") {
		key, value, _ := strings.Cut(line, " ")
		var err error
		switch key {
		case "tree":
			c.Tree = value
		case "parent":
			c.Parents = append(c.Parents, value)
		case "author":
			c.Author, err = parsePerson(value)
		case "committer":
			c.Committer, err = parsePerson(value)
		}
		if err != nil {
			return nil, fmt.Errorf("commit %s: %w", id, err)
		}
	}
	if !isID(c.Tree) || c.Committer.Time.IsZero() {
		return nil, fmt.Errorf("commit %s: the object has no tree or no committer", id)
	}
	return c, nil
}

// parsePerson parses "NAME <EMAIL> SECONDS ZONE".
func parsePerson(text string) (Person, error) {
	open, end := strings.Index(text, "<"), strings.LastIndex(text, ">")
	if open < 0 || end < open {
		return Person{}, fmt.Errorf("%q names nobody", text)
	}
	p := Person{Name: strings.TrimSpace(text[:open]), Email: text[open+1 : end]}
	seconds, zone, _ := strings.Cut(strings.TrimSpace(text[end+1:]), " ")
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return Person{}, fmt.Errorf("%q has no time", text)
	}
	at, err := time.Parse("-0700", zone)
	if err != nil {
		return Person{}, fmt.Errorf("%q has no time zone", text)
	}
	_, offset := at.Zone()
	p.Time = time.Unix(n, 0).In(time.FixedZone("", offset))
	return p, nil
}

var objectID = regexp.MustCompile(`^[0-9a-f]{40}$`)

func isID(s string) bool { return objectID.MatchString(s) }

// errNotTag means that an object is no annotated tag.
var errNotTag = errors.New("not an annotated tag")

// parseTag returns what an annotated tag points at.
func parseTag(raw []byte) (string, error) {
	header, _, _ := strings.Cut(string(raw), "\n\n")
	for line := range strings.SplitSeq(header, "\n") {
		if id, ok := strings.CutPrefix(line, "object "); ok && isID(id) {
			return id, nil
		}
	}
	return "", errNotTag
}
