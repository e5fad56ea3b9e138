package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/rustfile/rustfile/integration/bench/project"
	"github.com/rustfile/rustfile/integration/bench/results"
	"github.com/rustfile/rustfile/integration/testenv"
)

const runTimeout = time.Minute

// inspect measures an image and runs it: sizes of images that do not print the right version would say nothing.
func inspect(res *testenv.Result, t project.Target) (results.Image, error) {
	facts := results.Image{Compressed: res.Size()}
	if len(res.Manifest.Layers) == 0 || len(res.Image.Config.Entrypoint) == 0 {
		return facts, errors.New("it has no layers or no entrypoint")
	}
	facts.Added = facts.Compressed - res.Manifest.Layers[0].Size // debian:bookworm-slim is one layer
	program := path.Clean(res.Image.Config.Entrypoint[0])
	for _, l := range res.Manifest.Layers {
		err := eachFile(filepath.Join(res.Dir, ocispecs.ImageBlobsDir, l.Digest.Algorithm().String(), l.Digest.Encoded()), l.MediaType, func(hdr *tar.Header) {
			facts.Files += hdr.Size
			if path.Join("/", hdr.Name) == program {
				facts.Binary = hdr.Size
			}
		})
		if err != nil {
			return facts, err
		}
	}
	if facts.Binary == 0 {
		return facts, fmt.Errorf("it has no %s", program)
	}
	return facts, checkVersion(res, t)
}

// eachFile calls do for every regular file of a layer.
func eachFile(file, mediaType string, do func(*tar.Header)) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	var r io.Reader = f
	switch {
	case strings.HasSuffix(mediaType, "gzip"):
		if r, err = gzip.NewReader(f); err != nil {
			return err
		}
	case !strings.HasSuffix(mediaType, "tar"):
		return fmt.Errorf("a layer has the media type %s", mediaType)
	}
	for tr := tar.NewReader(r); ; {
		hdr, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if hdr.Typeflag == tar.TypeReg {
			do(hdr)
		}
	}
}

// checkVersion runs the image with --version.
func checkVersion(res *testenv.Result, t project.Target) error {
	c, err := res.StartContainer(testenv.RunOptions{Args: []string{"--version"}})
	if err != nil {
		return err
	}
	defer c.Stop()
	if err := c.Wait(runTimeout); err != nil {
		return fmt.Errorf("%s --version: %w\n%s", t.Bin, err, c.Output())
	}
	if !strings.Contains(c.Output(), t.Version) {
		return fmt.Errorf("%s --version printed %q, want %s", t.Bin, c.Output(), t.Version)
	}
	return nil
}
