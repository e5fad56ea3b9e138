package options

import "slices"

// Names of the options, as the Rustfile spells them; a build argument's
// spelling is in the table below. docs/reference.md describes each.
const (
	KeyPackage           = "package"
	KeyBins              = "bins"
	KeyFeatures          = "features"
	KeyNoDefaultFeatures = "no-default-features"
	KeyAllFeatures       = "all-features"
	KeyProfile           = "profile"
	KeyManifestPath      = "manifest-path"
	KeyLocked            = "locked"
	KeyOffline           = "offline"
	KeyFrozen            = "frozen"
	KeyToolchain         = "toolchain"
	KeySuite             = "suite"
	KeyBuilderImage      = "images.builder"
	KeyRuntimeImage      = "images.runtime"
	KeyLibraries         = "libraries"
	KeyCACertificates    = "ca-certificates"
	KeyTimeZones         = "tzdata"
	KeyUsers             = "passwd"
	KeyGranularity       = "granularity"
	KeyGitMetadata       = "git-metadata"
	KeyEntrypoint        = "entrypoint"
	KeyCmd               = "cmd"
	KeyEnv               = "env"
	KeyWorkdir           = "workdir"
	KeyUser              = "user"
	KeyPorts             = "ports"
	KeyVolumes           = "volumes"
	KeyLabels            = "labels"
	KeyAnnotations       = "annotations"
	KeyStopSignal        = "stop-signal"
	KeyHealthTest        = "healthcheck.test"
	KeyHealthInterval    = "healthcheck.interval"
	KeyHealthTimeout     = "healthcheck.timeout"
	KeyHealthStart       = "healthcheck.start-period"
	KeyHealthRetries     = "healthcheck.retries"
	KeyInit              = "init"
	KeyCopy              = "copy"
	KeyStrip             = "strip"
	KeyDebug             = "debug"
	KeyBuildEnv          = "build-env"
	KeyDependencyEnv     = "dependency-env"
	KeyExtraSources      = "extra-sources"
	KeySecrets           = "secrets"
	KeyCacheNamespace    = "cache-namespace"
	KeyBuildPackages     = "packages.build"
	KeyRuntimePackages   = "packages.runtime"
	KeyNative            = "native"
	KeyRun               = "run"
	KeyTest              = "test"
	KeyLibc              = "libc"
	KeyGlibc             = "glibc"
	KeyTarget            = "target"
	KeyAuditable         = "auditable"
	KeySBOM              = "sbom"
	KeyLockedImages      = "locked-images"
	KeyKnownHosts        = "known-hosts"
	KeySourceDateEpoch   = "SOURCE_DATE_EPOCH"
)

// The types of options, in the words of the reference. An option whose type
// begins with "array" or "table" takes TOML as a build argument.
const (
	TypeString          = "string"
	TypeBoolean         = "boolean"
	TypeInteger         = "integer"
	TypeStrings         = "array of strings"
	TypeStringsOrString = "array of strings or string"
	TypePorts           = "array of integers and strings"
	// TypeTable is a table with keys of the user's own. Those of several places
	// are put together; of any other type one place wins.
	TypeTable  = "table of strings"
	TypeTables = "array of tables"
	// TypeFields is a table with keys of the user's own, each a table.
	TypeFields = "table of tables"
)

// required is the default of a field that has none.
const required = "required"

// KeyDoc describes an option for people, or a field of an array of tables.
type KeyDoc struct {
	// Name is the key in the Rustfile, "" when the option is a build argument
	// only. A dot stands for a table: images.builder is builder in [images].
	Name string
	// Args are the spellings of the build argument. Case does not matter, and
	// neither does the choice of "_" or "-".
	Args []string
	// Type is what the Rustfile takes, in words.
	Type string
	// Default is what an absent key means, in words or as a value.
	Default string
	// Description is one sentence.
	Description string
	// Values are those that a string can have, nil for any.
	Values []string
	// Number is true when a string may be written as an integer, too, and Zero
	// when an integer may be 0.
	Number bool
	Zero   bool
	// Fields describe the tables of an array or a table of tables.
	Fields []KeyDoc
}

// key is one option: its description and the function that reads it.
type key struct {
	name  string
	doc   KeyDoc
	parse func(*Options, value) error
}

