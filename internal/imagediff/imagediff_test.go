package imagediff

import (
	"archive/tar"
	"bytes"
	"context"
	"debug/elf"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// file is an entry of a test's layer.
type file struct {
	name, text string
	mode       int64
	uid        int
	at         time.Time
	link       string
}

// layer packs files; with best they are compressed otherwise.
func layerOf(t *testing.T, best bool, files ...file) v1.Layer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Size: int64(len(f.text)), Mode: f.mode | 0o600, Uid: f.uid, ModTime: f.at, Typeflag: tar.TypeReg}
		if f.link != "" {
			h.Typeflag, h.Linkname = tar.TypeSymlink, f.link
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	level := 1
	if best {
		level = 9
	}
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil },
		tarball.WithCompressionLevel(level))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// image has two layers: a base and the given one.
func image(t *testing.T, change func(*v1.ConfigFile), top v1.Layer) Image {
	t.Helper()
	base := layerOf(t, false, file{name: "etc/os-release", text: "Test"})
	img, err := mutate.Append(empty.Image, mutate.Addendum{Layer: base, History: v1.History{CreatedBy: "base"}},
		mutate.Addendum{Layer: top, History: v1.History{CreatedBy: "rustfile: add hello"}})
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", "arm64"
	config.Config.Labels = map[string]string{"a.b": "one"}
	config.Config.Entrypoint = []string{"/hello"}
	if change != nil {
		change(config)
	}
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	all, err := one(img)
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

// program is this test, and with a constant of it changed.
func program(t *testing.T) (same, changed string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.Clone(data)
	other[f.Section(".rodata").Offset+100] ^= 1
	return string(data), string(other)
}

// TestCompare changes one thing at a time, and wants it named and nothing else.
func TestCompare(t *testing.T) {
	same, changed := program(t)
	hello := file{name: "usr/bin/hello", text: same, mode: 0o755}
	label := file{name: "etc/motd", text: "Hi"}
	with := func(change func(*file)) v1.Layer {
		f := hello
		change(&f)
		return layerOf(t, false, f, label)
	}
	for _, tc := range []struct {
		name    string
		config  func(*v1.ConfigFile)
		rebuild v1.Layer
		want    string // lines of the text, without indentation
	}{
		{"nothing", nil, layerOf(t, false, hello, label), "The images are the same."},
		{"compression", nil, layerOf(t, true, hello, label), "The contents are the same. The digests differ because layers are compressed, or media types called, in another way."},
		{"label", func(c *v1.ConfigFile) { c.Config.Labels["a.b"] = "two" }, layerOf(t, false, hello, label),
			"The images differ:|configuration, config.Labels[\"a.b\"]: image one, rebuild two"},
		{"entry point", func(c *v1.ConfigFile) { c.Config.Entrypoint = []string{"/hello", "-v"} }, layerOf(t, false, hello, label),
			"The images differ:|configuration, config.Entrypoint: image [\"/hello\"], rebuild [\"/hello\",\"-v\"]"},
		{"created", func(c *v1.ConfigFile) { c.Created = v1.Time{Time: time.Unix(1, 0).UTC()} }, layerOf(t, false, hello, label),
			"The images differ:|configuration, created: image 0001-01-01T00:00:00Z, rebuild 1970-01-01T00:00:01Z"},
		{"program", nil, with(func(f *file) { f.text = changed }), "sections .rodata"},
		{"mode", nil, with(func(f *file) { f.mode = 0o700 }), "/usr/bin/hello: mode: image 0755, rebuild 0700"},
		{"owner", nil, with(func(f *file) { f.uid = 7 }), "/usr/bin/hello: owner: image 0:0, rebuild 7:0"},
		{"time", nil, with(func(f *file) { f.at = time.Unix(86400, 0) }), "/usr/bin/hello: time: image 1970-01-01T00:00:00Z, rebuild 1970-01-02T00:00:00Z"},
		{"link", nil, with(func(f *file) { f.text, f.link = "", "other" }), "/usr/bin/hello: type: image file, rebuild symbolic link|/usr/bin/hello: link: image none, rebuild other"},
		{"text", nil, layerOf(t, false, hello, file{name: "etc/motd", text: "Ho"}), "/etc/motd: content: image 2 bytes, sha256:"},
		{"one more file", nil, layerOf(t, false, hello, label, file{name: "x"}), "/x: only in the rebuild"},
		{"one file less", nil, layerOf(t, false, hello), "/etc/motd: only in the image"},
		{"order", nil, layerOf(t, false, label, hello), "/etc/motd: order: image entry 2, rebuild entry 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := Compare(image(t, nil, layerOf(t, false, hello, label)), image(t, tc.config, tc.rebuild))
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := Text(&b, r); err != nil {
				t.Fatal(err)
			}
			text := strings.ReplaceAll(strings.Join(strings.Split(b.String(), "\n    "), "|"), "\n  ", "|")
			text = strings.ReplaceAll(text, "|  ", "|")
			if !strings.Contains(strings.ReplaceAll(text, "\n", "|"), tc.want) {
				t.Errorf("the report is\n%s\nwant %s", b.String(), tc.want)
			}
			if same := strings.Contains(tc.want, "same"); r.Same != same || same && len(r.Fields)+len(r.Layers) > 0 {
				t.Errorf("the same: %v, %+v", r.Same, r)
			}
			if n := len(r.Fields) + len(r.Layers); !r.Same && n != 1 {
				t.Errorf("%d things differ: %+v", n, r)
			}
			if strings.Contains(b.String(), "layer ") && !strings.Contains(b.String(), "layer 2 (rustfile: add hello)") {
				t.Errorf("the report names another layer\n%s", b.String())
			}
		})
	}
}

