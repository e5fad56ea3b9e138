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

	"github.com/rustfile/rustfile/integration/testenv"
)

// imageFacts are the sizes of an image in bytes.
type imageFacts struct {
	compressed int64 // all layers, what a registry transfers
	added      int64 // likewise, without the base image
	unpacked   int64 // all regular files of the layers
	binary     int64 // the program that the image starts
}

const runTimeout = time.Minute

// inspect measures an image and runs it: sizes of images that do not print the right version would say nothing.
func inspect(res *testenv.Result, p project) (imageFacts, error) {
	facts := imageFacts{compressed: res.Size()}
	if len(res.Manifest.Layers) == 0 || len(res.Image.Config.Entrypoint) == 0 {
		return facts, errors.New("it has no layers or no entrypoint")
	}
	facts.added = facts.compressed - res.Manifest.Layers[0].Size // debian:bookworm-slim is one layer
	program := path.Clean(res.Image.Config.Entrypoint[0])
	for _, l := range res.Manifest.Layers {
		err := eachFile(filepath.Join(res.Dir, ocispecs.ImageBlobsDir, l.Digest.Algorithm().String(), l.Digest.Encoded()), l.MediaType, func(hdr *tar.Header) {
			facts.unpacked += hdr.Size
			if path.Join("/", hdr.Name) == program {
				facts.binary = hdr.Size
			}
		})
		if err != nil {
			return facts, err
		}
	}
	if facts.binary == 0 {
		return facts, fmt.Errorf("it has no %s", program)
	}
	return facts, checkVersion(res, p)
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
func checkVersion(res *testenv.Result, p project) error {
	c, err := res.StartContainer(testenv.RunOptions{Args: []string{"--version"}})
	if err != nil {
		return err
	}
	defer c.Stop()
	if err := c.Wait(runTimeout); err != nil {
		return fmt.Errorf("%s --version: %w\n%s", p.name, err, c.Output())
	}
	if !strings.Contains(c.Output(), p.version) {
		return fmt.Errorf("%s --version printed %q, want %s", p.name, c.Output(), p.version)
	}
	return nil
}
