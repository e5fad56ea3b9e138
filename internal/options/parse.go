package options

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/distribution/reference"
)

// maxSourceDateEpoch is the last second of the year 9999: image configurations
// write times as RFC 3339, which has four digits for the year.
const maxSourceDateEpoch = 253402300799

func parsePackage(o *Options, v value) (err error) {
	if o.Package, err = v.str(); err != nil {
		return err
	}
	return checkPackageSpec(o.Package)
}

func parseBins(o *Options, v value) error {
	words, err := v.words(false)
	if err != nil {
		return err
	}
	o.Bins = nil
	for _, word := range words {
		if err := checkBinName(word.text); err != nil {
			return v.faultAt(word.span, err.Error(), "")
		}
		if !slices.Contains(o.Bins, word.text) {
			o.Bins = append(o.Bins, word.text)
		}
	}
	return nil
}

func parseFeatures(o *Options, v value) error {
	words, err := v.words(true)
	if err != nil {
		return err
	}
	o.Features = nil
	for _, word := range words {
		if err := checkFeature(word.text); err != nil {
			return v.faultAt(word.span, err.Error(), "")
		}
		o.Features = append(o.Features, word.text)
	}
	// Order and repetition mean nothing to cargo and must not change a cache key.
	slices.Sort(o.Features)
	o.Features = slices.Compact(o.Features)
	return nil
}

func parseGranularity(o *Options, v value) error {
	text, err := v.str()
	if err != nil {
		return err
	}
	known := []string{GranularityAuto, GranularityUnit, GranularityGroup, GranularityCoarse}
	if !slices.Contains(known, text) {
		return v.fault(fmt.Sprintf("granularity %q is not known", text), "granularities: "+strings.Join(known, ", "))
	}
	o.Granularity = text
	return nil
}

func parseLibc(o *Options, v value) error {
	text, err := v.str()
	if err != nil {
		return err
	}
	if text != LibcGnu && text != LibcMusl {
		return v.fault(fmt.Sprintf("libc %q is not known", text), "C libraries: "+LibcGnu+", "+LibcMusl)
	}
	o.Libc = text
	return nil
}

func parseNoDefaultFeatures(o *Options, v value) (err error) {
	o.NoDefaultFeatures, err = v.boolean()
	return err
}

func parseGitMetadata(o *Options, v value) error {
	on, err := v.boolean()
	o.GitMetadata = &on
	return err
}

func parseAllFeatures(o *Options, v value) (err error) {
	o.AllFeatures, err = v.boolean()
	return err
}

func parseProfile(o *Options, v value) (err error) {
	if o.Profile, err = v.str(); err != nil {
		return err
	}
	return checkProfile(o.Profile)
}

func parseManifestPath(o *Options, v value) error {
	text, err := v.str()
	if err != nil {
		return err
	}
	if err := checkManifestPath(text); err != nil {
		return v.fault(err.Error(), "give the path of a Cargo.toml relative to the build context, for example crates/server/Cargo.toml")
	}
	o.ManifestPath = path.Clean(text)
	return nil
}

func parseToolchain(o *Options, v value) (err error) {
	if o.Toolchain, err = v.str(); err != nil {
		return err
	}
	return checkTagPart("toolchain", o.Toolchain)
}

func parseSuite(o *Options, v value) (err error) {
	if o.Suite, err = v.str(); err != nil {
		return err
	}
	return checkTagPart("Debian suite", o.Suite)
}

func parseBuilderImage(o *Options, v value) (err error) {
	o.BuilderImage, err = parseImage(v)
	return err
}

func parseRuntimeImage(o *Options, v value) (err error) {
	o.RuntimeImage, err = parseImage(v)
	return err
}

// parseImage reads an image reference and keeps it as written.
func parseImage(v value) (string, error) {
	text, err := v.str()
	if err != nil {
		return "", err
	}
	if _, err := reference.ParseNormalizedNamed(text); err != nil {
		return "", v.fault(fmt.Sprintf("`%s` is not an image reference: %v", clip(text), err),
			"give an image as docker pull takes it, for example debian:bookworm-slim")
	}
	return text, nil
}

// parseLocked reads the one of cargo's flags that can be turned off.
func parseLocked(o *Options, v value) error {
	on, err := v.boolean()
	if err != nil {
		return err
	}
	o.Unlocked = !on
	if on {
		o.spellOut(v)
	}
	return nil
}

// parseAlways accepts the flags that say what is done anyway. The keys differ
// in nothing but their name, which is the flag's.
func parseAlways(o *Options, v value) error {
	on, err := v.boolean()
	if err != nil {
		return err
	}
	if !on {
		return v.fault("cannot be turned off: crates are fetched by the checksums in Cargo.lock and compiled without a network, "+
			"so every build is --locked and --offline", "remove it; with locked = false, cargo brings Cargo.lock up to date")
	}
	o.spellOut(v)
	return nil
}

// spellOut notes a flag by its name, which is the key's.
func (o *Options) spellOut(v value) {
	flag := strings.ToLower(v.name)
	if !slices.Contains(o.LockedFlags, flag) {
		o.LockedFlags = append(o.LockedFlags, flag)
		slices.Sort(o.LockedFlags)
	}
}

func parseSourceDateEpoch(o *Options, v value) error {
	if v.text == "" || v.text == "context" {
		return nil
	}
	seconds, err := strconv.ParseInt(v.text, 10, 64)
	if err != nil || seconds < 0 || seconds > maxSourceDateEpoch {
		return v.fault(fmt.Sprintf("`%s` is not a time in whole seconds since 1970, up to the year 9999", clip(v.text)),
			"give a number such as the output of git log -1 --pretty=%ct, or context")
	}
	o.SourceDateEpoch = &seconds
	return nil
}
