package runtimeneeds

import (
	"bufio"
	"bytes"
	"io/fs"
	"strings"
)

// UserExists reports whether a root's /etc/passwd has a user of this name. A
// root without the file has no users.
func UserExists(fsys fs.ReadLinkFS, name string) (bool, error) {
	return inFile(NewRoot(fsys, nil), "/etc/passwd", name)
}

// GroupExists reports whether a root's /etc/group has a group of this name.
func GroupExists(fsys fs.ReadLinkFS, name string) (bool, error) {
	return inFile(NewRoot(fsys, nil), "/etc/group", name)
}

func inFile(r *Root, file, name string) (bool, error) {
	data, err := r.read(file)
	if err != nil {
		return false, err
	}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		if first, _, ok := strings.Cut(lines.Text(), ":"); ok && first == name {
			return true, nil
		}
	}
	return false, nil
}

// NonRoot is the user and group id that distroless images call nonroot.
// https://github.com/GoogleContainerTools/distroless
const NonRoot = 65532

// Passwd and Group are the users and groups of a base that has none: root, and
// the user that images run as. There is no shell, and no home directory.
const (
	Passwd = "root:x:0:0:root:/:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n"
	Group  = "root:x:0:\nnogroup:x:65534:\nnonroot:x:65532:\n"
)
