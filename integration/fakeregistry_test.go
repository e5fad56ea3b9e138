package integration

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"path"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeRegistry is a registry of crates on the loopback interface that a test can break. Its crates have no dependencies.
type fakeRegistry struct {
	address string
	server  *http.Server

	mu       sync.Mutex
	archives map[string][]byte // by "name/version"
	index    map[string]string // lines of the sparse index, by the crate's name
	requests []string          // paths, in order
	// fault, when set, answers in place of the registry; false leaves the request to it.
	fault func(w http.ResponseWriter, r *http.Request) bool
}

func newFakeRegistry(t testing.TB) *fakeRegistry {
	t.Helper()
	f := &fakeRegistry{archives: map[string][]byte{}, index: map[string]string{}}
	f.listen(t, "127.0.0.1:0")
	t.Cleanup(f.down)
	return f
}

// listen starts the server; after down, on the address it had.
func (f *fakeRegistry) listen(t testing.TB, address string) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	f.address = l.Addr().String()
	f.server = &http.Server{Handler: f, ReadHeaderTimeout: time.Minute}
	go f.server.Serve(l)
}

func (f *fakeRegistry) down() { f.server.Close() }

func (f *fakeRegistry) up(t testing.TB) { f.listen(t, f.address) }

// ServeHTTP implements http.Handler.
func (f *fakeRegistry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.requests = append(f.requests, r.URL.Path)
	fault := f.fault
	name, found := strings.CutPrefix(r.URL.Path, "/crates/")
	archive, known := f.archives[name]
	lines := f.index[path.Base(r.URL.Path)]
	f.mu.Unlock()
	switch {
	case fault != nil && fault(w, r):
	case r.URL.Path == "/index/config.json":
		fmt.Fprintf(w, `{"dl": "http://%s/crates/{crate}/{version}"}`, f.address)
	case found && known:
		w.Write(archive)
	case strings.HasPrefix(r.URL.Path, "/index/") && lines != "":
		io.WriteString(w, lines)
	default:
		http.NotFound(w, r)
	}
}

func (f *fakeRegistry) setFault(fault func(w http.ResponseWriter, r *http.Request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
}

// downloads returns how many times crates were asked for since the last call.
func (f *fakeRegistry) downloads() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, asked := range f.requests {
		if strings.HasPrefix(asked, "/crates/") {
			n++
		}
	}
	f.requests = nil
	return n
}

// crate is a generated crate whose library has a function name().
type crate struct {
	name    string
	version string       // crateVersion when empty
	entries []tar.Header // after Cargo.toml and src/lib.rs
	content string       // of the regular files among them
}

const crateVersion = "1.0.0"

// archive makes the .crate file. The result depends on the name of the test, so that no earlier test's is cached.
func (c crate) archive(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	add := func(h tar.Header, text string) {
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(text))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := io.WriteString(w, text); err != nil {
				t.Fatal(err)
			}
		}
	}
	dir := c.name + "-" + cmp.Or(c.version, crateVersion)
	add(tar.Header{Name: dir + "/Cargo.toml", Mode: 0o644, Typeflag: tar.TypeReg},
		fmt.Sprintf("[package]\nname = %q\nversion = %q\nedition = \"2021\"\n", c.name, cmp.Or(c.version, crateVersion)))
	add(tar.Header{Name: dir + "/src/lib.rs", Mode: 0o644, Typeflag: tar.TypeReg},
		fmt.Sprintf("pub fn name() -> &'static str { %q } // %s\n", c.name, t.Name()))
	for _, h := range c.entries {
		add(h, c.content)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// publish makes the registry serve a crate's archive. The index has one line for each version:
// https://doc.rust-lang.org/cargo/reference/registry-index.html#json-schema
func (f *fakeRegistry) publish(c crate, archive []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	version := cmp.Or(c.version, crateVersion)
	f.archives[c.name+"/"+version] = archive
	f.index[c.name] += fmt.Sprintf("{\"name\":%q,\"vers\":%q,\"deps\":[],\"cksum\":\"%x\",\"features\":{},\"yanked\":false}\n",
		c.name, version, sha256.Sum256(archive))
}

// projectOf makes a project that prints the names of the crates it depends on, which come from the registry in the
// place of crates.io.
func (f *fakeRegistry) projectOf(t testing.TB, crates ...crate) *project {
	t.Helper()
	p := &project{t: t, Dir: t.TempDir()}
	manifest := "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\n"
	lock := "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n"
	packages, names := "", ""
	for _, c := range crates {
		archive := c.archive(t)
		f.publish(c, archive)
		manifest += fmt.Sprintf("%s = %q\n", c.name, crateVersion)
		lock += fmt.Sprintf(" %q,\n", c.name)
		packages += fmt.Sprintf("\n[[package]]\nname = %q\nversion = %q\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"%x\"\n",
			c.name, crateVersion, sha256.Sum256(archive))
		names += fmt.Sprintf("    println!(\"{}\", %s::name());\n", c.name)
	}
	p.write("Rustfile", "# syntax=rustfile/rustfile:1\n")
	p.write("Cargo.toml", manifest)
	p.write("Cargo.lock", lock+"]\n"+packages)
	p.write("src/main.rs", "fn main() {\n"+names+"}\n")
	p.write(".cargo/config.toml", "[source.crates-io]\nreplace-with = \"local\"\n\n[source.local]\nregistry = \"sparse+http://"+f.address+"/index/\"\n")
	return p
}
