// Command cmd runs the stand-in for docker.io in the background, for builders that are started by hand.
//
//	go run ./integration/standin/cmd up [-dir DIR] [IMAGE...]   prints the path of a buildkitd.toml
//	go run ./integration/standin/cmd down [-dir DIR]
//
// IMAGE is golang or cargo-chef, for look-alikes that are made on demand.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/rustfile/rustfile/integration/standin"
)

const usage = "usage: standin up|down [-dir DIR] [golang] [cargo-chef]"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "standin:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New(usage)
	}
	fs := flag.NewFlagSet("standin", flag.ContinueOnError)
	dir := fs.String("dir", filepath.Join(os.TempDir(), "rustfile-standin"), "where the configuration and the process id are kept")
	if err := fs.Parse(args[1:]); err != nil {
		return err
	}
	switch args[0] {
	case "up":
		return up(ctx, *dir, fs.Args())
	case "down":
		return down(*dir)
	case "serve":
		return serve(ctx, *dir, fs.Args())
	}
	return errors.New(usage)
}

// up makes the images in the foreground, where their progress can be seen, and leaves the registry running.
func up(ctx context.Context, dir string, images []string) error {
	if err := down(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, append([]string{"serve", "-dir", dir}, images...)...)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	ready, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { cmd.Process.Signal(syscall.SIGTERM) })
	defer stop()
	line, err := bufio.NewReader(ready).ReadString('\n')
	if err != nil {
		return fmt.Errorf("the registry did not start: %w", cmd.Wait())
	}
	fmt.Print(line)
	return cmd.Process.Release()
}

// serve is the background half of up: it prints the path of the configuration once everything is served.
func serve(ctx context.Context, dir string, images []string) error {
	s, err := standin.Start(ctx, standin.Options{Log: os.Stderr})
	if err != nil {
		return err
	}
	defer s.Close()
	for _, im := range images {
		if err := s.Add(ctx, standin.Image(im)); err != nil {
			return err
		}
	}
	fmt.Fprintln(os.Stderr, s.Describe())
	config := filepath.Join(dir, "buildkitd.toml")
	if err := os.WriteFile(config, []byte(s.BuildkitdConfig()), 0o644); err != nil {
		return err
	}
	if s.Reachable {
		fmt.Println(config)
		return nil
	}
	pid := filepath.Join(dir, "pid")
	if err := os.WriteFile(pid, []byte(strconv.Itoa(os.Getpid())), 0o644); err != nil {
		return err
	}
	defer os.Remove(pid)
	fmt.Println(config)
	<-ctx.Done()
	return nil
}

// down ends the registry that up left running, if it is still there.
func down(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "pid"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(dir, "pid"), err)
	}
	// The number may belong to another program by now: only a process that serves this directory is ended.
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err == nil && strings.Contains(string(cmdline), "serve\x00-dir\x00"+dir) {
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	return os.RemoveAll(filepath.Join(dir, "pid"))
}
