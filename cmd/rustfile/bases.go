package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/imagemetaresolver"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/imagelock"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/llbgen"
)

const debianPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// officialEnv is the environment of the official images that plans name by
// default. It is part of what they promise, so a definition that uses them
// needs no registry.
// https://github.com/rust-lang/docker-rust/blob/master/stable/bookworm/Dockerfile
func officialEnv(name string) ([]string, bool) {
	switch name {
	case "docker.io/library/rust":
		return []string{"PATH=/usr/local/cargo/bin:" + debianPath, "RUSTUP_HOME=/usr/local/rustup", "CARGO_HOME=/usr/local/cargo"}, true
	case "docker.io/library/debian":
		return []string{"PATH=" + debianPath}, true
	}
	return nil, false
}

// base makes the state of a base image, by the digest of the lock file where it
// has one.
func (p *project) base(ctx context.Context, ref string, platform ocispecs.Platform) (llbgen.Base, error) {
	if ref == "scratch" {
		return llbgen.Base{State: llb.Scratch()}, nil
	}
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return llbgen.Base{}, fmt.Errorf("%q is not an image reference: %w", ref, err)
	}
	pinned, ok := p.lock.Pin(named)
	if !ok && p.options.LockedImages {
		return llbgen.Base{}, imagelock.Refuse(named, p.lockName, p.options.Spans[options.KeyLockedImages])
	}
	return resolveBase(ctx, reference.TagNameOnly(pinned), platform)
}

// resolveBase makes the state of a base image. The config of an image that is
// not well known is asked of its registry; the image is not pulled.
func resolveBase(ctx context.Context, named reference.Named, platform ocispecs.Platform) (llbgen.Base, error) {
	var base llbgen.Base
	resolved := named.String()
	if digested, ok := named.(reference.Digested); ok {
		// As the frontend writes it, so that the two make the same vertices.
		if pinned, err := reference.WithDigest(reference.TrimNamed(named), digested.Digest()); err == nil {
			resolved = pinned.String()
		}
	}
	if env, ok := officialEnv(named.Name()); ok {
		base.Config.Config.Env = env
	} else {
		_, dgst, config, err := imagemetaresolver.Default().ResolveImageConfig(ctx, named.String(), sourceresolver.Opt{
			ImageOpt: &sourceresolver.ResolveImageOpt{Platform: &platform},
		})
		if err != nil {
			return llbgen.Base{}, fmt.Errorf("cannot read the config of the image %s: %w", reference.FamiliarString(named), err)
		}
		if err := json.Unmarshal(config, &base.Config); err != nil {
			return llbgen.Base{}, fmt.Errorf("the config of %s is not valid: %w", reference.FamiliarString(named), err)
		}
		if pinned, err := reference.WithDigest(reference.TrimNamed(named), dgst); err == nil {
			resolved = pinned.String()
		}
	}
	st := llb.Image(resolved, llb.Platform(platform), llb.WithCustomName("[base] "+reference.FamiliarString(named)))
	for _, kv := range base.Config.Config.Env {
		k, v, _ := strings.Cut(kv, "=")
		st = st.AddEnv(k, v)
	}
	if dir := base.Config.Config.WorkingDir; dir != "" {
		st = st.Dir(dir)
	}
	base.State = st
	return base, nil
}

// downloadTemplate asks a registry where its crates are.
// https://doc.rust-lang.org/cargo/reference/registry-index.html#index-configuration
func downloadTemplate(ctx context.Context, r plan.Registry) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.Index+"/config.json", nil)
	if err != nil {
		return "", fmt.Errorf("the registry %s: %w", r.Index, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("cannot read the registry %s: %w", r.Index, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("cannot read the registry %s: its config.json answers %s", r.Index, resp.Status)
	}
	var config struct {
		DL string `json:"dl"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&config); err != nil || config.DL == "" {
		return "", fmt.Errorf("the config.json of registry %s names no download URL", r.Index)
	}
	return config.DL, nil
}
