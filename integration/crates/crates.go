package crates

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// maxBytes bounds the size of a .crate file.
const maxBytes = 64 << 20

// Crate is a version of a package.
type Crate struct {
	Name, Version string
	// SHA256 is the checksum of the .crate file in lower-case hex.
	SHA256 string
}

// Unpack writes the crate's files to dir, without the archive's top directory.
func (c Crate) Unpack(ctx context.Context, dir string) error {
	archive, err := c.fetch(ctx)
	if err != nil {
		return fmt.Errorf("get %s %s: %w", c.Name, c.Version, err)
	}
	if err := untar(archive, c.Name+"-"+c.Version+"/", dir); err != nil {
		return fmt.Errorf("unpack %s %s: %w", c.Name, c.Version, err)
	}
	return nil
}

// fetch returns the .crate file, from the cache when an earlier run left it there.
func (c Crate) fetch(ctx context.Context) ([]byte, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(cache, "rustfile", "crates", c.Name+"-"+c.Version+".crate")
	if data, err := os.ReadFile(file); err == nil && c.check(data) == nil {
		return data, nil
	}
	url := "https://static.crates.io/crates/" + c.Name + "/" + c.Version + "/download"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxBytes))
	if err != nil {
		return nil, err
	}
	if err := c.check(data); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, err
	}
	return data, os.WriteFile(file, data, 0o644)
}

func (c Crate) check(data []byte) error {
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != c.SHA256 {
		return fmt.Errorf("its sha256 is %x, want %s", sum, c.SHA256)
	}
	return nil
}

// untar unpacks the files below top; it writes nothing outside of dir.
func untar(archive []byte, top, dir string) error {
	gz, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for tr := tar.NewReader(gz); ; {
		hdr, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name, ok := strings.CutPrefix(hdr.Name, top)
		if !ok || hdr.Typeflag != tar.TypeReg {
			return fmt.Errorf("unexpected entry %q", hdr.Name)
		}
		data, err := io.ReadAll(tr)
		if err != nil {
			return err
		}
		if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := root.WriteFile(name, data, hdr.FileInfo().Mode().Perm()); err != nil {
			return err
		}
	}
}
