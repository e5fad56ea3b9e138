package main

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/spf13/pflag"
)

// testApp is an app without a terminal, an environment or a frontend.
func testApp(env map[string]string) *app {
	return &app{
		stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard,
		getenv: func(k string) string { return env[k] },
	}
}

// parse runs the flags of "rustfile build" up to where a BuildKit is needed.
func parse(t *testing.T, a *app, path string, args ...string) (*request, error) {
	t.Helper()
	f := &buildFlags{}
	fs := pflag.NewFlagSet("build", pflag.ContinueOnError)
	f.register(fs, a.getenv)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return a.request(f, path)
}

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRequestAttrs(t *testing.T) {
	t.Setenv("RUSTFILE_TEST_ARG", "from-env")
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{
		"both/Rustfile": "", "both/Cargo.toml": "", "manifest/Cargo.toml": "", "named/My.rustfile": "", "other/Cargo.toml": "",
	})
	both := filepath.Join(dir, "both")
	provenance := map[string]string{"attest:provenance": "mode=min,inline-only=true"}
	for _, tc := range []struct {
		name   string
		path   string
		args   []string
		env    map[string]string
		want   map[string]string
		locals []string
	}{
		{name: "Rustfile", path: both, want: map[string]string{"filename": "Rustfile"}, locals: []string{"context", "dockerfile"}},
		{name: "manifest", path: filepath.Join(dir, "manifest"), want: map[string]string{"filename": "Cargo.toml"}, locals: []string{"context", "dockerfile"}},
		{name: "file", path: both, args: []string{"-f", filepath.Join(dir, "named/My.rustfile")}, want: map[string]string{"filename": "My.rustfile"}, locals: []string{"context", "dockerfile"}},
		{name: "options", path: both, args: []string{
			"--target", "server", "--build-arg", "a=1", "--build-arg", "RUSTFILE_TEST_ARG", "--build-arg", "RUSTFILE_TEST_UNSET",
			"--label", "l=v=w", "--label", "empty", "--platform", "linux/amd64,linux/arm64", "--pull", "--no-cache-filter", "deps", "--no-cache-filter", "build",
		}, want: map[string]string{
			"filename": "Rustfile", "target": "server", "build-arg:a": "1", "build-arg:RUSTFILE_TEST_ARG": "from-env", "label:l": "v=w", "label:empty": "",
			"platform": "linux/amd64,linux/arm64", "image-resolve-mode": "pull", "no-cache": "deps,build",
		}, locals: []string{"context", "dockerfile"}},
		{name: "no cache", path: both, args: []string{"--no-cache"}, want: map[string]string{"filename": "Rustfile", "no-cache": ""}, locals: []string{"context", "dockerfile"}},
		{name: "epoch", path: both, env: map[string]string{"SOURCE_DATE_EPOCH": "7"}, want: map[string]string{"filename": "Rustfile", "build-arg:SOURCE_DATE_EPOCH": "7"}, locals: []string{"context", "dockerfile"}},
		{name: "epoch given", path: both, args: []string{"--build-arg", "SOURCE_DATE_EPOCH=8"}, env: map[string]string{"SOURCE_DATE_EPOCH": "7"}, want: map[string]string{"filename": "Rustfile", "build-arg:SOURCE_DATE_EPOCH": "8"}, locals: []string{"context", "dockerfile"}},
		{name: "default platform", path: both, env: map[string]string{"DOCKER_DEFAULT_PLATFORM": "linux/arm64"}, want: map[string]string{"filename": "Rustfile", "platform": "linux/arm64"}, locals: []string{"context", "dockerfile"}},
		{name: "git", path: "https://example.com/a.git#main:sub", want: map[string]string{"filename": "Rustfile", "context": "https://example.com/a.git#main:sub"}},
		{name: "git with a file", path: "https://example.com/a.git", args: []string{"-f", "crates/x/Rustfile"}, want: map[string]string{"filename": "crates/x/Rustfile", "context": "https://example.com/a.git"}},
		{name: "git with a local file", path: "https://example.com/a.git", args: []string{"-f", filepath.Join(both, "Rustfile")}, want: map[string]string{"filename": "Rustfile", "context": "https://example.com/a.git", "dockerfilekey": "dockerfile"}, locals: []string{"dockerfile"}},
		{name: "contexts", path: both, args: []string{
			"--build-context", "rust=docker-image://rust:1", "--build-context", "other=" + filepath.Join(dir, "other"), "--build-context", "context=" + dir, "--build-context", "src=https://example.com/a.git",
		}, want: map[string]string{
			"filename": "Rustfile", "context:rust": "docker-image://rust:1", "context:other": "local:other", "sharedkey:localdir:other": "other",
			"context:context": "local:_context", "sharedkey:localdir:context": filepath.Base(dir), "context:src": "https://example.com/a.git",
		}, locals: []string{"_context", "context", "dockerfile", "other"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := parse(t, testApp(tc.env), tc.path, tc.args...)
			if err != nil {
				t.Fatal(err)
			}
			defer r.cleanup()
			maps.Copy(tc.want, provenance)
			if !maps.Equal(r.opt.FrontendAttrs, tc.want) {
				t.Errorf("attributes\n%v, want\n%v", r.opt.FrontendAttrs, tc.want)
			}
			if got := slices.Sorted(maps.Keys(r.opt.LocalMounts)); !slices.Equal(got, tc.locals) {
				t.Errorf("local directories %v, want %v", got, tc.locals)
			}
		})
	}
}

