package llbtext

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/moby/buildkit/solver/pb"
)

// maxFileText is the length in bytes up to which a file's content is printed.
const maxFileText = 4096

// file prints the actions of a file operation. An action's input is an input of
// the operation or the outcome of an earlier action, counted from 0.
func (p *printer) file(op *pb.FileOp) error {
	for i, action := range op.Actions {
		level := 2
		head := func(kind string) {
			fmt.Fprintf(p, "  %s:\n", kind)
			p.line(level, "on", p.actionInput(action.Input))
		}
		switch a := action.Action.(type) {
		case *pb.FileAction_Copy:
			head("copy")
			p.line(level, "from", p.actionInput(action.SecondaryInput))
			p.copy(level, a.Copy)
		case *pb.FileAction_Mkfile:
			head("mkfile")
			p.text(level, "path", a.Mkfile.Path)
			p.mode(level, a.Mkfile.Mode)
			p.attributes(level, a.Mkfile.Owner, a.Mkfile.Timestamp)
			p.data(level, a.Mkfile.Data)
		case *pb.FileAction_Mkdir:
			head("mkdir")
			p.text(level, "path", a.Mkdir.Path)
			p.mode(level, a.Mkdir.Mode)
			p.attributes(level, a.Mkdir.Owner, a.Mkdir.Timestamp)
			p.flag(level, "parents", a.Mkdir.MakeParents)
		case *pb.FileAction_Rm:
			head("rm")
			p.text(level, "path", a.Rm.Path)
			p.flag(level, "allow not found", a.Rm.AllowNotFound)
			p.flag(level, "wildcard", a.Rm.AllowWildcard)
		case *pb.FileAction_Symlink:
			head("symlink")
			p.text(level, "path", a.Symlink.Newpath)
			p.text(level, "to", a.Symlink.Oldpath)
			p.attributes(level, a.Symlink.Owner, a.Symlink.Timestamp)
		default:
			return fmt.Errorf("file action %d, %T, is not known to llbtext", i, action.Action)
		}
		if action.Output >= 0 {
			p.line(level, "output", fmt.Sprint(action.Output))
		}
	}
	return nil
}

// copy prints the fields of a copy that are set.
func (p *printer) copy(level int, c *pb.FileActionCopy) {
	p.text(level, "src", c.Src)
	p.text(level, "dest", c.Dest)
	if c.ModeStr != "" {
		p.text(level, "mode", c.ModeStr)
	} else if c.Mode >= 0 {
		p.mode(level, c.Mode)
	}
	p.attributes(level, c.Owner, c.Timestamp)
	p.list(level, "include", c.IncludePatterns)
	p.list(level, "exclude", c.ExcludePatterns)
	p.list(level, "required", c.RequiredPaths)
	for _, flag := range []struct {
		word string
		on   bool
	}{
		{"follow symlink", c.FollowSymlink},
		{"directory contents", c.DirCopyContents},
		{"unpack", c.AttemptUnpackDockerCompatibility},
		{"create destination", c.CreateDestPath},
		{"wildcard", c.AllowWildcard},
		{"allow empty wildcard", c.AllowEmptyWildcard},
		{"replace existing", c.AlwaysReplaceExistingDestPaths},
	} {
		p.flag(level, flag.word, flag.on)
	}
}

// actionInput is an input of a file action: the operation's inputs come first,
// then the outcomes of its actions.
func (p *printer) actionInput(index int64) string {
	if n := int64(len(p.op.Inputs)); index >= n {
		return fmt.Sprintf("action %d", index-n)
	}
	return p.input(index)
}

// mode prints permission bits.
func (p *printer) mode(level int, mode int32) { p.line(level, "mode", fmt.Sprintf("%04o", mode)) }

// attributes prints an owner and a time that are set.
func (p *printer) attributes(level int, owner *pb.ChownOpt, timestamp int64) {
	if owner != nil {
		p.line(level, "owner", p.user(owner.User)+":"+p.user(owner.Group))
	}
	// LLB has the time in nanoseconds, and -1 for none.
	if timestamp != -1 {
		p.line(level, "time", fmt.Sprintf("%d.%09d", timestamp/1e9, timestamp%1e9))
	}
}

// user is a user or group by number or by name in an input's /etc/passwd.
func (p *printer) user(opt *pb.UserOpt) string {
	switch u := opt.GetUser().(type) {
	case *pb.UserOpt_ByID:
		return fmt.Sprint(u.ByID)
	case *pb.UserOpt_ByName:
		return visible(u.ByName.Name) + " of " + p.actionInput(u.ByName.Input)
	default:
		return "unset"
	}
}

// data prints a file's content when it is short text.
func (p *printer) data(level int, data []byte) {
	text := string(data)
	odd := func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) }
	if len(data) > maxFileText || !utf8.Valid(data) || strings.ContainsFunc(text, odd) {
		p.line(level, "data", sum(data))
		return
	}
	if text == "" {
		p.line(level, "data", "empty")
		return
	}
	body, complete := strings.CutSuffix(text, "\n")
	end := ""
	if !complete {
		end = " without a final newline"
	}
	fmt.Fprintf(p, "%sdata%s:\n", strings.Repeat("  ", level), end)
	for line := range strings.SplitSeq(body, "\n") {
		fmt.Fprintf(p, "%s|%s\n", strings.Repeat("  ", level+1), line)
	}
}
