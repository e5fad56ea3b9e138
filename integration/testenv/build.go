package testenv

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	contentlocal "github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/moby/buildkit/client"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/moby/buildkit/session/sshforward/sshprovider"
	"github.com/tonistiigi/fsutil"
	"golang.org/x/sync/errgroup"

	"github.com/rustfile/rustfile/internal/gotools"
)

// Route is a way to reach the frontend.
type Route string

// The routes. All of them run the same frontend code.
const (
	// InProcess runs the frontend in the test through client.Build.
	InProcess Route = "in-process"
	// Gateway lets buildkitd run the frontend's image, found as a named context with an OCI layout.
	Gateway Route = "gateway"
	// Buildx runs the stock `docker buildx build`, which follows the file's `# syntax=` line.
	Buildx Route = "buildx"
)

// FrontendRef is the name users give in a `# syntax=` line.
const FrontendRef = "rustfile/rustfile:1"

// Builder builds through one route on one daemon.
type Builder struct {
	Daemon *Daemon
	Route  Route
	// Frontend is what InProcess runs, normally frontend.Build.
	Frontend gwclient.BuildFunc
}

// Output is the form in which a build hands over its result.
type Output int

// The outputs.
const (
	// OutputImage is an image, as an OCI layout; it is the default.
	OutputImage Output = iota
	// OutputDir is the plain files of the result.
	OutputDir
	// OutputNone keeps the result in the daemon.
	OutputNone
)

// BuildOptions is what a user can say to a build.
type BuildOptions struct {
	// Context is the directory of the build context.
	Context string
	// ContextURL replaces Context by a git or HTTP address.
	ContextURL string
	// ContextTar replaces Context by a tar archive: `docker buildx build - < FILE`. For the buildx route.
	ContextTar io.Reader
	// File is the path of the file to build, <Context>/Rustfile by default. As with buildx, its directory is
	// sent on its own and only its last element reaches the frontend.
	File string
	// Target is --target.
	Target string
	// Platforms is --platform.
	Platforms []string
	// BuildArgs is --build-arg.
	BuildArgs map[string]string
	// Labels is --label.
	Labels map[string]string
	// NamedContexts is --build-context: docker-image://…, oci-layout://DIR or a directory.
	NamedContexts map[string]string
	// Secrets is --secret id=NAME.
	Secrets map[string][]byte
	// SSH is --ssh: ID=SOCKET.
	SSH []string
	// CacheFrom and CacheTo are --cache-from and --cache-to.
	CacheFrom, CacheTo []client.CacheOptionsEntry
	// NoCache is --no-cache.
	NoCache bool
	// Call is --call without its format: outline, targets, lint, …. Nothing is built then.
	Call string
	// Output is the form of the result.
	Output Output
	// ExportAttrs are attributes of the exporter, such as rewrite-timestamp.
	ExportAttrs map[string]string
	// Attrs are further frontend options; they win. The buildx route does not take them.
	Attrs map[string]string
	// NoFrontendContext leaves out the named context with the frontend's image, so that the name in the
	// `# syntax=` line is looked up in the registry. For the buildx route.
	NoFrontendContext bool
	// Progress receives what the build's processes print.
	Progress io.Writer
}

// MustBuild is Build in a test: an error ends the test and shows what the build printed. The result's files end with
// the test.
func (b *Builder) MustBuild(t testing.TB, o BuildOptions) *Result {
	t.Helper()
	res, err := b.Build(t.Context(), o)
	if err != nil {
		if res != nil {
			t.Logf("output of the build:\n%s", res.Logs())
		}
		t.Fatalf("build through %s: %v", b.Route, err)
	}
	if os.Getenv("RUSTFILE_TEST_KEEP") == "" {
		t.Cleanup(func() {
			if err := removeAll(filepath.Dir(res.Dir)); err != nil {
				t.Errorf("remove what was built: %v", err)
			}
		})
	}
	return res
}

// Build runs one build. The result is not nil when the build began, even if it failed: its Status is filled.
func (b *Builder) Build(ctx context.Context, o BuildOptions) (*Result, error) {
	if o.Context == "" && o.ContextURL == "" && o.ContextTar == nil {
		return nil, fmt.Errorf("no build context")
	}
	if o.File == "" {
		o.File = filepath.Join(o.Context, "Rustfile")
	}
	dir, err := os.MkdirTemp(b.Daemon.env.Dir, "out-")
	if err != nil {
		return nil, err
	}
	res := &Result{Dir: filepath.Join(dir, "result"), runc: b.Daemon.env.Tools.Path(gotools.Runc), Status: &Status{}}
	start := time.Now()
	if b.Route == Buildx {
		err = b.buildx(ctx, o, res)
	} else {
		err = b.viaClient(ctx, o, res)
	}
	res.Took = time.Since(start)
	if err != nil || o.Output != OutputImage || o.Call != "" {
		return res, err
	}
	return res, res.readImage()
}

// viaClient builds with BuildKit's own client.
func (b *Builder) viaClient(ctx context.Context, o BuildOptions, res *Result) error {
	opt, err := b.solveOpt(o, res.Dir)
	if err != nil {
		return err
	}
	frontend := b.Frontend
	if b.Route == Gateway {
		if frontend, err = b.gateway(ctx, &opt); err != nil {
			return err
		}
	}
	if frontend == nil {
		return fmt.Errorf("the in-process route needs Builder.Frontend")
	}
	run := func(ctx context.Context, c gwclient.Client) (*gwclient.Result, error) {
		r, err := frontend(ctx, c)
		if r != nil {
			res.Meta = maps.Clone(r.Metadata)
		}
		return r, err
	}
	ch := make(chan *client.SolveStatus)
	var eg errgroup.Group
	eg.Go(func() error {
		resp, err := b.Daemon.client.Build(ctx, opt, "", run, ch)
		if err == nil {
			res.Response = resp.ExporterResponse
		}
		return err
	})
	res.collect(ch, o.Progress)
	return eg.Wait()
}

