package llbgen

import (
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/plan"
)

// memberOptions are what the user gives to the vertices that compile workspace
// members. The value of a secret is in no key, and no layer holds it.
func (g *generator) memberOptions() []llb.RunOption {
	return append(variables(g.plan.Members.Variables), secrets(g.plan.Members.Secrets)...)
}

// secrets lets a vertex read secrets.
func secrets(list []plan.Secret) []llb.RunOption {
	var opts []llb.RunOption
	for _, s := range list {
		secret := []llb.SecretOption{llb.SecretID(s.ID)}
		if s.Env != "" {
			secret = append(secret, llb.SecretAsEnvName(s.Env))
		}
		if !s.Required {
			secret = append(secret, llb.SecretOptional)
		}
		var target *string
		if s.Target != "" {
			target = &s.Target
		}
		opts = append(opts, llb.AddSecretWithDest(s.ID, target, secret...))
	}
	return opts
}

// stripping is what the source vertex needs to take symbols out of programs.
func (g *generator) stripping() []dataFile {
	var words []string
	if g.plan.Image.Strip {
		words = append(words, "strip")
	}
	if g.plan.Image.SplitDebug {
		words = append(words, "split")
	}
	if words == nil {
		return nil
	}
	return []dataFile{file("strip.sh"), generated("strip-mode", []byte(strings.Join(words, " ")))}
}

// SecretCheck is a vertex that fails when a secret is missing which the plan
// requires; nil when it requires none. It runs in every build.
func SecretCheck(p *plan.Plan, in Inputs) (*llb.State, error) {
	g, err := newGenerator(p, in)
	if err != nil {
		return nil, err
	}
	opts := []llb.RunOption{
		llb.Args([]string{"/bin/sh", "-c", ":"}), llb.Dir("/"), llb.IgnoreCache, llb.Network(pb.NetMode_NONE), llb.Platform(g.platform),
		g.named(nameSecrets), llb.WithoutExportCache(),
	}
	none := len(opts)
	for _, s := range p.Members.Secrets {
		if s.Required {
			target := "/run/secrets/" + s.ID
			opts = append(opts, llb.AddSecretWithDest(s.ID, &target))
		}
	}
	if len(opts) == none {
		return nil, nil
	}
	st := in.Toolchain.State.Run(opts...).Root()
	return &st, nil
}

// SearchPath is PATH of an image with an environment.
func SearchPath(env []string) string {
	if dirs, ok := envOf(env, "PATH"); ok {
		return dirs
	}
	return defaultPath
}

// configure sets what the user asked of the image's config.
func (g *generator) configure(c *dockerspec.DockerOCIImageConfig) {
	p := g.plan.Image
	c.Cmd = p.Cmd
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		c.Env = withEnv(c.Env, name, p.Env[name])
	}
	for _, port := range p.Ports {
		c.ExposedPorts = with(c.ExposedPorts, port)
	}
	for _, volume := range p.Volumes {
		c.Volumes = with(c.Volumes, volume)
	}
	if p.StopSignal != "" {
		c.StopSignal = p.StopSignal
	}
	if h := p.Healthcheck; h != nil {
		c.Healthcheck = &dockerspec.HealthcheckConfig{
			Test: h.Test, Interval: h.Interval, Timeout: h.Timeout, StartPeriod: h.StartPeriod, Retries: h.Retries,
		}
	}
}

// with adds a key to a set without changing the base's.
func with(set map[string]struct{}, key string) map[string]struct{} {
	out := maps.Clone(set)
	if out == nil {
		out = map[string]struct{}{}
	}
	out[key] = struct{}{}
	return out
}

// withEnv sets a variable of an environment, in place of one of its name.
func withEnv(env []string, name, value string) []string {
	out := slices.Clone(env)
	for i, e := range out {
		if strings.HasPrefix(e, name+"=") {
			out[i] = name + "=" + value
			return out
		}
	}
	return append(out, name+"="+value)
}

// assets is the layer of the files of the context and of the directories that
// belong to the image's user; nil is nothing. It is one of its own, so that an
// edit of a file changes no other layer.
func (g *generator) assets() *llb.FileAction {
	var fa *llb.FileAction
	p := g.plan.Image
	for _, d := range p.Directories {
		opts := []llb.MkdirOption{llb.WithCreatedTime(g.epoch)}
		if owner := ownerOf(d.Owner); owner != nil {
			opts = append(opts, owner)
		}
		fa = fa.Mkdir(d.Path, fs.FileMode(d.Mode), opts...)
	}
	for _, a := range p.Assets {
		info := &llb.CopyInfo{
			CreateDestPath: true, CreatedTime: &g.epoch, CopyDirContentsOnly: true, ChownOpt: ownerOf(a.Owner), Mode: g.assetMode(a.Mode, a.Directory),
		}
		fa = fa.Copy(g.in.Context, "/"+a.Source, a.Destination, info)
	}
	if fa == nil {
		return nil
	}
	// A directory is as old as the last thing that was put into it; copied as a
	// whole, it gets the time of all.
	whole := &llb.CopyInfo{CopyDirContentsOnly: true, CreatedTime: &g.epoch}
	return llb.Copy(llb.Scratch().File(fa, g.named(nameAssets)), "/", "/", whole)
}

// ownerOf is the owner that "UID:GID" names, nil when it is not numeric.
func ownerOf(owner string) *llb.ChownOpt {
	user, group, _ := strings.Cut(owner, ":")
	uid, err := strconv.ParseUint(user, 10, 32)
	if err != nil {
		return nil
	}
	gid, err := strconv.ParseUint(group, 10, 32)
	if err != nil {
		return nil
	}
	return &llb.ChownOpt{User: &llb.UserOpt{UID: int(uid)}, Group: &llb.UserOpt{UID: int(gid)}}
}

// assetMode makes permissions the same on all machines, whatever their umask:
// without a mode, everybody may read, and execute what anybody may. A mode of
// a directory is that of the files in it; X keeps what can be executed or
// entered so.
func (g *generator) assetMode(octal string, directory bool) *llb.ChmodOpt {
	mode, err := strconv.ParseUint(octal, 8, 32)
	switch {
	case err == nil && !directory:
		return &llb.ChmodOpt{Mode: fs.FileMode(mode)}
	case g.in.NoSymbolicModes:
		return nil
	case err != nil:
		return &llb.ChmodOpt{ModeStr: "u=rwX,go=rX"}
	}
	text := symbolic(fs.FileMode(mode))
	if !strings.Contains(text, "x") {
		text = strings.ReplaceAll(text, "r", "rX")
	}
	return &llb.ChmodOpt{ModeStr: text}
}

// symbolic writes permissions as chmod takes them, such as "u=rw,g=r,o=".
func symbolic(mode fs.FileMode) string {
	var classes []string
	for i, class := range []string{"u", "g", "o"} {
		text := class + "="
		for k, letter := range []string{"r", "w", "x"} {
			if mode>>(8-3*i-k)&1 != 0 {
				text += letter
			}
		}
		classes = append(classes, text)
	}
	return strings.Join(classes, ",")
}
