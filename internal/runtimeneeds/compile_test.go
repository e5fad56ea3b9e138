package runtimeneeds_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/runtimeneeds"
)

// cc runs the host's C compiler on a source text.
func cc(t *testing.T, source, out string, args ...string) {
	t.Helper()
	compiler, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler here")
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(compiler, append([]string{"-x", "c", "-", "-x", "none", "-o", out}, args...)...)
	cmd.Stdin = strings.NewReader(source)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("cc %q: %v\n%s", args, err, said.String())
	}
}

// tree is a root file system in a directory.
type tree struct {
	t   *testing.T
	dir string
}

func newTree(t *testing.T) tree { return tree{t, t.TempDir()} }

func (r tree) path(name string) string { return filepath.Join(r.dir, name) }

func (r tree) fs() fs.ReadLinkFS { return os.DirFS(r.dir).(fs.ReadLinkFS) }

func (r tree) root(env ...string) *runtimeneeds.Root { return runtimeneeds.NewRoot(r.fs(), env) }

func (r tree) write(name, text string) {
	r.t.Helper()
	if err := os.MkdirAll(filepath.Dir(r.path(name)), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(r.path(name), []byte(text), 0o755); err != nil {
		r.t.Fatal(err)
	}
}

func (r tree) link(name, to string) {
	r.t.Helper()
	if err := os.MkdirAll(filepath.Dir(r.path(name)), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Symlink(to, r.path(name)); err != nil {
		r.t.Fatal(err)
	}
}

// copyHost copies the file that a path of the host leads to.
func (r tree) copyHost(from, to string) {
	r.t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		r.t.Skipf("this host has no %s", from)
	}
	r.write(to, string(data))
}

// hostLoader is the loader of the host's programs.
func hostLoader(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "empty")
	cc(t, "int main(void){return 0;}", program)
	o := scan(t, program)
	if o.Interpreter == "" {
		t.Skip("programs of this host's compiler are static")
	}
	return o.Interpreter
}

// hostLibrary is where the host's compiler finds a library.
func hostLibrary(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("cc", "-print-file-name="+name).Output()
	if err != nil {
		t.Skip("no C compiler here")
	}
	at := strings.TrimSpace(string(out))
	if !filepath.IsAbs(at) {
		t.Skipf("this host has no %s", name)
	}
	return at
}

// withLibc puts the host's C library into a root, as a base without anything
// else has it.
func (r tree) withLibc() tree {
	r.t.Helper()
	r.copyHost(hostLoader(r.t), hostLoader(r.t))
	for _, name := range []string{"libc.so.6", "libm.so.6"} {
		r.copyHost(hostLibrary(r.t, name), "/usr/lib/"+name)
	}
	return r
}

func scan(t *testing.T, file string) *runtimeneeds.Object {
	t.Helper()
	o, err := runtimeneeds.ScanFile(os.DirFS(filepath.Dir(file)), filepath.Base(file))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func hostPlatform() string {
	if runtime.GOARCH == "arm" {
		return "linux/arm/v7"
	}
	return "linux/" + runtime.GOARCH
}

// ask is the question about a program and a base.
func ask(t *testing.T, program string, base, builder tree) runtimeneeds.Question {
	t.Helper()
	q := runtimeneeds.Question{
		Platform: hostPlatform(), Programs: []runtimeneeds.Program{{Name: filepath.Base(program), Path: "/usr/local/bin/" + filepath.Base(program)}},
		Files: []*runtimeneeds.Object{scan(t, program)}, Base: base.root(), BaseName: "example/base:1", Libraries: runtimeneeds.Auto,
		Builder: func() (*runtimeneeds.Root, error) {
			t.Error("the builder was asked for")
			return runtimeneeds.NewRoot(nil, nil), nil
		},
	}
	if builder.dir != "" {
		q.Builder = func() (*runtimeneeds.Root, error) { return builder.root(), nil }
	}
	return q
}

// strip removes an ELF file's section headers, which the kernel and the loader
// do not need.
func stripSections(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if data[4] != 2 {
		t.Skip("not a 64-bit host")
	}
	for _, at := range []int{0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f, 0x3c, 0x3d, 0x3e, 0x3f} {
		data[at] = 0 // e_shoff, e_shnum, e_shstrndx
	}
	if err := os.WriteFile(file, data, 0o755); err != nil {
		t.Fatal(err)
	}
}
