package options

import (
	"errors"
	"maps"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
)

// Defaults of the keys that have one.
const (
	DefaultProfile      = "release"
	DefaultManifestPath = "Cargo.toml"
	DefaultSuite        = "bookworm"
)

// Values of the granularity option.
const (
	// GranularityAuto leaves the choice to the plan.
	GranularityAuto = "auto"
	// GranularityUnit compiles each package in a vertex of its own.
	GranularityUnit = "unit"
	// GranularityGroup compiles packages that are used together in one vertex.
	GranularityGroup = "group"
	// GranularityCoarse compiles all third-party packages in one vertex.
	GranularityCoarse = "coarse"
)

// Values of the libc option.
const (
	// LibcGnu is the GNU C library of the base image.
	LibcGnu = "gnu"
	// LibcMusl is musl, linked into the programs.
	LibcMusl = "musl"
)

// Options is what the user asked for, every value checked.
type Options struct {
	// Package is the package whose binaries are built: a name, or name@version.
	Package string
	// Bins are the binaries to build, in the order given; empty for all that
	// the package selection has.
	Bins []string
	// Features are sorted and unique, in the forms cargo's --features accepts:
	// name, package/name and package?/name.
	Features          []string
	NoDefaultFeatures bool
	AllFeatures       bool
	// Profile is a cargo profile.
	Profile string
	// ManifestPath is the manifest to build, a clean slash-separated path
	// relative to the context whose last part is Cargo.toml.
	ManifestPath string
	// LockedFlags are those of "frozen", "locked" and "offline" that the user
	// spelled out, sorted. They say what rustfile does anyway.
	LockedFlags []string
	// Unlocked lets cargo write a lock file that is missing or older than the
	// manifests. What is compiled is then that lock file's.
	Unlocked bool
	// Toolchain is the channel that replaces the one of rust-toolchain.toml, ""
	// when not given.
	Toolchain string
	// Suite is the Debian suite of the default base images.
	Suite string
	// BuilderImage and RuntimeImage replace the default base images, "" when
	// not given. They are kept as written and are valid image references.
	BuilderImage string
	RuntimeImage string
	// Libraries is one of the Libraries constants.
	Libraries string
	// CACertificates says whether a base without CA certificates gets them, nil
	// for when a program looks for them.
	CACertificates *bool
	// TimeZones and Users are true when a base without a time zone database or
	// /etc/passwd gets it.
	TimeZones bool
	Users     bool
	// Granularity is one of the Granularity constants.
	Granularity string
	// GitMetadata says whether sources are told the commit, nil for those that ask.
	GitMetadata *bool
	// Image is what the user asked of the image's config and files.
	Image ImageOptions
	// Build is what the user asked of the vertices that compile.
	Build BuildOptions
	// Steps are commands that change the base images, and Tests checks of the
	// image, in the order given.
	Steps []Step
	Tests []Test
	// BuildPackages and RuntimePackages are Debian packages to install for the
	// build and in the image, as given.
	BuildPackages   []string
	RuntimePackages []string
	// Variant is the name of the variant that was chosen, "" for none.
	Variant string
	// Libc is one of the Libc constants.
	Libc string
	// Glibc is the release of the GNU C library that the programs are linked
	// for, such as "2.28"; "" is that of the builder image.
	Glibc string
	// Triple is the target triple to build for in place of the platform's, ""
	// when not given.
	Triple string
	// Auditable adds the list of its packages to each binary.
	Auditable bool
	// SBOM is one of the SBOM constants.
	SBOM string
	// LockedImages refuses base images that have no digest in the lock file of
	// images.
	LockedImages bool
	// Target is the binary named by --target, "" when not given. Parse leaves
	// it empty; see [Options.SetTarget].
	Target string
	// DebugTarget is true when the debug information of the binary is asked for,
	// and not its image.
	DebugTarget bool
	// SourceDateEpoch is the time in seconds that the image is stamped with,
	// nil when it was not given or is to be taken from the context.
	SourceDateEpoch *int64
	// Spans holds the place of each key that a file sets and no build argument
	// replaced, by its Key constant; the elements of a list and the keys of a
	// table are under the key, a dot and the element. See [Options.Origin].
	Spans map[string]cargo.Span

	// arguments holds the spelling of the build argument that set a key.
	arguments map[string]string
	layers    layers
	variants  []Variant
}

