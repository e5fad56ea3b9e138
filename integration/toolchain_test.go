package integration

import (
	"archive/tar"
	"bytes"
	"io"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/rustfile/rustfile/integration/standin"
	"github.com/rustfile/rustfile/integration/testenv"
)

// dependencyChangeOfToolchain builds in another image than before: the default one with one more file.
func dependencyChangeOfToolchain(t *testing.T) change {
	ref := otherToolchain(t)
	return change{name: "toolchain image", work: "unpack-rest unpack deps build", compiled: allOfA,
		options: func(o *testenv.BuildOptions) {
			o.NamedContexts = map[string]string{"rust": "docker-image://" + ref}
		}}
}

// otherToolchain pushes a Rust image of another digest to the local registry and returns its name.
func otherToolchain(t *testing.T) string {
	t.Helper()
	e := testenv.Env(t)
	repository := "docker.io/library/rust"
	if mirror := e.Standin.Mirror(); mirror != "" {
		repository = mirror + "/library/rust"
	}
	from, err := name.ParseReference(repository+":"+standin.RustChannel+"-"+standin.Suite, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	img, err := remote.Image(from, remote.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	img, err = mutate.AppendLayers(img, oneFileLayer(t, "etc/another-toolchain"))
	if err != nil {
		t.Fatal(err)
	}
	to, err := name.ParseReference(e.Registry.Host()+"/test/rust:another", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(to, img, remote.WithContext(t.Context())); err != nil {
		t.Fatal(err)
	}
	return to.String()
}

func oneFileLayer(t *testing.T, path string) v1.Layer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: path, Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	return layer
}
