package options

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/rustfile/rustfile/internal/cargo"
)

// checkParsed holds what every accepted input promises: no value can be taken
// for a flag, split a line or leave the context, and every error has a place
// or a build argument, and says how to go on.
func checkParsed(t *testing.T, o *Options, err error) {
	t.Helper()
	if err != nil {
		var fault *cargo.Error
		if !errors.As(err, &fault) {
			t.Fatalf("error of type %T: %v", err, err)
		}
		if fault.Span.File == "" && !strings.Contains(fault.Message, "build argument") {
			t.Fatalf("error without a place: %v", err)
		}
		return
	}
	values := append(append([]string{o.Package, o.Profile, o.ManifestPath, o.Toolchain, o.Suite, o.BuilderImage, o.RuntimeImage}, o.Bins...), o.Features...)
	for _, v := range values {
		if strings.HasPrefix(v, "-") || strings.IndexFunc(v, unicode.IsControl) >= 0 {
			t.Fatalf("accepted %q", v)
		}
	}
	for _, c := range o.Image.Copies {
		if strings.Contains("/"+c.Source+"/", "/../") || strings.HasPrefix(c.Source, "/") || !strings.HasPrefix(c.Destination, "/") || strings.Contains(c.Destination+"/", "/../") {
			t.Fatalf("copy %+v", c)
		}
	}
	for _, name := range o.Build.ExtraSources {
		if strings.Contains("/"+name+"/", "/../") || strings.HasPrefix(name, "/") {
			t.Fatalf("extra source %q", name)
		}
	}
	if strings.Contains("/"+o.ManifestPath+"/", "/../") || strings.HasPrefix(o.ManifestPath, "/") {
		t.Fatalf("manifest path %q", o.ManifestPath)
	}
	for key, span := range o.Spans {
		if span.Start.Line < 1 || span.Start.Column < 1 || span.End.Line < span.Start.Line {
			t.Fatalf("span of %q: %+v", key, span)
		}
	}
}

func FuzzRustfile(f *testing.F) {
	for _, seed := range []string{
		"", "# syntax=rustfile/rustfile:1\n", "package = 'a@1.2'\nbins = ['x', \"y\"]", "features = 'a b,c'\n[images]\nbuilder = 'rust:1.95'",
		"images = { runtime = \"\"\"debian\"\"\" }", "[package]\nname = 'x'", "all-features = true\r\nlocked = true", "\xef\xbb\xbfsuite='trixie'",
		everyImageKey, everyStep, "[[test]]\nfiles.'/a'.mode = 1", "[variants.a]\nbins = ['x']\n[variants.a.healthcheck]\ntest = 'x'", "copy = [{source = 'a', destination = '/b/'}]", "[[copy]]\n[[secrets]]\nid = 1",
		"bins = [[1], {a = 2}]", "manifest-path = 'a/../Cargo.toml'", "[[images]]", "images.builder.x = 1979-05-27", "\"profile\" = 'dev'",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := Parse("Rustfile", data, nil)
		checkParsed(t, first, err)
		second, again := Parse("Rustfile", data, nil)
		if (err == nil) != (again == nil) || err != nil && err.Error() != again.Error() || !reflect.DeepEqual(first, second) {
			t.Fatalf("two results for one input: %v, %v", err, again)
		}
	})
}

func FuzzBuildArgs(f *testing.F) {
	for _, seed := range [][4]string{
		{"features", "a,b", "FEATURES", "b a"}, {"bin", "x", "bins", "y"}, {"SOURCE_DATE_EPOCH", "0", "locked", ""},
		{"no_default_features", "1", "BUILDKIT_SYNTAX", "x"}, {"runtime-image", "debian:12", "featrues", ""}, {"toolchain", "-Zx", "profile", "--config=x"},
		{"env", "A=b", "labels", "{'a.b' = 1}"}, {"cmd", `["a", 'b"']`, "ports", "80,53/udp"}, {"copy", "[{source='a',destination='/b'}]", "secrets", "[{}]"},
		{"run", "[{in='image',command=['a']}]", "test", "[{files={'/a'={}}}]"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string) {
		args := map[string]string{name1: value1, name2: value2}
		first, err := Parse("Rustfile", nil, args)
		checkParsed(t, first, err)
		second, again := Parse("Rustfile", nil, args)
		if (err == nil) != (again == nil) || err != nil && err.Error() != again.Error() || !reflect.DeepEqual(first, second) {
			t.Fatalf("two results for one input: %v, %v", err, again)
		}
	})
}
