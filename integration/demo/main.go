// Command demo does what the README promises, on any machine with root, Go, a C compiler and the package
// registries: it builds examples/web into an image with the CLI and its embedded builder, runs the container,
// asks it for its page, and builds again after one edited line.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	ctrdlog "github.com/containerd/log"

	"github.com/rustfile/rustfile/integration/scratch"
	"github.com/rustfile/rustfile/integration/standin"
	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/internal/gotools"
)

const (
	example = "examples/web"
	// editedFile is the file of the second build; the line with oldText changes.
	editedFile = "server/src/main.rs"
	oldText    = "Hello from a Rust image"
	newText    = "Hello again from a Rust image"

	answerTimeout = 30 * time.Second
)

// demo is what the steps share.
type demo struct {
	root   string // source checkout
	work   string // temporary directory
	tools  gotools.Set
	cli    string
	config string // buildkitd.toml of the embedded builder
	out    io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) (err error) {
	if os.Geteuid() != 0 {
		return errors.New("the demo runs a container and makes base images, which needs root: run `sudo make demo`")
	}
	if err := ctrdlog.SetLevel("error"); err != nil {
		return err
	}
	start := time.Now()
	d := &demo{out: out}
	if d.root, err = gotools.ModuleRoot("."); err != nil {
		return err
	}
	work, err := scratch.New("rustfile-demo")
	if err != nil {
		return err
	}
	defer work.Close()
	d.work = work.Path
	if err := d.prepare(ctx); err != nil {
		return err
	}
	s, err := standin.Start(ctx, standin.Options{Log: out})
	if err != nil {
		return err
	}
	defer s.Close()
	d.say("%s", s.Describe())
	if err := os.WriteFile(d.config, []byte(s.BuildkitdConfig()), 0o644); err != nil {
		return err
	}
	defer d.stopBuilder()
	if err := d.builds(ctx); err != nil {
		return err
	}
	d.say("done in %s on %d cores, set-up included", time.Since(start).Round(time.Second), runtime.NumCPU())
	return nil
}

// prepare builds the tools and the CLI.
func (d *demo) prepare(ctx context.Context) error {
	bin := filepath.Join(d.root, "dist", "bin")
	var err error
	if d.tools, err = gotools.Ensure(ctx, d.root, bin, d.out, gotools.Buildkitd, gotools.Runc); err != nil {
		return err
	}
	d.cli = filepath.Join(bin, "rustfile")
	d.config = filepath.Join(d.work, "buildkitd.toml")
	d.say("building the CLI")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", d.cli, "./cmd/rustfile")
	cmd.Dir = d.root
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build ./cmd/rustfile: %w\n%s", err, bytes.TrimSpace(text))
	}
	return nil
}

// builds makes the image, asks it, and does both again after an edit in a copy of the example.
func (d *demo) builds(ctx context.Context) error {
	project := filepath.Join(d.work, "web")
	if err := os.CopyFS(project, os.DirFS(filepath.Join(d.root, example))); err != nil {
		return err
	}
	d.say("first build of %s", example)
	first, err := d.build(ctx, project, "first")
	if err != nil {
		return err
	}
	if err := d.ask(ctx, first.image, oldText); err != nil {
		return err
	}
	d.say("image %s, %.1f MB compressed, built in %s", first.image.Descriptor.Digest, float64(first.image.Size())/1e6, first.took.Round(100*time.Millisecond))

	d.say("changing %q to %q in %s and building again", oldText, newText, editedFile)
	if err := edit(filepath.Join(project, editedFile)); err != nil {
		return err
	}
	second, err := d.build(ctx, project, "second")
	if err != nil {
		return err
	}
	if err := d.ask(ctx, second.image, newText); err != nil {
		return err
	}
	d.say("image %s, rebuilt in %s", second.image.Descriptor.Digest, second.took.Round(100*time.Millisecond))
	return nil
}

// built is one run of the CLI.
type built struct {
	image *testenv.Result
	took  time.Duration
}

// build runs `rustfile build`; the result is an OCI layout, since there may be no docker to load it into.
func (d *demo) build(ctx context.Context, project, name string) (built, error) {
	dir := filepath.Join(d.work, name)
	args := []string{"build", "--builder", "embedded", "--output", "type=oci,tar=false,dest=" + dir, project}
	fmt.Fprintf(d.out, "\n$ rustfile %s %s %s %s %s <copy of %s>\n", args[0], args[1], args[2], args[3], "type=oci,tar=false,dest="+name, example)
	cmd := d.command(ctx, args...)
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return built{}, fmt.Errorf("rustfile build: %w", err)
	}
	took := time.Since(start)
	image, err := testenv.OpenImage(dir, d.tools)
	return built{image: image, took: took}, err
}

func (d *demo) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, d.cli, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "RUSTFILE_BUILDKITD_CONFIG="+d.config)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = answerTimeout
	return cmd
}

// stopBuilder ends the embedded builder, because the registry that its configuration names ends too. Its cache
// stays for the next run.
func (d *demo) stopBuilder() {
	cmd := d.command(context.Background(), "builder", "stop")
	cmd.Stdout = io.Discard
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(d.out, "the embedded builder was not stopped:", err)
	}
}

// ask runs the image, requests its page and checks that the page says what was built.
func (d *demo) ask(ctx context.Context, image *testenv.Result, want string) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	c, err := image.StartContainer(testenv.RunOptions{Env: []string{"PORT=" + strconv.Itoa(port)}, HostNetwork: true})
	if err != nil {
		return err
	}
	defer c.Stop()
	url := fmt.Sprintf("http://127.0.0.1:%d/", port)
	d.say("running the container as user %s; GET %s answers:", image.Image.Config.User, url)
	page, err := get(ctx, url)
	if err != nil {
		return fmt.Errorf("%w\nthe container printed: %s", err, c.Output())
	}
	fmt.Fprintf(d.out, "%s\n", bytes.TrimSpace(page))
	if !bytes.Contains(page, []byte(want)) {
		return fmt.Errorf("the page does not say %q", want)
	}
	return nil
}

// get repeats a request until the server is up.
func get(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	for {
		page, err := getOnce(ctx, url)
		if err == nil {
			return page, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("no answer within %s: %w", answerTimeout, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func getOnce(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	return io.ReadAll(resp.Body)
}

// edit changes the one line with oldText.
func edit(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if n := bytes.Count(text, []byte(oldText)); n != 1 {
		return fmt.Errorf("%s has %q %d times, want once", file, oldText, n)
	}
	return os.WriteFile(file, bytes.Replace(text, []byte(oldText), []byte(newText), 1), 0o644)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (d *demo) say(format string, args ...any) {
	fmt.Fprintf(d.out, "\n==> "+format+"\n", args...)
}
