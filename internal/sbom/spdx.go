package sbom

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"strings"
	"time"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"
)

const (
	noAssertion = "NOASSERTION"
	// namespace begins the name of every SPDX document; a digest ends it.
	namespace = "https://github.com/rustfile/rustfile/sbom/"
)

// The identifiers of the elements of which there is one.
const (
	spdxDocument common.ElementID = "DOCUMENT"
	spdxImage    common.ElementID = "Image"
	spdxBase     common.ElementID = "BaseImage"
	spdxBuilder  common.ElementID = "BuilderImage"
)

// SPDX writes a document as SPDX 2.3 JSON.
// https://spdx.github.io/spdx-spec/v2.3/
func SPDX(d *Document) ([]byte, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	sum, err := d.fingerprint()
	if err != nil {
		return nil, err
	}
	s := &spdx{source: d, names: map[common.ElementID]bool{}, doc: &v2_3.Document{
		SPDXVersion: v2_3.Version, DataLicense: v2_3.DataLicense, SPDXIdentifier: spdxDocument,
		DocumentName: d.Name, DocumentNamespace: namespace + url.PathEscape(d.Name) + "-" + sum,
		CreationInfo: &v2_3.CreationInfo{
			Creators: []common.Creator{{CreatorType: "Tool", Creator: tool}}, Created: d.Created.UTC().Format(time.RFC3339),
		},
	}}
	if !d.Exact {
		s.doc.DocumentComment = "The crates are those of the lock file: some may not be compiled into the programs."
	}
	s.images()
	s.crates()
	s.files()
	s.system()
	return json.Marshal(s.doc)
}

// spdx is an SPDX document in the making.
type spdx struct {
	source *Document
	doc    *v2_3.Document
	names  map[common.ElementID]bool
	// crate holds the identifiers of the crates.
	crate []common.ElementID
}

// id makes an identifier, which may hold letters, digits, "." and "-" and must
// occur once.
func (s *spdx) id(parts ...string) common.ElementID {
	text := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
			return r
		}
		return '-'
	}, strings.Join(parts, "-"))
	id := common.ElementID(text)
	for n := 2; s.names[id]; n++ {
		id = common.ElementID(fmt.Sprintf("%s-%d", text, n))
	}
	s.names[id] = true
	return id
}

func (s *spdx) relate(a common.ElementID, kind string, b common.ElementID) {
	s.doc.Relationships = append(s.doc.Relationships, &v2_3.Relationship{
		RefA: common.MakeDocElementID("", string(a)), Relationship: kind, RefB: common.MakeDocElementID("", string(b)),
	})
}

// add adds a package with what every package has.
func (s *spdx) add(p *v2_3.Package, purl string) {
	p.PackageLicenseConcluded, p.PackageCopyrightText = noAssertion, noAssertion
	if p.PackageDownloadLocation == "" {
		p.PackageDownloadLocation = noAssertion
	}
	if p.PackageLicenseDeclared == "" {
		p.PackageLicenseDeclared = noAssertion
	}
	if purl != "" {
		p.PackageExternalReferences = []*v2_3.PackageExternalReference{{
			Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: purl,
		}}
	}
	s.doc.Packages = append(s.doc.Packages, p)
}

// images are the image itself, its base and the image that it was built in.
func (s *spdx) images() {
	s.add(&v2_3.Package{PackageName: s.source.Name, PackageSPDXIdentifier: spdxImage, PrimaryPackagePurpose: "CONTAINER"}, "")
	s.relate(spdxDocument, common.TypeRelationshipDescribe, spdxImage)
	for _, other := range []struct {
		ref      string
		id       common.ElementID
		platform ocispecs.Platform
	}{{s.source.Base, spdxBase, s.source.Platform}, {s.source.Builder, spdxBuilder, s.source.BuildPlatform}} {
		if other.ref == "" {
			continue
		}
		s.add(&v2_3.Package{PackageName: other.ref, PackageSPDXIdentifier: other.id, PrimaryPackagePurpose: "CONTAINER"},
			imagePURL(other.ref, other.platform))
	}
	if s.source.Base != "" {
		s.relate(spdxImage, common.TypeRelationshipDescendantOf, spdxBase)
	}
	if s.source.Builder != "" {
		s.relate(spdxBuilder, common.TypeRelationshipBuildToolOf, spdxImage)
	}
}

func (s *spdx) crates() {
	for _, c := range s.source.Crates {
		p := &v2_3.Package{
			PackageName: c.Name, PackageVersion: c.Version, PackageSPDXIdentifier: s.id("Crate", c.Name, c.Version),
			PackageDownloadLocation: c.location(), PrimaryPackagePurpose: "LIBRARY",
		}
		if c.SHA256 != "" {
			p.PackageChecksums = []common.Checksum{{Algorithm: common.SHA256, Value: c.SHA256}}
		}
		if license, ok := expression(c.License); ok {
			p.PackageLicenseDeclared = license
		} else if c.License != "" {
			p.PackageLicenseComments = "The manifest declares: " + c.License
		}
		if c.Source == "" {
			p.PackageSourceInfo = "a package of the build context"
		}
		s.crate = append(s.crate, p.PackageSPDXIdentifier)
		s.add(p, c.purl())
	}
	for i, c := range s.source.Crates {
		for _, d := range c.Dependencies {
			s.relate(s.crate[i], common.TypeRelationshipDependsOn, s.crate[d])
		}
		for _, d := range c.BuildDependencies {
			s.relate(s.crate[d], common.TypeRelationshipBuildDependencyOf, s.crate[i])
		}
	}
}

func (s *spdx) files() {
	for _, f := range s.source.Files {
		file := &v2_3.File{
			FileName: f.Path, FileSPDXIdentifier: s.id("File", path.Base(f.Path)), FileTypes: []string{"BINARY"},
			Checksums:        []common.Checksum{{Algorithm: common.SHA1, Value: f.SHA1}, {Algorithm: common.SHA256, Value: f.SHA256}},
			LicenseConcluded: noAssertion, LicenseInfoInFiles: []string{noAssertion}, FileCopyrightText: noAssertion,
		}
		s.doc.Files = append(s.doc.Files, file)
		s.relate(spdxImage, common.TypeRelationshipContains, file.FileSPDXIdentifier)
		s.relate(file.FileSPDXIdentifier, common.TypeRelationshipGeneratedFrom, s.crate[f.Crate])
	}
}

func (s *spdx) system() {
	for _, q := range s.source.System {
		id := s.id("System", q.Name, q.Version, q.Architecture)
		s.add(&v2_3.Package{PackageName: q.Name, PackageVersion: q.Version, PackageSPDXIdentifier: id, PrimaryPackagePurpose: "INSTALL"}, q.purl())
		s.relate(spdxImage, common.TypeRelationshipContains, id)
	}
}
