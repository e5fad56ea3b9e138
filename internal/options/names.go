package options

import (
	"fmt"
	"path"
	"strings"
	"unicode"
)

// The rules for names are cargo's, from its restricted_names module. What they
// add is that a name never starts with "-", which cargo allows for profiles and
// feature values: it could be read as a flag.

// maxName is the length in bytes of the longest file name. Cargo has no limit
// of its own, but makes files and directories of these names.
const maxName = 255

// checkPlain refuses what no name may contain, whatever its rules are.
func checkPlain(what, text string) error {
	switch {
	case text == "":
		return fmt.Errorf("the %s is empty", what)
	case len(text) > maxName:
		return fmt.Errorf("the %s `%s` has %d bytes, more than %d", what, clip(text), len(text), maxName)
	case strings.HasPrefix(text, "-"):
		return fmt.Errorf("the %s `%s` starts with `-`", what, text)
	}
	for _, r := range text {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return fmt.Errorf("the %s %q contains %#U", what, text, r)
		}
	}
	return nil
}

// checkIdent checks a name made of Unicode identifier characters and extra
// ones, none of which may come first.
func checkIdent(what, text, extra string, digitFirst bool) error {
	if err := checkPlain(what, text); err != nil {
		return err
	}
	for i, r := range text {
		first := i == 0
		switch {
		case first && (isXIDStart(r) || r == '_' || digitFirst && r >= '0' && r <= '9'):
		case !first && (isXIDContinue(r) || strings.ContainsRune(extra, r)):
		case first:
			return fmt.Errorf("the %s `%s` starts with `%c`: a letter or `_` must come first", what, text, r)
		default:
			return fmt.Errorf("the %s `%s` contains `%c`: only letters, digits, `_` and %s are allowed", what, text, r, quoteEach(extra))
		}
	}
	return nil
}

// checkPackageSpec checks a package of the workspace: name, name@version or
// name:version. Names are unique in a workspace, so cargo's URL form has no use
// here, and a glob would name more than one package.
func checkPackageSpec(spec string) error {
	if err := checkPlain("package", spec); err != nil {
		return err
	}
	if strings.ContainsAny(spec, "*?[]") {
		return fmt.Errorf("`%s` is a pattern: name one package", spec)
	}
	if strings.Contains(spec, "://") {
		return fmt.Errorf("`%s` is a URL: name a package of the workspace, as name or name@version", spec)
	}
	name, version := spec, ""
	if i := strings.IndexAny(spec, "@:"); i >= 0 {
		name, version = spec[:i], spec[i+1:]
		if !isPartialVersion(version) {
			return fmt.Errorf("`%s` in `%s` is not a version such as 1, 1.2 or 1.2.3", version, spec)
		}
	}
	return checkIdent("package name", name, "-", false)
}

// isPartialVersion reports whether text is one to three numbers, the last of
// three with an optional pre-release and build part.
func isPartialVersion(text string) bool {
	parts := strings.SplitN(text, ".", 3)
	if len(parts) == 3 {
		if i := strings.IndexAny(parts[2], "-+"); i >= 0 {
			for _, r := range parts[2][i:] {
				if r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-+.", r) {
					return false
				}
			}
			parts[2] = parts[2][:i]
		}
	}
	for _, part := range parts {
		if part == "" || strings.Trim(part, "0123456789") != "" {
			return false
		}
	}
	return true
}

// checkBinName checks the name of a binary. Cargo allows almost any; it becomes
// the name of a file in the image, and a pattern would name more than one.
func checkBinName(name string) error {
	if err := checkPlain("binary name", name); err != nil {
		return err
	}
	if i := strings.IndexAny(name, `/\*?[] ,`); i >= 0 {
		return fmt.Errorf("the binary name `%s` contains `%c`", name, name[i])
	}
	if name == "." || name == ".." {
		return fmt.Errorf("the binary name `%s` is a directory", name)
	}
	return nil
}

