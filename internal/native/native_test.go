package native

import (
	"slices"
	"strings"
	"testing"
)

// packages are what the last node needs, with what it depends on.
func packages(needs [][]Need, closure ...int) string {
	var out []string
	for _, i := range closure {
		for _, n := range needs[i] {
			name := n.Package
			if n.Unknown {
				name += "?"
			}
			if n.Library {
				name += "*"
			}
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestFeaturesDecide(t *testing.T) {
	none := []string{}
	for _, tc := range []struct {
		crate, version string
		features       []string
		apt, apk       string
	}{
		{"openssl-sys", "0.9.111", none, "libssl-dev*", "openssl-dev* openssl-libs-static*"},
		{"openssl-sys", "0.9.111", []string{"vendored"}, "", ""},
		{"openssl-sys", "0.9.111", nil, "libssl-dev*", "openssl-dev* openssl-libs-static*"},
		{"libsqlite3-sys", "0.36.0", []string{"default", "min_sqlite_version_3_14_0"}, "libsqlite3-dev*", "sqlite-dev* sqlite-static*"},
		{"libsqlite3-sys", "0.36.0", []string{"bundled", "cc"}, "", ""},
		{"libsqlite3-sys", "0.36.0", []string{"sqlcipher"}, "libsqlcipher-dev*", "sqlcipher-dev*"},
		{"libsqlite3-sys", "0.36.0", []string{"bundled-sqlcipher", "sqlcipher"}, "", ""},
		{"pq-sys", "0.7.8", none, "libpq-dev*", "libpq-dev*"},
		{"pq-sys", "0.7.8", []string{"bundled"}, "", ""},
		{"rdkafka-sys", "4.9.0", []string{"default", "libz"}, "g++ make", "bash g++ make"},
		{"rdkafka-sys", "4.9.0", []string{"cmake", "cmake-build"}, "g++ libcurl4-openssl-dev* make", "bash curl-dev* g++ make"},
		{"rdkafka-sys", "4.9.0", []string{"dynamic-linking"}, "librdkafka-dev*", "librdkafka-dev*"},
		{"zstd-sys", "2.0.0", []string{"legacy"}, "", ""},
		{"zstd-sys", "2.0.0", []string{"pkg-config"}, "libzstd-dev*", "zstd-dev* zstd-static*"},
		{"libz-sys", "1.1.0", none, "", ""},
		{"serde", "1.0.0", none, "", ""},
	} {
		nodes := []Node{{Name: tc.crate, Version: tc.version, Features: tc.features, Script: true}}
		if got := packages(Default().Needs(nodes, Apt), 0); got != tc.apt {
			t.Errorf("%s with %v needs %q of Debian, want %q", tc.crate, tc.features, got, tc.apt)
		}
		if got := packages(Default().Needs(nodes, Apk), 0); got != tc.apk {
			t.Errorf("%s with %v needs %q of Alpine, want %q", tc.crate, tc.features, got, tc.apk)
		}
	}
}

func TestToolsAreForWhoRunsThem(t *testing.T) {
	none := []string{}
	host := func(name, version string, deps ...int) Node {
		return Node{Name: name, Version: version, Host: true, Features: none, Dependencies: deps}
	}
	nodes := []Node{
		0:  host("prost-build", "0.14.1"),
		1:  host("tonic-build", "0.14.2", 0),
		2:  {Name: "service", Version: "1.0.0", Features: none, Script: true, Dependencies: []int{1}},
		3:  {Name: "program", Version: "1.0.0", Features: none, Dependencies: []int{2}},
		4:  host("protoc-bin-vendored", "3.2.0"),
		5:  {Name: "brings", Version: "1.0.0", Features: none, Script: true, Dependencies: []int{1, 4}},
		6:  host("prost-build", "0.10.4"),
		7:  {Name: "old", Version: "1.0.0", Features: none, Script: true, Dependencies: []int{6}},
		8:  host("cmake", "0.1.54"),
		9:  {Name: "aws-lc-sys", Version: "0.39.0", Features: none, Script: true, Dependencies: []int{8}},
		10: {Name: "aws-lc-sys", Version: "0.39.0", Features: []string{"bindgen"}, Script: true, Dependencies: []int{8}},
		11: {Name: "aws-lc-sys", Version: "0.39.0", Host: true, Script: true, Dependencies: []int{8}},
		12: {Name: "macro", Version: "1.0.0", Host: true, Features: none, Script: true, Dependencies: []int{8}},
		13: host("openssl-src", "300.5.0"),
		14: {Name: "openssl-sys", Version: "0.9.0", Features: []string{"vendored"}, Script: true, Dependencies: []int{13}},
		15: {Name: "clang-sys", Version: "1.8.1", Host: true, Script: true, Features: []string{"runtime"}},
		16: {Name: "bindgen", Version: "0.72.0", Host: true, Script: true, Features: none, Dependencies: []int{15}},
		17: {Name: "uses-bindgen", Version: "1.0.0", Features: none, Script: true, Dependencies: []int{16}},
		18: {Name: "clang-sys", Version: "1.8.1", Host: true, Script: true, Features: none},
	}
	needs := Default().Needs(nodes, Apt)
	for i, want := range []string{
		"", "", "protobuf-compiler", "", "", "", "", "", "", "", "cmake g++ make", "cmake g++ make", "cmake g++ make", "", "make perl",
		"", "", "libclang-dev", "libclang-dev*",
	} {
		if got := packages(needs, i); got != want {
			t.Errorf("node %d, %s, needs %q, want %q", i, nodes[i].Name, got, want)
		}
	}
}

func TestCirclesEnd(t *testing.T) {
	nodes := []Node{
		{Name: "a", Host: true, Script: true, Dependencies: []int{1}}, {Name: "b", Host: true, Script: true, Dependencies: []int{0, 2}},
		{Name: "cmake", Version: "0.1.0", Host: true},
	}
	if got := packages(Default().Needs(nodes, Apt), 0, 1); got != "cmake g++ make" {
		t.Errorf("the circle needs %q", got)
	}
}

func TestSystemDeps(t *testing.T) {
	table := map[string]any{
		"gtk4": "4.0", "soft": map[string]any{"version": "1", "optional": true},
		"named": map[string]any{"name": "sqlite3", "version": "3"}, "extra": map[string]any{"version": "2", "feature": "v2"},
		"cfg(windows)":                 map[string]any{"winlib": "1"},
		`cfg(target_os = "linux")`:     map[string]any{"libudev": "230"},
		`cfg(not(target_os = "ios"))`:  map[string]any{"alsa": "1"},
		`cfg(any(unix, windows))`:      map[string]any{"zlib": "1"},
		`cfg(target_vendor = "apple")`: map[string]any{"applelib": "1"},
	}
	if got := strings.Join(Libraries(table, []string{}), " "); got != "alsa gtk4 libudev sqlite3 zlib" {
		t.Errorf("the libraries are %q", got)
	}
	if got := strings.Join(Libraries(table, []string{"v2"}), " "); got != "alsa extra gtk4 libudev sqlite3 zlib" {
		t.Errorf("with the feature they are %q", got)
	}
	if got := Libraries(table, nil); !slices.Contains(got, "extra") {
		t.Errorf("with features that are not known they are %q", got)
	}
	nodes := []Node{{Name: "my-sys", Features: []string{}, Libraries: []string{"sqlite3", "no-such-library", "zlib"}}}
	if got := packages(Default().Needs(nodes, Apt), 0); got != "libsqlite3-dev* no-such-library?* zlib1g-dev*" {
		t.Errorf("of Debian they need %q", got)
	}
	if got := packages(Default().Needs(nodes, Apk), 0); got != "pc:no-such-library* sqlite-dev* sqlite-static* zlib-dev* zlib-static*" {
		t.Errorf("of Alpine they need %q", got)
	}
	// What the table says of a crate counts.
	nodes[0].Name, nodes[0].Features = "libheif-sys", []string{"embedded-libheif"}
	if got := packages(Default().Needs(nodes, Apt), 0); got != "" {
		t.Errorf("a listed crate needs %q", got)
	}
}

func TestUsersTable(t *testing.T) {
	own := Default().With([]Entry{{Name: "openssl-sys", Debian: []string{"libmine-dev"}}, {Name: "mine-sys", Debian: []string{"libmine-dev"}}}, nil)
	nodes := []Node{{Name: "openssl-sys", Features: []string{}}, {Name: "mine-sys", Features: []string{}}, {Name: "pq-sys", Features: []string{}}}
	if got := packages(own.Needs(nodes, Apt), 0, 1, 2); got != "libmine-dev* libpq-dev*" {
		t.Errorf("with the user's entries it is %q", got)
	}
	if got := packages(Default().Needs(nodes, Apt), 0); got != "libssl-dev*" {
		t.Errorf("the embedded table changed to %q", got)
	}
}

func TestEnvironmentDecides(t *testing.T) {
	nodes := []Node{{Name: "zstd-sys", Version: "2.0.0", Features: []string{}}, {Name: "libgit2-sys", Version: "0.18.0", Features: []string{}}}
	if got := packages(Default().Needs(nodes, Apt), 0, 1); got != "" {
		t.Errorf("without variables it is %q", got)
	}
	with := Default().With(nil, []string{"CC", "ZSTD_SYS_USE_PKG_CONFIG", "LIBGIT2_NO_VENDOR"})
	if got := packages(with.Needs(nodes, Apt), 0, 1); got != "libgit2-dev* libzstd-dev*" {
		t.Errorf("with variables it is %q", got)
	}
}

func TestLinkers(t *testing.T) {
	applies := func(table string) bool { return table == "x86_64-unknown-linux-gnu" || table == "cfg(unix)" }
	for _, tc := range []struct {
		name   string
		config map[string]any
		want   string
	}{
		{"nothing", map[string]any{}, ""},
		{"clang", target("x86_64-unknown-linux-gnu", map[string]any{"linker": "clang"}), "clang"},
		{"a version", target("x86_64-unknown-linux-gnu", map[string]any{"linker": "clang-16"}), "clang-16"},
		{"of /usr/bin", target("x86_64-unknown-linux-gnu", map[string]any{"linker": "/usr/bin/clang"}), "clang"},
		{"of the project", target("x86_64-unknown-linux-gnu", map[string]any{"linker": "tools/clang"}), ""},
		{"another target", target("aarch64-unknown-linux-gnu", map[string]any{"linker": "clang"}), ""},
		{"mold", target("cfg(unix)", map[string]any{"linker": "clang", "rustflags": []any{"-C", "link-arg=-fuse-ld=mold"}}), "clang mold"},
		{"by path", target("cfg(unix)", map[string]any{"rustflags": []any{"-Clink-arg=-fuse-ld=/usr/bin/mold"}}), "mold"},
		{"elsewhere", target("cfg(windows)", map[string]any{"linker": "lld"}), ""},
		{"text", map[string]any{"build": map[string]any{"rustflags": "-C link-arg=-fuse-ld=lld -Ctarget-cpu=native"}}, "lld"},
		{"several arguments", map[string]any{"build": map[string]any{"rustflags": []any{"-Clink-args=-fuse-ld=lld -Wl,-O1"}}}, "lld"},
		{"linker flag", map[string]any{"build": map[string]any{"rustflags": []any{"-Clinker=clang"}}}, "clang"},
		{"gcc", target("cfg(unix)", map[string]any{"linker": "gcc"}), ""},
	} {
		var got []string
		for _, e := range Linkers(tc.config, applies) {
			got = append(got, e.Debian...)
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: the packages are %q, want %q", tc.name, got, tc.want)
		}
	}
}

func target(name string, table map[string]any) map[string]any {
	return map[string]any{"target": map[string]any{name: table}}
}

const dpkgStatus = `Package: libssl-dev
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Version: 3.0.15-1
Description: headers
 Package: not-a-package

Package: pkgconf
Status: install ok installed
Architecture: amd64
Provides: pkg-config (= 1.8.1-1), other

Package: removed
Status: deinstall ok config-files
Architecture: amd64

Package: libssl3
Status: install ok installed
Architecture: arm64`

const apkInstalled = `C:Q1abc=
P:openssl-dev
V:3.3.0-r0
p:pc:libssl=3.3.0 pc:openssl=3.3.0 cmd:c_rehash=3.3.0
F:usr/include

P:musl
V:1.2.5-r0
`

func TestInstalled(t *testing.T) {
	for _, tc := range []struct {
		name      string
		dpkg, apk []byte
		manager   Manager
		has, not  string
	}{
		{"dpkg", []byte(dpkgStatus), nil, Apt, "libssl-dev libssl-dev:amd64 pkgconf pkg-config other libssl3:arm64",
			"libssl-dev:arm64 removed not-a-package openssl-dev"},
		{"apk", nil, []byte(apkInstalled), Apk, "openssl-dev pc:openssl musl", "libssl-dev 1.2.5-r0"},
		{"neither", nil, nil, None, "", "musl"},
		{"empty", []byte{}, nil, Apt, "", "musl"},
	} {
		s := NewSystem(tc.dpkg, tc.apk)
		if s.Manager != tc.manager {
			t.Errorf("%s: the manager is %q", tc.name, s.Manager)
		}
		if missing := s.Missing(strings.Fields(tc.has)); len(missing) > 0 {
			t.Errorf("%s: %q are missing", tc.name, missing)
		}
		if missing := s.Missing(strings.Fields(tc.not)); len(missing) != len(strings.Fields(tc.not)) {
			t.Errorf("%s: of %q only %q are missing", tc.name, tc.not, missing)
		}
	}
}

func TestValidPackage(t *testing.T) {
	for name, want := range map[string]bool{
		"libssl-dev": true, "g++": true, "libgtk-3-dev:arm64": true, "libstdc++-12-dev": true, "python3.11": true,
		"": false, "-y": false, "libfoo-": false, "a b": false, "Libssl": false, "a;b": false, "a=1.0": false, "a:b:c": false,
		strings.Repeat("a", 200): false,
	} {
		if ValidPackage(name) != want {
			t.Errorf("%q is valid: %t", name, !want)
		}
	}
}

// TestTable reads the embedded table, and makes sure that no entry is empty.
func TestTable(t *testing.T) {
	for name, entries := range Default().entries {
		for _, e := range entries {
			if len(e.Debian)+len(e.Ignores)+len(e.Replaces) == 0 {
				t.Errorf("the entry of %s says nothing", name)
			}
		}
	}
	for _, bad := range []string{
		"[[crate]]\ndebian = [\"a\"]\n", "[[crate]]\nname = \"a\"\ndebain = [\"b\"]\n", "[[crate]]\nname = \"a\"\ndebian = [\"-b\"]\n", "[[crate",
	} {
		if _, err := parse([]byte(bad)); err == nil {
			t.Errorf("the table %q is taken", bad)
		}
	}
}
