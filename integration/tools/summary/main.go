// Command summary turns the stream of `go test -json` into lines for people: one per package (ok, FAIL), the
// output of tests that failed, and at the end "N passed, N failed". Its exit status is 1 when anything failed.
//
//	go test -json ./... | go run ./integration/tools/summary
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() {
	s := summary{out: os.Stdout, output: map[string][]string{}}
	if err := s.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "summary:", err)
		os.Exit(1)
	}
	if !s.close() {
		os.Exit(1)
	}
}

// event is a line of `go test -json`, of the kind "test" or of the kind "build".
type event struct {
	Action, Package, ImportPath, Test, Output, FailedBuild string
	Elapsed                                                float64
}

// summary counts and prints.
type summary struct {
	out                     io.Writer
	output                  map[string][]string // of tests and packages that have not ended
	passed, failed, skipped int
	broken                  int // packages that failed as such: no compile, a crash, a failing TestMain
	failures                []string
}

func (s *summary) read(r io.Reader) error {
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			s.line(line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *summary) line(line string) {
	var e event
	if err := json.Unmarshal([]byte(line), &e); err != nil || e.Action == "" {
		fmt.Fprint(s.out, line) // what the go command itself has to say
		return
	}
	key := e.Package + e.ImportPath + " " + e.Test
	switch e.Action {
	case "output", "build-output":
		s.output[key] = append(s.output[key], e.Output)
	case "pass", "fail", "skip", "build-fail":
		s.end(e, key)
		delete(s.output, key)
	}
}

// end takes in the end of a test or of a package.
func (s *summary) end(e event, key string) {
	text := strings.Join(s.output[key], "")
	switch {
	case e.Action == "build-fail":
		fmt.Fprint(s.out, text)
	case e.Test == "":
		s.endPackage(e, text)
	case e.Action == "pass":
		s.passed++
	case e.Action == "skip":
		s.skipped++
		fmt.Fprintf(s.out, "skipped %s %s: %s\n", e.Package, e.Test, reason(s.output[key]))
	default:
		s.failed++
		s.failures = append(s.failures, e.Package+" "+e.Test)
		fmt.Fprint(s.out, text)
	}
}

func (s *summary) endPackage(e event, text string) {
	switch {
	case e.Action == "pass":
		fmt.Fprintf(s.out, "ok   %s %.1fs\n", e.Package, e.Elapsed)
	case e.Action == "skip": // no tests in it
	default:
		if !slices.ContainsFunc(s.failures, func(f string) bool { return strings.HasPrefix(f, e.Package+" ") }) {
			s.broken++
			s.failures = append(s.failures, e.Package+" (the package itself)")
			for key, lines := range s.output { // the tests that a crash or a timeout cut off
				if strings.HasPrefix(key, e.Package+" ") {
					text += strings.Join(lines, "")
				}
			}
			fmt.Fprint(s.out, text)
		}
		fmt.Fprintf(s.out, "FAIL %s %.1fs\n", e.Package, e.Elapsed)
	}
}

// reason is what the test gave to t.Skip.
func reason(lines []string) string {
	for _, l := range slices.Backward(lines) {
		if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, "---") && !strings.HasPrefix(l, "===") {
			return l
		}
	}
	return "no reason given"
}

// close prints the closing lines and tells whether everything passed.
func (s *summary) close() bool {
	for _, f := range s.failures {
		fmt.Fprintf(s.out, "failed: %s\n", f)
	}
	if s.skipped > 0 {
		fmt.Fprintf(s.out, "%d skipped\n", s.skipped)
	}
	if s.passed+s.failed+s.broken == 0 {
		s.broken++ // an empty stream is not a success
	}
	fmt.Fprintf(s.out, "%d passed, %d failed\n", s.passed, s.failed+s.broken)
	return s.failed+s.broken == 0
}
