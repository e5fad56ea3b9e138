package builder

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRootedIn(t *testing.T) {
	const root = "/home/u/.cache/rustfile/builder/root"
	for _, tc := range []struct {
		name, mountinfo string
		want            bool
	}{
		{"overlay", "508 507 0:67 / / rw,relatime - overlay overlay rw,lowerdir=/home/u/.cache/rustfile/builder/root/runc-overlayfs/snapshots/snapshots/1/fs,upperdir=/home/u/.cache/rustfile/builder/root/runc-overlayfs/snapshots/snapshots/7/fs,workdir=/x\n", true},
		{"read-only overlay", "508 507 0:67 / / ro - overlay overlay ro,lowerdir=/home/u/.cache/rustfile/builder/root/runc-overlayfs/snapshots/snapshots/2/fs:/y\n", true},
		{"native", "508 507 254:0 /home/u/.cache/rustfile/builder/root/runc-native/snapshots/snapshots/4 / rw - ext4 /dev/vda rw\n", true},
		{"host", "1 1 254:0 / / rw - ext4 /dev/vda rw\n90 1 0:67 / /home/u/.cache/rustfile/builder/root/runc-overlayfs/executor/x/rootfs rw - overlay overlay rw,upperdir=/home/u/.cache/rustfile/builder/root/runc-overlayfs/snapshots/snapshots/7/fs\n", false},
		{"another builder", "508 507 0:67 / / rw - overlay overlay rw,upperdir=/srv/root/runc-overlayfs/snapshots/snapshots/7/fs\n", false},
		{"a longer name", "508 507 0:67 / / rw - overlay overlay rw,upperdir=/home/u/.cache/rustfile/builder/root2/runc-overlayfs/x\n", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := rootedIn([]byte(tc.mountinfo), root); got != tc.want {
				t.Errorf("rootedIn = %v, want %v", got, tc.want)
			}
		})
	}
	if !rootedIn([]byte(`1 1 0:67 / / rw - overlay overlay rw,upperdir=/a\040b/root/runc-overlayfs/x`+"\n"), "/a b/root") {
		t.Error("an escaped path is not recognised")
	}
}

func TestRootlessMissing(t *testing.T) {
	all := map[string]string{
		"/etc/subuid":                                "root:1:1\nu:100000:65536\n",
		"/etc/subgid":                                "1000:100000:65536\n",
		"/proc/sys/user/max_user_namespaces":         "30000\n",
		"/proc/sys/kernel/unprivileged_userns_clone": "1\n",
	}
	for _, tc := range []struct {
		name   string
		noProg string
		files  map[string]string
		want   []string // one per missing thing, in order
	}{
		{name: "all there"},
		{name: "no rootlesskit", noProg: "rootlesskit", want: []string{"apt install rootlesskit"}},
		{name: "no newuidmap", noProg: "newuidmap", want: []string{"newuidmap on PATH"}},
		{name: "no range", files: map[string]string{"/etc/subuid": "root:1:1\n"}, want: []string{"/etc/subuid, such as u:100000:65536"}},
		{name: "namespaces off", files: map[string]string{"/proc/sys/user/max_user_namespaces": "0\n", "/proc/sys/kernel/unprivileged_userns_clone": "0\n"}, want: []string{"user.max_user_namespaces", "unprivileged_userns_clone"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			host := rootlessHost{
				names: []string{"u", "1000"},
				lookPath: func(name string) (string, error) {
					if name == tc.noProg {
						return "", errors.New("not found")
					}
					return "/usr/bin/" + name, nil
				},
				readFile: func(name string) ([]byte, error) {
					if text, ok := tc.files[name]; ok {
						return []byte(text), nil
					}
					if text, ok := all[name]; ok {
						return []byte(text), nil
					}
					return nil, os.ErrNotExist
				},
			}
			got := host.missing()
			if len(got) != len(tc.want) {
				t.Fatalf("missing %q, want %d", got, len(tc.want))
			}
			for i, want := range tc.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("missing %q, want one with %q", got[i], want)
				}
			}
		})
	}
}

