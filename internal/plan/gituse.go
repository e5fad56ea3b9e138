package plan

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/gitmeta"
	"github.com/rustfile/rustfile/internal/options"
)

// GitUse says which of the project's sources ask for the commit they are built
// from, and in what form. The commit is in the key of the source vertex only
// when something asks.
type GitUse struct {
	// Why names who asks, for messages.
	Why string `json:"why"`
	// Vergen is true for the variables that the vergen crates take in place of
	// what git says.
	Vergen bool `json:"vergen,omitempty"`
	// Built are the packages that use the crate built; each has variables of its own.
	Built []string `json:"built,omitempty"`
	// Records are the directories of packages that look for the file in which
	// cargo notes the commit of a published crate.
	Records []string `json:"records,omitempty"`
	// Variables are names that the sources read.
	Variables []string `json:"variables,omitempty"`
	// Repository is true when something opens the repository itself.
	Repository bool `json:"repository,omitempty"`
}

// How a crate learns of the commit.
// vergen: vergen-lib's add_default_map_entry reads VERGEN_GIT_*, with and
// without a repository. built: BUILT_OVERRIDE_<package>_*. crate-git-revision:
// .cargo_vcs_info.json. The others know no way but the repository.
const (
	viaVergen     = "vergen"
	viaBuilt      = "built"
	viaRecord     = "record"
	viaRepository = "repository"
	viaSubstrate  = "substrate"
)

// gitCrates are the crates that read the repository for a package that depends
// on them.
var gitCrates = map[string]string{
	"vergen": viaVergen, "vergen-git2": viaVergen, "vergen-gitcl": viaVergen, "vergen-gix": viaVergen, "vergen-lib": viaVergen,
	"built": viaBuilt, "crate-git-revision": viaRecord, "substrate-build-script-utils": viaSubstrate,
	"shadow-rs": viaRepository, "git-version": viaRepository, "git-testament": viaRepository, "build-info-build": viaRepository,
}

// gitLibraries can do anything with any repository. In a build script it is the
// project's own.
var gitLibraries = []string{"git2", "gix"}

// gitVariables are the names by which projects commonly hand the commit to
// their sources, and what they mean.
var gitVariables = map[string]func(*gitmeta.Head) string{
	"GIT_BRANCH": branch, "GITHUB_REF_NAME": branch, "CI_COMMIT_REF_NAME": branch, "CI_COMMIT_BRANCH": branch,
	"GIT_DESCRIBE": describe, "GIT_VERSION": describe, "GIT_TAG": describe,
	"GIT_SHA": commit, "GIT_HASH": commit, "GIT_REV": commit, "GIT_REVISION": commit, "GIT_COMMIT": commit, "GIT_COMMIT_HASH": commit,
	"GIT_COMMIT_SHA": commit, "COMMIT_HASH": commit, "COMMIT_SHA": commit, "SOURCE_COMMIT": commit, "GITHUB_SHA": commit, "CI_COMMIT_SHA": commit,
	"GIT_SHORT_SHA": short, "GIT_SHORT_HASH": short, "GIT_SHA_SHORT": short, "GIT_HASH_SHORT": short, "GIT_COMMIT_SHORT": short,
	"GIT_COMMIT_HASH_SHORT": short, "GIT_COMMIT_SHORT_HASH": short, "CI_COMMIT_SHORT_SHA": short,
	"GIT_DATE": date, "GIT_COMMIT_DATE": date, "GIT_COMMIT_TIME": date, "GIT_COMMIT_TIMESTAMP": date, "CI_COMMIT_TIMESTAMP": date,
	"SUBSTRATE_CLI_GIT_COMMIT_HASH": func(h *gitmeta.Head) string { return h.Commit.ID[:11] },
}

func branch(h *gitmeta.Head) string   { return h.Branch }
func describe(h *gitmeta.Head) string { return h.Describe }
func commit(h *gitmeta.Head) string   { return h.Commit.ID }
func short(h *gitmeta.Head) string    { return h.Short() }
func date(h *gitmeta.Head) string {
	if h.Commit.Committer.Time.IsZero() {
		return ""
	}
	return h.Commit.Committer.Time.Format(time.RFC3339)
}

// dirty is what crates call the state of the files, "" when it is not known.
func dirty(h *gitmeta.Head) string {
	if h.Files == gitmeta.Unknown {
		return ""
	}
	return strconv.FormatBool(h.Files == gitmeta.Dirty)
}

// readsVariable finds the names of variables that are read when a source is
// compiled or, in a build script, when that runs.
var (
	readsVariable       = regexp.MustCompile(`\b(?:option_)?env!\s*[(\[{]\s*"([A-Z0-9_]+)"`)
	scriptReadsVariable = regexp.MustCompile(`\bvar(?:_os)?\s*\(\s*"([A-Z0-9_]+)"`)
	scriptRunsGit       = regexp.MustCompile(`\bnew\s*\(\s*"git"\s*\)|\.git\b`)
)

// searchGit notes what one source file asks of git, and reports whether that is
// anything. script is true for a build script.
func (m *mentions) searchGit(name, source string, script bool) (asks bool) {
	found := readsVariable.FindAllStringSubmatch(source, -1)
	if script {
		found = append(found, scriptReadsVariable.FindAllStringSubmatch(source, -1)...)
		if asks = scriptRunsGit.MatchString(source); asks && m.runsGit == "" {
			m.runsGit = name
		}
	}
	for _, match := range found {
		if _, known := gitVariables[match[1]]; known {
			asks = true
			m.variables[match[1]] = cmp.Or(m.variables[match[1]], name)
		}
	}
	return asks
}

