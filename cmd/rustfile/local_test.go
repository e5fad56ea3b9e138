package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/rustfile/rustfile/internal/options"
)

// runApp runs a command line and returns its status and outputs.
func runApp(t *testing.T, a *app, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	a.stdout, a.stderr = &out, &errs
	status = a.main(t.Context(), args)
	return status, out.String(), errs.String()
}

// crate is the smallest project that can be planned.
func crate() map[string]string {
	return map[string]string{
		"Cargo.toml":  "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
		"Cargo.lock":  "version = 4\n\n[[package]]\nname = \"tiny\"\nversion = \"0.1.0\"\n",
		"src/main.rs": "fn main() {}\n",
	}
}

func TestInit(t *testing.T) {
	dir := t.TempDir()
	if status, _, stderr := runApp(t, testApp(nil), "init", dir); status != 1 || !strings.Contains(stderr, "has no Cargo.toml") {
		t.Errorf("without a project: %d, %s", status, stderr)
	}
	writeFiles(t, dir, map[string]string{"Cargo.toml": crate()["Cargo.toml"]})
	file := filepath.Join(dir, "Rustfile")
	status, stdout, stderr := runApp(t, testApp(nil), "init", dir)
	if status != 0 || !strings.Contains(stdout, ".dockerignore") || !strings.Contains(stdout, "cargo generate-lockfile") {
		t.Errorf("init: %d\n%s%s", status, stdout, stderr)
	}
	got, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(got), "# syntax=rustfile/rustfile:1\n") {
		t.Fatalf("Rustfile: %v\n%s", err, got)
	}
	if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o644 {
		t.Errorf("mode: %v, %v", st.Mode(), err)
	}
	if err := os.WriteFile(file, []byte("mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := runApp(t, testApp(nil), "init", dir); status != 1 || !strings.Contains(stderr, "--force") {
		t.Errorf("second init: %d, %s", status, stderr)
	}
	if got, _ := os.ReadFile(file); string(got) != "mine\n" {
		t.Errorf("the second init changed the file to %q", got)
	}
	writeFiles(t, dir, map[string]string{".dockerignore": "target/\n"})
	status, stdout, _ = runApp(t, testApp(nil), "init", "--force", dir)
	if got, _ := os.ReadFile(file); status != 0 || !bytes.Equal(got, template) || strings.Contains(stdout, "hint: a ") {
		t.Errorf("init --force: %d, %q\n%s", status, got, stdout)
	}
	left, err := fs.Glob(os.DirFS(dir), ".Rustfile*")
	if err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
}

// TestTemplate: the template parses as it is and with every example turned on,
// and shows every key there is.
func TestTemplate(t *testing.T) {
	if _, err := options.Parse("Rustfile", template, nil); err != nil {
		t.Error(err)
	}
	var on strings.Builder
	for line := range strings.Lines(string(template)) {
		text := strings.TrimPrefix(line, "# ")
		if strings.Contains(text, " = ") || strings.HasPrefix(text, "[") {
			line = text
		}
		on.WriteString(line)
	}
	o, err := options.Parse("Rustfile", []byte(on.String()), nil)
	if err != nil {
		t.Fatalf("%v in\n%s", err, on.String())
	}
	for _, key := range options.Keys() {
		if key.Name != "" && !strings.HasPrefix(o.Origin(key.Name), "Rustfile:") {
			t.Errorf("the template has no example of %s", key.Name)
		}
	}
}

