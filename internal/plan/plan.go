package plan

import (
	"encoding/json"

	"github.com/rustfile/rustfile/internal/gitmeta"
	"github.com/rustfile/rustfile/internal/native"
)

// Version is the version of the plan's JSON form. It changes whenever the
// meaning of a field does.
const Version = 1

// Mode says how finely a build is cut into vertices.
type Mode string

// Coarse compiles all third-party units in one vertex and the workspace
// members in another.
const Coarse Mode = "coarse"

// Unit and Group compile third-party units in many vertices: one for each
// package, and one for packages that are used together.
const (
	Unit  Mode = "unit"
	Group Mode = "group"
)

// Plan is everything that is decided before a graph is made.
type Plan struct {
	Version int  `json:"version"`
	Mode    Mode `json:"mode"`
	// Platform is the image's platform, for example "linux/amd64".
	Platform string `json:"platform"`
	// Triple is the target triple that cargo compiles for.
	Triple string `json:"triple"`
	// Cross is nil when the target is the machine that builds.
	Cross *Cross `json:"cross,omitempty"`
	// Artifact is nil when the programs are Linux processes.
	Artifact *Artifact `json:"artifact,omitempty"`
	// Zig is nil when the builder's own tools compile C and link.
	Zig          *Zig         `json:"zig,omitempty"`
	Toolchain    Toolchain    `json:"toolchain"`
	Sources      Sources      `json:"sources"`
	Dependencies Dependencies `json:"dependencies"`
	Members      Members      `json:"members"`
	// Units is nil in a coarse plan.
	Units    *Units   `json:"units,omitempty"`
	Binaries []Binary `json:"binaries"`
	// Compiled are the packages that the binaries are made of.
	Compiled Compiled `json:"compiled"`
	Image    Image    `json:"image"`
	// Tests are checks of the finished image, in order.
	Tests []Test `json:"tests,omitempty"`
	// Requests say who asked for the packages of the builder image, sorted by
	// package and then by who asked.
	Requests []PackageRequest `json:"requests,omitempty"`
	// Unknown are libraries that crates ask pkg-config for and of which nobody
	// knows what package has them; Package is the name that pkg-config is asked
	// for. They are sorted as Requests are.
	Unknown []PackageRequest `json:"unknown,omitempty"`

	// mentions is what the members' sources name, for [Refine].
	mentions mentions
	// system is what the builder image has; see [Plan.AddNative].
	system *native.System
	// asked are the requests before those of [Plan.AddNative].
	asked []PackageRequest
}

// Toolchain is the Rust toolchain of every compile vertex.
type Toolchain struct {
	// Image is the reference of the builder image, by tag.
	Image string `json:"image"`
	// Install is the rustup toolchain to add to the image, "" when the image's
	// own is used.
	Install string `json:"install,omitempty"`
	// Components and Targets are added with rustup when the image lacks them.
	Components []string `json:"components,omitempty"`
	Targets    []string `json:"targets,omitempty"`
	// Packages are packages of the builder image's distribution that every
	// compile vertex gets, sorted and unique; a Debian package may carry an
	// architecture, as in "libssl-dev:arm64". See [Plan.AddPackages].
	Packages []string `json:"packages,omitempty"`
	// Architectures are the foreign architectures, as dpkg names them, that
	// packages may be of; sorted and unique.
	Architectures []string `json:"architectures,omitempty"`
	// Steps are commands that run in the image, with the packages, before
	// anything is compiled.
	Steps []Step `json:"steps,omitempty"`
	// Needed is the package because of which the image is not that of
	// [StableRust], nil when there is none or the user chose.
	Needed *RustNeed `json:"needed,omitempty"`
}