// TestCompareLayers has a layer in one image only, and too many paths to list.
func TestCompareLayers(t *testing.T) {
	var many []file
	for i := range maxPaths + 5 {
		many = append(many, file{name: "f" + strings.Repeat("x", i)})
	}
	a := image(t, nil, layerOf(t, false, many...))
	b := a
	var err error
	if b.Image, err = mutate.AppendLayers(a.Image, layerOf(t, false, many...)); err != nil {
		t.Fatal(err)
	}
	r, err := Compare(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Layers) != 1 || r.Layers[0].Number != 3 || r.Layers[0].Image != "" || len(r.Layers[0].Paths) != maxPaths || r.Layers[0].More != 5 {
		t.Errorf("the layers are %+v", r.Layers)
	}
}

// TestFind finds an image in every place.
func TestFind(t *testing.T) {
	want := image(t, nil, layerOf(t, false, file{name: "x", text: "y"}))
	digest, err := want.Digest()
	if err != nil {
		t.Fatal(err)
	}
	note := image(t, nil, layerOf(t, false, file{name: "note"}))
	idx := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex),
		mutate.IndexAddendum{Add: want.Image}, mutate.IndexAddendum{Add: note.Image, Descriptor: v1.Descriptor{
			Annotations: map[string]string{attestation: "attestation-manifest"}, Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"}}})
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	for ref, put := range map[string]func(name.Reference) error{
		"/app:one":   func(r name.Reference) error { return remote.Write(r, want.Image) },
		"/app:index": func(r name.Reference) error { return remote.WriteIndex(r, idx) },
	} {
		parsed, err := name.ParseReference(host + ref)
		if err != nil {
			t.Fatal(err)
		}
		if err := put(parsed); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(t.TempDir(), "layout")
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := path.AppendImage(want.Image, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": "1"})); err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(t.TempDir(), "image.tar")
	pack(t, dir, archive)
	for _, ref := range []string{
		host + "/app:one", host + "/app:index", host + "/app@" + digest.String(),
		dir, "oci-layout://" + dir, "oci-layout://" + dir + ":1", "oci-layout://" + dir + "@" + digest.String(), archive,
	} {
		found, err := Find(context.Background(), ref, t.TempDir())
		if err != nil {
			t.Errorf("%s: %v", ref, err)
			continue
		}
		if got, err := found[0].Digest(); len(found) != 1 || err != nil || got != digest || found[0].Platform != "linux/arm64" {
			t.Errorf("%s: %d images, the first is %s for %s (%v)", ref, len(found), got, found[0].Platform, err)
		}
	}
	for ref, words := range map[string]string{
		host + "/none:1":                 "cannot find the image",
		"oci-layout://" + dir + ":2":     "has 0 images",
		"oci-layout://" + dir + "/blobs": "is no OCI layout",
		"a b":                            "is no image: want a reference",
		os.Args[0]:                       "is no OCI archive",
	} {
		if _, err := Find(context.Background(), ref, t.TempDir()); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: the error is %v, want %q", ref, err, words)
		}
	}
}

// pack writes a directory as an archive.
func pack(t *testing.T, dir, archive string) {
	t.Helper()
	f, err := os.Create(archive)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(f)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestTextForTerminals: a name in an image can not write to the terminal of who compares it.
func TestTextForTerminals(t *testing.T) {
	var b strings.Builder
	r := &Report{
		Fields: []Field{{Path: "config.Labels[\"a\x1b[2J\"]", Image: "x\ny"}},
		Layers: []Layer{{Number: 1, CreatedBy: "RUN\n\tx\x07", Paths: []Path{{Path: "/é\x1b[31m", What: "content", Sections: []string{".text\r"}}}}},
	}
	if err := Text(&b, r); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\x07\r") || !strings.Contains(b.String(), `"/é\x1b[31m": content`) || !strings.Contains(b.String(), `image "x\ny"`) {
		t.Errorf("got %q", b.String())
	}
}
