package gotools

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestModuleRoot(t *testing.T) {
	root, err := ModuleRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "internal/gotools/gotools.go")); err != nil {
		t.Fatal(err)
	}
	if _, err := ModuleRoot(t.TempDir()); err == nil {
		t.Fatal("found a module root in an empty directory")
	}
}

// TestRuncShim runs the shim with a stand-in for runc that prints its arguments and the bundle's configuration.
func TestRuncShim(t *testing.T) {
	dir := t.TempDir()
	shim := filepath.Join(dir, "buildkit-runc")
	if out, err := exec.Command("go", "build", "-o", shim, "./runcshim").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	fakeRunc := "#!/bin/sh\nfor a in \"$@\"; do last=$a; done\ntest \"$last\" = id1 || exit 7\ncat \"$BUNDLE/config.json\"\n"
	if err := os.WriteFile(filepath.Join(dir, "runc"), []byte(fakeRunc), 0o755); err != nil {
		t.Fatal(err)
	}
	const config = `{"ociVersion":"1.2.0","linux":{"seccomp":{"defaultAction":"SCMP_ACT_ERRNO"},"resources":{"memory":{"limit":9007199254740993}}}}`
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"run", []string{"--log", "x", "run", "--bundle", dir, "id1"}, `{"resources":{"memory":{"limit":9007199254740993}}}`},
		{"create", []string{"create", "--bundle=" + dir, "id1"}, `{"resources":{"memory":{"limit":9007199254740993}}}`},
		{"kill leaves the bundle alone", []string{"kill", "id1"}, `{"seccomp":{"defaultAction":"SCMP_ACT_ERRNO"},"resources":{"memory":{"limit":9007199254740993}}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(shim, c.args...)
			cmd.Env = append(os.Environ(), "BUNDLE="+dir)
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			var got struct{ Linux json.RawMessage }
			if err := json.Unmarshal(out, &got); err != nil {
				t.Fatalf("%v in %s", err, out)
			}
			if string(got.Linux) != c.want {
				t.Errorf("got %s, want %s", got.Linux, c.want)
			}
		})
	}
}
