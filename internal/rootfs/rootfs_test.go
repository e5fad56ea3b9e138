package rootfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// image is a root file system on the disk, whose links lead astray when the machine follows them.
func image(t *testing.T) fs.FS {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{"usr/bin", "usr/lib", "etc/alternatives", "srv"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"usr/bin/dash", "etc/passwd"} {
		if err := os.WriteFile(filepath.Join(dir, f), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{
		"bin": "usr/bin", "usr/bin/sh": "/etc/alternatives/sh", "etc/alternatives/sh": "../../usr/bin/dash", "out": "../../../../usr/lib",
		"lost": "/nowhere/x", "loop": "loop", "a": "b", "b": "/a", "root": "/", "slash": "usr/lib/",
	} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return os.DirFS(dir)
}

func TestResolve(t *testing.T) {
	root := image(t)
	for _, tc := range []struct {
		name, want string
		exists     bool
	}{
		{"/", ".", true},
		{"", ".", true},
		{"/..", ".", true},
		{"/bin/sh", "usr/bin/dash", true},
		{"bin/sh", "usr/bin/dash", true},
		{"/bin/../lib", "usr/lib", true}, // that of usr, where the link leads
		{"/bin/..", "usr", true},
		{"/out", "usr/lib", true},
		{"/root/root/etc/./passwd", "etc/passwd", true},
		{"/slash/x", "usr/lib/x", false},
		{"/lost/y", "nowhere/x/y", false},
		{"/srv/new/deep", "srv/new/deep", false},
		{"/etc/passwd/below", "etc/passwd/below", false},
	} {
		got, err := Resolve(root, tc.name)
		if err != nil || got.Path != tc.want || (got.Info != nil) != tc.exists {
			t.Errorf("%s: got %+v, %v", tc.name, got, err)
		}
	}
	for _, name := range []string{"/loop", "/a/x"} {
		if got, err := Resolve(root, name); !errors.Is(err, ErrLoop) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

// broken cannot be read.
type broken struct{ fstest.MapFS }

var errBroken = errors.New("the daemon went away")

func (broken) Lstat(string) (fs.FileInfo, error) { return nil, errBroken }

func TestResolveBroken(t *testing.T) {
	if _, err := Resolve(broken{}, "/etc/passwd"); !errors.Is(err, errBroken) {
		t.Errorf("the error is %v", err)
	}
}

func TestParagraphs(t *testing.T) {
	const text = "\n\nPackage: a\nVersion:  1 \nConffiles:\n /etc/a 00\n\t/etc/b 11\nno field\n\n continued nothing\nP:b\nP:c"
	var got []Paragraph
	for p := range Paragraphs([]byte(text)) {
		got = append(got, p)
	}
	want := []Paragraph{
		{{"Package", "a", "Package: a\n"}, {"Version", "1", "Version:  1 \n"}, {"Conffiles", "", "Conffiles:\n /etc/a 00\n\t/etc/b 11\n"}, {"", "", "no field\n"}},
		{{"", "", " continued nothing\n"}, {"P", "b", "P:b\n"}, {"P", "c", "P:c"}},
	}
	if !slices.EqualFunc(got, want, slices.Equal[Paragraph]) {
		t.Errorf("got %q", got)
	}
	if got[0].Get("Version") != "1" || got[1].Get("P") != "b" || got[1].Get("V") != "" {
		t.Errorf("got %q", got)
	}
	for p := range Paragraphs([]byte(text)) {
		if p.Get("Package") != "a" {
			t.Error("the range goes on after its end")
		}
		break
	}
}

// FuzzParagraphs: no line is lost, whatever the text is.
func FuzzParagraphs(f *testing.F) {
	f.Add("Package: a\nDepends: b,\n c\n\nPackage: d\n")
	f.Add(" \n\t\n:\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		var all, want strings.Builder
		for p := range Paragraphs([]byte(text)) {
			for _, field := range p {
				all.WriteString(field.Text)
			}
		}
		for line := range strings.Lines(text) {
			if line != "\n" {
				want.WriteString(line)
			}
		}
		if all.String() != want.String() {
			t.Errorf("%q came out as %q", text, all.String())
		}
	})
}

func TestReadRelease(t *testing.T) {
	for _, tc := range []struct {
		etc, usr string
		want     Release
	}{
		{"NAME=\"Debian\"\nVERSION_ID=\"12\"\nID=debian\n", "ID=other", Release{"debian", "12"}},
		{"", "ID='alpine'\nVERSION_ID=3.22.0", Release{"alpine", "3.22.0"}},
		{"# nothing", "ID=debian\n", Release{"debian", ""}},
		{"", "", Release{}},
	} {
		got, err := ReadRelease(func(name string) ([]byte, error) {
			text := map[string]string{"/etc/os-release": tc.etc, "/usr/lib/os-release": tc.usr}[name]
			if text == "" {
				return nil, fs.ErrNotExist
			}
			return []byte(text), nil
		})
		if err != nil || got != tc.want {
			t.Errorf("got %+v, %v; want %+v", got, err, tc.want)
		}
	}
	if _, err := ReadRelease(func(string) ([]byte, error) { return nil, errBroken }); !errors.Is(err, errBroken) {
		t.Errorf("the error is %v", err)
	}
}
