package builder

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/gotools"
)

// The files below are as buildx v0.37.2 writes them.
const (
	currentLab    = `{"Key":"unix:///var/run/docker.sock","Name":"lab","Global":false}`
	currentGlobal = `{"Key":"unix:///elsewhere.sock","Name":"lab","Global":true}`
	currentOther  = `{"Key":"unix:///elsewhere.sock","Name":"lab","Global":false}`
	currentReset  = `{"Key":"unix:///var/run/docker.sock","Name":"","Global":false}`
	instanceLab   = `{"Name":"lab","Driver":"remote","Nodes":[{"Name":"lab0","Endpoint":"tcp://lab.example:1234","Platforms":null,"DriverOpts":{"cacert":"/tls/ca.pem","cert":"/tls/cert.pem","key":"/tls/key.pem"},"Flags":null,"Files":null}],"Dynamic":false}`
	instanceBox   = `{"Name":"box","Driver":"docker-container","Nodes":[{"Name":"box0","Endpoint":"unix:///var/run/docker.sock","Platforms":null,"DriverOpts":null,"Flags":["--allow-insecure-entitlement=network.host"],"Files":null}],"Dynamic":false}`
)

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

func TestCurrentName(t *testing.T) {
	for _, tc := range []struct {
		name    string
		files   map[string]string
		want    string
		wantErr string
	}{
		{name: "no store"},
		{name: "chosen", files: map[string]string{"current": currentLab, "instances/lab": instanceLab}, want: "lab"},
		{name: "chosen for all endpoints", files: map[string]string{"current": currentGlobal, "instances/lab": instanceLab}, want: "lab"},
		{name: "chosen for another endpoint", files: map[string]string{"current": currentOther, "instances/lab": instanceLab}},
		{name: "chosen and removed", files: map[string]string{"current": currentLab}},
		{name: "none chosen", files: map[string]string{"current": currentReset, "instances/lab": instanceLab}},
		{name: "broken", files: map[string]string{"current": "{"}, wantErr: "docker buildx use"},
		{name: "broken builder", files: map[string]string{"current": currentLab, "instances/lab": "{"}, wantErr: "docker buildx rm lab"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			writeFiles(t, dir, tc.files)
			got, err := buildxStore{dir: dir}.currentName(defaultDockerHost)
			if tc.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wantErr) {
					t.Fatalf("error %v, want one with %q", err, tc.wantErr)
				}
				return
			}
			if err != nil || got != tc.want {
				t.Errorf("current builder %q, %v; want %q", got, err, tc.want)
			}
		})
	}
}

// TestResolve covers the order of the sources and what each gives. Nothing is
// connected.
func TestResolve(t *testing.T) {
	for _, tc := range []struct {
		name    string
		builder string
		env     map[string]string
		files   map[string]string // of the docker configuration directory
		want    string            // what Describe starts with
		driver  Driver
		wantErr string
	}{
		{name: "address", builder: "tcp://127.0.0.1:1234", env: map[string]string{"BUILDKIT_HOST": "unix:///x"}, want: "tcp://127.0.0.1:1234 (--builder)", driver: DriverRemote},
		{name: "podman", builder: "podman-container://bk", want: "podman-container://bk (--builder)", driver: DriverRemote},
		{name: "BUILDKIT_HOST", env: map[string]string{"BUILDKIT_HOST": "kube-pod://bk"}, files: map[string]string{"buildx/current": currentLab, "buildx/instances/lab": instanceLab}, want: "kube-pod://bk (BUILDKIT_HOST)", driver: DriverRemote},
		{name: "bad BUILDKIT_HOST", env: map[string]string{"BUILDKIT_HOST": "lab"}, wantErr: "not a BuildKit address"},
		{name: "current buildx builder", files: map[string]string{"buildx/current": currentLab, "buildx/instances/lab": instanceLab}, want: `buildx builder "lab" at tcp://lab.example:1234 (the current buildx builder)`, driver: DriverRemote},
		{name: "BUILDX_BUILDER", env: map[string]string{"BUILDX_BUILDER": "LAB"}, files: map[string]string{"buildx/current": `{"Key":"","Name":"box","Global":true}`, "buildx/instances/lab": instanceLab, "buildx/instances/box": instanceBox}, want: `buildx builder "lab" at tcp://lab.example:1234 (BUILDX_BUILDER)`, driver: DriverRemote},
		{name: "by name", builder: "lab", files: map[string]string{"buildx/instances/lab": instanceLab}, want: `buildx builder "lab" at`, driver: DriverRemote},
		{name: "container driver", builder: "box", files: map[string]string{"buildx/instances/box": instanceBox, "cli-plugins/docker-buildx": "#!/bin/false\n"}, want: `buildx builder "box", driver docker-container (--builder)`, driver: DriverRemote},
		{name: "docker context", builder: "default", files: map[string]string{"cli-plugins/docker-buildx": "#!/bin/false\n"}, want: `docker's builder "default" (--builder)`, driver: DriverDocker},
		{name: "unknown name", builder: "nope", files: map[string]string{"buildx/instances/lab": instanceLab}, wantErr: `no builder "nope" found (--builder): buildx has lab`},
		{name: "path as a name", builder: "../lab", wantErr: "letters, digits"},
		{name: "embedded by name", builder: "embedded", env: map[string]string{"BUILDKIT_HOST": "unix:///x"}, want: "embedded builder (--builder)", driver: DriverEmbedded},
		{name: "nothing", want: "embedded builder (no --builder", driver: DriverEmbedded},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			writeFiles(t, dir, tc.files)
			plugin := filepath.Join(dir, "cli-plugins", "docker-buildx")
			if _, ok := tc.files["cli-plugins/docker-buildx"]; ok {
				if err := os.Chmod(plugin, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			env := map[string]string{"DOCKER_CONFIG": dir}
			for k, v := range tc.env {
				env[k] = v
			}
			if engineRuns(t) && tc.driver == DriverEmbedded {
				t.Skip("a docker engine runs here and is chosen")
			}
			b, err := Resolve(t.Context(), Options{Builder: tc.builder, Getenv: func(k string) string { return env[k] }})
			if tc.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wantErr) {
					t.Fatalf("error %v, want one with %q", err, tc.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(b.Describe(), tc.want) || b.Driver() != tc.driver {
				t.Errorf("got %q, %s; want %q, %s", b.Describe(), b.Driver(), tc.want, tc.driver)
			}
		})
	}
}

func engineRuns(t *testing.T) bool {
	return engine{context: defaultContext, host: defaultDockerHost}.reachable(t.Context())
}

func TestRemoteNodeTLS(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"instances/lab": instanceLab})
	g, err := buildxStore{dir: dir}.group("lab")
	if err != nil {
		t.Fatal(err)
	}
	b := remoteNode(g, "why")
	if b.address != "tcp://lab.example:1234" || len(b.opts) != 2 {
		t.Errorf("address %q with %d options, want the endpoint with a CA and a client certificate", b.address, len(b.opts))
	}
}

