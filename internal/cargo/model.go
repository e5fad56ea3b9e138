package cargo

// Workspace is everything the planner needs to know of a project.
type Workspace struct {
	// Root is the directory of the workspace's root manifest, "." for the
	// root of the context.
	Root string
	// RootManifest is the path of the root manifest, for example "Cargo.toml".
	RootManifest string
	// Virtual is true when the root manifest has no [package].
	Virtual bool
	// Members are the workspace's members, sorted by directory.
	Members []*Package
	// DefaultMembers are the members that cargo builds when no package is
	// named, sorted by directory: default-members, else the root package, else
	// all members.
	DefaultMembers []*Package
	// PathPackages are the local packages that are not members but that a
	// member, a patch or another path package reaches by path, sorted by
	// directory.
	PathPackages []*Package
	// OtherRoots are the root manifests of other workspaces that path packages
	// inherit from and that are no path packages, sorted by path. Of a virtual
	// one only Dir and Manifest are set.
	OtherRoots []*Package
	// Resolver is the feature resolver in force: "1", "2" or "3".
	Resolver string
	// Profiles holds the [profile.*] tables of the root manifest as written:
	// profile name to keys.
	Profiles map[string]map[string]any
	// Patches are the [patch] and [replace] entries of the root manifest (and
	// of the configuration), sorted by source and name.
	Patches []Patch
	// Lock is the parsed Cargo.lock beside the root manifest.
	Lock *Lock
	// LockGiven is true when the lock file is not that of the context but that of
	// [LoadOptions].
	LockGiven bool
	// LockFault says why there is no lock file that fits the manifests; nil when
	// there is one. Lock is then nil or older than they are.
	LockFault *Error
	// Toolchain is the rust-toolchain(.toml) file, nil when there is none.
	Toolchain *Toolchain
	// Config is the merged .cargo/config(.toml) of the workspace root and the
	// directories above it; never nil.
	Config *Config
	// Files holds the bytes of every file that was read, by path. Errors and
	// vertices show their lines.
	Files map[string][]byte
	// Settings is workspace.metadata.rustfile of the root manifest, nil when
	// absent.
	Settings *Setting
	// Spans locate keys of the root manifest, as Package.Spans do for a
	// package: "workspace.members", "profile.release" and so on. Use
	// [Workspace.Span].
	Spans map[string]Span

	byDir map[string]*Package // nil for a workspace that was not loaded
}

// Package is a local package: a workspace member or a path dependency. Values
// inherited from the workspace are filled in.
type Package struct {
	Name    string
	Version string // as cargo sees it: "0.0.0" when the manifest gives none
	Dir     string // directory relative to the context, "." for its root
	// Manifest is the path of the package's Cargo.toml.
	Manifest    string
	Edition     string // "2015" when the manifest gives none
	RustVersion string // package.rust-version, "" when absent
	Links       string // package.links
	DefaultRun  string
	Publish     bool
	Description string
	License     string // SPDX expression; "" when absent
	LicenseFile string
	Authors     []string
	Repository  string
	Homepage    string
	// Build is the path of the build script relative to Dir, "" when the
	// package has none.
	Build string
	// Targets are the library, binary, example, test and bench targets,
	// declared and discovered, sorted by kind and name. The build script is in
	// Build.
	Targets []Target
	// Dependencies of all kinds and platforms, sorted by kind, target and name.
	Dependencies []Dependency
	// Features maps each feature to what it enables, as written. Implicit
	// features of optional dependencies are included, as `cargo metadata`
	// includes them.
	Features map[string][]string
	// Metadata is package.metadata as written, nil when absent.
	Metadata map[string]any
	// Settings is package.metadata.rustfile, nil when absent.
	Settings *Setting
	// ForcedTarget is package.forced-target or default-target (unstable keys),
	// "" when absent.
	ForcedTarget string
	// Spans locate keys of the manifest: "package.name", "package.version",
	// "package.edition", "package.rust-version", "bin.NAME", "lib" and so on;
	// "" is the whole manifest's first line. Use [Package.Span].
	Spans map[string]Span

	critical error // a fault that matters when the package is a member
}

// TargetKind is the kind of a cargo target.
type TargetKind string

