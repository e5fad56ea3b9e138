package frontend

import (
	"context"
	"errors"
	"path"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/llbgen"
)

// lockTarget is the --target whose result is the lock file.
const lockTarget = "Cargo.lock"

// saveLock says how to keep the lock file that a build was made with.
const saveLock = "save it with --target " + lockTarget + " --output DIRECTORY"

// locked is the workspace with a lock file that fits it: the project's, or the
// one that cargo writes when the options say so. Everything after is as if the
// project had that file.
func (b *build) locked(ctx context.Context, ws *cargo.Workspace) (*cargo.Workspace, error) {
	if !b.options.Unlocked && !b.wantsLock {
		if ws.LockFault != nil {
			return nil, ws.LockFault
		}
		return ws, nil
	}
	data, err := b.writeLock(ctx, ws)
	if err != nil {
		return nil, err
	}
	name := path.Join(ws.Root, "Cargo.lock")
	_, there := ws.Files[name]
	written, err := cargo.ParseLock(name, data)
	if err != nil {
		return nil, err
	}
	if there && ws.LockFault == nil && ws.Lock.Equal(written) {
		return ws, nil // which differs in its comments or its version at most
	}
	ws, err = cargo.Load(b.fs, cargo.LoadOptions{ManifestPath: b.options.ManifestPath, Excluded: b.context.excludes, Lock: data})
	if err != nil {
		return nil, err
	}
	b.show(ws)
	switch {
	case b.wantsLock:
	case there:
		b.warn(ctx, name+" is older than the manifests, and cargo brought it up to date for this build; another build may get other versions: "+saveLock)
	default:
		b.warn(ctx, "the project has no "+name+", and cargo chose the versions of this build; another build may get others: "+saveLock)
	}
	return ws, nil
}

// writeLock asks cargo for the lock file.
func (b *build) writeLock(ctx context.Context, ws *cargo.Workspace) ([]byte, error) {
	machine := b.platformOr(nil)
	l, err := plan.NewLockFile(ws, b.options, platforms.Format(machine))
	if err != nil {
		return nil, err
	}
	in := llbgen.Inputs{Context: llb.Scratch(), Runtime: llbgen.Base{State: llb.Scratch()}, IgnoreCache: b.ui.IsNoCache, Files: b.files}
	if in.Toolchain, err = b.builder(ctx, l.Toolchain); err != nil {
		return nil, err
	}
	st, err := llbgen.Lock(l, in)
	if err != nil {
		return nil, err
	}
	if err := b.checkHermetic(ctx, st, in, machine, llbgen.NameLock); err != nil {
		return nil, err
	}
	ref, err := b.evaluate(ctx, st, llb.Platform(machine))
	if err != nil {
		return nil, explainLock(err, l)
	}
	data, err := newRefFS(ctx, ref).ReadFile(lockTarget)
	if err != nil {
		return nil, err
	}
	if len(data) == 0 {
		return nil, errors.New("cargo wrote an empty lock file")
	}
	return data, nil
}

// lockFile is the result of a build for the lock file.
func (b *build) lockFile(ctx context.Context, ws *cargo.Workspace) (*client.Result, error) {
	ref, err := b.evaluate(ctx, llbgen.LockFile(ws.Files[ws.Lock.Path]))
	if err != nil {
		return nil, err
	}
	res := client.NewResult()
	res.SetRef(ref)
	return res, nil
}
