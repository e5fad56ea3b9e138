package integration

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rustfile/rustfile/integration/examples"
	"github.com/rustfile/rustfile/integration/testenv"
)

const (
	startTime = 30 * time.Second
	stopTime  = 15 * time.Second
)

// TestExamples builds and runs every case of every example and of the fixtures that a build must accept.
func TestExamples(t *testing.T) {
	all, err := examples.Buildable()
	if err != nil {
		t.Fatal(err)
	}
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	for _, e := range all {
		t.Run(e.Name, func(t *testing.T) {
			if needsGit[e.Name] {
				serveGreeting(t, e.Dir)
			}
			built := map[string]bool{}
			for _, c := range e.Cases {
				key := fmt.Sprint(c.Target, c.BuildArgs)
				t.Run(c.Name, func(t *testing.T) { testCase(t, b, &e, &c, !built[key]) })
				built[key] = true
			}
		})
	}
}

// testCase builds and runs one case; first is false when an earlier case had the same image.
func testCase(t *testing.T, b *testenv.Builder, e *examples.Example, c *examples.Case, first bool) {
	o := testenv.BuildOptions{Context: e.Dir, Target: c.Target, BuildArgs: c.BuildArgs}
	if first {
		o.Attrs = buildAgain
	}
	if len(c.Error) > 0 {
		res, err := b.Build(t.Context(), o)
		checkRefused(t, res, err, c.Error)
		return
	}
	res := b.MustBuild(t, o)
	t.Logf("built in %s", res.Took.Round(100*time.Millisecond))
	if first {
		checkOnlyMembersCompiled(t, res)
	}
	checkImage(t, res, c)
	checkRun(t, res, c)
}

// checkRefused wants an error that names what is wrong, and nothing written.
func checkRefused(t *testing.T, res *testenv.Result, err error, want []string) {
	t.Helper()
	if err == nil {
		t.Fatal("the build succeeded")
	}
	for _, part := range want {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q:\n%v", part, err)
		}
	}
	if res == nil {
		return
	}
	if left, err := os.ReadDir(res.Dir); err == nil && len(left) > 0 {
		t.Errorf("the build failed and wrote %v", left)
	}
}

// checkRun runs the image as its user would be run.
func checkRun(t *testing.T, res *testenv.Result, c *examples.Case) {
	t.Helper()
	var env []string
	for k, v := range c.Env {
		env = append(env, k+"="+v)
	}
	slices.Sort(env)
	run := res.Start(t, testenv.RunOptions{Args: c.Args, Env: env})
	if len(c.HTTP) > 0 {
		checkRequests(t, run, c.HTTP)
	}
	status, err := exitStatus(run.Wait(stopTime))
	if err != nil {
		t.Fatalf("%v; it printed\n%s", err, run.Output())
	}
	if status != c.ExpectedExit {
		t.Errorf("exit status %d, want %d; it printed\n%s", status, c.ExpectedExit, run.Output())
	}
	if err := c.ExpectedOutput.Check(run.Stdout()); err != nil {
		t.Errorf("%v; both streams are\n%s", err, run.Output())
	}
}

// checkRequests makes the requests and asks the container to end.
func checkRequests(t *testing.T, run *testenv.Container, requests []examples.Request) {
	t.Helper()
	if err := waitForPort(t.Context(), run, requests[0].Port); err != nil {
		t.Fatalf("%v; the container printed\n%s", err, run.Output())
	}
	for _, r := range requests {
		if err := request(t.Context(), run, r); err != nil {
			t.Errorf("%v; the container printed\n%s", err, run.Output())
		}
	}
	if err := run.Terminate(); err != nil {
		t.Error(err)
	}
}

// exitStatus turns the end of a container into its exit status.
func exitStatus(err error) (int, error) {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// waitForPort waits until the container listens.
func waitForPort(ctx context.Context, c *testenv.Container, port int) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		conn, err := c.Dial(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("nobody listens after %s: %w", startTime, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// request makes a request to the container and checks the answer.
func request(ctx context.Context, c *testenv.Container, r examples.Request) error {
	url := fmt.Sprintf("http://127.0.0.1:%d%s", r.Port, r.Path)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: stopTime, Transport: &http.Transport{DisableKeepAlives: true, DialContext: c.Dial}}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	want := r.Status
	if want == 0 {
		want = http.StatusOK
	}
	if resp.StatusCode != want || !strings.Contains(string(body), r.Contains) {
		return fmt.Errorf("GET %s answered %s, want %d and a body with %q:\n%s", url, resp.Status, want, r.Contains, body)
	}
	return nil
}