// TestBuildxAgrees lets buildx itself write its store, and expects the choice
// that buildx reports.
func TestBuildxAgrees(t *testing.T) {
	buildx := buildxForTest(t)
	steps := []struct {
		name string
		args []string
	}{
		{"created and used", []string{"create", "--name", "one", "--driver", "remote", "--use", "tcp://127.0.0.1:1"}},
		{"another created", []string{"create", "--name", "two", "--driver", "remote", "tcp://127.0.0.1:2"}},
		{"used as default", []string{"use", "two", "--default"}},
		{"used for all endpoints", []string{"use", "one", "--global"}},
		{"removed", []string{"rm", "one"}},
	}
	dir := t.TempDir()
	env := []string{"DOCKER_CONFIG=" + dir, "HOME=" + dir, "PATH=" + os.Getenv("PATH")}
	getenv := func(k string) string {
		for _, kv := range env {
			if name, v, _ := strings.Cut(kv, "="); name == k {
				return v
			}
		}
		return ""
	}
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			run(t, env, buildx, step.args...)
			// inspect fails to reach the builder, but says which one it is.
			out := run(t, env, buildx, "inspect")
			name := regexp.MustCompile(`(?m)^Name:\s+(\S+)$`).FindStringSubmatch(out)
			if name == nil {
				t.Fatalf("buildx inspect says no name:\n%s", out)
			}
			got, err := openBuildxStore(getenv).currentName(defaultDockerHost)
			if err != nil {
				t.Fatal(err)
			}
			if got == "" {
				got = defaultContext
			}
			if got != name[1] {
				t.Errorf("current builder %q, buildx says %q", got, name[1])
			}
		})
	}
}

func run(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	if err != nil && !strings.Contains(string(out), "Name:") {
		t.Fatalf("%s %v: %v\n%s", filepath.Base(name), args, err, out)
	}
	return string(out)
}

// buildxForTest returns the buildx of go.mod, which "make tools" builds, or
// one that is installed.
func buildxForTest(t *testing.T) string {
	t.Helper()
	if root, err := gotools.ModuleRoot("."); err == nil {
		path := filepath.Join(root, "dist", "bin", string(gotools.Buildx))
		if isExecutable(path) {
			return path
		}
	}
	argv, err := buildxCommand(os.Getenv)
	if err != nil {
		t.Skipf("needs buildx: run \"make tools\" (%v)", err)
	}
	return argv[0]
}

// TestDialStdio reaches the embedded daemon through the real buildx.
func TestDialStdio(t *testing.T) {
	buildx := buildxForTest(t)
	b := newTestBuilder(t, nil)
	b.mustConnect()
	dir := t.TempDir()
	// The dialled process reads the environment of this one.
	t.Setenv("DOCKER_CONFIG", dir)
	if err := os.MkdirAll(filepath.Join(dir, "cli-plugins"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(buildx, filepath.Join(dir, "cli-plugins", "docker-buildx")); err != nil {
		t.Fatal(err)
	}
	run(t, os.Environ(), buildx, "create", "--name", "stdio", "--driver", "remote", b.status().Address)
	bl, err := dialStdio(Options{Getenv: os.Getenv, Platform: "linux/amd64"}, "stdio")
	if err != nil {
		t.Fatal(err)
	}
	c, err := bl.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b.mustBuild(c, "through dial-stdio")
}

func TestClientError(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "no.sock")
	b, err := Resolve(t.Context(), Options{Builder: "unix://" + missing})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Client(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no BuildKit answers at builder unix://"+missing+" (--builder)") {
		t.Errorf("error %v does not name the builder and where it came from", err)
	}
}
