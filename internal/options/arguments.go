package options

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/moby/buildkit/util/suggest"
	"github.com/rustfile/rustfile/internal/cargo"
)

// proxyArguments are passed to every build by clients that have them set; they
// are of no use to steps without a network.
var proxyArguments = []string{"ALL_PROXY", "FTP_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}

// readArguments sets the options that the build arguments name, in the order
// of their names so that of several errors it is always the same that shows.
func (o *Options) readArguments(args map[string]string) error {
	first := map[string]value{}
	for _, name := range slices.Sorted(maps.Keys(args)) {
		if isForeign(name) {
			continue
		}
		k := argumentKey(name)
		// The text alone, as an option may be named after what it does with tokens.
		if secretText.MatchString(args[name]) || k == nil && looksSecret(name) {
			return secretArgument(name)
		}
		if k == nil {
			return unknownArgument(name)
		}
		v, err := newArgument(name, args[name], k)
		if err != nil {
			return err
		}
		if earlier, ok := first[k.name]; ok {
			same, err := sameMeaning(k, earlier, v)
			if err != nil {
				return err
			}
			if !same {
				return v.fault(fmt.Sprintf("`%s` conflicts with `%s` of build argument `%s`, which is the same option", clip(args[v.name]), clip(args[earlier.name]), earlier.name),
					"give one of the two")
			}
			continue
		}
		first[k.name] = v
		if err := o.set(k, v); err != nil {
			return err
		}
	}
	return nil
}

// sameMeaning reports whether two values of an option come to the same.
func sameMeaning(k *key, a, b value) (bool, error) {
	left, right := Defaults(), Defaults()
	if err := left.set(k, a); err != nil {
		return false, err
	}
	if err := right.set(k, b); err != nil {
		return false, err
	}
	left.arguments, right.arguments = nil, nil
	return reflect.DeepEqual(left, right), nil
}

// isForeign reports whether a build argument belongs to BuildKit or to the
// client and says nothing to rustfile.
func isForeign(name string) bool {
	return strings.HasPrefix(name, "BUILDKIT_") ||
		slices.Contains(proxyArguments, name) || slices.Contains(proxyArguments, strings.ToUpper(name)) && name == strings.ToLower(name)
}

// argumentKey finds the option a build argument sets, nil when there is none.
func argumentKey(name string) *key {
	plain := strings.ReplaceAll(strings.ToLower(name), "_", "-")
	for i := range keys {
		if keys[i].name == KeySourceDateEpoch {
			// BuildKit reads this one by its exact name.
			if name == KeySourceDateEpoch {
				return &keys[i]
			}
			continue
		}
		if slices.Contains(keys[i].doc.Args, plain) {
			return &keys[i]
		}
	}
	return nil
}

// unknownArgument is the error for a build argument that is no option.
func unknownArgument(name string) error {
	known := argumentNames()
	fix := "known build arguments: " + strings.Join(known, ", ")
	plain := strings.ReplaceAll(strings.ToLower(name), "_", "-")
	if plain == "source-date-epoch" {
		fix = "did you mean `SOURCE_DATE_EPOCH`? " + fix
	} else if k := fileKey(name); k != nil {
		fix = fmt.Sprintf("`%s` is the Rustfile's key; the build argument is `%s`. %s", name, k.doc.Args[0], fix)
	} else if match, ok := suggest.Search(clip(plain), known, true); ok {
		fix = fmt.Sprintf("did you mean `%s`? %s", match, fix)
	}
	return &cargo.Error{Message: fmt.Sprintf("unknown build argument `%s`", clip(name)), Fix: fix}
}

// argumentNames lists the spellings of all build arguments, sorted.
func argumentNames() []string {
	var names []string
	for _, k := range keys {
		names = append(names, k.doc.Args...)
	}
	slices.Sort(names)
	return names
}
