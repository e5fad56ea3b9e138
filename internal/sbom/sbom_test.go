package sbom

import (
	"bytes"
	"errors"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/package-url/packageurl-go"
	"github.com/rustfile/rustfile/internal/golden"
	"github.com/rustfile/rustfile/internal/plan"
	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdxlib"
)

const crates = "registry+" + plan.CratesIO

// sample has a crate from each kind of source, a version with a "+", and two
// packages whose identifiers collide.
func sample() *Document {
	sum := func(c string) string { return strings.Repeat(c, 64) }
	crate := func(p plan.Package, download string) Crate { return Crate{Package: p, Download: download} }
	return &Document{
		Name: "server", Platform: ocispecs.Platform{OS: "linux", Architecture: "arm64"}, BuildPlatform: ocispecs.Platform{OS: "linux", Architecture: "amd64"}, Created: time.Unix(1700000000, 0).UTC(), Exact: true,
		Base:    "docker.io/library/debian:bookworm-slim@sha256:" + sum("a"),
		Builder: "docker.io/library/rust:1.95-bookworm@sha256:" + sum("b"),
		Crates: []Crate{
			crate(plan.Package{Name: "greeting", Version: "1.2.0", Source: "git+https://example.com/greeting.git?tag=v1#" + strings.Repeat("0", 40), License: "MIT/Apache-2.0"}, ""),
			crate(plan.Package{Name: "inner", Version: "0.1.0", Source: "sparse+https://registry.example.com/index/", SHA256: sum("c")}, "https://registry.example.com/inner.crate"),
			crate(plan.Package{Name: "libz-sys", Version: "1.1.0+1.3", Source: crates, SHA256: sum("d"), License: "(MIT OR Apache-2.0) AND Zlib", BuildDependencies: []int{3}},
				"https://static.crates.io/crates/libz-sys/1.1.0+1.3/download"),
			crate(plan.Package{Name: "pkg-config", Version: "0.3.1", Source: crates, SHA256: sum("e"), License: "MIT", Build: true}, ""),
			crate(plan.Package{Name: "server", Version: "2.0.0", License: "All rights reserved", Dependencies: []int{0, 1, 2}}, ""),
			crate(plan.Package{Name: "server", Version: "2.0.0", Source: crates, SHA256: sum("f"), Build: true}, ""),
		},
		Files: []File{{Path: "/usr/local/bin/server", SHA1: strings.Repeat("1", 40), SHA256: sum("2"), Crate: 4}},
		System: []SystemPackage{
			{Type: "deb", Vendor: "debian", Distro: "debian-12", Name: "libc6", Version: "2.36-9+deb12u10", Architecture: "amd64"},
		},
	}
}

// TestSPDX compares with a golden document and reads it with the format's own
// library.
func TestSPDX(t *testing.T) {
	got, err := SPDX(sample())
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "testdata/sample.spdx.json", got)
	doc, err := spdxjson.Read(bytes.NewReader(got))
	if err != nil {
		t.Fatal(err)
	}
	if err := spdxlib.ValidateDocument(doc); err != nil {
		t.Error(err)
	}
	described, err := spdxlib.GetDescribedPackageIDs(doc)
	if err != nil || !slices.Equal(described, []common.ElementID{spdxImage}) {
		t.Errorf("the document describes %v, %v", described, err)
	}
	seen := map[common.ElementID]bool{}
	for _, p := range doc.Packages {
		if id := p.PackageSPDXIdentifier; seen[id] || !regexp.MustCompile(`^[A-Za-z0-9.-]+$`).MatchString(string(id)) {
			t.Errorf("identifier %q is not valid or not the only one", id)
		}
		seen[p.PackageSPDXIdentifier] = true
		for _, r := range p.PackageExternalReferences {
			if _, err := packageurl.FromString(r.Locator); err != nil {
				t.Errorf("%s: %v", r.Locator, err)
			}
		}
	}
}

// TestCycloneDX compares with a golden document and reads it with the format's
// own library.
func TestCycloneDX(t *testing.T) {
	got, err := CycloneDX(sample())
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "testdata/sample.cdx.json", got)
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(got), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	if bom.SpecVersion != cdx.SpecVersion1_6 {
		t.Errorf("the version is %s", bom.SpecVersion)
	}
	if !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(bom.SerialNumber) {
		t.Errorf("the serial number is %s", bom.SerialNumber)
	}
	refs := map[string]bool{bom.Metadata.Component.BOMRef: true}
	for _, c := range *bom.Components {
		if refs[c.BOMRef] {
			t.Errorf("two components are called %s", c.BOMRef)
		}
		refs[c.BOMRef] = true
	}
	for _, d := range *bom.Dependencies {
		if !refs[d.Ref] {
			t.Errorf("nothing is called %s", d.Ref)
		}
		if d.Dependencies == nil {
			continue
		}
		for _, on := range *d.Dependencies {
			if !refs[on] {
				t.Errorf("%s depends on %s, which is nothing", d.Ref, on)
			}
		}
	}
}

// TestDocumentFollowsContents: the same contents give the same bytes, and
// others another name.
func TestDocumentFollowsContents(t *testing.T) {
	for name, write := range map[string]func(*Document) ([]byte, error){"SPDX": SPDX, "CycloneDX": CycloneDX} {
		first, err := write(sample())
		if err != nil {
			t.Fatal(err)
		}
		second, err := write(sample())
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s: two documents of the same contents differ: %v", name, err)
		}
		other := sample()
		other.Files[0].SHA256 = strings.Repeat("3", 64)
		third, err := write(other)
		if err != nil {
			t.Fatal(err)
		}
		id := regexp.MustCompile(`"(documentNamespace|serialNumber)":"[^"]*"`)
		if a, b := id.Find(first), id.Find(third); a == nil || bytes.Equal(a, b) {
			t.Errorf("%s: another program has the same name %s", name, a)
		}
		other.Files[0].Crate = 17
		if _, err := write(other); err == nil {
			t.Errorf("%s: a program of no crate is accepted", name)
		}
	}
}