// Defaults returns the options of an empty Rustfile without build arguments.
func Defaults() *Options {
	return &Options{
		Profile:      DefaultProfile,
		ManifestPath: DefaultManifestPath,
		Suite:        DefaultSuite,
		Granularity:  GranularityAuto,
		Libc:         LibcGnu,
		Libraries:    LibrariesAuto,
		Users:        true,
		Auditable:    true,
		SBOM:         SBOMSPDX,
		Spans:        map[string]cargo.Span{},
		arguments:    map[string]string{},
	}
}

// Parse reads the Rustfile's bytes and the build arguments, which are named
// without their "build-arg:" prefix. A file that is a Cargo manifest (see
// [IsManifest]) sets no option. Errors are of type [*cargo.Error].
func Parse(filename string, rustfile []byte, buildArgs map[string]string) (*Options, error) {
	l := layers{args: buildArgs}
	if !IsManifest(filename, rustfile) {
		var err error
		if l.file, err = parseFile(filename, rustfile); err != nil {
			return nil, err
		}
	}
	return l.assemble(Metadata{})
}

// SetTarget sets the binary or variant that --target names, by the rules of a binary's
// name. An empty name means that --target was not given.
func (o *Options) SetTarget(name string) error {
	if name != "" {
		if err := checkBinName(name); err != nil {
			return &cargo.Error{Message: "--target: " + err.Error(), Fix: "give the name of one of the project's binaries"}
		}
	}
	o.Target = name
	return nil
}

// Origin says where the value of a key comes from, as a user knows the place:
// "Rustfile:3:1", "--build-arg features" or "default".
func (o *Options) Origin(key string) string {
	if name, ok := o.arguments[key]; ok {
		return "--build-arg " + name
	}
	if span, ok := o.Spans[key]; ok {
		return span.String()
	}
	return "default"
}

// Fault is an error about an option: at its place when a file sets it, else
// naming the build argument that does.
func (o *Options) Fault(key, message, fix string) *cargo.Error {
	if name, ok := o.arguments[key]; ok {
		return value{name: name, argument: true}.fault(message, fix)
	}
	return value{name: key, span: o.Spans[key]}.fault(message, fix)
}

// Has reports whether the user set an option, in whatever place.
func (o *Options) Has(key string) bool {
	_, argument := o.arguments[key]
	_, file := o.Spans[key]
	return argument || file
}

// set parses a value into its option and records where it came from.
func (o *Options) set(k *key, v value) error {
	if k.doc.Type != TypeTable {
		maps.DeleteFunc(o.Spans, func(name string, _ cargo.Span) bool {
			return name == k.name || strings.HasPrefix(name, k.name+".")
		})
	}
	if err := k.parse(o, v); err != nil {
		// An error of a parse function that has no better place is about the
		// whole value, and one without a fix gets the key's meaning.
		fault := (*cargo.Error)(nil)
		if !errors.As(err, &fault) {
			fault = v.fault(err.Error(), "")
		}
		if fault.Fix == "" {
			fault.Fix = "expected: " + k.doc.Description
		}
		return fault
	}
	if v.argument {
		o.arguments[k.name] = v.name
		return nil
	}
	o.Spans[k.name] = v.span
	for _, item := range v.items {
		if item.kind == kindString {
			o.Spans[k.name+"."+item.text] = item.span
		}
	}
	for name, field := range v.fields {
		o.Spans[k.name+"."+name] = field.span
	}
	return nil
}