// TestFinderCheckout: only a program of the checkout, or one that the go
// command built for one run, takes its tools from a directory.
func TestFinderCheckout(t *testing.T) {
	checkout := t.TempDir()
	writeFiles(t, checkout, map[string]string{"go.mod": "module github.com/rustfile/rustfile\n\ngo 1.26\n", "dist/bin/x": ""})
	elsewhere := t.TempDir()
	writeFiles(t, elsewhere, map[string]string{"go.mod": "module example.com/other\n"})
	for _, tc := range []struct {
		name, exe, cwd, want string
	}{
		{"built in the checkout", checkout + "/dist/bin/rustfile", "/", checkout},
		{"go run in the checkout", "/tmp/go-build1/b001/exe/rustfile", checkout + "/dist", checkout},
		{"go test in the checkout", "/tmp/x/builder.test", checkout, checkout},
		{"go run elsewhere", "/tmp/go-build1/b001/exe/rustfile", elsewhere, ""},
		{"installed, called in the checkout", "/usr/local/bin/rustfile", checkout, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := (finder{exe: tc.exe, cwd: tc.cwd}).checkout(); got != tc.want {
				t.Errorf("checkout %q, want %q", got, tc.want)
			}
		})
	}
}

func TestFinderTools(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"bin/rustfile", "bin/buildkitd", "libexec/rustfile/buildkit-runc", "env/runc"} {
		writeFiles(t, dir, map[string]string{name: "#!/bin/false\n"})
		if err := os.Chmod(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", filepath.Join(dir, "empty"))
	f := finder{exe: filepath.Join(dir, "bin/rustfile"), cwd: "/", notice: io.Discard, getenv: func(string) string { return "" }}
	got, err := f.tools(t.Context())
	want := tools{buildkitd: filepath.Join(dir, "bin/buildkitd"), runc: filepath.Join(dir, "libexec/rustfile/buildkit-runc")}
	if err != nil || got != want {
		t.Errorf("installed tools %+v, %v; want %+v", got, err, want)
	}
	f.getenv = func(k string) string {
		return map[string]string{"RUSTFILE_RUNC": filepath.Join(dir, "env/runc")}[k]
	}
	if got, err = f.tools(t.Context()); err != nil || got.runc != filepath.Join(dir, "env/runc") {
		t.Errorf("with RUSTFILE_RUNC: %+v, %v", got, err)
	}
	f.getenv = func(k string) string { return map[string]string{"RUSTFILE_BUILDKITD": "/nope"}[k] }
	if _, err = f.tools(t.Context()); err == nil || !strings.Contains(err.Error(), "RUSTFILE_BUILDKITD=/nope is not an executable file") {
		t.Errorf("with a wrong RUSTFILE_BUILDKITD: %v", err)
	}
	f = finder{exe: "/nowhere/rustfile", cwd: "/", notice: io.Discard, getenv: func(string) string { return "" }}
	if _, err = f.tools(t.Context()); err == nil || !strings.Contains(err.Error(), "set RUSTFILE_BUILDKITD") {
		t.Errorf("with no tools: %v", err)
	}
}

func TestMakePrivate(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "a")
	if err := makePrivate(dir, filepath.Join(dir, "b")); err != nil {
		t.Fatal(err)
	}
	open := filepath.Join(base, "open")
	if err := os.Mkdir(open, 0o755); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(base, "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{open, link} {
		if err := makePrivate(path); err == nil || !strings.Contains(err.Error(), "not a private directory") {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
	}
}

func TestIdlePeriod(t *testing.T) {
	for value, want := range map[string]string{"": "5m0s", "90s": "1m30s", "0": "", "-1s": "", "soon": ""} {
		d, err := idlePeriod(func(string) string { return value })
		if want == "" {
			if err == nil || !strings.Contains(err.Error(), "RUSTFILE_BUILDER_IDLE") {
				t.Errorf("%q: %v, %v; want an error", value, d, err)
			}
		} else if err != nil || d.String() != want {
			t.Errorf("%q: %v, %v; want %s", value, d, err, want)
		}
	}
}

func TestLogTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	text := strings.Repeat("noise\n", 5000) + "buildkitd: open x: permission denied\nmain.main.func3\n\t/src/main.go:270\nruntime.main\n\t/go/proc.go:290\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tail := logTail(path)
	if !strings.HasSuffix(tail, "buildkitd: open x: permission denied") || strings.Count(tail, "\n")+1 != logTailLines {
		t.Errorf("tail:\n%s", tail)
	}
}
