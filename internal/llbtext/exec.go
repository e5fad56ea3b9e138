package llbtext

import (
	"fmt"
	"strings"

	"github.com/moby/buildkit/solver/pb"
)

// exec prints a process and its mounts. Arguments have a line each: what is one
// argument and what are two is the point of reading them.
func (p *printer) exec(op *pb.ExecOp) {
	meta := op.Meta
	p.list(1, "args", meta.GetArgs())
	p.list(1, "env", meta.GetEnv())
	p.text(1, "cwd", meta.GetCwd())
	p.set(1, "user", meta.GetUser())
	p.set(1, "hostname", meta.GetHostname())
	p.set(1, "cgroup", meta.GetCgroupParent())
	p.line(1, "network", networkText(op.Network))
	if op.Security != pb.SecurityMode_SANDBOX {
		p.line(1, "security", strings.ToLower(op.Security.String()))
	}
	for _, host := range meta.GetExtraHosts() {
		p.line(1, "host", visible(host.Host)+" "+visible(host.IP))
	}
	for _, limit := range meta.GetUlimit() {
		p.line(1, "ulimit", fmt.Sprintf("%s %d:%d", visible(limit.Name), limit.Soft, limit.Hard))
	}
	if codes := meta.GetValidExitCodes(); len(codes) > 0 {
		p.line(1, "exit codes", fmt.Sprint(codes))
	}
	if proxy := meta.GetProxyEnv(); proxy != nil {
		p.line(1, "proxy", fmt.Sprintf("http=%q https=%q ftp=%q no=%q all=%q",
			proxy.HttpProxy, proxy.HttpsProxy, proxy.FtpProxy, proxy.NoProxy, proxy.AllProxy))
	}
	p.flag(1, "remove mount stubs", meta.GetRemoveMountStubsRecursive())
	for _, secret := range op.Secretenv {
		p.line(1, "secret env", visible(secret.Name)+" id="+visible(secret.ID)+optional(secret.Optional))
	}
	for _, device := range op.CdiDevices {
		p.line(1, "device", visible(device.Name)+optional(device.Optional))
	}
	for _, mount := range op.Mounts {
		p.line(1, "mount "+visible(mount.Dest), p.mount(mount))
	}
}

// mount is what a mount point shows and how.
func (p *printer) mount(m *pb.Mount) string {
	var words []string
	switch m.MountType {
	case pb.MountType_CACHE:
		words = append(words, fmt.Sprintf("cache id=%s sharing=%s", visible(m.CacheOpt.GetID()), strings.ToLower(m.CacheOpt.GetSharing().String())))
		if m.Input >= 0 {
			words = append(words, "on "+p.input(m.Input))
		}
	case pb.MountType_TMPFS:
		words = append(words, fmt.Sprintf("tmpfs size=%d", m.TmpfsOpt.GetSize()))
	case pb.MountType_SECRET:
		s := m.SecretOpt
		words = append(words, fmt.Sprintf("secret id=%s owner=%d:%d mode=%04o%s", visible(s.GetID()), s.GetUid(), s.GetGid(), s.GetMode(), optional(s.GetOptional())))
	case pb.MountType_SSH:
		s := m.SSHOpt
		words = append(words, fmt.Sprintf("ssh id=%s owner=%d:%d mode=%04o%s", visible(s.GetID()), s.GetUid(), s.GetGid(), s.GetMode(), optional(s.GetOptional())))
	default:
		words = append(words, p.input(m.Input))
	}
	if m.Selector != "" {
		words = append(words, "selector="+visible(m.Selector))
	}
	if m.Readonly {
		words = append(words, "readonly")
	}
	// The other types have no output, and a zero that says nothing.
	if m.Output >= 0 && (m.MountType == pb.MountType_BIND || m.MountType == pb.MountType_CACHE) {
		words = append(words, fmt.Sprintf("output=%d", m.Output))
	}
	if m.ContentCache != pb.MountContentCache_DEFAULT {
		words = append(words, "content-cache="+strings.ToLower(m.ContentCache.String()))
	}
	if m.ResultID != "" {
		words = append(words, "result="+visible(m.ResultID))
	}
	return strings.Join(words, " ")
}

// networkText names a network mode.
func networkText(mode pb.NetMode) string {
	if mode == pb.NetMode_UNSET {
		return "sandbox"
	}
	return strings.ToLower(mode.String())
}

// optional is the mark of a secret that may be absent.
func optional(on bool) string {
	if on {
		return " optional"
	}
	return ""
}
