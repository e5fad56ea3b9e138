package options

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rustfile/rustfile/internal/cargo"
)

// with returns the default options after a change.
func with(change func(*Options)) *Options {
	o := Defaults()
	change(o)
	return o
}

// plain drops what records where values came from.
func plain(o *Options) *Options {
	c := *o
	c.Spans, c.arguments, c.variants, c.layers = nil, nil, nil, layers{}
	return &c
}

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"

func TestParseValues(t *testing.T) {
	epoch := func(n int64) *int64 { return &n }
	off := false
	for _, tc := range []struct {
		name string
		file string
		args map[string]string
		want *Options
	}{
		{name: "empty", want: Defaults()},
		{name: "only the syntax line", file: "# syntax=rustfile/rustfile:1\n", want: Defaults()},
		{name: "byte order mark and CRLF", file: "\xef\xbb\xbf# syntax=x\r\nprofile = \"dev\"\r\n",
			want: with(func(o *Options) { o.Profile = "dev" })},
		{name: "every key", file: `
package = "server@1.2"
bins = ["server", "migrate", "server"]
features = ["b", "a", "dep?/x", "other/c++17", "a"]
no-default-features = true
all-features = true
profile = "dist"
manifest-path = "./crates/../Cargo.toml"
toolchain = "nightly-2026-01-02"
suite = "trixie"
granularity = "unit"
libc = "musl"
libraries = "none"
ca-certificates = false
tzdata = true
passwd = false
locked = true
images = { builder = "rust:1.95", runtime = "localhost:5000/base@sha256:` + strings.Repeat("0a", 32) + `" }
`, want: &Options{
			Package: "server@1.2", Bins: []string{"server", "migrate"}, Features: []string{"a", "b", "dep?/x", "other/c++17"},
			NoDefaultFeatures: true, AllFeatures: true, Profile: "dist", ManifestPath: "Cargo.toml", Toolchain: "nightly-2026-01-02",
			Suite: "trixie", LockedFlags: []string{"locked"}, BuilderImage: "rust:1.95",
			RuntimeImage: "localhost:5000/base@sha256:" + strings.Repeat("0a", 32), Granularity: GranularityUnit, Libc: LibcMusl,
			Auditable: true, SBOM: SBOMSPDX, Libraries: LibrariesNone, CACertificates: &off, TimeZones: true,
		}},
		{name: "known hosts", file: "known-hosts = \"\"\"\n# ours\n[h]:22 " + hostKey + "\n\n*.h " + hostKey + " a comment\n\"\"\"\n",
			want: with(func(o *Options) { o.Build.KnownHosts = []string{"[h]:22 " + hostKey, "*.h " + hostKey + " a comment"} })},
		{name: "known hosts as an argument", args: map[string]string{"known-hosts": "[h]:22 " + hostKey},
			want: with(func(o *Options) { o.Build.KnownHosts = []string{"[h]:22 " + hostKey} })},
		{name: "images as a table", file: "profile = 'dev'\n[images]\nbuilder = 'rust'\n",
			want: with(func(o *Options) { o.Profile, o.BuilderImage = "dev", "rust" })},
		{name: "images dotted", file: "images.runtime = 'scratch'\n", want: with(func(o *Options) { o.RuntimeImage = "scratch" })},
		{name: "features as a string", file: `features = "tls, metrics json"`,
			want: with(func(o *Options) { o.Features = []string{"json", "metrics", "tls"} })},
		{name: "every argument", args: map[string]string{
			"package": "server", "bin": "a b", "features": "y,x/z", "no-default-features": "", "all-features": "1", "profile": "dev",
			"manifest-path": "sub/Cargo.toml", "toolchain": "1.95", "suite": "bullseye", "builder-image": "rust:1", "runtime-image": "debian:12",
			"frozen": "TRUE", "offline": "1", "granularity": "group", "libc": "gnu", "SOURCE_DATE_EPOCH": "0",
			"LIBRARIES": "packages", "CA_CERTIFICATES": "0", "tzdata": "", "passwd": "1",
		}, want: &Options{
			Package: "server", Bins: []string{"a", "b"}, Features: []string{"x/z", "y"}, NoDefaultFeatures: true, AllFeatures: true,
			Profile: "dev", ManifestPath: "sub/Cargo.toml", Toolchain: "1.95", Suite: "bullseye", BuilderImage: "rust:1",
			RuntimeImage: "debian:12", Granularity: GranularityGroup, Libc: LibcGnu, LockedFlags: []string{"frozen", "offline"}, SourceDateEpoch: epoch(0),
			Auditable: true, SBOM: SBOMSPDX, Libraries: LibrariesPackages, CACertificates: &off, TimeZones: true, Users: true,
		}},
		{name: "case and underscores", args: map[string]string{"NO_DEFAULT_FEATURES": "true", "Runtime-Image": "debian"},
			want: with(func(o *Options) { o.NoDefaultFeatures, o.RuntimeImage = true, "debian" })},
		{name: "an argument wins", file: "features = ['a']\nbins = ['x']\nprofile = 'dev'\nall-features = true",
			args: map[string]string{"features": "b", "bins": "", "profile": "release", "all-features": "false"},
			want: with(func(o *Options) { o.Features = []string{"b"} })},
		{name: "two spellings, one meaning", args: map[string]string{"bin": "a,b", "bins": "a b", "FEATURES": "a b", "features": "b,a"},
			want: with(func(o *Options) { o.Bins, o.Features = []string{"a", "b"}, []string{"a", "b"} })},
		{name: "foreign arguments", args: map[string]string{
			"BUILDKIT_SYNTAX": "x", "BUILDKIT_INLINE_CACHE": "1", "http_proxy": "h", "HTTPS_PROXY": "h", "no_proxy": "", "ALL_PROXY": "x", "ftp_proxy": "x",
		}, want: Defaults()},
		{name: "empty epoch", args: map[string]string{"SOURCE_DATE_EPOCH": ""}, want: Defaults()},
		{name: "epoch of the context", args: map[string]string{"SOURCE_DATE_EPOCH": "context"}, want: Defaults()},
		{name: "last epoch", args: map[string]string{"SOURCE_DATE_EPOCH": "253402300799"},
			want: with(func(o *Options) { o.SourceDateEpoch = epoch(253402300799) })},
		{name: "a manifest sets nothing", file: "[package]\nname = 'x'\nprofile = 'dev'\n", want: Defaults()},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := Parse("Rustfile", []byte(tc.file), tc.args)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(plain(got), plain(tc.want)) {
				t.Errorf("got  %+v\nwant %+v", plain(got), plain(tc.want))
			}
		})
	}
}

