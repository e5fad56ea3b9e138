package plan_test

import (
	"testing"

	"github.com/rustfile/rustfile/internal/cargo"
)

// TestWillBeDynamic: what could make a program static, or link it in another way, leaves it open.
func TestWillBeDynamic(t *testing.T) {
	config := func(text string) map[string]string { return map[string]string{".cargo/config.toml": text} }
	for _, tc := range []struct {
		name  string
		files map[string]string
		file  string
		want  bool
	}{
		{"plain", nil, "", true},
		{"other flags", config("[build]\nrustflags = ['-C', 'target-cpu=x86-64-v3']\n"), "", true},
		{"build script of a library", map[string]string{"lib/build.rs": "fn main() {}"}, "", true},
		{"build script of another program", map[string]string{"b/build.rs": "fn main() {}"}, "", true},
		{"musl", nil, "libc = 'musl'", false},
		{"static flag", config("[target.x86_64-unknown-linux-gnu]\nrustflags = ['-C', 'target-feature=+crt-static']\n"), "", false},
		{"static flags in one text", config("[target.'cfg(unix)']\nrustflags = '-Ctarget-feature=+crt-static -Copt-level=1'\n"), "", false},
		{"linker", config("[target.x86_64-unknown-linux-gnu]\nlinker = 'clang'\n"), "", false},
		{"link argument", config("[build]\nrustflags = ['-Clink-arg=-static']\n"), "", false},
		{"flags of a profile", config("[profile.release]\nrustflags = ['-Clink-arg=-static']\n"), "", false},
		{"build script", map[string]string{"a/build.rs": "fn main() {}"}, "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fsys := project(tc.files)
			r := request{target: "a", file: tc.file}
			p, err := newPlan(fsys, r)
			if err != nil {
				t.Fatal(err)
			}
			ws, err := cargo.Load(fsys, cargo.LoadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got := p.WillBeDynamic(ws); got != tc.want {
				t.Errorf("certainly dynamic: %v, want %v", got, tc.want)
			}
		})
	}
}
