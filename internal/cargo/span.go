package cargo

import "fmt"

// Position is a place in a file. Line and Column count from 1; Column counts
// bytes.
type Position struct {
	Line   int
	Column int
}

// Span is a range of a file, End exclusive. The zero Span means the place is
// not known; a Span with only File means the whole file.
type Span struct {
	File  string
	Start Position
	End   Position
}

// String renders a span as file:line:column, as compilers do.
func (s Span) String() string {
	if s.Start.Line == 0 {
		return s.File
	}
	return fmt.Sprintf("%s:%d:%d", s.File, s.Start.Line, s.Start.Column)
}

// Error is a fault in one of the project's files. Its text names the place,
// the fault and, where there is one, the fix.
type Error struct {
	Span Span
	// Message says what is wrong, in cargo's words where cargo has a message.
	Message string
	// Fix says what the user can do, "" when the message says it.
	Fix string
	// Err is the cause, nil when there is none beneath.
	Err error
	// Source holds the bytes of Span.File for showing the lines at fault. It is
	// nil when the file could not be read, and when its lines must not be shown
	// because they hold credentials.
	Source []byte
}

// Error implements error.
func (e *Error) Error() string {
	text := e.Message
	if place := e.Span.String(); place != "" {
		text = place + ": " + text
	}
	if e.Fix != "" {
		text += "\n" + e.Fix
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