// TestLastEpochMarshals is why later epochs are refused.
func TestLastEpochMarshals(t *testing.T) {
	if _, err := time.Unix(maxSourceDateEpoch, 0).UTC().MarshalJSON(); err != nil {
		t.Error(err)
	}
	if _, err := time.Unix(maxSourceDateEpoch+1, 0).UTC().MarshalJSON(); err == nil {
		t.Error("the year 10000 can be written: raise the limit")
	}
}

func TestParseFileFaults(t *testing.T) {
	for _, tc := range []struct {
		name, file string
		place      string // line:column
		want       []string
	}{
		{"unknown key", "profile = 'dev'\nfeatrues = []\n", "2:1", []string{"unknown key `featrues`", "did you mean `features`", "known keys: package"}},
		{"unknown key without a neighbour", "\n  zzzzzzzzz = 1", "2:3", []string{"unknown key `zzzzzzzzz`", "known keys: package"}},
		{"singular", "bin = ['x']", "1:1", []string{"did you mean `bins`"}},
		{"argument's spelling", "builder-image = 'x'", "1:1", []string{"the key is `images.builder`"}},
		{"unknown key in a table", "[images]\nbuild = 'x'", "2:1", []string{"unknown key `images.build`", "did you mean `images.builder`"}},
		{"unknown table", "[image]\nbuilder = 'x'", "1:1", []string{"unknown key `image`", "did you mean `images`"}},
		{"unknown array of tables", "[[bin]]\nname = 'x'", "1:1", []string{"unknown key `bin`", "did you mean `bins`"}},
		{"key as a table", "[features]\na = []", "1:1", []string{"key `features`: expected array of strings or string, found a table"}},
		{"key as a dotted table", "profile.release = 1", "1:1", []string{"key `profile`: expected string, found a table"}},
		{"images as a string", "images = 'x'", "1:1", []string{"key `images`: expected a table, found a string"}},
		{"images as an array of tables", "[[images]]", "1:1", []string{"key `images`: expected a table, found an array"}},
		{"deep key", "images.a.b.c.d = 1", "1:1", []string{"unknown key `images.a`"}},
		{"wrong type: string", "profile = 3", "1:1", []string{"expected a string, found an integer", `profile = "…"`}},
		{"wrong type: date", "package = 2026-01-01", "1:1", []string{"expected a string, found a date or time"}},
		{"wrong type: float", "suite = 1.5", "1:1", []string{"expected a string, found a float"}},
		{"wrong type: boolean", "all-features = 'yes'", "1:1", []string{"expected true or false, found a string"}},
		{"wrong type: array", "bins = 'x'", "1:1", []string{"expected an array of strings, found a string", `bins = ["…", "…"]`}},
		{"wrong element", "bins = [\n  'a',\n  7,\n]", "3:3", []string{"expected strings in the array, found an integer"}},
		{"wrong element without a place", "features = ['a', ['b']]", "1:1", []string{"found an array"}},
		{"bad element", "features = [\n  'a',\n  '-x',\n]", "3:3", []string{"the feature name `-x` starts with `-`"}},
		{"split element", "features = ['a b']", "1:13", []string{"the feature name `a b` contains ` `"}},
		{"frozen off", "frozen = false", "1:1", []string{"cannot be turned off", "locked = false"}},
		{"argument only", "SOURCE_DATE_EPOCH = 1", "1:1", []string{"unknown key `SOURCE_DATE_EPOCH`"}},
		{"syntax", "profile = 'dev'\nbins = [", "2:8", []string{"invalid TOML"}},
		{"duplicate key", "profile = 'dev'\nprofile = 'dev'", "2:1", []string{"invalid TOML"}},
		{"duplicate table", "[images]\n[images]", "2:2", []string{"invalid TOML"}},
		{"NUL", "profile = 'a\x00'", "1:13", []string{"NUL", "UTF-8"}},
		{"UTF-16", "\xff\xfe#\x00", "1:1", []string{"UTF-16", "UTF-8"}},
		{"invalid UTF-8", "profile = '\xff'", "1:12", []string{"invalid TOML"}},
		{"bad image", "images.builder = 'Rust:1'", "1:1", []string{"`Rust:1` is not an image reference"}},
		{"bad known host", "known-hosts = \"\"\"\nh " + hostKey + "\nh ssh-rsa " + hostKey[12:] + "\n\"\"\"", "1:1",
			[]string{"key `known-hosts`: line 2: the key is of kind ssh-ed25519", "ssh-keyscan"}},
		{"shell words", "toolchain = '\";touch /pwn;\"'", "1:1", []string{"only ASCII letters"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Parse("Rustfile", []byte(tc.file), nil)
			var fault *cargo.Error
			if !errors.As(err, &fault) {
				t.Fatalf("got %v, want a *cargo.Error", err)
			}
			for _, want := range append(tc.want, "Rustfile:"+tc.place+": ") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error lacks %q:\n%v", want, err)
				}
			}
			if fault.Fix == "" {
				t.Errorf("no fix in: %v", err)
			}
		})
	}
}