// gateway makes the frontend's image known and returns a function that lets the daemon run it.
func (b *Builder) gateway(ctx context.Context, opt *client.SolveOpt) (gwclient.BuildFunc, error) {
	layout, err := b.Daemon.env.FrontendLayout(ctx)
	if err != nil {
		return nil, err
	}
	if err := addContext(opt, FrontendRef, "oci-layout://"+layout); err != nil {
		return nil, err
	}
	opt.FrontendAttrs["source"] = FrontendRef
	imports := cacheImports(opt.CacheImports)
	return func(ctx context.Context, c gwclient.Client) (*gwclient.Result, error) {
		return c.Solve(ctx, gwclient.SolveRequest{Frontend: "gateway.v0", FrontendOpt: c.BuildOpts().Opts, CacheImports: imports})
	}, nil
}

func cacheImports(entries []client.CacheOptionsEntry) []gwclient.CacheOptionsEntry {
	var out []gwclient.CacheOptionsEntry
	for _, e := range entries {
		out = append(out, gwclient.CacheOptionsEntry(e))
	}
	return out
}

// solveOpt says to BuildKit what buildx would say for the same options.
func (b *Builder) solveOpt(o BuildOptions, out string) (client.SolveOpt, error) {
	opt := client.SolveOpt{
		FrontendAttrs: map[string]string{"filename": filepath.Base(o.File)},
		LocalMounts:   map[string]fsutil.FS{},
		OCIStores:     nil,
		CacheImports:  o.CacheFrom,
		CacheExports:  o.CacheTo,
		Session:       []session.Attachable{secretsprovider.FromMap(o.Secrets)},
	}
	if len(o.SSH) > 0 {
		agents, err := sshAgents(o.SSH)
		if err != nil {
			return opt, err
		}
		opt.Session = append(opt.Session, agents)
	}
	setAttrs(opt.FrontendAttrs, o)
	locals := map[string]string{"dockerfile": filepath.Dir(o.File)}
	if o.ContextURL != "" {
		opt.FrontendAttrs["context"] = o.ContextURL
		if o.Context == "" {
			delete(locals, "dockerfile") // the file comes from the remote context
		}
	} else {
		locals["context"] = o.Context
	}
	for name, dir := range locals {
		fs, err := fsutil.NewFS(dir)
		if err != nil {
			return opt, err
		}
		opt.LocalMounts[name] = fs
	}
	for name, value := range o.NamedContexts {
		if err := addContext(&opt, name, value); err != nil {
			return opt, err
		}
	}
	if o.Call == "" {
		opt.Exports = exports(o, out)
	}
	maps.Copy(opt.FrontendAttrs, o.Attrs)
	return opt, nil
}

func sshAgents(specs []string) (session.Attachable, error) {
	var agents []sshprovider.AgentConfig
	for _, spec := range specs {
		id, socket, _ := strings.Cut(spec, "=")
		agents = append(agents, sshprovider.AgentConfig{ID: id, Paths: []string{socket}})
	}
	return sshprovider.NewSSHAgentProvider(agents)
}

func setAttrs(attrs map[string]string, o BuildOptions) {
	if o.Target != "" {
		attrs["target"] = o.Target
	}
	if len(o.Platforms) > 0 {
		attrs["platform"] = strings.Join(o.Platforms, ",")
	}
	if o.NoCache {
		attrs["no-cache"] = ""
	}
	if o.Call != "" {
		attrs["requestid"] = "frontend." + o.Call
	}
	for k, v := range o.BuildArgs {
		attrs["build-arg:"+k] = v
	}
	for k, v := range o.Labels {
		attrs["label:"+k] = v
	}
}

func exports(o BuildOptions, out string) []client.ExportEntry {
	switch o.Output {
	case OutputImage:
		attrs := map[string]string{"tar": "false"}
		maps.Copy(attrs, o.ExportAttrs)
		return []client.ExportEntry{{Type: client.ExporterOCI, OutputDir: out, Attrs: attrs}}
	case OutputDir:
		return []client.ExportEntry{{Type: client.ExporterLocal, OutputDir: out, Attrs: maps.Clone(o.ExportAttrs)}}
	}
	return nil
}

// addContext is --build-context for BuildKit's client.
func addContext(opt *client.SolveOpt, name, value string) error {
	key := "context:" + name
	dir, isLayout := strings.CutPrefix(value, "oci-layout://")
	switch {
	case isLayout:
		store, err := contentlocal.NewStore(dir)
		if err != nil {
			return err
		}
		desc, err := layoutDescriptor(dir)
		if err != nil {
			return err
		}
		if opt.OCIStores == nil {
			opt.OCIStores = map[string]contentStore{}
		}
		id := fmt.Sprintf("layout%d", len(opt.OCIStores))
		opt.OCIStores[id] = store
		opt.FrontendAttrs[key] = "oci-layout://" + id + "@" + desc.Digest.String()
	case strings.Contains(value, "://"):
		opt.FrontendAttrs[key] = value
	default:
		fs, err := fsutil.NewFS(value)
		if err != nil {
			return err
		}
		local := fmt.Sprintf("named%d", len(opt.LocalMounts))
		opt.LocalMounts[local] = fs
		opt.FrontendAttrs[key] = "local:" + local
	}
	return nil
}
