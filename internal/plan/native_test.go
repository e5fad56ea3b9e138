package plan_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/native"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/plan/plantest"
)

// debian is an image of Debian that has some packages.
func debian(packages ...string) *native.System {
	var status strings.Builder
	for _, p := range packages {
		fmt.Fprintf(&status, "Package: %s\nStatus: install ok installed\nArchitecture: amd64\n\n", p)
	}
	return native.NewSystem([]byte(status.String()), nil)
}

// databases is a service with two databases and a generated protocol: cmake
// and clang for one of them, and a member whose build script runs protoc.
func databases(system *native.System) *plantest.Workspace {
	crate := func(name, version string, needs ...int) plantest.Crate {
		return plantest.Crate{Name: name, Version: version, Checksum: strings.Repeat("a", 64), Size: 1 << 20, Needs: needs, Features: []string{"default"}}
	}
	w := &plantest.Workspace{Root: ".", System: system, Crates: []plantest.Crate{
		0: crate("itoa", "1.0.0"),
		1: crate("pkg-config", "0.3.30"),
		2: crate("pq-sys", "0.7.0"),
		3: crate("diesel", "2.3.0", 0, 2),
		4: crate("bindgen", "0.72.0"),
		5: crate("librocksdb-sys", "0.17.0"),
		6: crate("rocksdb", "0.24.0", 0, 5),
		7: crate("openssl-sys", "0.9.111"),
		8: crate("native-tls", "0.2.14", 7),
	}}
	for at, tool := range map[int]int{2: 1, 5: 4, 7: 1} {
		w.Crates[at].BuildNeeds, w.Crates[at].Script = []int{tool}, true
	}
	w.Members = []plantest.Member{
		{Name: "store", Dir: "store", Needs: []int{3}},
		{Name: "app", Dir: "app", Needs: []int{0, 6, 8}, Members: []int{0}, Bins: []string{"app"}},
	}
	return w
}