func TestParseArgumentFaults(t *testing.T) {
	for _, tc := range []struct {
		name string
		args map[string]string
		want []string
	}{
		{"unknown", map[string]string{"FEATRUES": "x"}, []string{"unknown build argument `FEATRUES`", "did you mean `features`", "known build arguments: SOURCE_DATE_EPOCH, all-features, annotations, auditable, bin, bins"}},
		{"unknown, no neighbour", map[string]string{"RUSTFLAGS": "x"}, []string{"unknown build argument `RUSTFLAGS`", "known build arguments"}},
		{"Rustfile's spelling", map[string]string{"images.builder": "x"}, []string{"the build argument is `builder-image`"}},
		{"epoch in lower case", map[string]string{"source_date_epoch": "1"}, []string{"did you mean `SOURCE_DATE_EPOCH`"}},
		{"mixed-case proxy", map[string]string{"Http_Proxy": "x"}, []string{"unknown build argument `Http_Proxy`"}},
		{"two spellings, two values", map[string]string{"bin": "a", "BINS": "b"}, []string{"build argument `bin`: `a` conflicts with `b` of build argument `BINS`"}},
		{"two spellings, one bad", map[string]string{"bin": "a", "bins": "-"}, []string{"build argument `bins`"}},
		{"frozen off", map[string]string{"frozen": "false"}, []string{"build argument `frozen`: cannot be turned off", "--offline", "locked = false"}},
		{"offline 0", map[string]string{"offline": "0"}, []string{"cannot be turned off"}},
		{"not a boolean", map[string]string{"all-features": "yes"}, []string{"`yes` is neither true nor false"}},
		{"epoch word", map[string]string{"SOURCE_DATE_EPOCH": "abc"}, []string{"`abc` is not a time"}},
		{"epoch negative", map[string]string{"SOURCE_DATE_EPOCH": "-1"}, []string{"`-1` is not a time"}},
		{"epoch far", map[string]string{"SOURCE_DATE_EPOCH": "1099511627776"}, []string{"is not a time"}},
		{"epoch overflow", map[string]string{"SOURCE_DATE_EPOCH": "99999999999999999999"}, []string{"is not a time"}},
		{"empty profile", map[string]string{"profile": ""}, []string{"build argument `profile`: the profile name is empty", "expected: The cargo profile"}},
		{"newline", map[string]string{"features": "a\nb"}, []string{"contains U+000A"}},
		{"flag", map[string]string{"features": "--config=x"}, []string{"starts with `-`"}},
		{"flag in toolchain", map[string]string{"toolchain": "-Zx"}, []string{"starts with `-`"}},
		{"shell", map[string]string{"bin": `";touch`}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Parse("Rustfile", nil, tc.args)
			if tc.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var fault *cargo.Error
			if !errors.As(err, &fault) {
				t.Fatalf("got %v, want a *cargo.Error", err)
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error lacks %q:\n%v", want, err)
				}
			}
			if fault.Fix == "" {
				t.Errorf("no fix in: %v", err)
			}
		})
	}
}

