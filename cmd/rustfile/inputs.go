package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/distribution/reference"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/ociindex"
	"github.com/moby/buildkit/frontend/dockerfile/dfgitutil"
	"github.com/moby/buildkit/identity"
	"github.com/opencontainers/go-digest"
	"github.com/tonistiigi/fsutil"
)

const (
	rustfileName = "Rustfile"
	manifestName = "Cargo.toml"
	ociLayout    = "oci-layout://"
)

// addContext puts the build context and the directory of the Rustfile into
// opt, under the names that the frontend reads them by.
func (a *app) addContext(opt *client.SolveOpt, path, file string) (cleanup func(), err error) {
	cleanup = func() {}
	dir, name := "", rustfileName
	if isLocalDir(path) {
		if err := addLocal(opt, "context", path); err != nil {
			return cleanup, err
		}
		if abs, err := filepath.Abs(path); err == nil {
			opt.SharedKey = filepath.Base(abs)
		}
		if file == "" {
			if dir, name, err = defaultFile(path); err != nil {
				return cleanup, err
			}
		}
	} else {
		if !isRemote(path) {
			return cleanup, fmt.Errorf("no build context %q: want a directory, a git URL, or the URL of an archive", path)
		}
		opt.FrontendAttrs["context"] = path
	}
	switch {
	case file == "-":
		if dir, err = a.fileFromStdin(); err != nil {
			return cleanup, err
		}
		cleanup = func() { os.RemoveAll(dir) }
	case file != "" && (isLocalDir(path) || filepath.IsAbs(file)):
		if st, err := os.Stat(file); err != nil || st.IsDir() {
			return cleanup, fmt.Errorf("--file %s: no such file: want a Rustfile or a Cargo.toml, relative to the working directory", file)
		}
		dir, name = filepath.Dir(file), filepath.Base(file)
	case file != "":
		name = file // in the remote context
	}
	opt.FrontendAttrs["filename"] = name
	if dir == "" {
		return cleanup, nil
	}
	if !isLocalDir(path) {
		opt.FrontendAttrs["dockerfilekey"] = "dockerfile"
	}
	return cleanup, addLocal(opt, "dockerfile", dir)
}

// defaultFile chooses the Rustfile of a local context, or its Cargo.toml.
func defaultFile(dir string) (string, string, error) {
	for _, name := range []string{rustfileName, manifestName} {
		if st, err := os.Stat(filepath.Join(dir, name)); err == nil && st.Mode().IsRegular() {
			return dir, name, nil
		}
	}
	return "", "", fmt.Errorf("no %s and no %s in %s: give the directory of a Rust project, or name the file with --file", rustfileName, manifestName, dir)
}

// fileFromStdin writes a Rustfile that came on standard input into a
// directory, because BuildKit reads it from one.
func (a *app) fileFromStdin() (string, error) {
	dt, err := io.ReadAll(io.LimitReader(a.stdin, 1<<20))
	if err != nil {
		return "", fmt.Errorf("--file -: %w", err)
	}
	dir, err := os.MkdirTemp("", "rustfile")
	if err != nil {
		return "", fmt.Errorf("--file -: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, rustfileName), dt, 0o600); err != nil {
		return "", errors.Join(fmt.Errorf("--file -: %w", err), os.RemoveAll(dir))
	}
	return dir, nil
}

func isLocalDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

// isRemote tells a git or archive URL.
func isRemote(s string) bool {
	if strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") {
		return true
	}
	_, ok, _ := dfgitutil.ParseGitRef(s)
	return ok
}

func addLocal(opt *client.SolveOpt, name, dir string) error {
	fs, err := fsutil.NewFS(dir)
	if err != nil {
		return fmt.Errorf("the directory %s: %w", dir, err)
	}
	opt.LocalMounts[name] = fs
	return nil
}

// addNamedContexts puts every --build-context into opt.
func addNamedContexts(opt *client.SolveOpt, values []string) error {
	for _, value := range values {
		name, source, ok := strings.Cut(value, "=")
		if !ok {
			return fmt.Errorf("--build-context %q: want NAME=SOURCE", value)
		}
		named, err := reference.ParseNormalizedNamed(name)
		if err != nil {
			return fmt.Errorf("--build-context %q: the name %q: %w", value, name, err)
		}
		name = strings.TrimSuffix(reference.FamiliarString(named), ":latest")
		if err := addNamedContext(opt, name, source); err != nil {
			return fmt.Errorf("--build-context %q: %w", value, err)
		}
	}
	return nil
}

func addNamedContext(opt *client.SolveOpt, name, source string) error {
	switch {
	case isRemote(source), strings.HasPrefix(source, "docker-image://"):
		opt.FrontendAttrs["context:"+name] = source
		return nil
	case strings.HasPrefix(source, ociLayout):
		return addLayout(opt, name, source)
	}
	if !isLocalDir(source) {
		return fmt.Errorf("%q is no directory, git or archive URL, docker-image:// or oci-layout:// reference", source)
	}
	localName := name
	if name == "context" || name == "dockerfile" {
		localName = "_" + name
	}
	if err := addLocal(opt, localName, source); err != nil {
		return err
	}
	opt.FrontendAttrs["context:"+name] = "local:" + localName
	if abs, err := filepath.Abs(source); err == nil {
		opt.FrontendAttrs["sharedkey:localdir:"+name] = filepath.Base(abs)
	}
	return nil
}

// addLayout offers an OCI layout's content to the daemon. The daemon asks by
// digest, so a tag is looked up here.
func addLayout(opt *client.SolveOpt, name, source string) error {
	path, tag, dgst := splitLayout(strings.TrimPrefix(source, ociLayout))
	if _, err := os.Stat(filepath.Join(path, "index.json")); err != nil {
		return fmt.Errorf("%s is no OCI layout: %w", path, err)
	}
	if dgst == "" {
		idx := ociindex.NewStoreIndex(path)
		desc, err := idx.Get(tag)
		if err == nil && desc == nil {
			desc, err = idx.GetSingle()
		}
		if err != nil {
			return fmt.Errorf("the OCI layout %s: %w", path, err)
		}
		if desc == nil {
			return fmt.Errorf("the OCI layout %s has no image %q: name one with %s%s:TAG or @DIGEST", path, tag, ociLayout, path)
		}
		dgst = desc.Digest
	}
	store, err := local.NewStore(path)
	if err != nil {
		return fmt.Errorf("the OCI layout %s: %w", path, err)
	}
	if opt.OCIStores == nil {
		opt.OCIStores = map[string]content.Store{}
	}
	id := identity.NewID()
	opt.OCIStores[id] = store
	opt.FrontendAttrs["context:"+name] = ociLayout + id + "@" + dgst.String()
	return nil
}

// splitLayout splits PATH[:TAG][@DIGEST].
func splitLayout(s string) (path, tag string, dgst digest.Digest) {
	path = s
	if i := strings.LastIndex(path, "@"); i >= 0 {
		if d, err := digest.Parse(path[i+1:]); err == nil {
			path, dgst = path[:i], d
		}
	}
	if i := strings.LastIndex(path, ":"); i >= 0 && !strings.Contains(path[i:], "/") {
		path, tag = path[:i], path[i+1:]
	}
	if tag == "" && dgst == "" {
		tag = "latest"
	}
	return path, tag, dgst
}