// checkFeature checks a feature as --features takes it.
func checkFeature(text string) error {
	if err := checkPlain("feature name", text); err != nil {
		return err
	}
	if strings.HasPrefix(text, "dep:") {
		return fmt.Errorf("the feature `%s` uses the `dep:` syntax, which is for Cargo.toml only", text)
	}
	name := text
	if dependency, feature, ok := strings.Cut(text, "/"); ok {
		if strings.Contains(feature, "/") {
			return fmt.Errorf("the feature `%s` has more than one `/`", text)
		}
		if err := checkIdent("package name", strings.TrimSuffix(dependency, "?"), "-", false); err != nil {
			return fmt.Errorf("in the feature `%s`, %w", text, err)
		}
		name = feature
	}
	return checkIdent("feature name", name, "-+.", true)
}

// reservedProfiles are the names that cargo keeps for itself.
var reservedProfiles = []string{
	"build", "build-override", "check", "clean", "config", "debug", "doc", "fetch", "fix", "install", "metadata",
	"package", "publish", "report", "root", "run", "rust", "rustc", "rustdoc", "target", "tmp", "uninstall",
}

// checkProfile checks the name of a profile.
func checkProfile(name string) error {
	if err := checkPlain("profile name", name); err != nil {
		return err
	}
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && r != '_' && r != '-' {
			return fmt.Errorf("the profile name `%s` contains `%c`: only letters, digits, `_` and `-` are allowed", name, r)
		}
	}
	lower := strings.ToLower(name)
	if lower == "debug" {
		return fmt.Errorf("the profile name `%s` is reserved: the profile without optimisation is `dev`", name)
	}
	for _, reserved := range reservedProfiles {
		if lower == reserved {
			return fmt.Errorf("the profile name `%s` is reserved by cargo", name)
		}
	}
	if strings.HasPrefix(lower, "cargo") {
		return fmt.Errorf("the profile name `%s` is reserved by cargo", name)
	}
	return nil
}

// checkManifestPath checks the path of a manifest in the context.
func checkManifestPath(text string) error {
	if err := checkContextPath(text); err != nil {
		return err
	}
	switch clean := path.Clean(text); {
	case path.Base(clean) != "Cargo.toml" || strings.HasSuffix(text, "/"):
		return fmt.Errorf("the path `%s` is not that of a Cargo.toml", clip(text))
	case strings.HasPrefix(clean, "-"):
		return fmt.Errorf("the path `%s` starts with `-`", clip(text))
	}
	return nil
}

// checkTagPart checks a word that becomes part of an image's tag or of a
// toolchain's name.
func checkTagPart(what, text string) error {
	if err := checkPlain(what, text); err != nil {
		return err
	}
	for i := range len(text) {
		c := text[i]
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alnum && (i == 0 || !strings.ContainsRune("._-", rune(c))) {
			return fmt.Errorf("the %s `%s` contains %q: only ASCII letters, digits, `.`, `_` and `-` are allowed", what, text, c)
		}
	}
	return nil
}

// isXIDStart and isXIDContinue are Unicode's identifier classes, which Go's
// tables give as a formula.
func isXIDStart(r rune) bool {
	return unicode.In(r, unicode.L, unicode.Nl, unicode.Other_ID_Start) && !unicode.In(r, unicode.Pattern_Syntax, unicode.Pattern_White_Space)
}

func isXIDContinue(r rune) bool {
	return isXIDStart(r) || unicode.In(r, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, unicode.Other_ID_Continue)
}

// quoteEach lists characters for a message.
func quoteEach(chars string) string {
	var quoted []string
	for _, r := range chars {
		quoted = append(quoted, "`"+string(r)+"`")
	}
	return strings.Join(quoted, ", ")
}

// clip shortens a text that the user made longer than a message should be.
func clip(text string) string {
	const limit = 80
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}