func TestSpans(t *testing.T) {
	file := "# syntax=x\nprofile = 'dev'\nbins = ['a',\n  'b']\n[images]\nbuilder = 'rust'\n"
	o, err := Parse("sub/Rustfile", []byte(file), map[string]string{"Features": "x"})
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		KeyProfile: "sub/Rustfile:2:1", KeyBins: "sub/Rustfile:3:1", KeyBins + ".b": "sub/Rustfile:4:3", KeyBuilderImage: "sub/Rustfile:6:1",
		KeyFeatures: "--build-arg Features", KeySuite: "default",
	} {
		if got := o.Origin(key); got != want {
			t.Errorf("Origin(%q) = %q, want %q", key, got, want)
		}
	}
	if end := o.Spans[KeyBins].End; end != (cargo.Position{Line: 4, Column: 7}) {
		t.Errorf("bins ends at %v", end)
	}
	o, err = Parse("Rustfile", []byte(file), map[string]string{"bin": "c"})
	if err != nil {
		t.Fatal(err)
	}
	for key := range o.Spans {
		if strings.HasPrefix(key, KeyBins) {
			t.Errorf("span %q of a value that an argument replaced", key)
		}
	}
}

func TestSetTarget(t *testing.T) {
	for name, ok := range map[string]bool{"": true, "server": true, "-x": false, "a/b": false, "a\nb": false, "..": false, "*": false} {
		if err := Defaults().SetTarget(name); (err == nil) != ok {
			t.Errorf("SetTarget(%q) = %v", name, err)
		}
	}
}

func TestIsManifest(t *testing.T) {
	for _, tc := range []struct {
		name, data string
		want       bool
	}{
		{"Cargo.toml", "", true},
		{"crates/x/Cargo.toml", "profile = 'dev'", true},
		{"Rustfile", "", false},
		{"Rustfile", "package = 'x'", false},
		{"Rustfile", "# [package]\n[images]\nworkspace = {}", false},
		{"Rustfile", "[package]\nname = 'x'", true},
		{"Dockerfile", "# syntax=x\n[workspace]", true},
		{"Rustfile", "[workspace.package]\nversion = '1'", true},
		{"Rustfile", "package.name = 'x'", true},
		{"Rustfile", "workspace = { members = [] }", true},
		{"Rustfile", "[[package]]\nname = 'x'", false},
		{"Rustfile", "x = [\n[package]", false},
	} {
		if got := IsManifest(tc.name, []byte(tc.data)); got != tc.want {
			t.Errorf("IsManifest(%q, %q) = %v", tc.name, tc.data, got)
		}
	}
}

