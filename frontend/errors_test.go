package frontend

import (
	"errors"
	"strings"
	"testing"

	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/plan"
)

func TestExplainNamesTheCrate(t *testing.T) {
	p := &plan.Plan{Sources: plan.Sources{Lock: "Cargo.lock", Crates: []plan.Crate{
		{Name: "one", Version: "1.0.0", Line: 3}, {Name: "two", Version: "2.0.0", Line: 9},
	}}}
	at := func(file string, line int32) *errdefs.Source {
		return &errdefs.Source{Info: &pb.SourceInfo{Filename: file}, Ranges: []*pb.Range{{Start: &pb.Position{Line: line}}}}
	}
	for _, tc := range []struct {
		name, text string
		source     *errdefs.Source
		refused    error
		want       []string
	}{
		{"download", "not found", at("Cargo.lock", 9), nil, []string{"Cargo.lock:9: cannot get crate two 2.0.0: not found", "run the build again"}},
		{"checksum", "digest mismatch sha256:a: sha256:b", at("Cargo.lock", 3), nil, []string{"crate one 1.0.0", "cargo update --package one"}},
		{"error page", "digest mismatch sha256:a: sha256:b", at("Cargo.lock", 3), errors.New("status 503"), []string{"crate one 1.0.0: status 503", "run the build again"}},
		{"another file", "exit code: 101", at("Cargo.toml", 3), nil, []string{"exit code: 101"}},
		{"no crate's line", "not found", at("Cargo.lock", 4), nil, []string{"not found"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := explain(errdefs.WithSource(errors.New(tc.text), tc.source), p, func(plan.Crate) error { return tc.refused })
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error is %q, want %q in it", err, want)
				}
			}
			if len(errdefs.Sources(err)) != 1 {
				t.Error("the lines that the error is about are lost")
			}
		})
	}
	if err := errors.New("other"); explain(err, p, nil) != err {
		t.Error("an error without lines is changed")
	}
}

func TestWithSources(t *testing.T) {
	span := cargo.Span{File: "a/Cargo.toml", Start: cargo.Position{Line: 2, Column: 5}, End: cargo.Position{Line: 2, Column: 9}}
	b := &build{files: map[string][]byte{"a/Cargo.toml": []byte("[package]\nname = 3\n")}}
	sources := errdefs.Sources(b.withSources(&cargo.Error{Span: span, Message: "wrong"}))
	if len(sources) != 1 || sources[0].Info.Filename != "a/Cargo.toml" {
		t.Fatalf("sources are %v", sources)
	}
	start := sources[0].Ranges[0].Start
	if start.Line != 2 || start.Character != 4 {
		t.Errorf("the range starts at %d:%d; BuildKit counts characters from zero", start.Line, start.Character)
	}
	span.File = "secret/Cargo.toml"
	if got := errdefs.Sources(b.withSources(&cargo.Error{Span: span, Message: "wrong"})); len(got) != 0 {
		t.Errorf("lines are shown of a file whose bytes are not given: %v", got)
	}
}

func TestPanicIsAnError(t *testing.T) {
	err := func() (err error) {
		defer recoverPanic(&err)
		panic("at the disco")
	}()
	if err == nil || !strings.Contains(err.Error(), "at the disco") || !strings.Contains(err.Error(), "errors_test.go") {
		t.Errorf("error is %v, want the panic and its stack", err)
	}
}