// The kinds of targets.
const (
	KindLib     TargetKind = "lib"
	KindBin     TargetKind = "bin"
	KindExample TargetKind = "example"
	KindTest    TargetKind = "test"
	KindBench   TargetKind = "bench"
)

// Target is a cargo target of a package.
type Target struct {
	Name             string
	Kind             TargetKind
	Path             string   // source file relative to the package's directory
	CrateTypes       []string // for example ["lib"], ["proc-macro"], ["cdylib", "rlib"], ["bin"]
	RequiredFeatures []string
	// Declared is true when the manifest has a table for the target, false
	// when it was only discovered by file name.
	Declared bool
	Span     Span
}

// DependencyKind says for what a dependency is needed.
type DependencyKind string

// The kinds of dependencies.
const (
	NormalDependency DependencyKind = "normal"
	BuildDependency  DependencyKind = "build"
	DevDependency    DependencyKind = "dev"
)

// Dependency is one entry of a dependency table, with what it inherits from
// the workspace filled in.
type Dependency struct {
	// Key is the name in the table, by which the code calls the crate.
	Key string
	// Package is the name of the package, which differs from Key when renamed.
	Package string
	Kind    DependencyKind
	// Target is the platform the table is for: a triple or "cfg(...)"; "" for all.
	Target          string
	Optional        bool
	DefaultFeatures bool
	Features        []string
	// Requirement is the version requirement as written, "" when absent.
	Requirement string
	// Path is the directory of a path dependency, relative to the context, ""
	// otherwise.
	Path string
	// Git is set for a git dependency.
	Git *GitReference
	// Registry is the name of an alternative registry, "" for crates.io;
	// RegistryIndex its index URL when that is written instead of a name.
	Registry      string
	RegistryIndex string
	// Artifact holds the unstable `artifact` key when set.
	Artifact []string
	Span     Span
}

// GitReference is a git dependency as the manifest writes it.
type GitReference struct {
	URL    string
	Branch string
	Tag    string
	Rev    string
}

// Patch is one entry of a [patch.SOURCE] table.
type Patch struct {
	// Source is the table's name: "crates-io" or a URL.
	Source string
	Dependency
}

// Lock is a parsed Cargo.lock.
type Lock struct {
	Path string
	// Version is 1 to 4.
	Version  int
	Packages []LockPackage // in file order, which cargo sorts by name, version and source

	byName   map[string][]int  // nil for a lock that was not parsed
	replaced map[int]int       // what the older [replace] put in place of a package
	local    map[string]string // version of the local package in each directory
}

// LockPackage is one [[package]] of a lock file.
type LockPackage struct {
	Name    string
	Version string
	// Source is the raw source id, for example
	// "registry+https://github.com/rust-lang/crates.io-index" or
	// "git+https://host/repo?branch=main#<commit>"; "" for a local package.
	Source string
	// Checksum is the SHA-256 of the .crate file in lower-case hex, "" when
	// the source has none.
	Checksum string
	// Dependencies are indexes into Lock.Packages, sorted.
	Dependencies []int
	Span         Span
}

// SourceKind is the kind of a source id.
type SourceKind string

// The kinds of sources a locked package can come from.
const (
	SourceLocal    SourceKind = "local"
	SourceRegistry SourceKind = "registry"
	SourceGit      SourceKind = "git"
)

// SourceID is a parsed source id.
type SourceID struct {
	Kind SourceKind
	// URL is the registry's index URL without "registry+", with "sparse+" kept
	// for sparse registries, or the git repository's URL without query and
	// fragment.
	URL string
	// Branch, Tag and Rev are the git reference asked for; at most one is set.
	Branch, Tag, Rev string
	// Commit is the full git commit, lower-case hex.
	Commit string
}

// Toolchain is a rust-toolchain or rust-toolchain.toml file.
type Toolchain struct {
	Path       string
	Channel    string // for example "1.95", "stable", "nightly-2026-01-02"; "" when absent
	Components []string
	Targets    []string
	Profile    string
	// Spans locate "channel", "components", "targets", "path" and "profile".
	Spans map[string]Span
}

// Config is the merged Cargo configuration of a project.
type Config struct {
	// Paths are the files that were read, nearest to the workspace root first.
	Paths []string
	// Values is the merged tree. Relative paths in it are left as written.
	Values map[string]any
}