// TestHostileFiles bounds what a crafted Rustfile costs: each must be refused,
// and soon. The limit leaves room for a busy machine and none for quadratic work.
func TestHostileFiles(t *testing.T) {
	for name, file := range map[string]string{
		"too large":      strings.Repeat("#", MaxRustfileSize+1),
		"nested arrays":  "features = " + strings.Repeat("[", 500_000),
		"nested tables":  "images = " + strings.Repeat("{a=", 300_000),
		"valid nesting":  "images = " + strings.Repeat("{a=", 5000) + "1" + strings.Repeat("}", 5000),
		"dotted parts":   strings.Repeat("a.", 500_000) + "a = 1",
		"dotted header":  "[" + strings.Repeat("a.", 500_000) + "a]",
		"many elements":  "features = [" + strings.Repeat("1,", 400_000) + "]",
		"many bad names": "features = [" + strings.Repeat("'-',\n", 150_000) + "]",
		"long key":       strings.Repeat("a", MaxRustfileSize-4) + " = 1",
		"many tables":    strings.Repeat("[[images]]\n", 90_000),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			if _, err := Parse("Rustfile", []byte(file), nil); err == nil {
				t.Error("accepted")
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// TestHostileArguments: a build argument can be as long as a message.
func TestHostileArguments(t *testing.T) {
	long := strings.Repeat("a", 8<<20)
	for name, args := range map[string]map[string]string{
		"name": {long: ""}, "package": {"package": long}, "features": {"features": long}, "path": {"manifest-path": long}, "image": {"builder-image": long},
		"boolean": {"all-features": long}, "epoch": {"SOURCE_DATE_EPOCH": long}, "conflict": {"bin": long, "bins": "a"},
	} {
		start := time.Now()
		_, err := Parse("Rustfile", nil, args)
		if err == nil || len(err.Error()) > 1000 {
			t.Errorf("%s: accepted, or an error as long as the value", name)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
}

func TestReferenceListsKeys(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "reference.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range Keys() {
		name := "–"
		if doc.Name != "" {
			name = "`" + doc.Name + "`"
		}
		row := fmt.Sprintf("| %s | `%s` | %s | %s | %s |", name, strings.Join(doc.Args, "`, `"), doc.Type, doc.Default, doc.Description)
		if !strings.Contains(string(text), row+"\n") {
			t.Errorf("docs/reference.md lacks the row\n%s", row)
		}
	}
	documented := Keys()
	for i := 0; i < len(documented); i++ {
		doc := documented[i]
		for _, field := range doc.Fields {
			row := fmt.Sprintf("| `%s` | %s | %s | %s |", field.Name, field.Type, field.Default, field.Description)
			if !strings.Contains(string(text), row+"\n") {
				t.Errorf("docs/reference.md lacks the row of %s\n%s", doc.Name, row)
			}
		}
		documented = append(documented, doc.Fields...)
	}
	_, section, found := strings.Cut(string(text), "\n## Options\n")
	if !found {
		t.Fatal("docs/reference.md lacks the section Options")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	if rows := strings.Count(section, "\n|") - 2; rows != len(Keys()) {
		t.Errorf("the table of options has %d rows, want %d", rows, len(Keys()))
	}
}

// TestKeysHaveUniqueSpellings guards the one table: a spelling that two keys
// share would make one of them unreachable.
func TestKeysHaveUniqueSpellings(t *testing.T) {
	seen := map[string]string{}
	for _, k := range keys {
		for _, arg := range k.doc.Args {
			if other, ok := seen[arg]; ok {
				t.Errorf("build argument %q belongs to %q and %q", arg, other, k.name)
			}
			seen[arg] = k.name
			if got := argumentKey(arg); got == nil || got.name != k.name {
				t.Errorf("build argument %q does not lead to %q", arg, k.name)
			}
		}
	}
}
