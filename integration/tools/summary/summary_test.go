package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestSummary(t *testing.T) {
	for _, c := range []struct {
		name, in string
		ok       bool
		want     []string
		not      []string
	}{
		{
			name: "all pass",
			in: `{"Action":"output","Package":"p","Test":"TestA","Output":"noise\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Elapsed":1.25}`,
			ok:   true,
			want: []string{"ok   p 1.2s\n", "1 passed, 0 failed\n"},
			not:  []string{"noise"},
		},
		{
			name: "a test fails",
			in: `{"Action":"output","Package":"p","Test":"TestA","Output":"x_test.go:1: bad\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"fail","Package":"p"}`,
			want: []string{"x_test.go:1: bad\n", "FAIL p", "failed: p TestA\n", "1 passed, 1 failed\n"},
		},
		{
			name: "a package does not compile",
			in: `{"ImportPath":"p","Action":"build-output","Output":"x.go:1:1: syntax error\n"}
{"ImportPath":"p","Action":"build-fail"}
{"Action":"fail","Package":"p","FailedBuild":"p"}`,
			want: []string{"x.go:1:1: syntax error", "failed: p (the package itself)", "0 passed, 1 failed\n"},
		},
		{
			name: "a crash cuts a test off",
			in: `{"Action":"output","Package":"p","Test":"TestA","Output":"panic: oh\n"}
{"Action":"fail","Package":"p"}`,
			want: []string{"panic: oh\n", "0 passed, 1 failed\n"},
		},
		{
			name: "skipped tests are named",
			in: `{"Action":"output","Package":"p","Test":"TestA","Output":"    x_test.go:1: no network\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"--- SKIP: TestA (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestB"}`,
			ok:   true,
			want: []string{"skipped p TestA: x_test.go:1: no network\n", "1 skipped\n1 passed, 0 failed\n"},
		},
		{name: "nothing ran", in: "go: no such package\n", want: []string{"go: no such package\n", "0 passed, 1 failed\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			s := summary{out: &out, output: map[string][]string{}}
			if err := s.read(strings.NewReader(c.in)); err != nil {
				t.Fatal(err)
			}
			if ok := s.close(); ok != c.ok {
				t.Errorf("ok is %t", ok)
			}
			for _, w := range c.want {
				if !strings.Contains(out.String(), w) {
					t.Errorf("no %q in\n%s", w, out.String())
				}
			}
			for _, w := range c.not {
				if strings.Contains(out.String(), w) {
					t.Errorf("%q in\n%s", w, out.String())
				}
			}
		})
	}
}
