package runtimeneeds

import (
	"strings"
	"testing"
)

// TestContainsAcrossReads puts a text at every place around the end of the first read.
func TestContainsAcrossReads(t *testing.T) {
	const text, read = "ca-certificates", 1 << 20
	for before := read - len(text) - 2; before < read+2; before++ {
		for _, want := range []bool{true, false} {
			word := text
			if !want {
				word = text[1:]
			}
			found, err := contains(strings.NewReader(strings.Repeat("x", before)+word+strings.Repeat("x", 99)), places)
			if found != want || err != nil {
				t.Errorf("%q after %d bytes: %v, %v", word, before, found, err)
			}
		}
	}
	for _, p := range places {
		if len(p) > longestPlace {
			t.Errorf("%s is longer than %d", p, longestPlace)
		}
	}
}
