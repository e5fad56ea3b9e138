package integration

import (
	"archive/tar"
	"crypto/x509"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/rustfile/rustfile/integration/examples"
	"github.com/rustfile/rustfile/integration/standin"
	"github.com/rustfile/rustfile/integration/testenv"
)

const (
	runtimeBase = "library/debian:" + standin.Suite + "-slim"
	builderBase = "library/rust:" + standin.RustChannel + "-" + standin.Suite
	caBundle    = "etc/ssl/certs/ca-certificates.crt"
	binDir      = "usr/local/bin"
)

// base returns a base image as the daemon gets it: from docker.io or from the registry that stands in for it.
func base(t testing.TB, ref string) v1.Image {
	t.Helper()
	host := testenv.Env(t).Standin.Mirror()
	if host == "" {
		host = "docker.io"
	}
	tag, err := name.NewTag(host + "/" + ref)
	if err != nil {
		t.Fatal(err)
	}
	img, err := remote.Image(tag, remote.WithContext(t.Context()))
	if err != nil {
		t.Fatalf("pull %s: %v", tag, err)
	}
	return img
}

// added are the layers that an image has on top of its base.
type added struct {
	entries []tar.Header
	size    int64
}

// addedTo reads the layers on top of a base image; the layers below must be the base's own.
func addedTo(t testing.TB, res *testenv.Result, below v1.Image) added {
	t.Helper()
	config, err := below.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	img := asImage(t, res)
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	if len(layers) <= len(config.RootFS.DiffIDs) {
		t.Fatalf("the image has %d layers, its base %d", len(layers), len(config.RootFS.DiffIDs))
	}
	for i, want := range config.RootFS.DiffIDs {
		if got := res.Image.RootFS.DiffIDs[i].String(); got != want.String() {
			t.Fatalf("layer %d is %s, the base has %s", i, got, want)
		}
	}
	var a added
	for _, l := range layers[len(config.RootFS.DiffIDs):] {
		a.read(t, l)
	}
	return a
}

func asImage(t testing.TB, res *testenv.Result) v1.Image {
	t.Helper()
	img, err := res.OCI()
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func (a *added) read(t testing.TB, l v1.Layer) {
	t.Helper()
	rc, err := l.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer rc.Close()
	for tr := tar.NewReader(rc); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		a.entries = append(a.entries, *h)
		a.size += h.Size
	}
}

// checkImage checks what an image is made of, without running its program.
func checkImage(t *testing.T, res *testenv.Result, c *examples.Case) {
	t.Helper()
	a := addedTo(t, res, base(t, runtimeBase))
	checkFiles(t, a, time.Unix(0, 0))
	checkTimes(t, res, time.Unix(0, 0))
	checkUser(t, res)
	if c.Entrypoint != nil && !slices.Equal(res.Image.Config.Entrypoint, c.Entrypoint) {
		t.Errorf("entry point %q, want %q", res.Image.Config.Entrypoint, c.Entrypoint)
	}
	if len(res.Image.Config.Cmd) > 0 {
		t.Errorf("the image has the base's command: %q", res.Image.Config.Cmd)
	}
	for k, want := range c.Labels {
		if got := res.Image.Config.Labels[k]; got != want {
			t.Errorf("label %s is %q, want %q", k, got, want)
		}
	}
	if most := int64(c.MaxSizeMB) * 1_000_000; most > 0 && a.size > most {
		t.Errorf("the image adds %d bytes to its base, want at most %d", a.size, most)
	}
	if c.Binaries == nil {
		return
	}
	files, err := os.ReadDir(filepath.Join(res.Rootfs(t), binDir))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	if !slices.Equal(names, c.Binaries) {
		t.Errorf("/%s holds %q, want %q", binDir, names, c.Binaries)
	}
}

