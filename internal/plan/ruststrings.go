package plan

import "strings"

// rustString is a string literal of a Rust source, and what it stands in.
type rustString struct {
	// text is what is between the quotes, with its escapes.
	text string
	// inside names the macros around the literal, outermost first: "include_str"
	// for include_str!(...), "#" for an attribute. It is shared; copy to keep it.
	inside []string
}

// rustStrings calls yield for each string literal of a Rust source that is not
// in a comment. Sources that rustc refuses give some literals or other.
// https://doc.rust-lang.org/reference/tokens.html
func rustStrings(source string, yield func(rustString)) {
	s := &rustScanner{source: source, yield: yield}
	for s.at < len(source) {
		s.token()
	}
}

type rustScanner struct {
	source string
	at     int
	yield  func(rustString)
	// opened has an entry for each bracket that is open: the macro's name, ""
	// for a bracket of its own. inside has those that are not "".
	opened, inside []string
	// word is the identifier before, and macro what the next bracket belongs to.
	word, macro string
}

func (s *rustScanner) rest() string { return s.source[s.at:] }

// token skips one token.
func (s *rustScanner) token() {
	c := s.source[s.at]
	switch {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r':
		// A macro's name and its ! stand together in all but odd sources.
		s.word = ""
		s.at++
		return
	case strings.HasPrefix(s.rest(), "//"):
		s.skipPast("\n")
		return
	case strings.HasPrefix(s.rest(), "/*"):
		s.comment()
		return
	case isWord(c):
		s.identifier()
		return
	case c == '!' && s.word != "":
		s.macro, s.word = s.word, ""
		s.at++
		return
	case c == '!' && s.macro == "#": // #![...]
		s.at++
		return
	case c == '#':
		s.macro, s.word = "#", ""
		s.at++
		return
	case c == '"':
		s.literal()
	case c == '\'':
		s.character()
	case strings.IndexByte("([{", c) >= 0:
		s.open()
	case strings.IndexByte(")]}", c) >= 0:
		s.close()
	default:
		s.at++
	}
	s.word, s.macro = "", ""
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func (s *rustScanner) skipPast(end string) {
	i := strings.Index(s.rest(), end)
	if i < 0 {
		s.at = len(s.source)
		return
	}
	s.at += i + len(end)
}

// comment skips a block comment; they nest.
func (s *rustScanner) comment() {
	depth := 0
	for s.at < len(s.source) {
		switch {
		case strings.HasPrefix(s.rest(), "/*"):
			depth++
			s.at += 2
		case strings.HasPrefix(s.rest(), "*/"):
			depth--
			s.at += 2
			if depth == 0 {
				return
			}
		default:
			s.at++
		}
	}
}

// identifier skips an identifier, a number, or a raw string, whose prefix looks
// like one.
func (s *rustScanner) identifier() {
	start := s.at
	for s.at < len(s.source) && isWord(s.source[s.at]) {
		s.at++
	}
	s.word, s.macro = s.source[start:s.at], ""
	if s.word != "r" && s.word != "br" && s.word != "cr" {
		return
	}
	hashes := len(s.rest()) - len(strings.TrimLeft(s.rest(), "#"))
	if !strings.HasPrefix(s.rest()[hashes:], `"`) {
		return // r#type
	}
	s.at += hashes + 1
	from := s.at
	end := `"` + strings.Repeat("#", hashes)
	s.skipPast(end)
	s.found(from, len(end))
	s.word = ""
}

// literal skips a string with escapes.
func (s *rustScanner) literal() {
	s.at++
	from := s.at
	for s.at < len(s.source) && s.source[s.at] != '"' {
		if s.source[s.at] == '\\' {
			s.at++
		}
		s.at++
	}
	s.at = min(s.at+1, len(s.source))
	s.found(from, 1)
}

// found reports the literal that begins at from and ends before the scanner,
// with a quote of the given length.
func (s *rustScanner) found(from, quote int) {
	s.yield(rustString{s.source[from:max(from, s.at-quote)], s.inside})
}

// character skips a character, or the quote of a lifetime.
func (s *rustScanner) character() {
	s.at++
	if strings.HasPrefix(s.rest(), `\`) {
		s.at = min(s.at+2, len(s.source))
		s.skipPast("'")
		return
	}
	// A character is a rune, so up to four bytes, and a quote.
	for n := 1; n <= 4 && n < len(s.rest()); n++ {
		if s.rest()[n] == '\'' && (n == 1 || s.rest()[0] >= 0x80) {
			s.at += n + 1
			return
		}
	}
}

func (s *rustScanner) open() {
	s.at++
	s.opened = append(s.opened, s.macro)
	if s.macro != "" {
		s.inside = append(s.inside[:len(s.inside):len(s.inside)], s.macro)
	}
}

func (s *rustScanner) close() {
	s.at++
	last := len(s.opened) - 1
	if last < 0 {
		return
	}
	if s.opened[last] != "" {
		s.inside = s.inside[:len(s.inside)-1]
	}
	s.opened = s.opened[:last]
}
