package llbgen_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fakeZig prints its arguments, one to a line.
const fakeZig = "#!/bin/sh\nprintf '%s\\n' \"$@\"\n"

// zigTools lays out the commands that stand for a compiler, with a fake of zig; they are what a vertex has, and run by the
// real shell. The tests in package integration run them with the real zig and rustc.
func zigTools(t *testing.T, target, triple, native string) string {
	t.Helper()
	dir := t.TempDir()
	script, err := os.ReadFile("scripts/zig-cc.sh")
	if err != nil {
		t.Fatal(err)
	}
	settings := fmt.Sprintf("command=%s/zig\nzig=%s\ntriple=%s\nnative=%s\nmultiarch=no-such-machine\n", dir, target, triple, native)
	files := map[string]string{"zig": fakeZig, "settings": settings, "host/cc": "#!/bin/sh\necho host\nprintf '%s\\n' \"$@\"\n"}
	for _, name := range []string{"cc", "c++", "aarch64-linux-gnu-gcc", "aarch64-linux-gnu-ar"} {
		files["bin/"+name] = string(script)
	}
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestZigCommandWithFakeZig(t *testing.T) {
	const ours = "-fno-sanitize=all -Wno-unused-command-line-argument"
	const after = "-idirafter /usr/include/no-such-machine -idirafter /usr/include"
	here := zigTools(t, "x86_64-linux-gnu.2.28", "x86_64-unknown-linux-gnu", "1")
	arm64 := zigTools(t, "aarch64-linux-gnu.2.28", "aarch64-unknown-linux-gnu", "")
	arm := zigTools(t, "arm-linux-gnueabihf.2.28", "armv7-unknown-linux-gnueabihf", "")
	const zig = "-target x86_64-linux-gnu.2.28"
	for _, tc := range []struct{ name, dir, tool, outDir, args, want string }{
		{"rustc links a program", here, "cc", "", "-m64 a.o -Wl,--as-needed -lgcc_s -lc -nodefaultlibs -fuse-ld=lld -B/rust/gcc-ld -o /build/target/x86_64-unknown-linux-gnu/release/deps/a",
			"cc " + zig + " " + ours + " a.o -Wl,--as-needed -lunwind -lc -nodefaultlibs -o /build/target/x86_64-unknown-linux-gnu/release/deps/a " + after},
		{"rustc links a build script", here, "cc", "", "-m64 a.o -lgcc_s -o /build/target/release/build/a-0/build_script_build-0", "host -m64 a.o -lgcc_s -o /build/target/release/build/a-0/build_script_build-0"},
		{"C for the target", here, "cc", "/build/target/x86_64-unknown-linux-gnu/release/build/a-0/out", "--target=x86_64-unknown-linux-gnu -march=x86-64-v3 -Wp,-D_FORTIFY_SOURCE=2 -c a.c -o a.o",
			"cc " + zig + " " + ours + " -march=x86_64_v3 -c a.c -o a.o " + after},
		{"C++ for the target", here, "c++", "/build/target/x86_64-unknown-linux-gnu/release/build/a-0/out", "-E a.cc", "c++ " + zig + " " + ours + " -E a.cc " + after},
		{"C for a build script's own use", here, "cc", "/build/target/release/build/a-0/out", "-c a.c -o a.o", "host -c a.c -o a.o"},
		{"a question without an output", here, "cc", "", "--version", "host --version"},
		{"options of other linkers", here, "cc", "", "-Wl,--undefined=AUDIT -Wl,--no-undefined-version -Wl,-z,nostart-stop-gc -Wl,/a/libb.a -o /build/target/x86_64-unknown-linux-gnu/a",
			"cc " + zig + " " + ours + " -Wl,-u,AUDIT /a/libb.a -o /build/target/x86_64-unknown-linux-gnu/a " + after},
		{"another machine", arm64, "aarch64-linux-gnu-gcc", "", "-march=armv8.2-a+crypto+fp16 -c a.c", "cc -target aarch64-linux-gnu.2.28 " + ours + " -mcpu=generic+crypto+fullfp16 -c a.c -Xassembler -march=armv8.2-a+crypto+fp16 " + after},
		{"archives", arm64, "aarch64-linux-gnu-ar", "", "cq a.a a.o", "ar cq a.a a.o"},
		{"a library that zig has", arm, "cc", "", "/rust/libcompiler_builtins-0.rlib -march=armv7-a", "cc -target arm-linux-gnueabihf.2.28 " + ours + " " + after},
		{"the same on others", arm64, "cc", "", "/rust/libcompiler_builtins-0.rlib", "cc -target aarch64-linux-gnu.2.28 " + ours + " /rust/libcompiler_builtins-0.rlib " + after},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cmd := exec.Command(filepath.Join(tc.dir, "bin", tc.tool), strings.Fields(tc.args)...)
			cmd.Env = []string{"PATH=" + filepath.Join(tc.dir, "bin") + ":" + filepath.Join(tc.dir, "host") + ":/usr/bin:/bin", "OUT_DIR=" + tc.outDir}
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if got := strings.Join(strings.Fields(string(out)), " "); got != tc.want {
				t.Errorf("it runs\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

// zipFile packs files in the two ways of the format.
func zipFile(t *testing.T, files map[string]string) string {
	t.Helper()
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	for name, text := range files {
		h := &zip.FileHeader{Name: name, Method: zip.Store}
		raw := []byte(text)
		h.UncompressedSize64, h.CompressedSize64, h.CRC32 = uint64(len(raw)), uint64(len(raw)), crc32.ChecksumIEEE(raw)
		if len(raw) > 100 {
			h.Method = zip.Deflate
			raw = deflated(t, raw)
			h.CompressedSize64 = uint64(len(raw))
		}
		f, err := w.CreateRaw(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(raw); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "a.zip")
	if err := os.WriteFile(file, packed.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestUnzip unpacks with the Perl of this machine, which Debian's images have where unzip is missing.
func TestUnzip(t *testing.T) {
	perl, err := exec.LookPath("perl")
	if err != nil {
		t.Skip(err)
	}
	script, err := filepath.Abs("scripts/unzip.pl")
	if err != nil {
		t.Fatal(err)
	}
	unpack := func(archive string) (string, map[string]string, error) {
		dir, got := t.TempDir(), map[string]string{}
		cmd := exec.Command(perl, script, archive, "top/")
		cmd.Dir = dir
		said, err := cmd.CombinedOutput()
		if walked := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(filepath.Join(dir, name))
			got[name] = string(data)
			return err
		}); walked != nil {
			t.Fatal(walked)
		}
		return string(said), got, err
	}
	files := map[string]string{
		"top/a": "small", "top/deep/er/b": strings.Repeat("large ", 500_000), "top/deep/c": "", "other/d": "not asked for", "top/deep/e": strings.Repeat("x", 101),
	}
	said, got, err := unpack(zipFile(t, files))
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	delete(files, "other/d")
	if fmt.Sprint(got) != fmt.Sprint(files) {
		t.Errorf("unpacked %d files, want %d with the same contents", len(got), len(files))
	}
	for _, bad := range []string{"top/../../evil"} {
		if said, got, err := unpack(zipFile(t, map[string]string{bad: "x"})); err == nil || !strings.Contains(said, "is outside") || len(got) > 0 {
			t.Errorf("%s was unpacked to %v: %s", bad, got, said)
		}
	}
	archive := zipFile(t, map[string]string{"top/b": strings.Repeat("large ", 1000)})
	data, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	data[50] ^= 0xff
	if err := os.WriteFile(archive, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if said, _, err := unpack(archive); err == nil {
		t.Errorf("a damaged archive was unpacked: %s", said)
	}
}

func deflated(t *testing.T, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.DefaultCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
