package gitserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Port is the port in the URL that examples/git-dep/Cargo.lock pins.
const Port = 19418

// Server serves the git protocol. It listens itself and runs `git daemon` for
// each connection, so that the port is free again as soon as the process ends,
// however it ends.
type Server struct {
	dir      string
	port     int
	temp     bool
	listener *net.TCPListener
	handlers sync.WaitGroup
	ctx      context.Context
	cancel   context.CancelFunc

	mu       sync.Mutex
	failures []error
}

// StartGreeting creates the repository of the git-dep example, which is in the
// directory example, in a temporary directory and serves it at the URL that the
// example's lock file pins.
func StartGreeting(ctx context.Context, example string) (*Server, error) {
	dir, err := os.MkdirTemp("", "rustfile-git-")
	if err != nil {
		return nil, err
	}
	server, err := createAndServe(ctx, dir, Greeting(example))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	server.temp = true
	return server, nil
}

func createAndServe(ctx context.Context, dir string, repository Repository) (*Server, error) {
	if _, err := repository.Create(ctx, dir); err != nil {
		return nil, err
	}
	return Serve(ctx, dir, Port)
}

// Serve serves all repositories in dir on a port of the loopback interface. The
// port is the same for every test that needs a repository, and tests of several
// packages run at once, so Serve waits until the port is free or ctx is done.
// The server runs until Close, whatever becomes of ctx.
func Serve(ctx context.Context, dir string, port int) (*Server, error) {
	listener, err := listen(ctx, port)
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, port: port, listener: listener}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.handlers.Go(s.accept)
	return s, nil
}

// URL is the address of a repository, as a manifest writes it.
func (s *Server) URL(repository string) string {
	return fmt.Sprintf("git://127.0.0.1:%d/%s.git", s.port, repository)
}

// Close ends the server and all its connections, and removes the repositories
// if StartGreeting made them.
func (s *Server) Close() error {
	err := s.listener.Close()
	s.cancel()
	s.handlers.Wait()
	if s.temp {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// ConnectionErrors returns what went wrong in single connections so far. They
// are no errors of the server, as a client may hang up, but tell why a fetch
// failed.
func (s *Server) ConnectionErrors() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.failures)
}

// listen listens on a port of the loopback interface as soon as it is free.
func listen(ctx context.Context, port int) (*net.TCPListener, error) {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	for {
		listener, err := net.Listen("tcp", address)
		if err == nil {
			return listener.(*net.TCPListener), nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("another program keeps %s: %w", address, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// accept handles connections until the listener is closed.
func (s *Server) accept() {
	for {
		conn, err := s.listener.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			s.fail(err)
			return
		}
		s.handlers.Go(func() {
			defer conn.Close()
			if err := s.handle(conn); err != nil && s.ctx.Err() == nil {
				s.fail(err)
			}
		})
	}
}

// handle runs a git daemon whose standard input and output are the connection,
// as inetd would.
func (s *Server) handle(conn *net.TCPConn) error {
	socket, err := conn.File()
	if err != nil {
		return err
	}
	defer socket.Close()
	cmd := exec.CommandContext(s.ctx, "git", "daemon", "--inetd", "--export-all",
		"--base-path="+s.dir, "--informative-errors", "--log-destination=stderr", s.dir)
	// GIT_DIR would make every request answer with one repository.
	for _, variable := range environment(s.dir) {
		if !strings.HasPrefix(variable, "GIT_DIR=") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	var log bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = socket, socket, &log
	// With a pipe for the log, Wait would last as long as any child of git does.
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("git daemon: %w: %s", err, strings.TrimSpace(log.String()))
	}
	return nil
}

func (s *Server) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = append(s.failures, err)
}
