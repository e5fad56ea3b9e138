package project

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Locked is an entry of a Cargo.lock.
type Locked struct{ Name, Version, Source, Checksum string }

// ID is "name version", as cargo's messages have it.
func (l Locked) ID() string { return l.Name + " " + l.Version }

// ParseLock returns the packages of a Cargo.lock by their ids.
func ParseLock(lock string) map[string]Locked {
	all := map[string]Locked{}
	for section := range strings.SplitSeq("\n"+lock, "\n[[package]]\n") {
		var l Locked
		for line := range strings.Lines(section) {
			key, value, ok := strings.Cut(strings.TrimSpace(line), " = ")
			if !ok {
				continue
			}
			value = strings.Trim(value, `"`)
			switch key {
			case "name":
				l.Name = value
			case "version":
				l.Version = value
			case "source":
				l.Source = value
			case "checksum":
				l.Checksum = value
			}
		}
		if l.Name != "" {
			all[l.ID()] = l
		}
	}
	return all
}

// onlyChange checks that two lock files differ in one registry package's version (and its checksum), and in the
// places that name it.
func onlyChange(before, after, name, from, to string) error {
	old, now := ParseLock(before), ParseLock(after)
	gone := slices.DeleteFunc(slices.Sorted(maps.Keys(old)), func(id string) bool { return old[id] == now[id] })
	come := slices.DeleteFunc(slices.Sorted(maps.Keys(now)), func(id string) bool { return old[id] == now[id] })
	if !slices.Equal(gone, []string{name + " " + from}) || !slices.Equal(come, []string{name + " " + to}) {
		return fmt.Errorf("%s became %s", strings.Join(gone, ", "), strings.Join(come, ", "))
	}
	// Apart from that package's own lines and references by version, the texts are the same.
	plain := func(text, version string, l Locked) string {
		text = strings.ReplaceAll(text, "\""+l.Checksum+"\"", "CHECKSUM")
		text = strings.ReplaceAll(text, "\""+name+" "+version+"\"", "\""+name+"\"")
		text = strings.ReplaceAll(text, "\""+name+" "+version+" (", "\""+name+" (")
		return strings.ReplaceAll(text, "name = \""+name+"\"\nversion = \""+version+"\"", "VERSION")
	}
	if plain(before, from, old[name+" "+from]) != plain(after, to, now[name+" "+to]) {
		return fmt.Errorf("the dependencies of some package changed with %s", name)
	}
	return nil
}
