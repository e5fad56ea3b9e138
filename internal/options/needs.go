package options

import (
	"fmt"
	"slices"
	"strings"
)

// Values of the libraries option, which are the modes of internal/runtimeneeds.
const (
	// LibrariesAuto is LibrariesCopy.
	LibrariesAuto = "auto"
	// LibrariesCopy copies libraries from the builder image.
	LibrariesCopy = "copy"
	// LibrariesPackages installs the packages that libraries belong to.
	LibrariesPackages = "packages"
	// LibrariesNone makes it an error that a library is missing.
	LibrariesNone = "none"
)

// waysOfLibraries are the values of the libraries option.
var waysOfLibraries = []string{LibrariesAuto, LibrariesCopy, LibrariesPackages, LibrariesNone}

func parseLibraries(o *Options, v value) error {
	text, err := v.str()
	if err != nil {
		return err
	}
	if !slices.Contains(waysOfLibraries, text) {
		return v.fault(fmt.Sprintf("`%s` is no way to add libraries", clip(text)), "ways: "+strings.Join(waysOfLibraries, ", "))
	}
	o.Libraries = text
	return nil
}

func parseCACertificates(o *Options, v value) error {
	on, err := v.boolean()
	o.CACertificates = &on
	return err
}

func parseTimeZones(o *Options, v value) (err error) {
	o.TimeZones, err = v.boolean()
	return err
}

func parseUsers(o *Options, v value) (err error) {
	o.Users, err = v.boolean()
	return err
}
