package main

import (
	"math/bits"
	"strconv"
	"strings"
)

// bitset is a set of small numbers.
type bitset []uint64

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

func (b bitset) add(i int) { b[i/64] |= 1 << (i % 64) }

func (b bitset) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }

func (b bitset) union(o bitset) {
	for i, w := range o {
		b[i] |= w
	}
}

func (b bitset) count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// countOf is how many elements the union of b and o has.
func (b bitset) countWith(o bitset) int {
	n := 0
	for i, w := range o {
		n += bits.OnesCount64(w | b[i])
	}
	return n
}

// text is a key that is equal for equal sets.
func (b bitset) text() string {
	var s strings.Builder
	for _, w := range b {
		s.WriteString(strconv.FormatUint(w, 36) + ",")
	}
	return s.String()
}
