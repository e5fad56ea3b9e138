package cargo

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

var utf8BOM = []byte("\xef\xbb\xbf")

// checkEncoding refuses bytes that are not TOML text before a parser sees them.
// It returns the offset of the fault.
func checkEncoding(data []byte) (int, string) {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return 0, "stream did not contain valid UTF-8: the file is encoded as UTF-16"
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return i, "the file contains a NUL byte"
	}
	if !utf8.Valid(data) {
		for i := 0; i < len(data); {
			r, n := utf8.DecodeRune(data[i:])
			if r == utf8.RuneError && n <= 1 {
				return i, "stream did not contain valid UTF-8"
			}
			i += n
		}
	}
	return -1, ""
}

// scanLimits walks the bytes once, outside strings and comments, and refuses
// what would make a recursive or allocating parser suffer. It does not decide
// whether the text is TOML: what it cannot follow is left to the parser.
func scanLimits(data []byte) (int, string) {
	var s limitScanner
	for s.at < len(data) {
		if fault := s.step(data); fault != "" {
			return s.at, fault
		}
	}
	return -1, ""
}

type limitScanner struct {
	at, depth, values, dots int
}

func (s *limitScanner) step(data []byte) string {
	switch c := data[s.at]; c {
	case '"', '\'':
		s.at = skipString(data, s.at)
		return ""
	case '#':
		if end := bytes.IndexByte(data[s.at:], '\n'); end >= 0 {
			s.at += end
		} else {
			s.at = len(data)
		}
		return ""
	case '[', '{':
		s.depth++
		s.values++
	case ']', '}':
		if s.depth > 0 {
			s.depth--
		}
		s.dots = 0
	case ',', '=':
		s.values++
		s.dots = 0
	case '.':
		s.dots++
		s.values++
	case '\n':
		s.dots = 0
	}
	switch {
	case s.depth > MaxValueDepth:
		return fmt.Sprintf("arrays and inline tables are nested more than %d levels deep", MaxValueDepth)
	case s.dots >= MaxKeyParts:
		return fmt.Sprintf("a dotted key has more than %d parts", MaxKeyParts)
	case s.values > MaxValues:
		return fmt.Sprintf("the file has more than %d values", MaxValues)
	}
	s.at++
	return ""
}

// skipString returns the offset behind the string that starts at data[i]. An
// unterminated single-line string ends at its line, so that the scan goes on
// and the parser reports the fault.
func skipString(data []byte, i int) int {
	quote := data[i]
	triple := bytes.Repeat([]byte{quote}, 3)
	if bytes.HasPrefix(data[i:], triple) {
		for j := i + 3; j < len(data); j++ {
			if data[j] == '\\' && quote == '"' {
				j++
			} else if bytes.HasPrefix(data[j:], triple) {
				j += 3
				for j < len(data) && data[j] == quote {
					j++
				}
				return j
			}
		}
		return len(data)
	}
	for j := i + 1; j < len(data); j++ {
		switch {
		case data[j] == '\\' && quote == '"':
			j++
		case data[j] == quote:
			return j + 1
		case data[j] == '\n':
			return j
		}
	}
	return len(data)
}
