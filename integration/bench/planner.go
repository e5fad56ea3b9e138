package main

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/unitgraph"
	"github.com/rustfile/rustfile/llbgen"
)

// linux is the platform of this machine's containers.
func linux() ocispecs.Platform {
	platform := platforms.DefaultSpec()
	platform.OS = "linux"
	return platform
}

// planOptions are the options of a Rustfile with one line.
func planOptions(target string) (*options.Options, error) {
	o, err := options.Parse("Rustfile", []byte(rustfileText), nil)
	if err != nil {
		return nil, err
	}
	return o, o.SetTarget(target)
}

// askPlanner runs the planner vertex of a project and returns the directory of what it wrote, "" when the project's
// dependencies are compiled in one vertex.
func (b *bench) askPlanner(ctx context.Context, dir, target string) (string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", err
	}
	defer root.Close()
	o, err := planOptions(target)
	if err != nil {
		return "", err
	}
	ws, err := cargo.Load(root.FS(), cargo.LoadOptions{ManifestPath: o.ManifestPath})
	if err != nil {
		return "", err
	}
	p, err := plan.New(ws, o, plan.Inputs{Platform: platforms.Format(linux()), Context: root.FS()})
	if err != nil || plan.Unsplittable(p, ws, o) != "" {
		return "", err
	}
	solve := func(ctx context.Context, c gwclient.Client) (*gwclient.Result, error) {
		in := planInputs(p, linux(), ws.Files)
		in.Toolchain.State = llb.Image(p.Toolchain.Image, llb.Platform(linux()), llb.WithMetaResolver(c))
		st, err := llbgen.Planner(p, in)
		if err != nil {
			return nil, err
		}
		def, err := st.Marshal(ctx, llb.Platform(linux()))
		if err != nil {
			return nil, err
		}
		return c.Solve(ctx, gwclient.SolveRequest{Definition: def.ToPB()})
	}
	builder := testenv.Builder{Daemon: b.daemon, Route: testenv.InProcess, Frontend: solve}
	res, err := builder.Build(ctx, testenv.BuildOptions{Context: dir, Output: testenv.OutputDir})
	if err != nil {
		return "", err
	}
	if said, err := os.ReadFile(filepath.Join(res.Dir, "error")); err == nil {
		return "", fmt.Errorf("cargo gives no unit graph: %s", strings.TrimSpace(string(said)))
	}
	return res.Dir, nil
}

// readAnswer reads what the planner vertex wrote.
func readAnswer(dir string) (plan.Answer, error) {
	answer := plan.Answer{Sizes: map[string]int64{}}
	files := map[string][]byte{"units.json.gz": nil, "packages.json.gz": nil, "sizes.gz": nil}
	for name := range files {
		text, err := gunzip(filepath.Join(dir, name))
		if err != nil {
			return answer, err
		}
		files[name] = text
	}
	for line := range strings.Lines(string(files["sizes.gz"])) {
		var n int64
		var crate string
		if _, err := fmt.Sscan(line, &n, &crate); err != nil {
			return answer, fmt.Errorf("the planner vertex gives a size as %q", line)
		}
		answer.Sizes[crate] = n
	}
	var err error
	answer.Graph, err = unitgraph.New(files["units.json.gz"], files["packages.json.gz"])
	return answer, err
}

func gunzip(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return io.ReadAll(z)
}
