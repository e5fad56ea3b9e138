package plan

import (
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
)

// Secret is a secret of the client that vertices of workspace members read.
type Secret struct {
	ID string `json:"id"`
	// Env is the variable that holds it, or Target the path of the file.
	Env      string `json:"env,omitempty"`
	Target   string `json:"target,omitempty"`
	Required bool   `json:"required,omitempty"`
}

// setBuildOptions hands on what the vertices that compile are given beside
// sources.
func (p *Plan) setBuildOptions(o *options.Options) {
	b := o.Build
	p.Dependencies.Variables = maps.Clone(b.DependencyEnv)
	if b.CacheNamespace != "" {
		if p.Dependencies.Variables == nil {
			p.Dependencies.Variables = map[string]string{}
		}
		// A key of its own is all that a namespace is.
		p.Dependencies.Variables["RUSTFILE_CACHE_NAMESPACE"] = b.CacheNamespace
	}
	p.Members.Variables = b.Env
	for _, s := range b.Secrets {
		p.Members.Secrets = append(p.Members.Secrets, planSecret(s))
	}
	p.Members.Extra = b.ExtraSources
	p.Members.Copies = append(p.Members.Copies, extraCopies(b.ExtraSources)...)
}

func planSecret(s options.Secret) Secret {
	return Secret{ID: s.ID, Env: s.Env, Target: s.Target, Required: s.Required}
}

func extraCopies(names []string) []Copy {
	var copies []Copy
	for _, name := range names {
		copies = append(copies, Copy{Path: name})
	}
	return copies
}

