package testenv

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

// Dial connects to an address inside the container's network, such as 127.0.0.1:8080. A container has a network
// of its own, so two of them, or a program of the host, may listen on one port.
func (c *Container) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	pid, err := c.pid()
	if err != nil {
		return nil, err
	}
	type result struct {
		conn net.Conn
		err  error
	}
	ch := make(chan result, 1)
	go func() {
		// The thread is never unlocked: it ends with the goroutine, and its network with it.
		runtime.LockOSThread()
		conn, err := dialIn(ctx, pid, network, address)
		ch <- result{conn, err}
	}()
	r := <-ch
	return r.conn, r.err
}

// dialIn makes a socket in the network of a process. A socket belongs to the network it was made in for as long as
// it lives. net.Dialer would make it on this thread too, but only for a numeric address and one family.
func dialIn(ctx context.Context, pid int, network, address string) (net.Conn, error) {
	if _, err := net.ResolveTCPAddr("tcp4", address); err != nil {
		return nil, err
	}
	ns, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", pid))
	if err != nil {
		return nil, err
	}
	defer ns.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		return nil, fmt.Errorf("enter the container's network: %w", err)
	}
	return (&net.Dialer{FallbackDelay: -1}).DialContext(ctx, network, address)
}

// pid is the container's first process, seen from the host.
func (c *Container) pid() (int, error) {
	out, err := exec.Command(c.runc, "--root", filepath.Join(c.bundle, "state"), "state", c.id).Output()
	if err != nil {
		return 0, fmt.Errorf("the container is not running: %w", err)
	}
	var state struct {
		Pid int `json:"pid"`
	}
	if err := json.Unmarshal(out, &state); err != nil {
		return 0, err
	}
	if state.Pid == 0 {
		return 0, fmt.Errorf("the container is not running")
	}
	return state.Pid, nil
}
