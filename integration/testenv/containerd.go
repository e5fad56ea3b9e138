package testenv

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/rustfile/rustfile/integration/debian"
)

func (d *Daemon) containerdSocket() string { return filepath.Join(d.Dir, "ctrd.sock") }

// containerdConfig keeps everything in one directory and leaves out the Kubernetes plugin.
const containerdConfig = `version = 2
root = %q
state = %q
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = %q
[ttrpc]
  address = %q
[plugins."io.containerd.internal.v1.opt"]
  path = %q
`

// startContainerd starts the containerd that a buildkitd with a containerd worker talks to.
func (d *Daemon) startContainerd(ctx context.Context) (*process, error) {
	program, err := debian.Need(ctx, d.env.log, "containerd", "containerd")
	if err != nil {
		return nil, err
	}
	config := filepath.Join(d.Dir, "containerd.toml")
	root := filepath.Join(d.Dir, "root")
	text := fmt.Sprintf(containerdConfig, filepath.Join(root, "containerd"), filepath.Join(root, "containerd-state"),
		d.containerdSocket(), d.containerdSocket()+".ttrpc", filepath.Join(root, "containerd-opt"))
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return nil, err
	}
	p, err := startProcess(processOptions{
		argv: []string{program, "--config", config}, log: filepath.Join(d.Dir, "containerd.log"),
		env: os.Environ(), newMounts: true,
	})
	if err != nil {
		return nil, err
	}
	d.processes = append(d.processes, p)
	return p, p.waitFor(ctx, "containerd", func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "unix", d.containerdSocket())
		if err != nil {
			return err
		}
		return conn.Close()
	})
}