// keys is the one table of options, in the order of the reference.
var keys = slices.Concat(buildKeys, imageKeys, argumentKeys)

// buildKeys decide what is compiled, with what, and how finely.
var buildKeys = []key{
	{KeyPackage, KeyDoc{
		Args: []string{"package"}, Type: TypeString, Default: "cargo's default members",
		Description: "The workspace package whose binaries are built, as `name` or `name@version`.",
	}, parsePackage},
	{KeyBins, KeyDoc{
		Args: []string{"bins", "bin"}, Type: TypeStrings, Default: "the only binary, else `default-run`",
		Description: "The binaries to build; `--target` picks the one that the image runs.",
	}, parseBins},
	{KeyFeatures, KeyDoc{
		Args: []string{"features"}, Type: TypeStringsOrString, Default: "none",
		Description: "Cargo features to activate: `name`, `package/name` or `package?/name`; in a string, commas or spaces separate them.",
	}, parseFeatures},
	{KeyNoDefaultFeatures, KeyDoc{
		Args: []string{"no-default-features"}, Type: TypeBoolean, Default: "false",
		Description: "Do not activate the `default` feature.",
	}, parseNoDefaultFeatures},
	{KeyAllFeatures, KeyDoc{
		Args: []string{"all-features"}, Type: TypeBoolean, Default: "false",
		Description: "Activate all features of the selected packages.",
	}, parseAllFeatures},
	{KeyProfile, KeyDoc{
		Args: []string{"profile"}, Type: TypeString, Default: DefaultProfile,
		Description: "The cargo profile to build with.",
	}, parseProfile},
	{KeyManifestPath, KeyDoc{
		Args: []string{"manifest-path"}, Type: TypeString, Default: DefaultManifestPath,
		Description: "The manifest to build, relative to the build context.",
	}, parseManifestPath},
	{KeyToolchain, KeyDoc{
		Args: []string{"toolchain"}, Type: TypeString, Default: "rust-toolchain.toml, else the newest `rust-version` of the packages, at least the pinned stable",
		Description: "The Rust channel, in place of the one in rust-toolchain.toml: `1.95`, `stable`, `nightly-2026-01-02`.",
	}, parseToolchain},
	{KeySuite, KeyDoc{
		Args: []string{"suite"}, Type: TypeString, Default: DefaultSuite,
		Description: "The Debian suite of the default builder and runtime images.",
	}, parseSuite},
	{KeyBuilderImage, KeyDoc{
		Args: []string{"builder-image"}, Type: TypeString, Default: "`rust` of the toolchain and suite",
		Description: "The image to compile in; the named context `rust` wins over it.",
	}, parseBuilderImage},
	{KeyRuntimeImage, KeyDoc{
		Args: []string{"runtime-image"}, Type: TypeString, Default: "`debian` of the suite, slim",
		Description: "The base of the built image, `scratch`, or a name for one of others' images (see below); the named context `runtime` wins over it.",
	}, parseRuntimeImage},
	{KeyLibraries, KeyDoc{
		Args: []string{"libraries"}, Type: TypeString, Default: LibrariesAuto,
		Description: "How shared libraries are added that the programs need and the base lacks: `copy` from the builder, install their `packages`, `none`, or `auto`, which is `copy`.",
		Values:      waysOfLibraries,
	}, parseLibraries},
	{KeyCACertificates, KeyDoc{
		Args: []string{"ca-certificates"}, Type: TypeBoolean, Default: "when a program looks for them",
		Description: "Give a base without a bundle of CA certificates the builder's.",
	}, parseCACertificates},
	{KeyTimeZones, KeyDoc{
		Args: []string{"tzdata"}, Type: TypeBoolean, Default: "false",
		Description: "Give a base without a time zone database the builder's.",
	}, parseTimeZones},
	{KeyUsers, KeyDoc{
		Args: []string{"passwd"}, Type: TypeBoolean, Default: "true",
		Description: "Give a base without `/etc/passwd` one with `root`, `nobody` and `nonroot`.",
	}, parseUsers},
	{KeyGranularity, KeyDoc{
		Args: []string{"granularity"}, Type: TypeString, Default: GranularityAuto,
		Description: "How finely compilation is cut into vertices: `unit`, `group`, `coarse`, or `auto`, which is `group`; more coarsely where a remote cache could not hold the graph.",
		Values:      []string{GranularityAuto, GranularityUnit, GranularityGroup, GranularityCoarse},
	}, parseGranularity},
	{KeyGitMetadata, KeyDoc{
		Args: []string{"git-metadata"}, Type: TypeBoolean, Default: "when a source asks for it",
		Description: "Tell the sources the commit they are built from; `true` stops the build when there is none.",
	}, parseGitMetadata},
	{KeyLibc, KeyDoc{
		Args: []string{"libc"}, Type: TypeString, Default: LibcGnu,
		Description: "The C library of the programs: `gnu`, or `musl`, which is linked into them.",
		Values:      []string{LibcGnu, LibcMusl},
	}, parseLibc},
	{KeyGlibc, KeyDoc{
		Args: []string{"glibc"}, Type: TypeString, Default: "that of the builder image",
		Description: "The oldest release of the GNU C library that the programs start with, such as `\"2.28\"`: zig then compiles C and links.",
	}, parseGlibc},
	{KeyTarget, KeyDoc{
		Args: []string{"target"}, Type: TypeString, Default: "that of the platform",
		Description: "A target without an operating system, such as `thumbv7em-none-eabihf`; see Platforms.",
	}, parseTarget},
	{KeyAuditable, KeyDoc{
		Args: []string{"auditable"}, Type: TypeBoolean, Default: "true",
		Description: "Add the list of the packages that a binary is made of to the binary, for scanners.",
	}, parseAuditable},
	{KeySBOM, KeyDoc{
		Args: []string{"sbom"}, Type: TypeString, Default: SBOMSPDX, Values: []string{SBOMSPDX, SBOMCycloneDX},
		Description: "The documents that `--sbom` attaches: `spdx`, or `cyclonedx` for both SPDX and CycloneDX.",
	}, parseSBOM},
	{KeyLockedImages, KeyDoc{
		Args: []string{"locked-images"}, Type: TypeBoolean, Default: "false",
		Description: "Refuse a base image that `Rustfile.lock` has no digest of.",
	}, parseLockedImages},
	{KeyKnownHosts, KeyDoc{
		Args: []string{"known-hosts"}, Type: TypeString, Default: "those of github.com, gitlab.com and bitbucket.org",
		Description: "Public keys of the servers that git dependencies come from over ssh, as lines of a `known_hosts` file.",
	}, parseKnownHosts},
	{KeyLocked, KeyDoc{
		Args: []string{"locked"}, Type: TypeBoolean, Default: "true",
		Description: "Refuse a `Cargo.lock` that is missing or older than the manifests; with `false` cargo writes it for the build.",
	}, parseLocked},
	{KeyOffline, lockedDoc("offline", "--offline"), parseAlways},
	{KeyFrozen, lockedDoc("frozen", "--locked --offline"), parseAlways},
}

