package testenv

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/moby/buildkit/frontend/dockerui"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

func TestMain(m *testing.M) { Main(m) }

// shellFrontend is a small frontend of the test's own: it runs a script in the Debian image and makes an image
// of the result.
func shellFrontend(script string) gwclient.BuildFunc {
	return func(ctx context.Context, c gwclient.Client) (*gwclient.Result, error) {
		st := llb.Image("docker.io/library/debian:bookworm-slim").
			Run(llb.Args([]string{"/bin/sh", "-c", script}), llb.Network(llb.NetModeNone), llb.WithCustomName("[test] script")).Root()
		def, err := st.Marshal(ctx, llb.WithCaps(c.BuildOpts().LLBCaps))
		if err != nil {
			return nil, err
		}
		bc, err := dockerui.NewClient(c)
		if err != nil {
			return nil, err
		}
		res, err := c.Solve(ctx, gwclient.SolveRequest{Definition: def.ToPB(), CacheImports: bc.CacheImports})
		if err != nil {
			return nil, err
		}
		config, err := json.Marshal(ocispecs.Image{
			Platform: ocispecs.Platform{OS: "linux", Architecture: runtime.GOARCH},
			Config:   ocispecs.ImageConfig{User: "65532:65532", Entrypoint: []string{"/bin/sh", "-c"}, Cmd: []string{"cat /greeting; id -u"}},
		})
		if err != nil {
			return nil, err
		}
		res.AddMeta(exptypes.ExporterImageConfigKey, config)
		return res, nil
	}
}

func TestBuildAndRun(t *testing.T) {
	for _, w := range []Worker{OCI, Containerd} {
		t.Run(string(w), func(t *testing.T) {
			d := SharedDaemon(t, w)
			ctxDir := t.TempDir()
			b := &Builder{Daemon: d, Route: InProcess, Frontend: shellFrontend("echo '   Compiling libc v0.2.1'; echo hello > /greeting")}
			res := b.MustBuild(t, BuildOptions{Context: ctxDir})
			if !slices.Contains(res.Ran(), "[test] script") {
				t.Errorf("ran %q", res.Ran())
			}
			if got := res.Compiled(); !slices.Equal(got, []string{"libc 0.2.1"}) {
				t.Errorf("compiled %q", got)
			}
			if got := res.Run(t); got != "hello\n65532\n" {
				t.Errorf("the image printed %q", got)
			}
			if got := res.Run(t, "ls /sys/class/net 2>/dev/null; cat /proc/net/dev | tail -n +3 | cut -d: -f1"); strings.Contains(got, "eth") {
				t.Errorf("the container has a network: %q", got)
			}
			again := b.MustBuild(t, BuildOptions{Context: ctxDir})
			if !slices.Contains(again.Cached(), "[test] script") || slices.Contains(again.Ran(), "[test] script") {
				t.Errorf("second build ran %q, cached %q", again.Ran(), again.Cached())
			}
			if again.Image.RootFS.DiffIDs[1] != res.Image.RootFS.DiffIDs[1] {
				t.Error("the second build has other layers")
			}
		})
	}
}

func TestFailedBuildKeepsStatus(t *testing.T) {
	b := &Builder{Daemon: SharedDaemon(t, OCI), Route: InProcess, Frontend: shellFrontend("echo before; exit 3")}
	res, err := b.Build(t.Context(), BuildOptions{Context: t.TempDir()})
	if err == nil {
		t.Fatal("the build succeeded")
	}
	if !slices.Contains(res.Failed(), "[test] script") || !strings.Contains(res.Logs(), "before") {
		t.Errorf("failed %q, logs %q", res.Failed(), res.Logs())
	}
}

// TestKilledDaemonLeavesNothing kills a daemon in the middle of a container and looks for what stays.
func TestKilledDaemonLeavesNothing(t *testing.T) {
	d := FreshDaemon(t, DaemonOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b := &Builder{Daemon: d, Route: InProcess, Frontend: shellFrontend("echo started; sleep 1000")}
	done := make(chan error, 1)
	started := &notify{ch: make(chan struct{})}
	go func() {
		_, err := b.Build(ctx, BuildOptions{Context: t.TempDir(), Output: OutputNone, Progress: started})
		done <- err
	}()
	<-started.ch
	if n := len(containersOf(t, d.Dir)); n == 0 {
		t.Fatal("the container is not seen while it runs")
	}
	d.Kill()
	if err := <-done; err == nil {
		t.Error("the build survived its daemon")
	}
	for range 100 {
		if len(containersOf(t, d.Dir)) == 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if left := containersOf(t, d.Dir); len(left) > 0 {
		t.Errorf("processes left: %v", left)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(mounts), d.Dir) {
		t.Error("mounts left behind")
	}
	if err := d.Restart(t.Context(), DaemonOptions{}); err != nil {
		t.Fatal(err)
	}
	b.Frontend = shellFrontend("echo hello > /greeting")
	if got := b.MustBuild(t, BuildOptions{Context: t.TempDir()}).Run(t); got != "hello\n65532\n" {
		t.Errorf("after the restart the image printed %q", got)
	}
}

// TestCacheRoundTrip exports a cache from one daemon and imports it in a new one.
func TestCacheRoundTrip(t *testing.T) {
	entry := []client.CacheOptionsEntry{{Type: "registry", Attrs: map[string]string{"ref": Env(t).Registry.Host() + "/test/cache:1", "mode": "max"}}}
	first := &Builder{Daemon: SharedDaemon(t, OCI), Route: InProcess, Frontend: shellFrontend("echo hello > /greeting")}
	first.MustBuild(t, BuildOptions{Context: t.TempDir(), CacheTo: entry})
	second := &Builder{Daemon: FreshDaemon(t, DaemonOptions{}), Route: InProcess, Frontend: first.Frontend}
	res := second.MustBuild(t, BuildOptions{Context: t.TempDir(), CacheFrom: entry})
	if !slices.Contains(res.Cached(), "[test] script") || slices.Contains(res.Ran(), "[test] script") {
		t.Errorf("with the imported cache: ran %q, cached %q", res.Ran(), res.Cached())
	}
	if got := res.Run(t); got != "hello\n65532\n" {
		t.Errorf("the image printed %q", got)
	}
}

func TestBuildctl(t *testing.T) {
	out, err := SharedDaemon(t, OCI).Buildctl(t.Context(), "debug", "workers")
	if err != nil || !strings.Contains(out, "linux/") {
		t.Errorf("buildctl: %v\n%s", err, out)
	}
}

// notify closes its channel at the first write.
type notify struct{ ch chan struct{} }

func (n *notify) Write(p []byte) (int, error) {
	select {
	case <-n.ch:
	default:
		close(n.ch)
	}
	return len(p), nil
}

func containersOf(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	files, err := filepath.Glob("/proc/[0-9]*/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if text, err := os.ReadFile(f); err == nil && rootedBelow(text, dir) {
			found = append(found, f)
		}
	}
	return found
}
