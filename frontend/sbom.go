package frontend

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/containerd/platforms"
	intoto "github.com/in-toto/in-toto-golang/in_toto"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/attestations/sbom"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	gatewaypb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/result"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	bom "github.com/rustfile/rustfile/internal/sbom"
	"github.com/rustfile/rustfile/llbgen"
)

// defaultGenerator is the scanner that clients ask for when they name none.
const defaultGenerator = "docker.io/docker/buildkit-syft-scanner:stable-1"

// attachment is a document that is attached to the image of a platform.
type attachment struct {
	// name is the document's file name; predicate is its kind, a URI.
	name, predicate string
	data            []byte
}

// writesSBOM reports whether the SBOM is ours to write: when the client asks
// for one and names no scanner to make it. BuildKit scans no image that has an
// SPDX document already.
func (b *build) writesSBOM() bool {
	return b.ui.SBOM != nil && b.ui.SBOM.Generator == defaultGenerator
}

// keepSBOM makes the documents for the image of a platform.
func (b *build) keepSBOM(ctx context.Context, s *solved, in llbgen.Inputs, platform ocispecs.Platform) error {
	if !b.writesSBOM() || s.plan.Image.DebugOnly {
		return nil
	}
	doc, err := b.document(ctx, s, in, platform)
	if err != nil {
		return err
	}
	data, err := bom.SPDX(doc)
	if err != nil {
		return err
	}
	// BuildKit puts the document first whose name begins with sbom.CoreSBOMName.
	list := []attachment{{sbom.CoreSBOMName + ".spdx.json", intoto.PredicateSPDX, data}}
	if b.options.SBOM == options.SBOMCycloneDX {
		if data, err = bom.CycloneDX(doc); err != nil {
			return err
		}
		list = append(list, attachment{sbom.CoreSBOMName + ".cdx.json", intoto.PredicateCycloneDX, data})
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sboms[platforms.Format(platform)] = list
	return nil
}

// document collects what an image is made of.
func (b *build) document(ctx context.Context, s *solved, in llbgen.Inputs, platform ocispecs.Platform) (*bom.Document, error) {
	p := s.plan
	d := &bom.Document{
		Name: p.Binaries[0].Name, Platform: platform, BuildPlatform: b.platformOr(nil), Created: time.Unix(0, 0).UTC(),
		Base: in.Runtime.Ref, Builder: in.Toolchain.Ref, Exact: p.Compiled.Exact,
	}
	if in.Epoch != nil {
		d.Created = in.Epoch.UTC()
	}
	for _, q := range p.Compiled.Packages {
		d.Crates = append(d.Crates, bom.Crate{Package: q, Download: download(p, in.Downloads, q)})
	}
	data, err := s.output(ctx).ReadFile("sums")
	if err != nil {
		return nil, err
	}
	sums := parseSums(string(data))
	for _, bin := range p.Binaries {
		sum, root := sums[bin.Name], p.Root(bin)
		if sum[0] == "" || sum[1] == "" {
			return nil, fmt.Errorf("the source vertex gives no checksum of %s", bin.Name)
		}
		d.Files = append(d.Files, bom.File{Path: bin.Path(), SHA1: sum[0], SHA256: sum[1], Crate: root})
	}
	d.System, err = bom.SystemPackages(newRefFS(ctx, s.ref))
	return d, err
}

// download is where a package was downloaded, "" when it was not. Crates of
// crates.io have one address, whatever mirror they came from.
func download(p *plan.Plan, downloads map[string]string, q plan.Package) string {
	for _, c := range p.Sources.Crates {
		if c.Name != q.Name || c.Version != q.Version || c.SHA256 != q.SHA256 {
			continue
		}
		if c.Registry == plan.CratesIO {
			return "https://crates.io/api/v1/crates/" + c.Name + "/" + c.Version + "/download"
		}
		if url, err := llbgen.CrateURL(p, downloads, c); err == nil {
			return url
		}
	}
	return ""
}

// parseSums reads the output of sha1sum and sha256sum: the SHA-1 and the
// SHA-256 of each file.
func parseSums(text string) map[string][2]string {
	sums := map[string][2]string{}
	for line := range strings.Lines(text) {
		sum, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		pair := sums[name]
		switch len(sum) {
		case 40:
			pair[0] = sum
		case 64:
			pair[1] = sum
		}
		sums[name] = pair
	}
	return sums
}

// attest attaches the documents to the images.
func (b *build) attest(ctx context.Context, rb *dockerui.ResultBuilder) error {
	if !b.writesSBOM() {
		return nil
	}
	return rb.EachPlatform(ctx, func(ctx context.Context, id string, p ocispecs.Platform) (err error) {
		defer recoverPanic(&err)
		b.mu.Lock()
		list := b.sboms[platforms.Format(platforms.Normalize(p))]
		b.mu.Unlock()
		if len(list) == 0 {
			return fmt.Errorf("there is no SBOM for %s", id)
		}
		for _, a := range list {
			st := llb.Scratch().File(llb.Mkfile("/"+a.name, 0o644, a.data, llb.WithCreatedTime(time.Unix(0, 0))),
				llb.WithCustomName("[internal] write "+a.name), llb.WithoutExportCache())
			ref, err := b.solve(ctx, st)
			if err != nil {
				return err
			}
			rb.AddAttestation(id, client.Attestation{
				Kind: gatewaypb.AttestationKind_InToto, Ref: ref, Path: a.name,
				InToto: result.InTotoAttestation{PredicateType: a.predicate},
				Metadata: map[string][]byte{
					result.AttestationReasonKey: []byte(result.AttestationReasonSBOM), result.AttestationSBOMCore: []byte(sbom.CoreSBOMName),
				},
			})
		}
		return nil
	})
}
