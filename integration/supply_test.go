package integration

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	intoto "github.com/in-toto/in-toto-golang/in_toto"
	slsa1 "github.com/in-toto/in-toto-golang/in_toto/slsa_provenance/v1"
	provenance "github.com/moby/buildkit/solver/llbsolver/provenance/types"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	rustaudit "github.com/rust-secure-code/go-rustaudit"
	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx"
	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdxlib"

	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/internal/auditable"
	"github.com/rustfile/rustfile/llbgen"
)

// itoaSum is the checksum of the one crate that the selfhash fixture depends on.
const itoaSum = "3bd1574e617a9a6c1f8f8181bd7e841e1f20e4277607ef28945765188d6284d4"

// attested returns the predicates that are attached to the image, by their type.
func attested(t *testing.T, res *testenv.Result) map[string][]byte {
	t.Helper()
	if res.Index == nil {
		t.Fatal("the build gave no index, so nothing is attached")
	}
	out := map[string][]byte{}
	for _, m := range res.Index.Manifests {
		if m.Annotations["vnd.docker.reference.type"] != "attestation-manifest" || m.Annotations["vnd.docker.reference.digest"] != res.Descriptor.Digest.String() {
			continue
		}
		var manifest ocispecs.Manifest
		readBlob(t, res, m.Digest, &manifest)
		for _, l := range manifest.Layers {
			var statement struct {
				intoto.StatementHeader
				Predicate json.RawMessage `json:"predicate"`
			}
			readBlob(t, res, l.Digest, &statement)
			if kind := l.Annotations["in-toto.io/predicate-type"]; kind != statement.PredicateType {
				t.Errorf("a layer is annotated as %s and holds %s", kind, statement.PredicateType)
			}
			if len(statement.Subject) > 0 && statement.Subject[0].Digest["sha256"] != res.Descriptor.Digest.Encoded() {
				t.Errorf("%s is about %v, the image is %s", statement.PredicateType, statement.Subject, res.Descriptor.Digest)
			}
			out[statement.PredicateType] = statement.Predicate
		}
	}
	return out
}