// checkFiles allows binaries and nothing else, owned by root, and one time for all.
func checkFiles(t *testing.T, a added, at time.Time) {
	t.Helper()
	for _, h := range a.entries {
		file := strings.Trim(h.Name, "/")
		dir, mode := path.Dir(file), h.FileInfo().Mode()
		if mode.IsDir() && mode.Perm() != 0o755 {
			t.Errorf("the directory %s has mode %s", h.Name, mode)
		}
		switch {
		case h.Typeflag == tar.TypeDir && mode.Perm() == 0o755 && strings.HasPrefix(binDir+"/", file+"/"):
		case h.Typeflag == tar.TypeReg && dir == binDir && mode == 0o755:
		default:
			t.Errorf("the image adds %s with type %c and mode %s", h.Name, h.Typeflag, mode)
		}
		if h.Uid != 0 || h.Gid != 0 {
			t.Errorf("%s belongs to %d:%d", h.Name, h.Uid, h.Gid)
		}
		if mode&(os.ModeSetuid|os.ModeSetgid) != 0 {
			t.Errorf("%s has mode %s", h.Name, mode)
		}
		if h.Typeflag == tar.TypeReg && !h.ModTime.Equal(at) {
			t.Errorf("%s is dated %s, want %s", h.Name, h.ModTime, at)
		}
	}
}

// checkTimes wants one constant in the image's configuration instead of a clock.
func checkTimes(t *testing.T, res *testenv.Result, at time.Time) {
	t.Helper()
	if got := res.Image.Created; got == nil || !got.Equal(at) {
		t.Errorf("created %v, want %v", got, at)
	}
	ours := 0
	for _, h := range res.Image.History {
		if h.Comment != "rustfile" {
			continue
		}
		ours++
		if h.Created == nil || !h.Created.Equal(at) {
			t.Errorf("history %q has the time %v, want %v", h.CreatedBy, h.Created, at)
		}
	}
	if ours != 1 {
		t.Errorf("%d entries of the history are ours, want 1: %+v", ours, res.Image.History)
	}
}

// checkUser runs a shell in the image: it must not be root, and must not be able to write where programs lie.
func checkUser(t *testing.T, res *testenv.Result) {
	t.Helper()
	uid, _, _ := strings.Cut(res.Image.Config.User, ":")
	if n, err := strconv.Atoi(uid); err != nil || n == 0 {
		t.Errorf("the user is %q, want a number other than 0", res.Image.Config.User)
	}
	const script = `id -u; for d in / /etc /usr/local/bin; do if touch $d/written 2>/dev/null; then echo can write $d; fi; done`
	if got := res.RunWith(t, testenv.RunOptions{Entrypoint: []string{"/bin/sh", "-c", script}}); got != uid+"\n" {
		t.Errorf("a shell in the image printed %q, want %q", got, uid+"\n")
	}
}

// checkCertificates wants a usable CA bundle where programs look for it.
func checkCertificates(t *testing.T, res *testenv.Result) {
	t.Helper()
	pem, err := os.ReadFile(filepath.Join(res.Rootfs(t), caBundle))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(pem), "BEGIN CERTIFICATE"); n < 50 || !x509.NewCertPool().AppendCertsFromPEM(pem) {
		t.Errorf("the CA bundle has %d certificates", n)
	}
}

// TestSourceDateEpoch dates an image. What the base brings keeps its dates.
func TestSourceDateEpoch(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	at := time.Unix(1700000000, 0)
	o := testenv.BuildOptions{Context: example(t, "hello").Dir, BuildArgs: map[string]string{"SOURCE_DATE_EPOCH": "1700000000"}}
	res := b.MustBuild(t, o)
	checkTimes(t, res, at)
	checkFiles(t, addedTo(t, res, base(t, runtimeBase)), at)
	if again := b.MustBuild(t, o); again.Descriptor.Digest != res.Descriptor.Digest {
		t.Errorf("the second build is %s, the first %s", again.Descriptor.Digest, res.Descriptor.Digest)
	}
	checkRun(t, res, &example(t, "hello").Cases[0])
}
