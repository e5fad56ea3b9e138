package runtimeneeds_test

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/runtimeneeds"
)

const osRelease = "NAME=\"Debian\"\nVERSION_ID=\"12\"\nID=debian\n"

// withPackages gives a builder a database of packages as dpkg writes it: libone
// is in a package, and its file is listed under the name it had before /lib
// became a link.
func withPackages(t *testing.T, builder tree, dir string) {
	t.Helper()
	builder.write("etc/os-release", osRelease)
	builder.write("var/lib/dpkg/status", `Package: dpkg
Status: install ok installed
Architecture: amd64
Version: 1.22

Package: one1
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Source: one
Version: 1.2-3+deb12u1
Conffiles:
 /etc/one.conf 0123456789abcdef
Description: the first
 and nothing more

Package: two2
Status: install ok installed
Architecture: amd64
Version: 2

Package: removed
Status: deinstall ok config-files
Architecture: amd64
Version: 9
`)
	info := "var/lib/dpkg/info/"
	builder.write(info+"dpkg.list", "/.\n/usr/bin/dpkg\n")
	builder.write(info+"one1:amd64.list", "/.\n"+strings.TrimPrefix(path.Join("/", dir), "/usr")+"/libone.so.1\n/etc/one.conf\n")
	builder.write(info+"one1:amd64.shlibs", "libone 1 one1\n")
	builder.write(info+"two2:amd64.list", "/.\n"+path.Join("/", dir)+"/libtwo.so.2.0.1\n"+path.Join("/", dir)+"/libtwo.so.2\n")
	builder.write(info+"two2-dev:amd64.list", "/.\n"+path.Join("/", dir)+"/libtwo.so.2.0.1-gdb.py\n")
}

func TestPackagesOfCopies(t *testing.T) {
	program, builder := chain(t, "usr/lib")
	withPackages(t, builder, "usr/lib")
	base := newTree(t).withLibc()
	base.write("usr/lib/os-release", osRelease)
	base.link("etc/os-release", "../usr/lib/os-release")
	needs, err := runtimeneeds.Decide(ask(t, program, base, builder))
	if err != nil {
		t.Fatal(err)
	}
	var owners []string
	for _, l := range needs.Libraries {
		owners = append(owners, l.Name+" "+l.Package)
	}
	if want := []string{"libone.so.1 one1", "libtwo.so.2 two2"}; !slices.Equal(owners, want) {
		t.Errorf("the packages are %q, want %q", owners, want)
	}
	if len(needs.Records) != 2 || needs.Records[0].Package != "one1" || needs.Records[0].Version != "1.2-3+deb12u1" {
		t.Fatalf("the records are %+v", needs.Records)
	}
	text := needs.Records[0].Text
	if strings.Contains(text, "one.conf") || !strings.Contains(text, "Source: one\n") || !strings.HasSuffix(text, " and nothing more\n") {
		t.Errorf("the record is\n%s", text)
	}
	// A base of another release has packages of other versions.
	base.write("usr/lib/os-release", strings.Replace(osRelease, "12", "13", 1))
	needs, err = runtimeneeds.Decide(ask(t, program, base, builder))
	if err != nil || len(needs.Libraries) != 2 || len(needs.Records) > 0 {
		t.Errorf("another release: %+v, %v", needs, err)
	}
}

func TestInstallInsteadOfCopy(t *testing.T) {
	program, builder := chain(t, "usr/lib")
	withPackages(t, builder, "usr/lib")
	base := newTree(t).withLibc()
	base.write("etc/os-release", osRelease)
	decide := func() (runtimeneeds.Needs, error) {
		q := ask(t, program, base, builder)
		q.Libraries = runtimeneeds.Packages
		return runtimeneeds.Decide(q)
	}
	if _, err := decide(); err == nil || !strings.Contains(err.Error(), "the library libone.so.1 of package one1, and the base example/base:1 has no apt") {
		t.Errorf("a base without apt: %v", err)
	}
	base.write("usr/bin/apt-get", "")
	needs, err := decide()
	if err != nil || !slices.Equal(needs.Packages, []string{"one1", "two2"}) || len(needs.Libraries)+len(needs.Records) > 0 {
		t.Errorf("needs %+v, %v", needs, err)
	}
	base.write("etc/os-release", strings.Replace(osRelease, "12", "13", 1))
	if _, err := decide(); err == nil || !strings.Contains(err.Error(), "is of another release than the builder") {
		t.Errorf("a base of another release: %v", err)
	}
}

// TestHostPackages asks the database of a real Debian.
func TestHostPackages(t *testing.T) {
	host := tree{t, "/"}
	if there, err := host.root().Exists("/var/lib/dpkg/status"); err != nil || !there {
		t.Skip("no dpkg here")
	}
	library := hostLibrary(t, "libstdc++.so.6")
	dir := t.TempDir()
	program := path.Join(dir, "server")
	cc(t, "int main(void){return 0;}", program, "-Wl,--no-as-needed", library)
	needs, err := runtimeneeds.Decide(ask(t, program, newTree(t).withLibc(), host))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, l := range needs.Libraries {
		got[l.Name] = l.Package
	}
	if got["libstdc++.so.6"] != "libstdc++6" || got["libgcc_s.so.1"] != "libgcc-s1" {
		t.Errorf("the packages are %v", got)
	}
}