func readBlob(t *testing.T, res *testenv.Result, d digest.Digest, into any) {
	t.Helper()
	data, err := res.Blob(d)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// program returns a program of the image.
func program(t *testing.T, res *testenv.Result, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(res.Rootfs(t), binDir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestAttestations builds from a git context with an SBOM and provenance, and reads both back. BuildKit calls the build
// hermetic: all its sources are known, and nothing in it could use a network.
func TestAttestations(t *testing.T) {
	d := testenv.SharedDaemon(t, testenv.OCI)
	p := copyOf(t, "selfhash")
	url, _ := serveCommit(t, p.Dir)
	attrs := map[string]string{"attest:sbom": "", "attest:provenance": "mode=max,complete-materials=true"}
	named := map[string]string{"name": "example.com/selfhash"} // a statement is about a name
	for _, b := range []*testenv.Builder{inProcess(d), {Daemon: d, Route: testenv.Gateway}} {
		t.Run(string(b.Route), func(t *testing.T) {
			res := b.MustBuild(t, testenv.BuildOptions{ContextURL: url, Attrs: attrs, ExportAttrs: named, BuildArgs: map[string]string{"sbom": "cyclonedx", "entrypoint": "[]", "cmd": "/usr/local/bin/selfhash"}})
			for _, v := range res.Vertices {
				if strings.Contains(v.Name, "sbom using") {
					t.Errorf("a scanner runs: %s", v.Name)
				}
			}
			found := attested(t, res)
			if len(found) != 3 {
				t.Errorf("%d documents are attached", len(found))
			}
			checkSPDX(t, res, found[intoto.PredicateSPDX])
			checkCycloneDX(t, found[intoto.PredicateCycloneDX])
			checkProvenance(t, found["https://slsa.dev/provenance/v1"])
		})
	}
}

// checkSPDX compares a document with what the image holds.
func checkSPDX(t *testing.T, res *testenv.Result, data []byte) {
	t.Helper()
	doc, err := spdxjson.Read(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := spdxlib.ValidateDocument(doc); err != nil {
		t.Error(err)
	}
	if doc.DocumentName != "selfhash" {
		t.Errorf("the document is about %q", doc.DocumentName)
	}
	packages := map[string]*spdx.Package{}
	for _, p := range doc.Packages {
		packages[p.PackageName+" "+p.PackageVersion] = p
	}
	itoa := packages["itoa 1.0.19"]
	if itoa == nil || packages["selfhash 0.1.0"] == nil || packages["alpha 0.1.0"] == nil || packages["beta 0.1.0"] == nil {
		t.Fatalf("the document lacks packages:\n%s", data)
	}
	if len(itoa.PackageChecksums) != 1 || itoa.PackageChecksums[0].Value != itoaSum || itoa.PackageLicenseDeclared != "MIT OR Apache-2.0" ||
		len(itoa.PackageExternalReferences) != 1 || itoa.PackageExternalReferences[0].Locator != "pkg:cargo/itoa@1.0.19?checksum=sha256:"+itoaSum {
		t.Errorf("itoa is described as %+v", itoa)
	}
	needs := false
	for _, r := range doc.Relationships {
		needs = needs || r.RefA.ElementRefID == packages["selfhash 0.1.0"].PackageSPDXIdentifier && r.RefB.ElementRefID == itoa.PackageSPDXIdentifier && r.Relationship == common.TypeRelationshipDependsOn
	}
	if !needs {
		t.Error("no relationship says that selfhash depends on itoa")
	}
	sum := sha256.Sum256(program(t, res, "selfhash"))
	if len(doc.Files) != 1 || doc.Files[0].FileName != "/"+binDir+"/selfhash" ||
		!slices.Contains(doc.Files[0].Checksums, common.Checksum{Algorithm: common.SHA256, Value: hex.EncodeToString(sum[:])}) {
		t.Errorf("the files are %+v", doc.Files)
	}
	checkSystem(t, res, doc)
}

// checkSystem compares the packages of the operating system with dpkg's own list.
func checkSystem(t *testing.T, res *testenv.Result, doc *spdx.Document) {
	t.Helper()
	status, err := os.ReadFile(filepath.Join(res.Rootfs(t), "var/lib/dpkg/status"))
	if err != nil {
		t.Fatal(err)
	}
	installed := strings.Count(string(status), "Status: install ok installed\n")
	debs, libc := 0, false
	for _, p := range doc.Packages {
		if len(p.PackageExternalReferences) == 1 && strings.HasPrefix(p.PackageExternalReferences[0].Locator, "pkg:deb/debian/") {
			debs++
			libc = libc || p.PackageName == "libc6"
		}
	}
	if debs != installed || installed == 0 || !libc {
		t.Errorf("the document has %d packages of Debian, the image %d", debs, installed)
	}
}

func checkCycloneDX(t *testing.T, data []byte) {
	t.Helper()
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(data), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatalf("%v:\n%s", err, data)
	}
	found := slices.ContainsFunc(*bom.Components, func(c cdx.Component) bool {
		return c.Name == "itoa" && c.Scope == cdx.ScopeRequired && c.Hashes != nil && (*c.Hashes)[0].Value == itoaSum
	})
	if !found {
		t.Errorf("the document has no itoa:\n%s", data)
	}
}

func checkProvenance(t *testing.T, data []byte) {
	t.Helper()
	var p provenance.ProvenancePredicateSLSA1
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatalf("%v:\n%s", err, data)
	}
	md := p.RunDetails.Metadata
	if md == nil || !md.Hermetic || !md.Completeness.ResolvedDependencies {
		t.Errorf("the build is not hermetic: %+v", md)
	}
	known := slices.ContainsFunc(p.BuildDefinition.ResolvedDependencies, func(m slsa1.ResourceDescriptor) bool { return m.Digest["sha256"] == itoaSum })
	if !known {
		t.Errorf("itoa is no material: %+v", p.BuildDefinition.ResolvedDependencies)
	}
}

// TestLocalContextIsNotComplete is the control: what a directory held is not known afterwards, and BuildKit says so.
func TestLocalContextIsNotComplete(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	_, err := b.Build(t.Context(), testenv.BuildOptions{Context: copyOf(t, "selfhash").Dir, Attrs: map[string]string{"attest:provenance": "mode=max,complete-materials=true"}})
	if err == nil || !strings.Contains(err.Error(), "incomplete") {
		t.Errorf("a build of a directory has complete materials: %v", err)
	}
}

// TestSBOMIsReproducible builds twice; and a scanner that the user names is asked in place of us.
func TestSBOMIsReproducible(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	p := copyOf(t, "selfhash")
	var documents [2][]byte
	for i := range documents {
		res := b.MustBuild(t, testenv.BuildOptions{Context: p.Dir, Attrs: map[string]string{"attest:sbom": "", "no-cache": []string{"", "build"}[i]}})
		found := attested(t, res)
		documents[i] = found[intoto.PredicateSPDX]
		if len(found) != 1 {
			t.Errorf("%d documents are attached", len(found))
		}
	}
	if len(documents[0]) == 0 || !bytes.Equal(documents[0], documents[1]) {
		t.Errorf("the second document is another:\n%s\n%s", documents[0], documents[1])
	}
	_, err := b.Build(t.Context(), testenv.BuildOptions{Context: p.Dir, Attrs: map[string]string{"attest:sbom": "generator=localhost:1/scanner"}})
	if err == nil || !strings.Contains(err.Error(), "localhost:1/scanner") {
		t.Errorf("the scanner is not asked: %v", err)
	}
}

// TestAuditable reads the list of packages that programs carry. In all else a program with a list is the one without.
func TestAuditable(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	e := example(t, "proc-macro")
	with := b.MustBuild(t, testenv.BuildOptions{Context: e.Dir})
	checkRun(t, with, &e.Cases[0])
	binary := program(t, with, "describe")
	info, err := auditable.Read(bytes.NewReader(binary))
	if err != nil || info == nil {
		t.Fatalf("the program has no list: %v", err)
	}
	kinds := map[string]string{}
	for _, p := range info.Packages {
		kinds[p.Name] = strings.TrimSpace(p.Source + " " + p.Kind)
		if p.Root != (p.Name == "describe") {
			t.Errorf("%s is a root: %v", p.Name, p.Root)
		}
	}
	for name, kind := range map[string]string{
		"describe": "local", "describe-macros": "local build", "thiserror": "crates.io", "thiserror-impl": "crates.io build",
		"syn": "crates.io build", "quote": "crates.io build", "proc-macro2": "crates.io build", "unicode-ident": "crates.io build",
	} {
		if kinds[name] != kind {
			t.Errorf("%s is listed as %q, want %q", name, kinds[name], kind)
		}
	}
	without := b.MustBuild(t, testenv.BuildOptions{Context: e.Dir, BuildArgs: map[string]string{"auditable": "false"}})
	checkRun(t, without, &e.Cases[0])
	plain := program(t, without, "describe")
	if info, err := auditable.Read(bytes.NewReader(plain)); info != nil || err != nil {
		t.Errorf("the program without a list has %+v, %v", info, err)
	}
	if !slices.EqualFunc(loaded(t, binary), loaded(t, plain), bytes.Equal) {
		t.Error("the list changes what is loaded into memory")
	}
	if got := work(without); got != "build image" {
		t.Errorf("leaving the list out ran %q", got)
	}
	checkWithGoReader(t, binary, info)
	t.Run("cargo-auditable", func(t *testing.T) { checkWithReader(t, binary, info) })
}

// cargoLine is how a verbose cargo names a package that it compiles or finds compiled.
var cargoLine = regexp.MustCompile(`(?m)^\s*(?:Fresh|Compiling) (\S+) v(\S+)`)

// checkListed compares the lists in the image's programs with what cargo itself says, in the source vertex, that it
// made them of.
func checkListed(t testing.TB, res *testenv.Result) {
	t.Helper()
	var want, got []string
	for _, m := range cargoLine.FindAllStringSubmatch(vertex(t, res, llbgen.NameMembers+"cargo ").Log, -1) {
		want = append(want, m[1]+" "+m[2])
	}
	programs, err := os.ReadDir(filepath.Join(res.Rootfs(t), binDir))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range programs {
		data, err := os.ReadFile(filepath.Join(res.Rootfs(t), binDir, p.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range listed(t, data).Packages {
			got = append(got, q.Name+" "+q.Version)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	want, got = slices.Compact(want), slices.Compact(got)
	if !slices.Equal(got, want) {
		t.Errorf("the programs list %q, cargo %q", got, want)
	}
}

// loaded are the bytes of a program's segments.
func loaded(t *testing.T, program []byte) [][]byte {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for _, p := range f.Progs {
		data, err := io.ReadAll(p.Open())
		if err != nil {
			t.Fatal(err)
		}
		// The first segment begins with the ELF header, which says where the sections are.
		if p.Type == elf.PT_LOAD && p.Off == 0 && len(data) > 64 {
			data = data[64:]
		}
		out = append(out, data)
	}
	return out
}

// listed reads the list with the reader of cargo-auditable's authors for Go, which is that of syft and trivy.
func listed(t testing.TB, program []byte) rustaudit.VersionInfo {
	t.Helper()
	info, err := rustaudit.GetDependencyInfo(bytes.NewReader(program))
	if err != nil {
		t.Fatalf("cargo-auditable's reader finds no list: %v", err)
	}
	return info
}

// checkWithGoReader compares what that reader finds with what ours does.
func checkWithGoReader(t *testing.T, program []byte, want *auditable.Info) {
	t.Helper()
	info := listed(t, program)
	if len(info.Packages) != len(want.Packages) {
		t.Fatalf("cargo-auditable's reader finds %d packages, ours %d", len(info.Packages), len(want.Packages))
	}
	for i, p := range info.Packages {
		q := want.Packages[i]
		if p.Name != q.Name || p.Version != q.Version || p.Source != q.Source || (p.Kind == rustaudit.Build) != (q.Kind == "build") || p.Root != q.Root || len(p.Dependencies) != len(q.Dependencies) {
			t.Errorf("cargo-auditable's reader finds %+v, ours %+v", p, q)
		}
	}
}

// checkWithReader reads the list with the reader of cargo-auditable's authors.
func checkWithReader(t *testing.T, binary []byte, want *auditable.Info) {
	onlyWithReal(t)
	dir := t.TempDir()
	install := exec.CommandContext(t.Context(), "cargo", "install", "--locked", "--quiet", "--root", dir, "rust-audit-info@0.5.4")
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	file := filepath.Join(dir, "program")
	if err := os.WriteFile(file, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join(dir, "bin", "rust-audit-info"), file).Output()
	if err != nil {
		t.Fatal(err)
	}
	var got auditable.Info
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if a, b := mustJSON(t, got), mustJSON(t, want); !bytes.Equal(a, b) {
		t.Errorf("the reader finds\n%s\nwant\n%s", a, b)
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
