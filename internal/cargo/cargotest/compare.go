package cargotest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/cargo"
)

// CompareWithCargo loads the project in a directory and fails the test for
// every difference from `cargo metadata --locked`. The locked graph is compared
// when cargo can resolve it without a network, or with one when the environment
// variable RUSTFILE_TEST_NETWORK is set. It skips when there is no cargo.
func CompareWithCargo(t *testing.T, dir string) {
	t.Helper()
	needCargo(t)
	ws, err := cargo.Load(os.DirFS(dir), cargo.LoadOptions{})
	if err == nil {
		CompareManifests(t, dir, ws)
		compareGraph(t, realPath(t, dir), ws)
		return
	}
	complaint, refused := Refuses(t, dir)
	if !refused {
		t.Fatalf("we refuse what cargo accepts: %v", err)
	}
	t.Logf("both refuse the project\nours:  %v\ncargo: %s", err, complaint)
}

// Refuses reports whether cargo refuses the manifests of a project, and what
// it says. It skips when there is no cargo.
func Refuses(t *testing.T, dir string) (complaint string, refused bool) {
	t.Helper()
	needCargo(t)
	if _, err := runCargo(dir, "--no-deps"); err != nil {
		return err.Error(), true
	}
	return "", false
}

func realPath(t *testing.T, dir string) string {
	t.Helper()
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// CompareManifests compares the members and packages of a workspace that was
// loaded from a directory with those that cargo sees, and leaves out the
// locked graph. It skips when there is no cargo.
func CompareManifests(t *testing.T, dir string, ws *cargo.Workspace) {
	t.Helper()
	needCargo(t)
	dir = realPath(t, dir)
	want, err := runCargo(dir, "--no-deps")
	if err != nil {
		t.Fatalf("cargo refuses what we accept: %v", err)
	}
	compare(t, "workspace root", filepath.Join(dir, ws.Root), want.Root)
	byID := map[string]metadataPackage{}
	var wantMembers, wantDefaults []string
	for _, p := range want.Packages {
		byID[p.ID] = p
	}
	for _, id := range want.Members {
		wantMembers = append(wantMembers, byID[id].Manifest)
	}
	for _, id := range want.DefaultMembers {
		wantDefaults = append(wantDefaults, byID[id].Manifest)
	}
	compareLines(t, "members", manifests(dir, ws.Members), sorted(wantMembers))
	compareLines(t, "default members", manifests(dir, ws.DefaultMembers), sorted(wantDefaults))
	for _, p := range want.Packages {
		rel, err := filepath.Rel(dir, filepath.Dir(p.Manifest))
		if err != nil {
			t.Fatal(err)
		}
		if got := ws.PackageAt(filepath.ToSlash(rel)); got == nil {
			t.Errorf("package %s at %s: missing", p.Name, rel)
		} else {
			comparePackage(t, dir, got, p)
		}
	}
}

func manifests(dir string, list []*cargo.Package) []string {
	var paths []string
	for _, p := range list {
		paths = append(paths, filepath.Join(dir, p.Manifest))
	}
	return sorted(paths)
}

func sorted(list []string) []string {
	list = append([]string{}, list...)
	sort.Strings(list)
	return list
}

func compare(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\nours:  %v\ncargo: %v", what, render(got), render(want))
	}
}

// compareLines compares two sorted lists and shows the lines that differ.
func compareLines(t *testing.T, what string, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	without := func(list, other []string) string {
		left := slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
		return strings.Join(left, "\n       ")
	}
	t.Errorf("%s:\nours:  %s\ncargo: %s", what, without(got, want), without(want, got))
}