// Sources are the third-party sources that the lock file names.
type Sources struct {
	// Crates are the registry packages, sorted by name and version.
	Crates []Crate `json:"crates,omitempty"`
	// Lock is the path of the lock file.
	Lock string `json:"lock"`
	// Git are the git repositories, sorted by URL and reference.
	Git []GitSource `json:"git,omitempty"`
	// KnownHosts are lines of a known_hosts file with the keys of ssh servers,
	// empty when no repository is fetched over ssh. They are in no key: a commit
	// is the same whichever server sends it.
	KnownHosts []string `json:"knownHosts,omitempty"`
	// Registries are the registries the crates come from, sorted by URL.
	Registries []Registry `json:"registries,omitempty"`
	// Vendored are directories of the context that the project's configuration
	// replaces sources by; their packages are not downloaded.
	Vendored []string `json:"vendored,omitempty"`
}

// Crate is one registry package of the lock file.
type Crate struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// SHA256 is the checksum of the .crate file in lower-case hex.
	SHA256 string `json:"sha256"`
	// Registry is the URL of the crate's registry, as in Registries.
	Registry string `json:"registry"`
	// InClosure is true when the requested binaries may need the crate, so
	// that the dependency vertex gets it. The others are only there for cargo
	// to accept the lock file.
	InClosure bool `json:"inClosure,omitempty"`
	// Line is the crate's line in the lock file.
	Line int `json:"line"`
}

// Registry is a registry that crates are downloaded from.
type Registry struct {
	// URL is the registry's source URL as the lock file writes it, for example
	// "https://github.com/rust-lang/crates.io-index" or "sparse+https://host/index/".
	URL string `json:"url"`
	// Index is the sparse index whose config.json names the download URL, ""
	// when Download is known without it.
	Index string `json:"index,omitempty"`
	// Download is cargo's `dl` template: an URL with or without the markers
	// {crate}, {version}, {prefix}, {lowerprefix} and {sha256-checksum}.
	Download string `json:"download,omitempty"`
	Dir      string `json:"dir"`
}

// GitSource is a git repository at the commit that the lock file pins.
type GitSource struct {
	URL string `json:"url"`
	// Branch, Tag and Rev are the reference the manifest asks for, at most one.
	Branch string `json:"branch,omitempty"`
	Tag    string `json:"tag,omitempty"`
	Rev    string `json:"rev,omitempty"`
	Commit string `json:"commit"`
	// Packages are the names of the packages the lock file takes from it.
	Packages  []string `json:"packages"`
	InClosure bool     `json:"inClosure,omitempty"`
	Dir       string   `json:"dir"`
	// Line is that of the first of the packages in the lock file.
	Line int `json:"line"`
}

// Dependencies is the dependency vertex: a stub workspace and the command
// that compiles its third-party units.
type Dependencies struct {
	// Files are the stub workspace's files, sorted by path. Paths are relative
	// to the build context's root.
	Files []File `json:"files,omitempty"`
	// Copies are directories and files of the context that third-party crates
	// or the configuration need as they are, sorted.
	Copies []Copy `json:"copies,omitempty"`
	// Workdir is the workspace root, relative to the context's root.
	Workdir string `json:"workdir"`
	// Args is the cargo command without the paths that the graph decides.
	Args []string `json:"args,omitempty"`
	// Location is the line that a failure points at.
	Location Location `json:"location"`
	// Variables are added to the environment of all vertices that compile.
	Variables map[string]string `json:"variables,omitempty"`
	// Empty is true when the closure has no third-party package.
	Empty bool `json:"empty,omitempty"`
	// Packages are packages of the builder image's distribution that the vertex
	// gets beside those of [Toolchain], sorted.
	Packages []string `json:"packages,omitempty"`
}

// File is a generated file.
type File struct {
	Path    string `json:"path"`
	Content string `json:"content"`
}

// Copy is a directory or file of the build context and what is left out of it.
type Copy struct {
	// Path is relative to the context's root; "." is all of it.
	Path string `json:"path"`
	// Exclude are patterns relative to Path, in .dockerignore's form.
	Exclude []string `json:"exclude,omitempty"`
	// File is true when Path is a single file.
	File bool `json:"file,omitempty"`
}

