package plan_test

import (
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
)

func TestWasm(t *testing.T) {
	p := crossPlan(t, nil, plan.Wasi, "linux/amd64", nil)
	if p.Triple != "wasm32-wasip1" || p.BuildPlatform() != "linux/amd64" || !p.Cross.Std || len(p.CrossPackages()) > 0 || variables(p) != "" {
		t.Errorf("the plan is for %s, and crosses by %+v", p.Triple, p.Cross)
	}
	if p.Image.Base != "scratch" || p.Image.CACertificates != "" || strings.Join(p.Image.Entrypoint, " ") != "/a.wasm" || p.Binaries[0].Path() != "/a.wasm" {
		t.Errorf("the image is %+v with %s", p.Image, p.Binaries[0].Path())
	}
	p = crossPlan(t, nil, plan.Wasi, "linux/amd64", map[string]string{"runtime-image": "example.org/base", "entrypoint": "/other"})
	if p.Image.Base != "example.org/base" || strings.Join(p.Image.Entrypoint, " ") != "/other" {
		t.Errorf("the image is %+v, and another was asked for", p.Image)
	}
	o, err := options.Parse("Rustfile", []byte("libc = \"musl\"\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.CheckPlatform(plan.Wasi, o); err == nil || !strings.Contains(err.Error(), "Rustfile:1:1") {
		t.Errorf("musl for a module gives %v", err)
	}
	if p := crossPlan(t, nil, "linux/amd64", "linux/amd64", nil); p.Binaries[0].Path() != "/usr/local/bin/a" {
		t.Errorf("a program is at %s", p.Binaries[0].Path())
	}
}