// gitUse finds out who asks for the commit, nil when nobody does.
func gitUse(o *options.Options, c *closure, found mentions) *GitUse {
	if o.GitMetadata != nil && !*o.GitMetadata {
		return nil
	}
	u := &GitUse{}
	because := func(format string, args ...any) {
		if u.Why == "" {
			u.Why = fmt.Sprintf(format, args...)
		}
	}
	for _, p := range c.local {
		for _, d := range p.Dependencies {
			if via := gitVia(p, d); via != "" {
				because("package `%s` depends on `%s`", p.Name, d.Package)
				u.add(p, via)
			}
		}
	}
	if found.runsGit != "" {
		because("%s asks git", found.runsGit)
		u.Repository = true
	}
	for _, name := range slices.Sorted(maps.Keys(found.variables)) {
		because("%s reads the variable %s", found.variables[name], name)
		u.Variables = append(u.Variables, name)
	}
	if o.GitMetadata != nil && *o.GitMetadata {
		u.Why, u.Vergen, u.Repository = "the option git-metadata is set", true, true
		u.Variables = slices.Sorted(maps.Keys(gitVariables))
	}
	if u.Why == "" {
		return nil
	}
	slices.Sort(u.Variables)
	u.Variables = slices.Compact(u.Variables)
	return u
}

func gitVia(p *cargo.Package, d cargo.Dependency) string {
	if d.Kind == cargo.DevDependency {
		return ""
	}
	if d.Kind == cargo.BuildDependency && p.Build != "" && slices.Contains(gitLibraries, d.Package) {
		return viaRepository
	}
	return gitCrates[d.Package]
}

func (u *GitUse) add(p *cargo.Package, via string) {
	switch via {
	case viaVergen:
		u.Vergen = true
	case viaBuilt:
		if !slices.Contains(u.Built, p.Name) {
			u.Built = append(u.Built, p.Name)
		}
	case viaRecord:
		if !slices.Contains(u.Records, p.Dir) {
			u.Records = append(u.Records, p.Dir)
		}
	case viaSubstrate:
		u.Variables = append(u.Variables, "SUBSTRATE_CLI_GIT_COMMIT_HASH")
	default:
		u.Repository = true
	}
}

// SetGit gives the source vertex what its sources ask of the commit. Nothing of
// it reaches another vertex. What is not known gets no variable.
func (p *Plan) SetGit(h *gitmeta.Head) {
	u := p.Members.Git
	if u == nil || h == nil {
		return
	}
	env := map[string]string{}
	if at := h.Commit.Committer.Time; !at.IsZero() {
		// The time that build scripts note: that of the commit and not of the build.
		env["SOURCE_DATE_EPOCH"] = strconv.FormatInt(at.Unix(), 10)
	}
	if u.Vergen {
		maps.Copy(env, vergenVariables(h))
	}
	for _, name := range u.Built {
		maps.Copy(env, builtVariables(name, h))
	}
	for _, name := range u.Variables {
		env[name] = gitVariables[name](h)
	}
	maps.DeleteFunc(env, func(_, value string) bool { return value == "" })
	maps.Copy(env, p.Members.Environment)
	p.Members.Environment = env
	// Vergen looks into the repository for what has no variable, or another form
	// than ours; built only for whether the files are those of the commit.
	looks := u.Repository || u.Vergen || len(u.Built) > 0 && h.Files == gitmeta.Unknown
	if h.Repository != nil && looks {
		p.Members.Repository = h.Repository
	}
	for _, dir := range u.Records {
		p.Members.Files = append(p.Members.Files, File{
			Path:    path.Join(dir, ".cargo_vcs_info.json"),
			Content: fmt.Sprintf("{\"git\":{\"sha1\":%q},\"path_in_vcs\":\"\"}\n", h.Commit.ID),
		})
	}
}

// vergenVariables are those of vergen 8 and later.
// https://docs.rs/vergen/8.3.2/vergen/struct.EmitBuilder.html, https://docs.rs/vergen-gitcl
func vergenVariables(h *gitmeta.Head) map[string]string {
	c := h.Commit
	env := map[string]string{
		"VERGEN_GIT_SHA": c.ID, "VERGEN_GIT_BRANCH": h.Branch, "VERGEN_GIT_DESCRIBE": h.Describe, "VERGEN_GIT_DIRTY": dirty(h),
		"VERGEN_GIT_COMMIT_AUTHOR_NAME": c.Author.Name, "VERGEN_GIT_COMMIT_AUTHOR_EMAIL": c.Author.Email,
		"VERGEN_GIT_COMMIT_MESSAGE": c.Subject(),
	}
	if at := c.Committer.Time; !at.IsZero() {
		env["VERGEN_GIT_COMMIT_DATE"] = at.Format(time.DateOnly)
		env["VERGEN_GIT_COMMIT_TIMESTAMP"] = at.Format("2006-01-02T15:04:05.000000000Z07:00")
		env["VERGEN_GIT_COMMIT_TIMESTAMP_UNIX"] = strconv.FormatInt(at.Unix(), 10)
	}
	if h.Count > 0 {
		env["VERGEN_GIT_COMMIT_COUNT"] = strconv.Itoa(h.Count)
	}
	return env
}

// builtVariables are those of built 0.7 and later.
// https://docs.rs/built/latest/built/#environment-variables
func builtVariables(name string, h *gitmeta.Head) map[string]string {
	prefix := "BUILT_OVERRIDE_" + strings.ReplaceAll(name, "-", "_") + "_"
	return map[string]string{
		prefix + "GIT_VERSION": h.Describe, prefix + "GIT_COMMIT_HASH": h.Commit.ID, prefix + "GIT_COMMIT_HASH_SHORT": h.Commit.ID[:8],
		prefix + "GIT_HEAD_REF": h.Ref(), prefix + "GIT_DIRTY": dirty(h),
	}
}
