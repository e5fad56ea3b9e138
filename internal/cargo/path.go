package cargo

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

var (
	errAbsolute = errors.New("is absolute, and a build context has no absolute paths")
	errNUL      = errors.New("contains a NUL byte")
)

// joinPath joins a path of a project's file to the directory the path is
// relative to, lexically as cargo does, and refuses what leaves the context.
// The result is clean and valid for an io/fs.FS.
func joinPath(dir, rel string) (string, error) {
	switch {
	case strings.ContainsRune(rel, 0):
		return "", errNUL
	case path.IsAbs(rel), strings.HasPrefix(rel, `\`), hasDrive(rel):
		return "", errAbsolute
	}
	joined := path.Join(dir, rel)
	parts, steps := strings.Split(joined, "/"), 0
	for steps < len(parts) && parts[steps] == ".." {
		steps++
	}
	if steps > 0 {
		return "", &outsideError{up: strings.Join(parts[:steps], "/")}
	}
	return joined, nil
}

// outsideError is a path that leaves the build context.
type outsideError struct {
	// up is the way from the context to the nearest directory above it that holds
	// the path: "..", "../.." and so on.
	up string
}

func (e *outsideError) Error() string { return "is outside the build context" }

// hasDrive reports whether a path starts with a Windows drive letter.
func hasDrive(p string) bool {
	if len(p) < 2 || p[1] != ':' {
		return false
	}
	c := p[0] | 0x20
	return c >= 'a' && c <= 'z' && (len(p) == 2 || p[2] == '/' || p[2] == '\\')
}

// within reports whether the clean path p is dir or below it.
func within(p, dir string) bool {
	return dir == "." || p == dir || strings.HasPrefix(p, dir+"/")
}

// relativeTo expresses the clean path p relative to the clean directory dir.
func relativeTo(dir, p string) string {
	if dir == p {
		return "."
	}
	var from, to []string
	if dir != "." {
		from = strings.Split(dir, "/")
	}
	if p != "." {
		to = strings.Split(p, "/")
	}
	same := 0
	for same < len(from) && same < len(to) && from[same] == to[same] {
		same++
	}
	parts := make([]string, 0, len(from)-same+len(to)-same)
	for range from[same:] {
		parts = append(parts, "..")
	}
	return strings.Join(append(parts, to[same:]...), "/")
}

// pathError is the fault of a path that joinPath refused.
func pathError(v *value, what, written string, err error) *Error {
	fault := v.fault("%s `%s` %v", what, strings.ReplaceAll(written, "\x00", `\0`), err)
	fault.Err = err
	var outside *outsideError
	switch {
	case errors.As(err, &outside):
		fault.Fix = fmt.Sprintf("Build with a context that has both: `docker buildx build -f Rustfile --build-arg manifest-path=DIR/Cargo.toml %s`, "+
			"run in this context's directory, where DIR is the path from `%[1]s` to here; or move what the path names into the context.", outside.up)
	case errors.Is(err, errNUL):
		fault.Fix = "Remove the NUL byte."
	case errors.Is(err, errAbsolute):
		fault.Fix = "Use a path relative to the manifest, inside the build context."
	}
	return fault
}
