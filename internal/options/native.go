package options

import (
	"github.com/rustfile/rustfile/internal/native"
)

// nativeFields are the keys of a [[native]] table.
var nativeFields = []KeyDoc{
	{Name: "crate", Type: TypeString, Default: required, Description: "The crate that needs the packages; what rustfile knows of it does not count."},
	{Name: "packages", Type: TypeStrings, Default: "none", Description: "Packages of the builder image's distribution."},
	{Name: "features", Type: TypeStrings, Default: "none", Description: "Features, one of which must be on for the crate to need them."},
	{Name: "unless", Type: TypeStrings, Default: "none", Description: "Features that each remove the need."},
	{Name: "tool", Type: TypeBoolean, Default: "false",
		Description: "Whether they are programs that the build scripts of the crate's dependents run, and not libraries."},
}

func parseNative(o *Options, v value) error {
	records, err := v.records(nativeFields)
	if err != nil {
		return err
	}
	o.Build.Native = nil
	for _, r := range records {
		e := native.Entry{By: KeyNative, At: r.span}
		if e.Name, err = r.fields["crate"].str(); err != nil {
			return err
		}
		if err := checkIdent("crate name", e.Name, "-", false); err != nil {
			return r.fields["crate"].fault(err.Error(), `give a crate's name, such as "openssl-sys"`)
		}
		if f, ok := r.fields["packages"]; ok {
			if e.Debian, err = debianPackages(f); err != nil {
				return err
			}
			e.Alpine = e.Debian
		}
		for _, list := range []struct {
			name string
			into *[]string
		}{{"features", &e.With}, {"unless", &e.Unless}} {
			if f, ok := r.fields[list.name]; ok {
				if *list.into, err = featureNames(f); err != nil {
					return err
				}
			}
		}
		if f, ok := r.fields["tool"]; ok {
			if e.Tool, err = f.boolean(); err != nil {
				return err
			}
		}
		o.Build.Native = append(o.Build.Native, e)
	}
	return nil
}

func featureNames(v value) ([]string, error) {
	words, err := v.words(false)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, word := range words {
		if err := checkFeature(word.text); err != nil {
			return nil, v.faultAt(word.span, err.Error(), "give the name of a feature of the crate")
		}
		names = append(names, word.text)
	}
	return names, nil
}
