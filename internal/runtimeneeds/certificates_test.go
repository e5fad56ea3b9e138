package runtimeneeds_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/runtimeneeds"
)

// reader is a program whose constants hold a text, far from their start.
func reader(text string) string {
	return `#include <stdio.h>
static const char filler[3000000] = {1};
int main(int n, char **v) { return fputs(n > 1 ? "` + text + `" : &filler[n], stdout); }`
}

// TestCertificates: a base without CA certificates gets them when something in the image names a place where they are.
func TestCertificates(t *testing.T) {
	for _, tc := range []struct {
		name, source string
		args         []string
		do           func(q *runtimeneeds.Question)
		want         bool
	}{
		{"a program that needs none", reader("hello"), nil, nil, false},
		{"a static one that needs none", hello, []string{"-static"}, nil, false},
		{"the path", reader("/etc/ssl/certs/ca-certificates.crt"), nil, nil, true},
		{"the path, static", reader("/etc/pki/tls/certs/ca-bundle.crt"), []string{"-static"}, nil, true},
		{"the variable", reader("SSL_CERT_FILE"), nil, nil, true},
		{"stripped", reader("SSL_CERT_DIR"), []string{"-s"}, nil, true},
		{"always", hello, nil, func(q *runtimeneeds.Question) { q.CACertificates = runtimeneeds.Always }, true},
		{"never", reader("SSL_CERT_FILE"), nil, func(q *runtimeneeds.Question) { q.CACertificates = runtimeneeds.Never }, false},
		{"programs that nobody knows", hello, nil, func(q *runtimeneeds.Question) { q.Others = true }, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			program := filepath.Join(t.TempDir(), "server")
			cc(t, tc.source, program, tc.args...)
			q := ask(t, program, newTree(t).withLibc(), newTree(t))
			q.CACertificates = runtimeneeds.Asked
			if tc.do != nil {
				tc.do(&q)
			}
			needs, err := runtimeneeds.Decide(q)
			if err != nil || needs.CACertificates != tc.want {
				t.Errorf("CA certificates: %v, want %v (%v)", needs.CACertificates, tc.want, err)
			}
		})
	}
}

// TestCertificatesOfLibraries: what a program loads may look for them, wherever it comes from.
func TestCertificatesOfLibraries(t *testing.T) {
	for _, text := range []string{"hello", "/usr/lib/ssl/cert.pem"} {
		for _, inBase := range []bool{true, false} {
			base, builder := newTree(t).withLibc(), newTree(t).withLibc()
			root := builder
			if inBase {
				root = base
			}
			library, program := root.path("usr/lib/libone.so.1"), filepath.Join(t.TempDir(), "server")
			cc(t, "const char *one(void) { return \""+text+"\"; }", library, "-shared", "-fPIC", "-Wl,-soname,libone.so.1")
			cc(t, "const char *one(void); int main(void) { return one()[0]; }", program, library)
			q := ask(t, program, base, builder)
			q.CACertificates = runtimeneeds.Asked
			needs, err := runtimeneeds.Decide(q)
			if want := strings.Contains(text, "ssl"); err != nil || needs.CACertificates != want || len(needs.Libraries) > 0 == inBase {
				t.Errorf("%q in the base: %v; needs %+v, want certificates: %v (%v)", text, inBase, needs, want, err)
			}
		}
	}
}
