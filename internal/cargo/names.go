package cargo

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxNameLength bounds names that become file names and arguments. Cargo has no
// limit of its own, but file systems end at 255 bytes.
const maxNameLength = 200

// notXIDStart holds what Unicode's ID_Start has and XID_Start has not.
var notXIDStart = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x037a, Hi: 0x037a, Stride: 1}, {Lo: 0x0e33, Hi: 0x0e33, Stride: 1},
	{Lo: 0x0eb3, Hi: 0x0eb3, Stride: 1}, {Lo: 0x309b, Hi: 0x309c, Stride: 1},
	{Lo: 0xfc5e, Hi: 0xfc63, Stride: 1}, {Lo: 0xfdfa, Hi: 0xfdfb, Stride: 1},
	{Lo: 0xfe70, Hi: 0xfe7e, Stride: 2}, {Lo: 0xff9e, Hi: 0xff9f, Stride: 1},
}}

// notXIDContinue holds what ID_Continue has and XID_Continue has not.
var notXIDContinue = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x037a, Hi: 0x037a, Stride: 1}, {Lo: 0x309b, Hi: 0x309c, Stride: 1},
	{Lo: 0xfc5e, Hi: 0xfc63, Stride: 1}, {Lo: 0xfdfa, Hi: 0xfdfb, Stride: 1},
	{Lo: 0xfe70, Hi: 0xfe7e, Stride: 2},
}}

func isIDStart(r rune) bool {
	return unicode.In(r, unicode.L, unicode.Nl, unicode.Other_ID_Start) &&
		!unicode.In(r, unicode.Pattern_Syntax, unicode.Pattern_White_Space)
}

func isXIDStart(r rune) bool { return isIDStart(r) && !unicode.Is(notXIDStart, r) }

func isXIDContinue(r rune) bool {
	id := isIDStart(r) || unicode.In(r, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, unicode.Other_ID_Continue)
	return id && !unicode.Is(notXIDContinue, r)
}

// validateName applies cargo's rules for the names of packages and registries.
func validateName(name, what string) error {
	if name == "" {
		return fmt.Errorf("%s cannot be empty", what)
	}
	if len(name) > maxNameLength {
		return fmt.Errorf("%s is longer than %d bytes", what, maxNameLength)
	}
	for i, r := range name {
		reason := ""
		switch {
		case i == 0 && r >= '0' && r <= '9':
			reason = "the name cannot start with a digit"
		case i == 0 && !isXIDStart(r) && r != '_':
			reason = "the first character must be a Unicode XID start character (most letters or `_`)"
		case i > 0 && !isXIDContinue(r) && r != '-':
			reason = "characters must be Unicode XID characters (numbers, `-`, `_`, or most letters)"
		}
		if reason != "" {
			return fmt.Errorf("invalid character `%c` in %s: `%s`, %s", r, what, name, reason)
		}
	}
	return nil
}

// validateFeatureName applies cargo's rules for the names of features.
func validateFeatureName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("feature name cannot be empty")
	case strings.HasPrefix(name, "dep:"):
		return fmt.Errorf("feature named `%s` is not allowed to start with `dep:`", name)
	case strings.Contains(name, "/"):
		return fmt.Errorf("invalid character `/` in feature name: `%s`, feature name is not allowed to contain slashes", name)
	}
	for i, r := range name {
		if i == 0 && !isXIDStart(r) && r != '_' && (r < '0' || r > '9') {
			return fmt.Errorf("invalid character `%c` in feature name: `%s`, the first character must be "+
				"a Unicode XID start character or digit (most letters or `_` or `0` to `9`)", r, name)
		}
		if i > 0 && !isXIDContinue(r) && !strings.ContainsRune("-+.", r) {
			return fmt.Errorf("invalid character `%c` in feature name: `%s`, characters must be Unicode XID "+
				"characters, '-', `+`, or `.` (numbers, `+`, `-`, `_`, `.`, or most letters)", r, name)
		}
	}
	return nil
}

// validateTargetName applies cargo's rules for the names of targets, and
// refuses what cargo would take and no file system or command line could: a
// target's name becomes a file name and an argument.
func validateTargetName(name string, kind TargetKind) error {
	human := targetKindNames[kind]
	switch {
	case strings.TrimSpace(name) == "":
		return fmt.Errorf("%s target names cannot be empty", human)
	case len(name) > maxNameLength:
		return fmt.Errorf("the %s target name is longer than %d bytes", human, maxNameLength)
	case name == "." || name == "..":
		return fmt.Errorf("the %s target name `%s` is forbidden, it is no file name", human, name)
	case strings.HasPrefix(name, "-"):
		return fmt.Errorf("the %s target name `%s` is forbidden, it starts with `-` like an option", human, name)
	}
	for _, r := range name {
		if r == '/' || r == '\\' || r < ' ' || r == 0x7f || r == utf8.RuneError {
			return fmt.Errorf("invalid character %q in %s target name: %q", r, human, name)
		}
	}
	switch {
	case kind == KindLib && strings.Contains(name, "-"):
		return fmt.Errorf("library target names cannot contain hyphens: %s", name)
	case kind == KindBin && (name == "deps" || name == "examples" || name == "build" || name == "incremental"):
		return fmt.Errorf("the binary target name `%s` is forbidden, it conflicts with cargo's build directory names", name)
	}
	return nil
}

var targetKindNames = map[TargetKind]string{
	KindLib: "library", KindBin: "binary", KindExample: "example", KindTest: "test", KindBench: "bench",
}

var reservedProfileNames = map[string]bool{
	"build": true, "check": true, "clean": true, "config": true, "fetch": true, "fix": true,
	"install": true, "metadata": true, "package": true, "publish": true, "report": true,
	"root": true, "run": true, "rust": true, "rustc": true, "rustdoc": true, "target": true,
	"tmp": true, "uninstall": true,
}

// validateProfileName applies cargo's rules for the names of profiles.
func validateProfileName(name string) error {
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && r != '_' && r != '-' {
			return fmt.Errorf("invalid character `%c` in profile name `%s`, "+
				"allowed characters are letters, numbers, underscore, and hyphen", r, name)
		}
	}
	lower := strings.ToLower(name)
	if lower == "build-override" || reservedProfileNames[lower] || strings.HasPrefix(lower, "cargo") {
		return fmt.Errorf("profile name `%s` is reserved", name)
	}
	return nil
}
