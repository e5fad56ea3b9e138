package crates

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestUntar(t *testing.T) {
	crate := func(names ...string) []byte {
		var b bytes.Buffer
		gz := gzip.NewWriter(&b)
		tw := tar.NewWriter(gz)
		for _, n := range names {
			if err := tw.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: n, Mode: 0o644, Size: 1, ModTime: time.Unix(1, 0)}); err != nil {
				t.Fatal(err)
			}
			tw.Write([]byte("x"))
		}
		tw.Close()
		gz.Close()
		return b.Bytes()
	}
	dir := t.TempDir()
	if err := untar(crate("a-1/Cargo.toml", "a-1/src/main.rs"), "a-1/", dir); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(filepath.Join(dir, "src", "main.rs"))
	if err != nil {
		t.Fatal(err)
	}
	if st.ModTime().Before(time.Unix(2, 0)) {
		t.Error("the file is as old as the archive says, not as old as the copy")
	}
	if err := untar(crate("b-1/other"), "a-1/", t.TempDir()); err == nil {
		t.Error("a file of another package was unpacked")
	}
	if err := untar(crate("a-1/../../escaped"), "a-1/", dir); err == nil {
		t.Error("a file was written outside of the directory")
	}
	if err := (Crate{SHA256: strings.Repeat("0", 64)}).check([]byte("x")); err == nil {
		t.Error("a wrong checksum was accepted")
	}
}
