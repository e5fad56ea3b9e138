package frontend

import (
	"errors"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
)

func TestExplainZig(t *testing.T) {
	o, err := options.Parse("Rustfile", []byte("libc = \"gnu\"\nglibc = \"2.28\"\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &build{options: o}
	p := &plan.Plan{Zig: &plan.Zig{Glibc: "2.28", URL: "https://files.example.com/zig.whl"}, Toolchain: plan.Toolchain{Image: "example/rust"}}
	for said, want := range map[string]string{
		`failed to load cache key: Get "https://files.example.com/zig.whl": no such host`:  "cannot be downloaded",
		`process "/bin/sh /rustfile/zig.sh" did not complete successfully: exit code: 1`:   "could not be unpacked in the builder image example/rust",
		`process "/bin/sh /rustfile/build.sh" did not complete successfully: exit code: 1`: "",
	} {
		cause := errors.New(said)
		got := b.explainZig(cause, p)
		if want == "" && got != cause || want != "" && (!strings.Contains(got.Error(), want) || !strings.Contains(got.Error(), "Rustfile:2:1") || !errors.Is(got, cause)) {
			t.Errorf("%s is told as %v", said, got)
		}
		if got := b.explainZig(cause, &plan.Plan{}); got != cause {
			t.Errorf("without zig %s is told as %v", said, got)
		}
	}
}
