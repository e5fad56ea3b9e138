package frontend

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/plan"
)

// buildContext is the build context: a directory of the client, or a git, HTTP
// or input source.
type buildContext struct {
	// remote is the context when it is not a directory of the client.
	remote *llb.State
	// source is the source of a remote context, nil for an input.
	source *pb.SourceOp
	// ignore are the patterns of .dockerignore.
	ignore []string
}

// planned are the files that planning reads: manifests and lock files, the
// Rust sources for their names and for what they ask for, and what sqlx saved,
// for being there.
var planned = []string{
	"**/Cargo.toml", "**/Cargo.lock", "**/rust-toolchain", "**/rust-toolchain.toml",
	"**/.cargo/config", "**/.cargo/config.toml", "**/*.rs", "**/.sqlx/*.json", "**/sqlx-data.json",
}

// skipped are directories that planning never reads; a client's target
// directory can be far larger than its project.
var skipped = []string{"target", "**/.git", "**/node_modules"}

// everyFile makes the client send all files that were asked for, as the
// Dockerfile frontend does for its Dockerfile. By default it leaves out a file
// that has the size and time of one the daemon has, from this directory or one
// of the same name; then an edit would not arrive that some tool hid by giving
// its files a constant time.
var everyFile = llb.Differ(llb.DiffNone, false)

// read loads the Cargo model of the build context, and completes the options
// by what its manifests hold.
func (b *build) read(ctx context.Context) (*cargo.Workspace, error) {
	st, err := b.openContext(ctx)
	if err != nil {
		return nil, err
	}
	ref, err := b.solve(ctx, st)
	if err != nil {
		return nil, err
	}
	b.fs = newRefFS(ctx, ref)
	ws, err := cargo.Load(b.fs, cargo.LoadOptions{ManifestPath: b.options.ManifestPath, Excluded: b.context.excludes, Unlocked: true})
	if err != nil {
		return nil, err
	}
	b.show(ws)
	if b.options, err = plan.Configure(ws, b.options); err != nil {
		return nil, err
	}
	return b.locked(ctx, ws)
}

// show keeps the files of a workspace for errors and vertices.
func (b *build) show(ws *cargo.Workspace) {
	for name, data := range ws.Files {
		b.files[name] = data
	}
}

// openContext finds out what the context is and returns the part of it that
// planning reads.
func (b *build) openContext(ctx context.Context) (llb.State, error) {
	ignore, err := b.ui.DockerIgnorePatterns(ctx)
	if err != nil {
		return llb.State{}, err
	}
	b.context = &buildContext{ignore: ignore}
	st, err := b.ui.MainContext(ctx,
		llb.IncludePatterns(planned), llb.ExcludePatterns(append(skipped[:len(skipped):len(skipped)], ignore...)),
		llb.SharedKeyHint("context-rustfile-plan"), everyFile, llb.WithCustomName("[internal] load manifests"))
	if err != nil {
		return llb.State{}, err
	}
	source, err := headSource(ctx, *st)
	if err != nil {
		return llb.State{}, err
	}
	if source != nil && strings.HasPrefix(source.Identifier, "local://") {
		return *st, nil
	}
	b.context.remote, b.context.source = st, source
	return *st, b.remoteIgnore(ctx)
}

// headSource is the source that a state ends in, nil when it ends in something
// else.
func headSource(ctx context.Context, st llb.State) (*pb.SourceOp, error) {
	def, err := st.Marshal(ctx)
	if err != nil {
		return nil, err
	}
	if len(def.Def) < 2 {
		return nil, nil
	}
	var op pb.Op
	if err := op.UnmarshalVT(def.Def[len(def.Def)-2]); err != nil {
		return nil, err
	}
	return op.GetSource(), nil
}

// remoteIgnore reads the .dockerignore of a remote context. BuildKit applies
// it to directories of the client only; an image must not depend on the way
// its sources came.
func (b *build) remoteIgnore(ctx context.Context) error {
	ref, err := b.solve(ctx, *b.context.remote)
	if err != nil {
		return err
	}
	data, err := ignoreFile(newRefFS(ctx, ref), b.entry.Filename)
	if err != nil {
		return told(err, "cannot read .dockerignore: %v", err)
	}
	b.context.ignore, err = ignorefile.ReadAll(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("cannot read .dockerignore: %w", err)
	}
	return nil
}

// ignoreFile reads the file that belongs to a Rustfile, else that of the
// context, nil when there is neither. Any error but that must not be taken for
// the absence of both: then what they keep out would be in the build.
func ignoreFile(fsys fs.FS, rustfile string) ([]byte, error) {
	for _, name := range []string{strings.TrimPrefix(path.Clean(rustfile), "/") + ".dockerignore", ".dockerignore"} {
		data, err := fs.ReadFile(fsys, name)
		if err == nil || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid) {
			return data, err
		}
	}
	return nil, nil
}

// excludes reports whether .dockerignore leaves a path out.
func (c *buildContext) excludes(name string) bool {
	m, err := patternmatcher.New(c.ignore)
	if err != nil {
		return false
	}
	out, err := m.MatchesOrParentMatches(name)
	return err == nil && out
}

// sources is the part of the context that a plan's vertices copy from.
func (b *build) sources(ctx context.Context, p *plan.Plan) (llb.State, error) {
	if b.context.remote != nil {
		if len(b.context.ignore) == 0 {
			return *b.context.remote, nil
		}
		return llb.Scratch().File(llb.Copy(*b.context.remote, "/", "/", &llb.CopyInfo{
			CopyDirContentsOnly: true, ExcludePatterns: b.context.ignore,
		}), llb.WithCustomName("[internal] apply .dockerignore")), nil
	}
	include, exclude := p.ContextPatterns()
	opts := []llb.LocalOption{
		llb.IncludePatterns(include), llb.ExcludePatterns(append(exclude, b.context.ignore...)),
		llb.SharedKeyHint("context-rustfile-sources"), everyFile, llb.WithCustomName("[internal] load sources"),
	}
	st, err := b.ui.MainContext(ctx, opts...)
	if err != nil {
		return llb.State{}, err
	}
	return *st, nil
}

// revision is the commit of a git context, "" for any other.
func (b *build) revision(ctx context.Context) (string, error) {
	source := b.context.source
	if source == nil || !strings.HasPrefix(source.Identifier, "git://") {
		return "", nil
	}
	md, err := b.client.ResolveSourceMetadata(ctx, source, sourceresolver.Opt{
		LogName: "[internal] resolve the context's commit", GitOpt: &sourceresolver.ResolveGitOpt{},
	})
	if err != nil {
		return "", err
	}
	if md.Git == nil {
		return "", nil
	}
	return md.Git.Checksum, nil
}
