package options

import (
	"fmt"
	"regexp"
)

// glibcRelease is how releases of the GNU C library are numbered since 1997.
// https://sourceware.org/glibc/wiki/Glibc%20Timeline
var glibcRelease = regexp.MustCompile(`^2\.[1-9][0-9]?$`)

func parseGlibc(o *Options, v value) error {
	// A number would lose the zero of 2.30.
	text, err := v.str()
	if err != nil {
		return err
	}
	if !glibcRelease.MatchString(text) {
		return v.fault(fmt.Sprintf("`%s` is not a release of the GNU C library", clip(text)), `give the oldest one that the programs are to start with, such as "2.28"`)
	}
	o.Glibc = text
	return nil
}

// targetTriple is the form of the names of rustc's targets.
// https://doc.rust-lang.org/rustc/platform-support.html
var targetTriple = regexp.MustCompile(`^[a-z0-9_.]+(-[a-z0-9_.]+)+$`)

func parseTarget(o *Options, v value) error {
	text, err := v.str()
	if err != nil {
		return err
	}
	if !targetTriple.MatchString(text) || len(text) > maxName {
		return v.fault(fmt.Sprintf("`%s` is not a target of rustc", clip(text)), "rustup target list names them, for example thumbv7em-none-eabihf")
	}
	o.Triple = text
	return nil
}
