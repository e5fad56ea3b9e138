package frontend

import (
	"errors"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/llbgen"
)

func TestFailedStep(t *testing.T) {
	o, err := options.Parse("Rustfile", []byte("[[run]]\nin = 'image'\ncommand = 'echo \"a\"\n'\n"), nil)
	if err == nil {
		t.Fatal("a line end in a string of one line is accepted")
	}
	if o, err = options.Parse("Rustfile", []byte("[[run]]\nin = 'image'\ncommand = '''echo \"a\"\nexit 1'''\n[[run]]\nin = 'builder'\ncommand = ['fetch', 'a b']\nnetwork = true\n"), nil); err != nil {
		t.Fatal(err)
	}
	step := func(i int) plan.Step {
		return plan.Step{Command: o.Steps[i].Command, Network: o.Steps[i].Network, Index: i}
	}
	p := &plan.Plan{Toolchain: plan.Toolchain{Image: "rust", Steps: []plan.Step{step(1)}}, Image: plan.Image{Base: "debian", Steps: []plan.Step{step(0)}}}
	b := &build{options: o}
	for _, tc := range []struct {
		err, at string
		says    []string
	}{
		{`process "/bin/sh -c echo \"a\"\nexit 1" did not complete successfully: exit code: 1`, "Rustfile:1:1", []string{"`echo \"a\" exit 1` failed in the base debian with status 1", "network = true"}},
		{`process "fetch a b" did not complete successfully: exit code: 127`, "Rustfile:5:1", []string{"failed in the builder image rust with status 127", "no such program"}},
		{`process "fetch a b" did not complete successfully: killed`, "Rustfile:5:1", []string{"killed"}},
		{`process "/bin/sh /rustfile/deps.sh" did not complete successfully: exit code: 1`, "", nil},
		{`process "fetch a" did not complete successfully: exit code: 1`, "", nil},
	} {
		fault := b.failedStep(errors.New(tc.err), p, llbgen.Inputs{})
		if (fault == nil) != (tc.at == "") {
			t.Errorf("%s: %v", tc.err, fault)
			continue
		}
		for _, say := range tc.says {
			if fault.Span.String() != tc.at || fault.Fix == "" || !strings.Contains(fault.Error(), say) {
				t.Errorf("%s: at %s: %v; want at %s: %s", tc.err, fault.Span, fault, tc.at, say)
			}
		}
		// The numbers by which scripts ask for another plan must not be met by accident.
		if fault != nil && failedWith(fault, "exit code: ") {
			t.Errorf("%v can be taken for a failure of a script", fault)
		}
	}
	p.Toolchain.Steps = append(p.Toolchain.Steps, p.Image.Steps...)
	same := errors.New(`process "/bin/sh -c echo \"a\"\nexit 1" did not complete successfully: exit code: 1`)
	if fault := b.failedBaseStep(same, p, llbgen.Inputs{}); fault == nil || !strings.Contains(fault.Error(), "the base debian") {
		t.Errorf("a step of the base that the builder has, too: %v", fault)
	}
	if b.failedStep(nil, p, llbgen.Inputs{}) != nil {
		t.Error("no error is a failure")
	}
}

// TestTestFault: of several tests that fail, the error is at the first and names all.
func TestTestFault(t *testing.T) {
	o, err := options.Parse("Rustfile", []byte("[[test]]\nname = 'a'\ncommand = 'a'\n[[test]]\nname = 'b'\ncommand = 'b'\n[[test]]\nname = 'c'\ncommand = 'c'\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	b, tests := &build{options: o}, []plan.Test{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	if err := b.testFault(tests, make([]string, 3)); err != nil {
		t.Error(err)
	}
	err = b.testFault(tests, []string{"", "x is y", "z"})
	var fault *cargo.Error
	if !errors.As(err, &fault) || fault.Span.Start.Line != 4 {
		t.Fatalf("the error is %v", err)
	}
	for _, say := range []string{"the test `b` failed: x is y", "and Rustfile:7:1: the test `c` failed: z", "not exported"} {
		if !strings.Contains(err.Error(), say) {
			t.Errorf("%v does not say %q", err, say)
		}
	}
}