// argumentKeys are build arguments only.
var argumentKeys = []key{
	{KeySourceDateEpoch, KeyDoc{
		Args: []string{"SOURCE_DATE_EPOCH"}, Type: TypeInteger, Default: "a constant time",
		Description: "Seconds since 1970 that the image is stamped with, or `context` for the time of the context's commit.",
	}, parseSourceDateEpoch},
}

// lockedDoc describes one of the flags that cannot be turned off.
func lockedDoc(name, flags string) KeyDoc {
	return KeyDoc{
		Args: []string{name}, Type: TypeBoolean, Default: "true",
		Description: "Every build runs with `" + flags + "`; only `true` is accepted.",
	}
}

// argumentOnly reports whether the Rustfile has no such key.
func (k *key) argumentOnly() bool { return k.name == KeySourceDateEpoch }

// Keys describes every option, in the order of docs/reference.md.
func Keys() []KeyDoc {
	docs := make([]KeyDoc, 0, len(keys))
	for _, k := range keys {
		doc := k.doc
		doc.Args = slices.Clone(doc.Args)
		if !k.argumentOnly() {
			doc.Name = k.name
		}
		docs = append(docs, doc)
	}
	return docs
}

// fileKey finds the option that the Rustfile spells so, nil when there is none.
func fileKey(name string) *key {
	for i := range keys {
		if keys[i].name == name && !keys[i].argumentOnly() {
			return &keys[i]
		}
	}
	return nil
}
