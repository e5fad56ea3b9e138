package sbom

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/moby/buildkit/util/purl"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/package-url/packageurl-go"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/plan"
)

// tool is how documents name their author. A version would make two versions
// of rustfile that build the same image write different documents.
const tool = "rustfile"

// Document is what the bill of materials of an image says.
type Document struct {
	// Name is the image's name: that of the program it runs.
	Name string
	// Platform is the image's, BuildPlatform that of the machine which compiled.
	Platform, BuildPlatform ocispecs.Platform
	// Created is the time stamp of the image, in UTC.
	Created time.Time
	// Base and Builder are the references of the base and the builder image, ""
	// for none.
	Base, Builder string
	// Exact says that the crates are those that were compiled; see
	// [plan.Compiled].
	Exact  bool
	Crates []Crate
	Files  []File
	System []SystemPackage
}

// Crate is a package of the build; its indexes are those of [Document.Crates].
type Crate struct {
	plan.Package
	// Download is where the crate was downloaded, "" for what was not.
	Download string
}

// File is a program in the image.
type File struct {
	// Path is absolute.
	Path string
	// SHA1 and SHA256 are in lower-case hex. SPDX wants the first of every file.
	SHA1, SHA256 string
	// Crate is the index of the package that the program belongs to.
	Crate int
}

// purl is the package URL of a crate, "" for a local package.
// https://github.com/package-url/purl-spec/blob/main/types-doc/cargo-definition.md
func (c Crate) purl() string {
	id, err := cargo.ParseSourceID(c.Source)
	if err != nil || id.Kind == cargo.SourceLocal {
		return ""
	}
	qualifiers := map[string]string{}
	switch {
	case id.Kind == cargo.SourceGit:
		qualifiers["vcs_url"] = vcsURL(id)
	case !isCratesIO(id.URL):
		qualifiers["repository_url"] = strings.TrimPrefix(id.URL, "sparse+")
	}
	if c.SHA256 != "" {
		qualifiers["checksum"] = "sha256:" + c.SHA256
	}
	return packageurl.NewPackageURL("cargo", "", c.Name, c.Version, packageurl.QualifiersFromMap(qualifiers), "").ToString()
}

func isCratesIO(url string) bool {
	return url == plan.CratesIO || strings.HasPrefix(url, "sparse+https://index.crates.io/")
}

// vcsURL names a commit as SPDX writes it.
// https://spdx.github.io/spdx-spec/v2.3/package-information/#77-package-download-location-field
func vcsURL(id cargo.SourceID) string { return "git+" + id.URL + "@" + id.Commit }

// location is where the source of a crate was taken from, "" for the build
// context.
func (c Crate) location() string {
	if id, err := cargo.ParseSourceID(c.Source); err == nil && id.Kind == cargo.SourceGit {
		return vcsURL(id)
	}
	return c.Download
}

// imagePURL is the package URL of an image, as BuildKit's provenance writes it,
// and "" for what is no reference.
func imagePURL(ref string, p ocispecs.Platform) string {
	out, err := purl.RefToPURL(packageurl.TypeDocker, ref, &p)
	if err != nil {
		return ""
	}
	return out
}

// fingerprint is a digest of everything that a document says, in hex.
func (d *Document) fingerprint() (string, error) {
	data, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("the SBOM: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// check refuses indexes that point nowhere.
func (d *Document) check() error {
	valid := func(i int) bool { return i >= 0 && i < len(d.Crates) }
	for _, c := range d.Crates {
		for _, list := range [][]int{c.Dependencies, c.BuildDependencies} {
			for _, i := range list {
				if !valid(i) {
					return fmt.Errorf("the SBOM: crate %s depends on number %d of %d", c.Name, i, len(d.Crates))
				}
			}
		}
	}
	for _, f := range d.Files {
		if !valid(f.Crate) {
			return fmt.Errorf("the SBOM: %s belongs to no crate of the build", f.Path)
		}
	}
	return nil
}