// vertexPackages lists the vertices that get packages, and those packages.
func vertexPackages(p *plan.Plan) string {
	var out []string
	for _, v := range p.Units.Vertices {
		if len(v.Packages) > 0 {
			out = append(out, v.Name+": "+strings.Join(v.Packages, " "))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

func TestPackagesOfVertices(t *testing.T) {
	p := cutBy(t, databases(debian("g++")), options.GranularityUnit)
	checkUnits(t, p.Units)
	const want = `diesel 2.3.0: libpq-dev pkg-config
librocksdb-sys 0.17.0: libclang-dev
native-tls 0.2.14: libssl-dev pkg-config
openssl-sys 0.9.111: libssl-dev pkg-config
pq-sys 0.7.0: libpq-dev pkg-config
rocksdb 0.24.0: libclang-dev
store 0.7.0: libpq-dev pkg-config`
	if got := vertexPackages(p); got != want {
		t.Errorf("the packages are\n%s\nwant\n%s", got, want)
	}
	if got := strings.Join(p.Members.Packages, " "); got != "libclang-dev libpq-dev libssl-dev pkg-config" {
		t.Errorf("the source vertex gets %q", got)
	}
	if len(p.Toolchain.Packages) > 0 {
		t.Errorf("every vertex gets %q", p.Toolchain.Packages)
	}
	var asks []string
	for _, r := range p.Requests {
		asks = append(asks, r.Package+" by "+r.By)
		if r.Location.File != "Cargo.lock" || r.Location.Line == 0 {
			t.Errorf("%s is asked for at %v", r.Package, r.Location)
		}
	}
	if got := strings.Join(asks, ", "); got != "libclang-dev by crate bindgen 0.72.0, libpq-dev by crate pq-sys 0.7.0, "+
		"libssl-dev by crate openssl-sys 0.9.111, pkg-config by crate pkg-config 0.3.30" {
		t.Errorf("the requests are %s", got)
	}
}

// TestPackagesOfTheImage has an image that lacks nothing, and one that nobody
// asked.
func TestPackagesOfTheImage(t *testing.T) {
	plain := cutBy(t, databases(nil), options.GranularityUnit)
	for name, system := range map[string]*native.System{
		"has all":                debian("g++", "libclang-dev", "libpq-dev", "libssl-dev", "pkg-config"),
		"has no package manager": native.NewSystem(nil, nil),
	} {
		p := cutBy(t, databases(system), options.GranularityUnit)
		if vertexPackages(p) != "" || len(p.Members.Packages)+len(p.Requests) > 0 {
			t.Errorf("%s: it gets %q", name, p.Members.Packages)
		}
		want, _ := plain.JSON()
		if got, _ := p.JSON(); string(got) != string(want) {
			t.Errorf("%s: the plan is another", name)
		}
	}
}

// TestPackagesAreTheClosures cuts a part of the project: what the vertices get
// must not depend on the rest of it.
func TestPackagesAreTheClosures(t *testing.T) {
	whole := cutBy(t, databases(debian()), options.GranularityUnit)
	w := databases(debian())
	w.Members = []plantest.Member{{Name: "other", Dir: "other", Needs: []int{3}, Bins: []string{"other"}}}
	part := cutBy(t, w, options.GranularityUnit)
	for _, v := range part.Units.Vertices {
		for _, u := range whole.Units.Vertices {
			if u.Name == v.Name && !slices.Equal(u.Packages, v.Packages) {
				t.Errorf("%s gets %q and %q", v.Name, u.Packages, v.Packages)
			}
		}
	}
}

func TestManySetsOfPackages(t *testing.T) {
	w := databases(debian("g++"))
	for _, name := range []string{"alsa-sys", "libudev-sys", "libdbus-sys"} {
		w.Crates = append(w.Crates, plantest.Crate{Name: name, Version: "0.1.0", Checksum: strings.Repeat("a", 64), Script: true})
		w.Members[1].Needs = append(w.Members[1].Needs, len(w.Crates)-1)
	}
	p := cutBy(t, w, options.GranularityUnit)
	sets := map[string]bool{}
	for _, v := range p.Units.Vertices {
		sets[strings.Join(v.Packages, " ")] = true
	}
	if len(sets) != 2 || !sets[""] {
		t.Errorf("the sets are %v", sets)
	}
}

// TestSystemDepsOfPackages has a member and a crate that say what they ask
// pkg-config for.
func TestSystemDepsOfPackages(t *testing.T) {
	w := databases(nil)
	w.Members[1].Needs = append(w.Members[1].Needs, len(w.Crates))
	w.Crates = append(w.Crates, plantest.Crate{Name: "own-sys", Version: "0.1.0", Checksum: strings.Repeat("a", 64), Script: true})
	manifest := w.FS()["store/Cargo.toml"].Data
	w.Files = map[string]string{"store/Cargo.toml": string(manifest) + "[package.metadata.system-deps]\nzlib = \"1\"\n"}
	p, ws, o := coarsePlan(t, w)
	g := w.Answer().Graph
	for i := range g.Nodes {
		if g.Nodes[i].Name == "own-sys" {
			g.Nodes[i].SystemDeps = map[string]any{"sqlite3": "3.0", "libown": map[string]any{"version": "2"}}
		}
	}
	if err := p.AddNative(ws, o, debian("g++", "libclang-dev", "libssl-dev", "libpq-dev", "pkg-config"), g); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(p.Members.Packages, " "); got != "libsqlite3-dev zlib1g-dev" {
		t.Errorf("the source vertex gets %q", got)
	}
	if got := strings.Join(p.Dependencies.Packages, " "); got != "libsqlite3-dev" {
		t.Errorf("the dependency vertex gets %q", got)
	}
	if len(p.Unknown) != 1 || p.Unknown[0].Package != "libown" || p.Unknown[0].By != "crate own-sys 0.1.0" {
		t.Errorf("nothing is known of %v", p.Unknown)
	}
	if by := p.Requests[1].By + " " + p.Requests[1].Location.File; by != "package store store/Cargo.toml" {
		t.Errorf("zlib is asked for by %q", by)
	}
	if tree := p.Tree(); !strings.Contains(tree, "package zlib1g-dev for package store\n") {
		t.Errorf("the tree is\n%s", tree)
	}
}

// TestPackagesWithoutGraph has no features to decide by.
func TestPackagesWithoutGraph(t *testing.T) {
	w := databases(nil)
	p, ws, o := coarsePlan(t, w)
	if !plan.MayNeedPackages(p, ws, o) {
		t.Fatal("the project needs no packages")
	}
	if err := p.AddNative(ws, o, debian("g++"), nil); err != nil {
		t.Fatal(err)
	}
	const all = "libclang-dev libpq-dev libssl-dev liburing-dev pkg-config"
	if got := strings.Join(p.Members.Packages, " "); got != all {
		t.Errorf("the source vertex gets %q", got)
	}
	if got := strings.Join(p.Dependencies.Packages, " "); got != all {
		t.Errorf("the dependency vertex gets %q", got)
	}
	// What is known later replaces it.
	if err := p.AddNative(ws, o, debian("g++"), w.Answer().Graph); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(p.Members.Packages, " "); got != "libclang-dev libpq-dev libssl-dev pkg-config" {
		t.Errorf("with a graph the source vertex gets %q", got)
	}
	if len(p.Requests) != 4 {
		t.Errorf("the requests are %v", p.Requests)
	}
}

func TestNoPackages(t *testing.T) {
	w := databases(nil)
	w.Crates, w.Members = w.Crates[:1], []plantest.Member{{Name: "app", Dir: "app", Needs: []int{0}, Bins: []string{"app"}}}
	p, ws, o := coarsePlan(t, w)
	if plan.MayNeedPackages(p, ws, o) {
		t.Error("a project of itoa may need packages")
	}
}

func TestLinkersAreInstalled(t *testing.T) {
	w := databases(nil)
	w.Files = map[string]string{".cargo/config.toml": "# mold is fast\n[target.x86_64-unknown-linux-gnu]\nlinker = \"clang\"\nrustflags = [\"-C\", \"link-arg=-fuse-ld=mold\"]\n"}
	w.Crates, w.Members = w.Crates[:1], []plantest.Member{{Name: "app", Dir: "app", Needs: []int{0}, Bins: []string{"app"}}}
	p, ws, o := coarsePlan(t, w)
	if !plan.MayNeedPackages(p, ws, o) {
		t.Fatal("the linkers need no packages")
	}
	if err := p.AddNative(ws, o, debian(), nil); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(p.Toolchain.Packages, " "); got != "clang mold" {
		t.Errorf("every vertex gets %q", got)
	}
	other, _, _ := coarsePlan(t, w)
	if err := other.AddNative(ws, o, native.NewSystem(nil, nil), nil); err != nil || len(other.Toolchain.Packages) > 0 {
		t.Errorf("without a package manager every vertex gets %q (%v)", other.Toolchain.Packages, err)
	}
	want := []plan.PackageRequest{
		{Package: "clang", By: "the linker `clang`", Location: plan.Location{File: ".cargo/config.toml", Line: 3}},
		{Package: "mold", By: "the linker `mold`", Location: plan.Location{File: ".cargo/config.toml", Line: 4}},
	}
	if !slices.Equal(p.Requests, want) {
		t.Errorf("the requests are %v", p.Requests)
	}
}

// TestForeignPackages compiles for another machine: libraries are its, tools
// are not, and neither are the libraries of build scripts.
func TestForeignPackages(t *testing.T) {
	w := databases(nil)
	p, ws, o := coarsePlan(t, w)
	p.Platform, p.Cross = "linux/arm64", &plan.Cross{Platform: "linux/amd64", Triple: "x86_64-unknown-linux-gnu", Packages: []string{"g++", "gcc-aarch64-linux-gnu"}}
	if err := p.AddNative(ws, o, debian("g++"), w.Answer().Graph); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(p.Members.Packages, " "); got != "libclang-dev libpq-dev:arm64 libssl-dev:arm64 pkg-config" {
		t.Errorf("the source vertex gets %q", got)
	}
	if got := strings.Join(p.CrossPackages(), " "); got != "gcc-aarch64-linux-gnu" {
		t.Errorf("the linkers are %q", got)
	}
}

func TestLibrariesOfMusl(t *testing.T) {
	w := databases(nil)
	p, ws, o := coarsePlan(t, w)
	p.Triple = "x86_64-unknown-linux-musl"
	err := p.AddNative(ws, o, debian(), w.Answer().Graph)
	var fault *cargo.Error
	if !errors.As(err, &fault) || fault.Span.File != "Cargo.lock" || fault.Span.Start.Line == 0 || !strings.Contains(fault.Error(), "enable the feature `") {
		t.Errorf("the error is %v", err)
	}
	if err := p.AddNative(ws, o, native.NewSystem(nil, []byte("P:musl\n")), w.Answer().Graph); err != nil {
		t.Errorf("with Alpine: %v", err)
	}
	if !slices.Contains(p.Members.Packages, "openssl-libs-static") {
		t.Errorf("the source vertex gets %q", p.Members.Packages)
	}
}

// coarsePlan plans a workspace without cutting the plan.
func coarsePlan(t *testing.T, w *plantest.Workspace) (*plan.Plan, *cargo.Workspace, *options.Options) {
	t.Helper()
	o := options.Defaults()
	if err := o.SetTarget(w.Members[len(w.Members)-1].Bins[0]); err != nil {
		t.Fatal(err)
	}
	ws, err := cargo.Load(w.FS(), cargo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.New(ws, o, plan.Inputs{Platform: "linux/amd64"})
	if err != nil {
		t.Fatal(err)
	}
	return p, ws, o
}

func TestPackagesThatTheUserWants(t *testing.T) {
	rustfile := "[packages]\nbuild = [\"cmake\",\n  \"libfoo-dev\"]\n\n[[native]]\ncrate = \"itoa\"\npackages = [\"libitoa-dev\"]\n"
	o, err := options.Parse("Rustfile", []byte(rustfile), nil)
	if err != nil {
		t.Fatal(err)
	}
	w := databases(nil)
	w.Crates, w.Members = w.Crates[:1], []plantest.Member{{Name: "app", Dir: "app", Needs: []int{0}, Bins: []string{"app"}}}
	ws, err := cargo.Load(w.FS(), cargo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.New(ws, o, plan.Inputs{Platform: "linux/arm64", BuildPlatform: "linux/amd64"})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(p.Toolchain.Packages, " "); got != "cmake libfoo-dev:arm64" {
		t.Errorf("every vertex gets %q", got)
	}
	if !plan.MayNeedPackages(p, ws, o) {
		t.Error("the project needs no packages")
	}
	if err := p.AddNative(ws, o, debian("cmake"), w.Answer().Graph); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(p.Toolchain.Packages, " "); got != "libfoo-dev:arm64" {
		t.Errorf("every vertex gets %q of those that the image lacks", got)
	}
	if got := strings.Join(p.Members.Packages, " "); got != "libitoa-dev:arm64" {
		t.Errorf("the source vertex gets %q", got)
	}
	want := []plan.PackageRequest{
		{Package: "cmake", By: "`packages.build`", Location: plan.Location{File: "Rustfile", Line: 2}},
		{Package: "libfoo-dev:arm64", By: "`packages.build`", Location: plan.Location{File: "Rustfile", Line: 3}},
		{Package: "libitoa-dev:arm64", By: "native", Location: plan.Location{File: "Rustfile", Line: 5}},
	}
	if !slices.Equal(p.Requests, want) {
		t.Errorf("the requests are %v", p.Requests)
	}
}