func TestRequestErrors(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"ok/Rustfile": "", "empty/README": ""})
	ok := filepath.Join(dir, "ok")
	for _, tc := range []struct {
		name, path string
		args       []string
		want       string
	}{
		{"no project", filepath.Join(dir, "empty"), nil, "no Rustfile and no Cargo.toml in " + filepath.Join(dir, "empty")},
		{"no directory", filepath.Join(dir, "nope"), nil, "no build context"},
		{"no file", ok, []string{"-f", "nope"}, "--file nope: no such file"},
		{"both no-caches", ok, []string{"--no-cache", "--no-cache-filter", "deps"}, "cannot be used together"},
		{"platform", ok, []string{"--platform", "linux/x/y/z"}, `--platform "linux/x/y/z"`},
		{"progress", ok, []string{"--progress", "fancy"}, `--progress "fancy" is not one of`},
		{"quiet and plain", ok, []string{"--progress", "plain", "-q"}, "cannot be used together"},
		{"build-arg", ok, []string{"--build-arg", "=x"}, "--build-arg"},
		{"label", ok, []string{"--label", "=x"}, "--label"},
		{"context without a name", ok, []string{"--build-context", "x"}, "NAME=SOURCE"},
		{"context name", ok, []string{"--build-context", "BAD NAME=" + ok}, "the name"},
		{"context source", ok, []string{"--build-context", "x=" + filepath.Join(dir, "nope")}, "is no directory"},
		{"layout", ok, []string{"--build-context", "x=oci-layout://" + ok}, "is no OCI layout"},
		{"call", ok, []string{"--call", "outline,targets"}, `--call "outline,targets"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := parse(t, testApp(nil), tc.path, tc.args...)
			checkErr(t, err, tc.want)
		})
	}
}

// TestRequestStdin: a Rustfile on standard input is a file for as long as the
// request lives.
func TestRequestStdin(t *testing.T) {
	dir := t.TempDir()
	a := testApp(nil)
	a.stdin = strings.NewReader("profile = \"dev\"\n")
	r, err := parse(t, a, dir, "-f", "-")
	if err != nil {
		t.Fatal(err)
	}
	f, err := r.opt.LocalMounts["dockerfile"].Open("Rustfile")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(f)
	f.Close()
	if err != nil || string(text) != "profile = \"dev\"\n" {
		t.Errorf("the frontend reads %q, %v", text, err)
	}
	r.cleanup()
	if _, err := r.opt.LocalMounts["dockerfile"].Open("Rustfile"); err == nil {
		t.Error("the file is left behind")
	}
}

func TestRequestCall(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"Rustfile": ""})
	r, err := parse(t, testApp(nil), dir, "--check", "-t", "x", "-o", "type=oci,dest=out.tar")
	if err != nil {
		t.Fatal(err)
	}
	if r.opt.FrontendAttrs["requestid"] != "frontend.lint" || len(r.opt.Exports) != 0 || len(r.outputs) != 0 || !r.opt.Internal {
		t.Errorf("a question is built: %+v", r.opt)
	}
	if _, ok := r.opt.FrontendAttrs["attest:provenance"]; ok {
		t.Error("a question asks for provenance")
	}
}

func TestParseDisplay(t *testing.T) {
	for _, tc := range []struct {
		progress string
		quiet    bool
		mode     progressui.DisplayMode
		printID  bool
	}{
		{"auto", false, progressui.AutoMode, false},
		{"auto", true, progressui.QuietMode, true},
		{"quiet", false, progressui.QuietMode, true},
		{"none", false, progressui.QuietMode, false},
		{"none", true, progressui.QuietMode, true},
		{"rawjson", false, progressui.RawJSONMode, false},
	} {
		mode, printID, err := parseDisplay(&buildFlags{progress: tc.progress, quiet: tc.quiet})
		if err != nil || mode != tc.mode || printID != tc.printID {
			t.Errorf("%+v: %s, %v, %v", tc, mode, printID, err)
		}
	}
}

func TestSplitLayout(t *testing.T) {
	const d = "sha256:0123456789012345678901234567890123456789012345678901234567890123"
	for _, tc := range []struct{ in, path, tag, digest string }{
		{"dir", "dir", "latest", ""},
		{"/a/dir:1", "/a/dir", "1", ""},
		{"/a:b/dir", "/a:b/dir", "latest", ""},
		{"dir@" + d, "dir", "", d},
		{"dir:1@" + d, "dir", "1", d},
	} {
		path, tag, dgst := splitLayout(tc.in)
		if path != tc.path || tag != tc.tag || dgst.String() != tc.digest {
			t.Errorf("%s: %s %s %s", tc.in, path, tag, dgst)
		}
	}
}