// checkOptions refuses options that contradict each other or the project.
func checkOptions(ws *cargo.Workspace, o *options.Options, s *selection) error {
	for _, check := range []func() error{
		func() error { return checkProfile(ws, o) },
		func() error { return checkFeatures(ws, o, s) },
		func() error { return checkCommand(o) },
		func() error { return checkHealth(o) },
		func() error { return checkDestinations(o, s) },
		func() error { return checkVariables(o) },
		func() error { return checkExtra(ws, o) },
		func() error { return checkDebug(ws, o) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func checkCommand(o *options.Options) error {
	none := o.Image.Entrypoint != nil && len(o.Image.Entrypoint) == 0
	if none && len(o.Image.Cmd) == 0 {
		return o.Fault(options.KeyEntrypoint, "the image would run nothing", "give a program, or set cmd")
	}
	if none && o.Image.Init {
		return o.Fault(options.KeyInit, "conflicts with an empty entrypoint, which leaves nothing to run below it", "remove init, or give an entrypoint")
	}
	return nil
}

// healthDetails are the keys of a health check beside its command.
var healthDetails = []string{options.KeyHealthInterval, options.KeyHealthTimeout, options.KeyHealthStart, options.KeyHealthRetries}

func checkHealth(o *options.Options) error {
	test := o.Image.Healthcheck.Test
	if len(test) > 0 && test[0] != "NONE" {
		return nil
	}
	for _, key := range healthDetails {
		switch {
		case !o.Has(key):
		case test == nil:
			return o.Fault(key, "there is no health check", "set healthcheck.test, too")
		default:
			return o.Fault(key, fmt.Sprintf("conflicts with healthcheck.test (%s), which turns the health check off", o.Origin(options.KeyHealthTest)), "remove one of the two")
		}
	}
	return nil
}

// checkDestinations refuses files that would lie on one another.
func checkDestinations(o *options.Options, s *selection) error {
	taken := map[string]string{}
	for _, b := range s.binaries {
		taken["/usr/local/bin/"+b.target.Name] = "the binary `" + b.target.Name + "`"
	}
	for i, c := range o.Image.Copies {
		at := c.Destination
		if at != path.Clean(at) {
			at = path.Join(at, path.Base(c.Source))
		}
		if other, ok := taken[at]; ok {
			return copyFault(o, i, fmt.Sprintf("`%s` and %s have the same place %s in the image", c.Source, other, at), "change the destination")
		}
		taken[at] = "`" + c.Source + "`"
	}
	return nil
}

// checkVariables refuses two values for one variable of a vertex.
func checkVariables(o *options.Options) error {
	b := o.Build
	for _, name := range slices.Sorted(maps.Keys(b.Env)) {
		if other, ok := b.DependencyEnv[name]; ok && other != b.Env[name] {
			return entryFault(o, options.KeyBuildEnv, name, fmt.Sprintf("`%s` has another value in dependency-env (%s), which reaches the same vertices",
				name, o.Origin(options.KeyDependencyEnv)), "keep one of the two: what build scripts of dependencies read belongs to dependency-env")
		}
	}
	for _, s := range b.Secrets {
		for _, table := range []struct {
			key string
			env map[string]string
		}{{options.KeyBuildEnv, b.Env}, {options.KeyDependencyEnv, b.DependencyEnv}} {
			if _, ok := table.env[s.Env]; ok && s.Env != "" {
				return entryFault(o, table.key, s.Env, fmt.Sprintf("`%s` is the variable of the secret `%s`, too", s.Env, s.ID), "remove one of the two")
			}
		}
	}
	return nil
}

// entryFault is an error about a key of a table of options.
func entryFault(o *options.Options, key, name, message, fix string) error {
	e := o.Fault(key, message, fix)
	if span, ok := o.Spans[key+"."+name]; ok {
		e.Span = span
	}
	return e
}

func checkExtra(ws *cargo.Workspace, o *options.Options) error {
	for _, name := range o.Build.ExtraSources {
		target := path.Join(ws.Root, "target")
		switch {
		case name == ".git" || within(".git", name):
			return entryFault(o, options.KeyExtraSources, name, "the git repository changes with every commit", "set git-metadata = true, which tells the sources the commit")
		case name == target || within(target, name):
			return entryFault(o, options.KeyExtraSources, name, "cargo's target directory is made anew in every build", "have the build script write to OUT_DIR")
		}
	}
	return nil
}

// checkDebug refuses to split off debug information that is not there.
func checkDebug(ws *cargo.Workspace, o *options.Options) error {
	if o.Image.Debug != options.DebugSplit {
		return nil
	}
	if o.Has(options.KeyStrip) && !o.Image.Strip {
		return o.Fault(options.KeyStrip, fmt.Sprintf("conflicts with debug = \"split\" (%s), which leaves no debug information in the binaries", o.Origin(options.KeyDebug)), "remove strip")
	}
	debug, strip := profileDebug(ws, o.Profile)
	if strip {
		return o.Fault(options.KeyDebug, fmt.Sprintf("the profile `%s` strips the binaries, so there is nothing to split off", o.Profile),
			fmt.Sprintf("remove strip from [profile.%s] of %s", o.Profile, ws.RootManifest))
	}
	if !debug {
		return o.Fault(options.KeyDebug, fmt.Sprintf("the profile `%s` makes no debug information", o.Profile),
			fmt.Sprintf("add to %s: [profile.%s] debug = \"line-tables-only\"", ws.RootManifest, o.Profile))
	}
	return nil
}

// profileDebug reports whether a profile makes debug information, and whether
// it has it stripped off, by cargo's rules of inheritance.
// https://doc.rust-lang.org/cargo/reference/profiles.html
func profileDebug(ws *cargo.Workspace, name string) (debug, strip bool) {
	var chain []map[string]any
	configured, _ := ws.Config.Values["profile"].(map[string]any)
	for seen := map[string]bool{}; name != "" && !seen[name]; {
		seen[name] = true
		debug = name == "dev"
		override, _ := configured[name].(map[string]any)
		chain = append(chain, override, ws.Profiles[name])
		parent, ok := ws.Profiles[name]["inherits"].(string)
		if !ok {
			parent = builtinParents[name]
		}
		name = parent
	}
	for _, table := range slices.Backward(chain) {
		if v, ok := table["debug"]; ok {
			debug = !slices.Contains([]any{false, int64(0), "none"}, v)
		}
		if v, ok := table["strip"]; ok {
			strip = !slices.Contains([]any{false, "none"}, v)
		}
	}
	return debug, strip
}
