package plan

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rustfile/rustfile/internal/options"
)

// NeedsUsers reports whether the image names users or groups, which
// [Plan.ResolveUsers] has to look up.
func (p *Plan) NeedsUsers() bool {
	for _, owner := range p.owners() {
		if _, err := numericOwner(*owner, nil, nil); err != nil {
			return true
		}
	}
	return false
}

// owners are the fields that hold a user.
func (p *Plan) owners() []*string {
	user := &p.Image.User
	if p.Platform == Windows {
		user = new(string) // users of Windows have no numbers, and are in no such file
	}
	all := []*string{user}
	for i := range p.Image.Assets {
		all = append(all, &p.Image.Assets[i].Owner)
	}
	return all
}

// ResolveUsers replaces the names of users and groups by the ids that the base
// image gives them: orchestrators can then see that the user is not root, and
// no other base can give the name to somebody else. passwd and group are the
// base's files of these names, nil when it has none.
// https://man7.org/linux/man-pages/man5/passwd.5.html
func (p *Plan) ResolveUsers(o *options.Options, passwd, group []byte) error {
	for i, owner := range p.owners() {
		id, err := numericOwner(*owner, passwd, group)
		if err == nil {
			*owner = id
			continue
		}
		fix := fmt.Sprintf("give numbers, such as %q, or a name that the base image %s has", nonRoot, p.Image.Base)
		if i == 0 {
			return o.Fault(options.KeyUser, err.Error(), fix)
		}
		return copyFault(o, i-1, err.Error(), fix)
	}
	return nil
}

// numericOwner turns "USER[:GROUP]" into "UID:GID". The group of a user that
// comes without one is the user's own, or, for a number that passwd does not
// have, the root group, as container runtimes take it.
func numericOwner(owner string, passwd, group []byte) (string, error) {
	if owner == "" {
		return "", nil
	}
	user, groupName, hasGroup := strings.Cut(owner, ":")
	uid, gid := user, "0"
	if !isNumber(user) {
		fields := record(passwd, 0, user)
		if len(fields) < 4 {
			return "", fmt.Errorf("the base image has no user `%s` in /etc/passwd", user)
		}
		uid, gid = fields[2], fields[3]
	} else if fields := record(passwd, 2, user); len(fields) >= 4 {
		gid = fields[3]
	}
	if hasGroup {
		if gid = groupName; !isNumber(groupName) {
			fields := record(group, 0, groupName)
			if len(fields) < 3 {
				return "", fmt.Errorf("the base image has no group `%s` in /etc/group", groupName)
			}
			gid = fields[2]
		}
	}
	if !isNumber(uid) || !isNumber(gid) {
		return "", fmt.Errorf("the base image's /etc/passwd or /etc/group has no number for `%s`", owner)
	}
	return uid + ":" + gid, nil
}

func isNumber(text string) bool {
	_, err := strconv.ParseUint(text, 10, 32)
	return err == nil
}

// record finds the line of a file such as /etc/passwd whose field i is text.
func record(file []byte, i int, text string) []string {
	for line := range strings.Lines(string(file)) {
		fields := strings.Split(strings.TrimRight(line, "\r\n"), ":")
		if len(fields) > i && fields[i] == text {
			return fields
		}
	}
	return nil
}
