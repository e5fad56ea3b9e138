package llbgen

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/rustfile/rustfile/internal/plan"
)

// thirdParty is the unpacked third-party sources.
type thirdParty struct {
	// closure holds the crates the binaries may need, all those of the lock
	// file. Both are directory sources below vendorDir; nil when there are none.
	closure, all *llb.State
	// config is the Cargo configuration that points cargo at them.
	closureConfig, allConfig []byte
}

// sources fetches and unpacks the third-party sources.
func (g *generator) sources(toolchain llb.State) (*thirdParty, error) {
	t := &thirdParty{}
	var closure, rest []plan.Crate
	for _, c := range g.plan.Sources.Crates {
		if c.InClosure {
			closure = append(closure, c)
		} else {
			rest = append(rest, c)
		}
	}
	var err error
	if t.closure, err = g.unpack(toolchain, nil, closure, nameUnpack); err != nil {
		return nil, err
	}
	if t.all, err = g.unpack(toolchain, t.closure, rest, nameRest); err != nil {
		return nil, err
	}
	t.closureConfig = g.sourceConfig(func(s plan.GitSource) bool { return s.InClosure })
	t.allConfig = g.sourceConfig(everyGit)
	return t, nil
}

// unpack makes a directory source of crates, on top of base when that is not
// nil. Its archives are fetched by checksum, one vertex each, so that a
// changed lock file downloads only what is new; they are unpacked in one, with
// tar's protections, and each below a directory of its own.
func (g *generator) unpack(toolchain llb.State, base *llb.State, crates []plan.Crate, name string) (*llb.State, error) {
	if len(crates) == 0 {
		return base, nil
	}
	archives, index, err := g.gather(crates)
	if err != nil {
		return nil, err
	}
	to := llb.Scratch()
	if base != nil {
		to = *base
	}
	run := toolchain.Run(
		llb.Args([]string{"/bin/sh", "/rustfile/unpack.sh"}),
		llb.AddMount("/rustfile", g.script("unpack.sh", generated("index", index)), llb.Readonly),
		llb.AddMount("/crates", archives, llb.Readonly, llb.ContentCache(llb.MountContentCacheOff)),
		llb.Network(pb.NetMode_NONE), llb.Platform(g.platform), common(name), llb.WithoutExportCache(),
	)
	// The output is keyed by checksums; hashing hundreds of megabytes of
	// sources again would only cost time.
	out := run.AddMount("/out", to, llb.ContentCache(llb.MountContentCacheOff))
	return &out, nil
}

// gather puts the archives of crates into one directory and lists them for the
// scripts: archive, directory, SHA-256.
func (g *generator) gather(crates []plan.Crate) (llb.State, []byte, error) {
	var gather *llb.FileAction
	var index strings.Builder
	for _, c := range crates {
		archive, file, err := g.archive(c)
		if err != nil {
			return llb.State{}, nil, err
		}
		gather = gather.Copy(archive, "/"+file, "/"+file)
		fmt.Fprintf(&index, "%s %s %s\n", file, g.plan.CrateDir(c), c.SHA256)
	}
	archives := llb.Scratch().File(gather, common(nameGather), llb.WithoutExportCache())
	return archives, []byte(index.String()), nil
}

// archive is a crate's archive, fetched by checksum, and its name.
func (g *generator) archive(c plan.Crate) (llb.State, string, error) {
	u, err := CrateURL(g.plan, g.in.Downloads, c)
	if err != nil {
		return llb.State{}, "", err
	}
	file := path.Dir(g.plan.CrateDir(c)) + "--" + c.Name + "-" + c.Version + ".crate"
	opts := []llb.HTTPOption{llb.Filename(file), llb.Checksum(digestOf(c.SHA256)), common(nameCrate(c)), crateGroup()}
	if opt := at(g.lock, c.Line); opt != nil {
		opts = append(opts, opt)
	}
	return llb.HTTP(u, opts...), file, nil
}

// gitPackages makes a directory source of the named packages of a git repository.
func (g *generator) gitPackages(toolchain llb.State, s plan.GitSource, names []string) llb.State {
	repo := g.gitSource(s)
	args := append([]string{"/bin/sh", "/rustfile/git.sh"}, names...)
	run := toolchain.Run(
		llb.Args(args),
		llb.AddMount("/rustfile", g.script("git.sh"), llb.Readonly),
		llb.AddMount("/repo", repo, llb.Readonly, llb.ContentCache(llb.MountContentCacheOff)),
		llb.Network(pb.NetMode_NONE), llb.Platform(g.platform), common(nameGitVendor(s)), llb.WithoutExportCache(),
	)
	return run.AddMount("/out", llb.Scratch())
}

// gitMounts mounts packages of the git sources, those that wanted names.
func (g *generator) gitMounts(toolchain llb.State, wanted func(plan.GitSource) []string) []llb.RunOption {
	var opts []llb.RunOption
	for _, s := range g.plan.Sources.Git {
		if names := wanted(s); len(names) > 0 {
			opts = append(opts, llb.AddMount(path.Join(gitDir, s.Dir), g.gitPackages(toolchain, s, names), llb.Readonly,
				llb.ContentCache(llb.MountContentCacheOff)))
		}
	}
	return opts
}

func allPackages(s plan.GitSource) []string { return s.Packages }

func closureOnly(s plan.GitSource) []string {
	if !s.InClosure {
		return nil
	}
	return s.Packages
}

// mountCrates mounts a directory source of crates, if there is one.
func mountCrates(crates *llb.State) []llb.RunOption {
	if crates == nil {
		return nil
	}
	return []llb.RunOption{llb.AddMount(vendorDir, *crates, llb.Readonly, llb.ContentCache(llb.MountContentCacheOff))}
}

// CrateURL is the address of a crate of the plan; downloads are as in [Inputs].
func CrateURL(p *plan.Plan, downloads map[string]string, c plan.Crate) (string, error) {
	for _, r := range p.Sources.Registries {
		if r.URL != c.Registry {
			continue
		}
		return DownloadURL(cmp.Or(r.Download, downloads[r.URL]), c)
	}
	return "", fmt.Errorf("the plan has no registry %s for %s %s", c.Registry, c.Name, c.Version)
}

// DownloadURL fills cargo's `dl` template for a crate.
// https://doc.rust-lang.org/cargo/reference/registry-index.html#index-configuration
func DownloadURL(dl string, c plan.Crate) (string, error) {
	if _, err := url.Parse(dl); dl == "" || err != nil {
		return "", fmt.Errorf("the registry of %s %s gives no usable download URL: %q", c.Name, c.Version, dl)
	}
	if !strings.Contains(dl, "{") {
		return strings.TrimSuffix(dl, "/") + "/" + c.Name + "/" + c.Version + "/download", nil
	}
	return strings.NewReplacer(
		"{crate}", c.Name, "{version}", c.Version, "{prefix}", indexPrefix(c.Name),
		"{lowerprefix}", indexPrefix(strings.ToLower(c.Name)), "{sha256-checksum}", c.SHA256,
	).Replace(dl), nil
}

// indexPrefix is the directory of a crate in a registry index.
func indexPrefix(name string) string {
	switch len(name) {
	case 1, 2:
		return fmt.Sprint(len(name))
	case 3:
		return "3/" + name[:1]
	}
	return name[:2] + "/" + name[2:4]
}
