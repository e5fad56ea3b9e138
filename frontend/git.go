package frontend

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/gitmeta"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
)

// revisionAttr is the option in which buildx says which commit a local context
// is a checkout of; "-dirty" at its end means that files differ.
const revisionAttr = "vcs:revision"

// gitFiles are the files of a checkout that say what HEAD is, and gitJunk what
// git keeps beside them.
var (
	gitFiles = []string{".git/HEAD", ".git/packed-refs", ".git/shallow", ".git/index", ".git/refs", ".git/objects"}
	gitJunk  = []string{".git/objects/**/tmp_*", ".git/objects/pack/*.rev", ".git/objects/pack/*.bitmap", ".git/objects/pack/*.keep", "**/*.lock"}
)

// tellCommit gives a plan the commit when its sources ask for that. Where there
// is none to be had, a warning says so, or an error when the option wants one.
func (b *build) tellCommit(ctx context.Context, p *plan.Plan) error {
	if p.Members.Git == nil {
		return nil
	}
	head, err := b.head(ctx)
	if err == nil {
		p.SetGit(head)
		return nil
	}
	if !errors.Is(err, gitmeta.ErrNone) {
		return err
	}
	const fix = "build from a git URL, or from the top directory of a checkout without .git in .dockerignore"
	if want := b.options.GitMetadata; want != nil && *want {
		return &cargo.Error{Span: b.options.Spans[options.KeyGitMetadata], Fix: fix, Err: err,
			Message: fmt.Sprintf("git-metadata (%s): the build context has no git commit", b.options.Origin(options.KeyGitMetadata))}
	}
	b.warn(ctx, "the sources ask for the git commit ("+p.Members.Git.Why+"), and the build context has none: "+fix)
	return nil
}

// warnUnsaved says that sqlx will ask for a database, which there is none of.
func (b *build) warnUnsaved(ctx context.Context, p *plan.Plan) {
	if file := p.Members.Unsaved; file != "" {
		b.warn(ctx, file+" has queries that sqlx asks a database about when it compiles them, and no build has one: run "+
			"`cargo sqlx prepare --workspace`, and add .sqlx to the project and not to .dockerignore")
	}
}

// head is the commit of the build context, found once for all platforms.
func (b *build) head(ctx context.Context) (*gitmeta.Head, error) {
	b.headOnce.Do(func() {
		defer recoverPanic(&b.headErr)
		b.headFound, b.headErr = b.findHead(ctx)
	})
	return b.headFound, b.headErr
}

func (b *build) findHead(ctx context.Context) (*gitmeta.Head, error) {
	source := b.context.source
	if source != nil && strings.HasPrefix(source.Identifier, "git://") {
		md, err := b.client.ResolveSourceMetadata(ctx, source, sourceresolver.Opt{
			LogName: "[internal] read the context's commit", GitOpt: &sourceresolver.ResolveGitOpt{ReturnObject: true},
		})
		if err != nil {
			return nil, err
		}
		if md.Git == nil || len(md.Git.CommitObject) == 0 {
			return nil, gitmeta.ErrNone
		}
		return gitmeta.FromObject(cmp.Or(md.Git.CommitChecksum, md.Git.Checksum), md.Git.CommitObject, md.Git.Ref)
	}
	st := b.context.remote
	if st == nil {
		var err error
		// Unlike sources, a file of git's object store never changes, and need not be sent twice.
		st, err = b.ui.MainContext(ctx, llb.IncludePatterns(gitFiles), llb.ExcludePatterns(append(gitJunk[:len(gitJunk):len(gitJunk)], b.context.ignore...)),
			llb.SharedKeyHint("context-rustfile-git"), llb.WithCustomName("[internal] load the git commit"))
		if err != nil {
			return nil, err
		}
	}
	ref, err := b.solve(ctx, *st)
	if err != nil {
		return nil, err
	}
	head, err := b.readHead(ctx, newRefFS(ctx, ref))
	if given := b.client.BuildOpts().Opts[revisionAttr]; given != "" {
		return withRevision(head, err, given)
	}
	return head, err
}

// readHead reads .git of a context. Where it is a file, as in a worktree, the
// repository lies outside.
func (b *build) readHead(ctx context.Context, fsys fs.FS) (*gitmeta.Head, error) {
	if st, err := fs.Stat(fsys, ".git"); errors.Is(err, fs.ErrNotExist) || err == nil && !st.IsDir() {
		return nil, gitmeta.ErrNone
	}
	git, err := fs.Sub(fsys, ".git")
	if err != nil {
		return nil, err
	}
	head, err := gitmeta.Read(git)
	if err != nil && !errors.Is(err, gitmeta.ErrNone) {
		b.warn(ctx, "the context's .git cannot be read: "+err.Error())
		return nil, gitmeta.ErrNone
	}
	return head, err
}

// withRevision adds what the client says of the checkout to what was read.
func withRevision(head *gitmeta.Head, err error, given string) (*gitmeta.Head, error) {
	id, isDirty := strings.CutSuffix(given, "-dirty")
	files := gitmeta.Unknown
	if isDirty {
		files = gitmeta.Dirty
	}
	switch {
	case err == nil && head.Commit.ID == id:
		head.Files = files
	case errors.Is(err, gitmeta.ErrNone):
		if known, err := gitmeta.FromID(id, files); err == nil {
			return known, nil
		}
	}
	return head, err
}
