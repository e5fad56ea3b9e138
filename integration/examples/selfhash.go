package examples

import (
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
)

// SelfHash computes the hash that the selfhash fixture prints when it is
// compiled from the files in dir: 64-bit FNV-1a, as 16 hex digits, over the
// slash-separated relative path and the content of every .rs file, each
// followed by a zero byte, in byte order of the paths.
func SelfHash(dir string) (string, error) {
	tree := os.DirFS(dir)
	var names []string
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && filepath.Ext(name) == ".rs" {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if len(names) == 0 {
		return "", fmt.Errorf("%s has no source files", dir)
	}
	sort.Strings(names)
	hash := fnv.New64a()
	for _, name := range names {
		content, err := fs.ReadFile(tree, name)
		if err != nil {
			return "", err
		}
		for _, part := range [][]byte{[]byte(name), content} {
			// A hash's Write returns no error.
			hash.Write(part)
			hash.Write([]byte{0})
		}
	}
	return fmt.Sprintf("%016x", hash.Sum64()), nil
}

// SelfHashOutput is all that the selfhash fixture prints when it is compiled
// from the files in dir and no version or VALUE in them was changed.
func SelfHashOutput(dir string) (string, error) {
	hash, err := SelfHash(dir)
	if err != nil {
		return "", err
	}
	return "hash " + hash + "\nversion 0.1.0\nalpha 1\nbeta 3\napp 1\n", nil
}