func render(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func comparePackage(t *testing.T, dir string, got *cargo.Package, want metadataPackage) {
	t.Helper()
	at := "package " + want.Name + " "
	for _, field := range []struct{ name, got, want string }{
		{"name", got.Name, want.Name},
		{"version", got.Version, want.Version},
		{"edition", got.Edition, want.Edition},
		{"rust-version", got.RustVersion, text(want.RustVersion)},
		{"links", got.Links, text(want.Links)},
		{"default-run", got.DefaultRun, text(want.DefaultRun)},
		{"license", got.License, text(want.License)},
		{"license-file", got.LicenseFile, text(want.LicenseFile)},
		{"description", strings.TrimSpace(got.Description), strings.TrimSpace(text(want.Description))},
		{"repository", got.Repository, text(want.Repository)},
		{"homepage", got.Homepage, text(want.Homepage)},
	} {
		compare(t, at+field.name, field.got, field.want)
	}
	compare(t, at+"authors", append([]string{}, got.Authors...), append([]string{}, want.Authors...))
	compare(t, at+"publish", got.Publish, want.Publish == nil || len(*want.Publish) > 0)
	compareLines(t, at+"targets", ourTargets(got), theirTargets(want))
	compareLines(t, at+"dependencies", ourDependencies(t, dir, got), theirDependencies(want))
	compare(t, at+"features", normalize(got.Features), normalize(want.Features))
	compare(t, at+"metadata", render(got.Metadata), render(want.Metadata))
}

func normalize(features map[string][]string) map[string][]string {
	out := map[string][]string{}
	for name, list := range features {
		out[name] = append([]string{}, list...)
	}
	return out
}

func ourTargets(p *cargo.Package) []string {
	var list []string
	for _, t := range p.Targets {
		kind := string(t.Kind)
		if t.Kind == cargo.KindLib {
			kind = strings.Join(t.CrateTypes, ",")
		}
		list = append(list, targetLine(kind, t.Name, t.Path, t.CrateTypes, t.RequiredFeatures))
	}
	if p.Build != "" {
		list = append(list, "custom-build "+p.Build)
	}
	return sorted(list)
}

func targetLine(kind, name, path string, types, required []string) string {
	return fmt.Sprintf("%s %s %s types=%v required=%v", kind, name, path, types, required)
}

func theirTargets(p metadataPackage) []string {
	var list []string
	dir := filepath.Dir(p.Manifest)
	for _, t := range p.Targets {
		path, err := filepath.Rel(dir, t.Path)
		if err != nil {
			path = t.Path
		}
		if kind := strings.Join(t.Kind, ","); kind == "custom-build" {
			list = append(list, kind+" "+path)
		} else {
			list = append(list, targetLine(kind, t.Name, path, t.CrateTypes, t.RequiredFeatures))
		}
	}
	return sorted(list)
}

func ourDependencies(t *testing.T, dir string, p *cargo.Package) []string {
	t.Helper()
	var list []string
	for _, d := range p.Dependencies {
		req, err := cargo.NormalizeRequirement(d.Requirement)
		if err != nil {
			t.Error(err)
		}
		rename, path, git := "", "", ""
		if d.Key != d.Package {
			rename = d.Key
		}
		if d.Path != "" {
			path = filepath.Join(dir, d.Path)
		}
		if d.Git != nil {
			git = cargo.SourceID{Kind: cargo.SourceGit, URL: d.Git.URL, Branch: d.Git.Branch, Tag: d.Git.Tag, Rev: d.Git.Rev}.String()
		}
		list = append(list, dependencyLine(string(d.Kind), d.Target, d.Package, rename, req, git, path, d.Optional, d.DefaultFeatures, d.Features))
	}
	return sorted(list)
}

func dependencyLine(kind, target, name, rename, req, git, path string, optional, defaults bool, features []string) string {
	// Cargo prints cfg expressions with spaces of its own.
	target = strings.ReplaceAll(target, " ", "")
	return fmt.Sprintf("%s [%s] %s as %q req=%s git=%s path=%s optional=%v default=%v features=%v",
		kind, target, name, rename, req, git, path, optional, defaults, features)
}

func theirDependencies(p metadataPackage) []string {
	var list []string
	for _, d := range p.Dependencies {
		kind := text(d.Kind)
		if kind == "" {
			kind = string(cargo.NormalDependency)
		}
		git := ""
		if source, err := cargo.ParseSourceID(text(d.Source)); err == nil && source.Kind == cargo.SourceGit {
			git = source.String()
		}
		rename := text(d.Rename)
		if rename == d.Name {
			rename = ""
		}
		list = append(list, dependencyLine(kind, text(d.Target), d.Name, rename, d.Requirement, git, text(d.Path),
			d.Optional, d.DefaultFeatures, d.Features))
	}
	return sorted(list)
}