func TestPlan(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, crate())
	for _, tc := range []struct {
		name string
		args []string
		want []string
	}{
		{"tree", nil, []string{"image for linux/", "binary tiny"}},
		{"platform", []string{"--platform", "linux/arm64"}, []string{"linux/arm64", "aarch64-unknown-linux-gnu"}},
		{"json", []string{"--format", "json", "--build-arg", "profile=dev"}, []string{`"version": 1`, `"dev"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, stdout, stderr := runApp(t, testApp(nil), append([]string{"plan", dir}, tc.args...)...)
			if status != 0 {
				t.Fatalf("status %d: %s", status, stderr)
			}
			for _, want := range tc.want {
				if !strings.Contains(stdout, want) {
					t.Errorf("no %q in\n%s", want, stdout)
				}
			}
		})
	}
}

func TestPlanErrors(t *testing.T) {
	for _, tc := range []struct {
		name  string
		files map[string]string
		args  []string
		want  []string
	}{
		{"TOML", map[string]string{"Cargo.toml": "[package]\nname = \"tiny\"\nversion = 1..2\n"}, nil, []string{"Cargo.toml:3", "3 | >>> version = 1..2", "ERROR: "}},
		{"Rustfile key", map[string]string{"Rustfile": "# syntax=rustfile/rustfile:1\nfeature = [\"x\"]\n"}, nil, []string{"Rustfile:2", "features"}},
		{"target", nil, []string{"--target", "nope"}, []string{"nope", "tiny"}},
		{"build argument", nil, []string{"--build-arg", "featurs=x"}, []string{"featurs", "features"}},
		{"format", nil, []string{"--format", "yaml"}, []string{`--format "yaml"`}},
		{"two platforms", nil, []string{"--platform", "linux/amd64,linux/arm64"}, []string{"one platform"}},
		{"stale lock file", map[string]string{"Cargo.toml": "[package]\nname = \"tiny\"\nversion = \"9.0.0\"\n"}, nil, []string{"Cargo.toml:3", "needs to be updated", "cargo update --workspace"}},
		{"stale lock file, unlocked", map[string]string{"Cargo.toml": "[package]\nname = \"tiny\"\nversion = \"9.0.0\"\n"}, []string{"--build-arg", "locked=false"},
			[]string{"Cargo.toml:3", "needs to be updated", "rustfile build --call=plan"}},
		{"link out of the project", map[string]string{"Cargo.lock": "@/etc/hostname"}, nil, []string{"Cargo.lock"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			writeFiles(t, dir, crate())
			for name, text := range tc.files {
				if target, ok := strings.CutPrefix(text, "@"); ok {
					path := filepath.Join(dir, name)
					if err := errors.Join(os.Remove(path), os.Symlink(target, path)); err != nil {
						t.Fatal(err)
					}
					continue
				}
				writeFiles(t, dir, map[string]string{name: text})
			}
			status, stdout, stderr := runApp(t, testApp(nil), append([]string{"plan", dir}, tc.args...)...)
			if status != 1 || stdout != "" {
				t.Errorf("status %d, output %q", status, stdout)
			}
			for _, want := range tc.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("no %q in\n%s", want, stderr)
				}
			}
		})
	}
}

// TestLLB: the definition reads the project's directory, and the compile steps
// have the official image's environment and no network.
func TestLLB(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, crate())
	status, stdout, stderr := runApp(t, testApp(nil), "llb", dir)
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	def, err := llb.ReadFrom(strings.NewReader(stdout))
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]bool{}
	execs := 0
	for _, dt := range def.Def {
		var op pb.Op
		if err := op.UnmarshalVT(dt); err != nil {
			t.Fatal(err)
		}
		if s := op.GetSource(); s != nil {
			sources[s.Identifier] = true
		}
		if e := op.GetExec(); e != nil {
			execs++
			if e.Network != pb.NetMode_NONE {
				t.Errorf("%v has network %v", e.Meta.Args, e.Network)
			}
			if !strings.Contains(strings.Join(e.Meta.Env, "\n"), "CARGO_HOME=") {
				t.Errorf("%v has the environment %v", e.Meta.Args, e.Meta.Env)
			}
		}
	}
	if !sources["local://context"] || execs == 0 {
		t.Errorf("sources %v, %d execs", sources, execs)
	}
}

func TestErrorsAndStatus(t *testing.T) {
	a := testApp(nil)
	var out strings.Builder
	a.stderr = &out
	err := errdefs.WithSource(errors.New("it broke"), &errdefs.Source{
		Info:   &pb.SourceInfo{Filename: "Cargo.toml", Data: []byte("[package]\nname = 1\n")},
		Ranges: []*pb.Range{{Start: &pb.Position{Line: 2}, End: &pb.Position{Line: 2}}},
	})
	a.printError(err)
	want := "Cargo.toml:2\n--------------------\n   1 |     [package]\n   2 | >>> name = 1\n   3 |     \n--------------------\nERROR: it broke\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"bild"}, "unknown command"},
		{[]string{"build", "--tagg", "x"}, "unknown flag"},
		{[]string{"build", "a", "b"}, "accepts at most 1 arg"},
		{[]string{"builder", "serve"}, "started by rustfile itself"},
	} {
		if status, _, stderr := runApp(t, testApp(nil), tc.args...); status != 1 || !strings.Contains(stderr, tc.want) {
			t.Errorf("%v: %d, %s", tc.args, status, stderr)
		}
	}
	if status, stdout, _ := runApp(t, testApp(nil), "version"); status != 0 || !strings.HasPrefix(stdout, "rustfile ") {
		t.Errorf("version: %d, %q", status, stdout)
	}
}

func TestWriteAtomic(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "id")
	for _, text := range []string{"one", "two"} {
		if err := writeAtomic(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if err := writeAtomic(filepath.Join(dir, "no", "id"), nil); err == nil {
		t.Error("a missing directory is no error")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("files left: %v, %v", entries, err)
	}
}