func TestExpression(t *testing.T) {
	for _, tc := range []struct {
		declared, want string
		ok             bool
	}{
		{"MIT", "MIT", true},
		{"MIT/Apache-2.0", "MIT OR Apache-2.0", true},
		{"MIT / Apache-2.0", "MIT OR Apache-2.0", true},
		{"Apache-2.0 WITH LLVM-exception OR  MIT", "Apache-2.0 WITH LLVM-exception OR MIT", true},
		{"(MIT OR Apache-2.0) AND Unicode-3.0", "(MIT OR Apache-2.0) AND Unicode-3.0", true},
		{"((MIT))", "((MIT))", true},
		{"GPL-2.0+", "GPL-2.0+", true},
		{"", "", false}, {"All rights reserved", "", false}, {"MIT OR", "", false}, {"OR MIT", "", false}, {"(MIT", "", false}, {"MIT)", "", false},
		{"MIT or Apache-2.0", "", false}, {"LicenseRef-mine", "", false}, {"see <LICENSE>", "", false}, {"MIT WITH", "", false}, {"MIT\"", "", false},
	} {
		if got, ok := expression(tc.declared); got != tc.want || ok != tc.ok {
			t.Errorf("%q gives %q, %v", tc.declared, got, ok)
		}
	}
}

func TestPURL(t *testing.T) {
	sum := strings.Repeat("d", 64)
	for _, tc := range []struct {
		source, version, sum, want string
	}{
		{crates, "1.0.0", sum, "pkg:cargo/x@1.0.0?checksum=sha256:" + sum},
		{crates, "1.0.0+a", "", "pkg:cargo/x@1.0.0%2Ba"},
		{"sparse+https://index.crates.io/", "1.0.0", "", "pkg:cargo/x@1.0.0"},
		{"registry+https://example.com/index", "1.0.0", "", "pkg:cargo/x@1.0.0?repository_url=https:%2F%2Fexample.com%2Findex"},
		{"git+https://example.com/x.git?branch=main#" + strings.Repeat("a", 40), "1.0.0", "",
			"pkg:cargo/x@1.0.0?vcs_url=git%2Bhttps:%2F%2Fexample.com%2Fx.git%40" + strings.Repeat("a", 40)},
		// crates.io may have another package of this name.
		{"", "1.0.0", "", ""},
	} {
		c := Crate{Package: plan.Package{Name: "x", Version: tc.version, Source: tc.source, SHA256: tc.sum}}
		if got := c.purl(); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.source, got, tc.want)
		}
	}
}

func TestSystemPackages(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	deb := func(name, version string) SystemPackage {
		return SystemPackage{Type: "deb", Vendor: "debian", Distro: "debian-12", Name: name, Version: version, Architecture: "amd64"}
	}
	const debian = "PRETTY_NAME=\"Debian\"\nID=debian\nVERSION_ID=\"12\"\n"
	for _, tc := range []struct {
		name string
		fs   fstest.MapFS
		want []SystemPackage
	}{
		{name: "nothing", fs: fstest.MapFS{"app": file("x")}},
		{name: "dpkg, without what was removed", fs: fstest.MapFS{
			"etc/os-release": file(debian),
			"var/lib/dpkg/status": file("Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:1.2\nDescription: x\n Version: 9\n\n" +
				"Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n\nPackage: base-files\nStatus: install ok installed\nVersion: 12\nArchitecture: amd64\n"),
		}, want: []SystemPackage{deb("base-files", "12"), deb("zlib1g", "1:1.2")}},
		{name: "distroless", fs: fstest.MapFS{
			"usr/lib/os-release":                  file(debian),
			"var/lib/dpkg/status.d/libc6":         file("Package: libc6\nVersion: 2.36\nArchitecture: amd64\n"),
			"var/lib/dpkg/status.d/libc6.md5sums": file("abc  usr/lib/libc.so.6\n"),
		}, want: []SystemPackage{deb("libc6", "2.36")}},
		{name: "apk", fs: fstest.MapFS{
			"etc/os-release":       file("ID=alpine\nVERSION_ID=3.22.0\n"),
			"lib/apk/db/installed": file("C:Q1\nP:musl\nV:1.2.5-r10\nA:x86_64\n\n"),
		}, want: []SystemPackage{{Type: "apk", Vendor: "alpine", Distro: "alpine-3.22.0", Name: "musl", Version: "1.2.5-r10", Architecture: "x86_64"}}},
	} {
		got, err := SystemPackages(tc.fs)
		if err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%s: got %+v, %v", tc.name, got, err)
		}
	}
}

// unlisted is an image whose directories cannot be listed.
type unlisted struct{ fstest.MapFS }

var errUnlisted = errors.New("the daemon went away")

func (unlisted) ReadDir(string) ([]fs.DirEntry, error) { return nil, errUnlisted }

// TestSystemPackagesOfUnreadableImage: an image that cannot be read is none without packages.
func TestSystemPackagesOfUnreadableImage(t *testing.T) {
	if got, err := SystemPackages(unlisted{fstest.MapFS{}}); !errors.Is(err, errUnlisted) {
		t.Errorf("got %v, %v", got, err)
	}
}
