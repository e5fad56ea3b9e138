package sbom

import (
	"bytes"
	"fmt"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// CycloneDX writes a document as CycloneDX 1.6 JSON.
// https://cyclonedx.org/docs/1.6/json/
func CycloneDX(d *Document) ([]byte, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	sum, err := d.fingerprint()
	if err != nil {
		return nil, err
	}
	c := &cyclone{source: d, bom: cdx.NewBOM()}
	image := cdx.Component{BOMRef: "image", Type: cdx.ComponentTypeContainer, Name: d.Name}
	c.bom.SerialNumber = serialNumber(sum)
	c.bom.Metadata = &cdx.Metadata{
		Timestamp: d.Created.UTC().Format(time.RFC3339), Component: &image,
		Tools: &cdx.ToolsChoice{Components: &[]cdx.Component{{Type: cdx.ComponentTypeApplication, Name: tool}}},
	}
	needs := c.images()
	c.crates()
	needs = append(append(needs, c.files()...), c.system()...)
	c.depend(image.BOMRef, needs)
	c.bom.Components, c.bom.Dependencies = &c.components, &c.dependencies
	var out bytes.Buffer
	if err := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).EncodeVersion(c.bom, cdx.SpecVersion1_6); err != nil {
		return nil, fmt.Errorf("the SBOM: %w", err)
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

// serialNumber is a UUID of version 8, which is for values of one's own making.
// https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8
func serialNumber(sum string) string {
	return "urn:uuid:" + sum[:8] + "-" + sum[8:12] + "-8" + sum[13:16] + "-8" + sum[17:20] + "-" + sum[20:32]
}

// cyclone is a CycloneDX document in the making.
type cyclone struct {
	source       *Document
	bom          *cdx.BOM
	components   []cdx.Component
	dependencies []cdx.Dependency
}

// ref names a crate within the document.
func (c *cyclone) ref(i int) string { return fmt.Sprintf("crate-%d", i) }

func (c *cyclone) depend(ref string, on []string) {
	d := cdx.Dependency{Ref: ref}
	if len(on) > 0 {
		d.Dependencies = &on
	}
	c.dependencies = append(c.dependencies, d)
}

// images adds the base and the builder image, of which the second is not part
// of what runs.
func (c *cyclone) images() (needs []string) {
	for _, image := range []struct {
		ref, id  string
		scope    cdx.Scope
		platform ocispecs.Platform
	}{
		{c.source.Base, "base-image", cdx.ScopeRequired, c.source.Platform},
		{c.source.Builder, "builder-image", cdx.ScopeExcluded, c.source.BuildPlatform},
	} {
		if image.ref == "" {
			continue
		}
		c.components = append(c.components, cdx.Component{
			BOMRef: image.id, Type: cdx.ComponentTypeContainer, Name: image.ref, Scope: image.scope, PackageURL: imagePURL(image.ref, image.platform),
		})
		needs = append(needs, image.id)
	}
	return needs
}

func (c *cyclone) crates() {
	for i, crate := range c.source.Crates {
		comp := cdx.Component{
			BOMRef: c.ref(i), Type: cdx.ComponentTypeLibrary, Name: crate.Name, Version: crate.Version,
			Scope: cdx.ScopeRequired, PackageURL: crate.purl(),
		}
		if crate.Build {
			comp.Scope = cdx.ScopeExcluded
		}
		if crate.SHA256 != "" {
			comp.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: crate.SHA256}}
		}
		if license, ok := expression(crate.License); ok {
			comp.Licenses = &cdx.Licenses{{Expression: license}}
		} else if crate.License != "" {
			comp.Licenses = &cdx.Licenses{{License: &cdx.License{Name: crate.License}}}
		}
		if at := crate.location(); at != "" {
			comp.ExternalReferences = &[]cdx.ExternalReference{{Type: cdx.ERTypeDistribution, URL: at}}
		}
		c.components = append(c.components, comp)
		var needs []string
		for _, list := range [][]int{crate.Dependencies, crate.BuildDependencies} {
			for _, d := range list {
				needs = append(needs, c.ref(d))
			}
		}
		c.depend(c.ref(i), needs)
	}
}

func (c *cyclone) files() (refs []string) {
	for i, f := range c.source.Files {
		ref := fmt.Sprintf("file-%d", i)
		c.components = append(c.components, cdx.Component{
			BOMRef: ref, Type: cdx.ComponentTypeFile, Name: f.Path,
			Hashes: &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA1, Value: f.SHA1}, {Algorithm: cdx.HashAlgoSHA256, Value: f.SHA256}},
		})
		c.depend(ref, []string{c.ref(f.Crate)})
		refs = append(refs, ref)
	}
	return refs
}

func (c *cyclone) system() (refs []string) {
	for i, p := range c.source.System {
		ref := fmt.Sprintf("system-%d", i)
		c.components = append(c.components, cdx.Component{
			BOMRef: ref, Type: cdx.ComponentTypeLibrary, Name: p.Name, Version: p.Version, PackageURL: p.purl(),
		})
		refs = append(refs, ref)
	}
	return refs
}
