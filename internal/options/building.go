package options

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/native"
)

// BuildOptions is what the user asked of the vertices that compile.
type BuildOptions struct {
	// Env is the environment of the vertices that compile workspace members,
	// and DependencyEnv that of all vertices that compile.
	Env           map[string]string
	DependencyEnv map[string]string
	// ExtraSources are files and directories of the context that build scripts
	// of workspace members read: clean paths relative to the context, sorted.
	ExtraSources []string
	Secrets      []Secret
	// CacheNamespace keeps compiled code apart from that of other namespaces,
	// "" for the one that all share.
	CacheNamespace string
	// KnownHosts are lines of a known_hosts file with the public keys of servers.
	KnownHosts []string
	// Native says what packages crates need, in place of what rustfile knows.
	Native []native.Entry
}

// Secret is a secret of the client that vertices of workspace members can read.
type Secret struct {
	// ID is the client's name for it, as --secret id=ID gives it.
	ID string
	// Env is the variable that holds it, and Target the absolute path of the
	// file that does; exactly one is set.
	Env    string
	Target string
	// Required makes a build without the secret fail.
	Required bool
	// Span is the table; zero for a build argument.
	Span cargo.Span
}

// secretFields are the keys of a [[secrets]] table.
var secretFields = []KeyDoc{
	{Name: "id", Type: TypeString, Default: required, Description: "The name that `--secret id=` gives it."},
	{Name: "env", Type: TypeString, Default: "none", Description: "The environment variable that holds it."},
	{Name: "target", Type: TypeString, Default: "`/run/secrets/ID`, without `env`", Description: "The path of the file that holds it."},
	{Name: "required", Type: TypeBoolean, Default: "true", Description: "Whether a build without it fails."},
}

func parseBuildEnv(o *Options, v value) error { return mergeEnv(&o.Build.Env, v, checkBuildVariable) }

func parseDependencyEnv(o *Options, v value) error {
	return mergeEnv(&o.Build.DependencyEnv, v, checkBuildVariable)
}

// ownVariables are those that decide where things are and which compiler runs;
// rustfile sets them itself, the same in every vertex.
var ownVariables = []string{"HOME", "PATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "RUSTC", "RUSTDOC", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"}

// checkBuildVariable refuses variables that would change what cargo builds
// behind the plan's back.
func checkBuildVariable(name string) (fault, fix string) {
	switch {
	case name == "SOURCE_DATE_EPOCH":
		return "`SOURCE_DATE_EPOCH` is an option of its own", "give --build-arg SOURCE_DATE_EPOCH=…"
	case name == "RUSTFLAGS" || name == "CARGO_ENCODED_RUSTFLAGS" || strings.HasPrefix(name, "CARGO_BUILD_") || strings.HasPrefix(name, "CARGO_TARGET_"):
		return fmt.Sprintf("`%s` cannot be set here", name), "set build.rustflags, or the key of the same name, in .cargo/config.toml"
	case strings.HasPrefix(name, "CARGO_PROFILE_"):
		return fmt.Sprintf("`%s` cannot be set here", name), "set it in the [profile] table of the root Cargo.toml"
	case name == "CARGO" || strings.HasPrefix(name, "CARGO_") || strings.HasPrefix(name, "RUSTUP_") || slices.Contains(ownVariables, name):
		return fmt.Sprintf("`%s` is set by rustfile or cargo", name), "remove it; .cargo/config.toml holds cargo's settings"
	}
	return "", ""
}

func parseExtraSources(o *Options, v value) error {
	words, err := v.words(false)
	if err != nil {
		return err
	}
	o.Build.ExtraSources = nil
	for _, word := range words {
		p, err := contextPath(word)
		if err != nil {
			return err
		}
		if p == "." {
			return v.faultAt(word.span, "the whole context is too much", "name the files and directories that the build scripts read")
		}
		o.Build.ExtraSources = append(o.Build.ExtraSources, p)
	}
	slices.Sort(o.Build.ExtraSources)
	o.Build.ExtraSources = slices.Compact(o.Build.ExtraSources)
	return nil
}

