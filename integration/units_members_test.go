package integration

import (
	"slices"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/internal/report"
)

// TestWhatAChangeOfAMemberCompiles holds member vertices to their promise: a member that is edited is compiled, and what
// depends on it, and nothing else.
func TestWhatAChangeOfAMemberCompiles(t *testing.T) {
	p := copyOf(t, "several-members")
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	build := func(target string) *testenv.Result {
		t.Helper()
		r := buildUnits(t, b, testenv.BuildOptions{Context: p.Dir, Target: target})
		if dirty := r.Dirty(); len(dirty) > 0 {
			t.Errorf("cargo found stale: %q", dirty)
		}
		return r
	}
	build("a")
	for _, tc := range []struct {
		name, target, compiled string
		do                     func()
	}{
		{"nothing", "a", "", func() {}},
		{"the program", "a", "a", func() { p.append("a/src/main.rs", "// More.\n") }},
		{"a library", "a", "a lib-a", func() { p.append("lib-a/src/lib.rs", "// More.\n") }},
		{"the library of all", "a", "a lib-a lib-common", func() { p.append("lib-common/src/lib.rs", "// More.\n") }},
		{"another member", "a", "", func() { p.append("b/src/main.rs", "// More.\n") }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.do()
			r := build(tc.target)
			if got := compiled(r); got != tc.compiled {
				t.Errorf("compiled: %q, want %q", got, tc.compiled)
			}
			if got := r.Run(t); got != "a 434f4d4d4f4e 3\n" {
				t.Errorf("the program prints %q", got)
			}
			checkReport(t, r, tc.compiled)
		})
	}
}

// checkReport compares what the build's report says was compiled with what cargo said.
func checkReport(t *testing.T, r *testenv.Result, compiled string) {
	t.Helper()
	data := r.Meta[report.MetadataKey]
	rep, err := report.Parse(data)
	if err != nil {
		t.Fatalf("the build has no report: %v\n%s", err, data)
	}
	var names []string
	for _, u := range rep.Units {
		if u.Status == report.StatusCompiled {
			names = append(names, u.Name)
		}
	}
	slices.Sort(names)
	if got := strings.Join(slices.Compact(names), " "); got != compiled {
		t.Errorf("the report says %q was compiled, cargo says %q", got, compiled)
	}
}