// Members is the source vertex: which files of the context it sees and the
// command that builds the binaries from them.
type Members struct {
	Copies []Copy `json:"copies"`
	// Placeholders are empty files that stand for the targets of members that
	// the binaries do not use: cargo wants them to exist, and nothing reads them.
	Placeholders []string `json:"placeholders,omitempty"`
	// Unused are the directories of the packages that the binaries do not use;
	// only their manifests are read.
	Unused  []string `json:"unused,omitempty"`
	Workdir string   `json:"workdir"`
	Args    []string `json:"args"`
	// Auditable adds the list of its packages to each binary.
	Auditable bool `json:"auditable,omitempty"`
	// OutputDir is the directory of the binaries below the target directory.
	OutputDir string `json:"outputDir"`
	// Location is the line that a failure points at.
	Location Location `json:"location"`
	// Environment is added to the vertex's.
	Environment map[string]string `json:"environment,omitempty"`
	// Files are generated files, beside those of Copies.
	Files []File `json:"files,omitempty"`
	// Variables are added to the environment of all vertices that compile
	// workspace members; they win over Environment.
	Variables map[string]string `json:"variables,omitempty"`
	// Secrets are given to the same vertices.
	Secrets []Secret `json:"secrets,omitempty"`
	// Extra are files and directories that build scripts of members read; they
	// are among Copies.
	Extra []string `json:"extra,omitempty"`
	// Unsaved is a source with queries that sqlx would ask a database about,
	// because nothing was saved of them; "" for none.
	Unsaved string `json:"unsaved,omitempty"`
	// Git says what the sources ask of the commit, nil for nothing; see
	// [Plan.SetGit].
	Git *GitUse `json:"git,omitempty"`
	// Repository is what those find who look into the repository, nil for
	// nothing. It is left out of the JSON form: it is large, and the commit's id
	// says it all.
	Repository *gitmeta.Repository `json:"-"`
	// Packages are packages of the builder image's distribution that the vertex
	// gets beside those of [Toolchain], sorted.
	Packages []string `json:"packages,omitempty"`
}

// Location is a line of one of the project's files.
type Location struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// Binary is a program that the image holds.
type Binary struct {
	Name    string `json:"name"`
	Package string `json:"package"`
	// At is where the image has it, "" for the usual place; see [Binary.Path].
	At string `json:"at,omitempty"`
}

// Image is the runtime image.
type Image struct {
	// Base is the reference of the runtime base image, by tag.
	Base string `json:"base"`
	// Packages are installed in the base, of whose distribution they are; sorted.
	Packages []string `json:"packages,omitempty"`
	// Steps are commands that run in the base, with the packages, in order.
	Steps []Step `json:"steps,omitempty"`
	// DefaultBase is true when the user named no base.
	DefaultBase bool `json:"defaultBase,omitempty"`
	// Libraries says how libraries are added that the programs need and the base
	// lacks: one of runtimeneeds' modes.
	Libraries string `json:"libraries"`
	// CACertificates says when a base without a bundle of CA certificates gets
	// it: one of runtimeneeds' constants of type When.
	CACertificates string `json:"caCertificates,omitempty"`
	// TimeZones and Users are true when a base without a time zone database or
	// /etc/passwd gets it.
	TimeZones bool `json:"timeZones,omitempty"`
	Users     bool `json:"users,omitempty"`
	// Entrypoint is the image's command.
	Entrypoint []string `json:"entrypoint"`
	// User is "UID:GID", so that the base need not know it and orchestrators
	// see that it is not root; names until [Plan.ResolveUsers].
	User string `json:"user"`
	// Workdir is the container's working directory.
	Workdir string `json:"workdir"`
	// Labels are sorted by JSON's own map order.
	Labels map[string]string `json:"labels,omitempty"`
	// Config is what the user asked of the image beside.
	Config
}

// JSON renders the plan, indented, with a newline at its end.
func (p *Plan) JSON() ([]byte, error) {
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(data, '\n'), nil
}