// checkContextPath checks a path that must stay in the context.
func checkContextPath(text string) error {
	if err := checkPlain("path", text); err != nil {
		return err
	}
	clean := path.Clean(text)
	switch {
	case strings.Contains(text, `\`):
		return fmt.Errorf("the path `%s` contains `\\`: directories are separated by `/`", clip(text))
	case path.IsAbs(clean):
		return fmt.Errorf("the path `%s` is absolute", clip(text))
	case clean == ".." || strings.HasPrefix(clean, "../"):
		return fmt.Errorf("the path `%s` leaves the build context", clip(text))
	}
	return nil
}

func parseSecrets(o *Options, v value) error {
	records, err := v.records(secretFields)
	if err != nil {
		return err
	}
	o.Build.Secrets = nil
	for _, r := range records {
		s := Secret{Required: true, Span: r.span}
		if s.ID, err = r.fields["id"].str(); err != nil {
			return err
		}
		if err := checkTagPart("secret's id", s.ID); err != nil {
			return r.fields["id"].fault(err.Error(), "give the id of --secret id=…")
		}
		if f, ok := r.fields["required"]; ok {
			if s.Required, err = f.boolean(); err != nil {
				return err
			}
		}
		if err := secretPlace(&s, r); err != nil {
			return err
		}
		for _, other := range o.Build.Secrets {
			if other.Env == s.Env && other.Target == s.Target {
				return v.faultAt(r.span, fmt.Sprintf("the secrets `%s` and `%s` are in the same place", other.ID, s.ID), "give each an env or a target of its own")
			}
		}
		o.Build.Secrets = append(o.Build.Secrets, s)
	}
	return nil
}

// secretPlace reads where a secret is to be.
func secretPlace(s *Secret, r value) (err error) {
	env, hasEnv := r.fields["env"]
	target, hasTarget := r.fields["target"]
	switch {
	case hasEnv && hasTarget:
		return r.fault(fmt.Sprintf("the secret `%s` has both env and target", s.ID), "remove one of the two")
	case hasEnv:
		if s.Env, err = env.str(); err != nil {
			return err
		}
		if !variableName.MatchString(s.Env) {
			return env.fault(fmt.Sprintf("%q is not the name of a variable", clip(s.Env)), "use letters, digits and `_`")
		}
		// A token of a registry is for downloads, which no vertex of the workspace makes.
		if fault, fix := checkBuildVariable(s.Env); fault != "" {
			return env.fault(fault, fix)
		}
	case hasTarget:
		s.Target, err = absolutePath(target)
	default:
		s.Target = "/run/secrets/" + s.ID
	}
	return err
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func parseCacheNamespace(o *Options, v value) (err error) {
	if o.Build.CacheNamespace, err = v.str(); err != nil || o.Build.CacheNamespace == "" {
		return err
	}
	return checkTagPart("cache namespace", o.Build.CacheNamespace)
}

func parseBuildPackages(o *Options, v value) (err error) {
	o.BuildPackages, err = debianPackages(v)
	return err
}

func parseRuntimePackages(o *Options, v value) (err error) {
	o.RuntimePackages, err = debianPackages(v)
	return err
}

// debianPackage is the syntax of the names of Debian's packages. A "-" at the
// end would ask apt to remove one.
// https://www.debian.org/doc/debian-policy/ch-controlfields.html#source
var debianPackage = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]*[a-z0-9+.]$`)

// debianPackages reads names of Debian packages, in the order they are given.
func debianPackages(v value) ([]string, error) {
	words, err := v.words(false)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, word := range words {
		if !debianPackage.MatchString(word.text) || len(word.text) > maxName {
			return nil, v.faultAt(word.span, fmt.Sprintf("`%s` is not the name of a Debian package", clip(word.text)),
				"names have small letters, digits, `+`, `-` and `.`, and no version: libssl-dev")
		}
		if !slices.Contains(names, word.text) {
			names = append(names, word.text)
		}
	}
	return names, nil
}
