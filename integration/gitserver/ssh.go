package gitserver

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"
)

// SSHServer serves repositories over ssh to whoever has a key.
type SSHServer struct {
	dir      string
	listener net.Listener
	config   *ssh.ServerConfig
	hostKey  ssh.PublicKey
	handlers sync.WaitGroup
	ctx      context.Context
	cancel   context.CancelFunc

	mu       sync.Mutex
	fetched  []string
	failures []error
}

// NewKey makes a key and an agent's entry for it.
func NewKey() (agent.AddedKey, ssh.Signer, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return agent.AddedKey{}, nil, err
	}
	signer, err := ssh.NewSignerFromKey(private)
	return agent.AddedKey{PrivateKey: private}, signer, err
}

// ServeSSH serves all repositories in dir on a free port of the loopback
// interface to the user git with the key client. The server has a key of its
// own and runs until Close.
func ServeSSH(dir string, client ssh.PublicKey) (*SSHServer, error) {
	_, host, err := NewKey()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &SSHServer{dir: dir, listener: listener, hostKey: host.PublicKey()}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.config = &ssh.ServerConfig{PublicKeyCallback: func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if c.User() != "git" || !bytes.Equal(key.Marshal(), client.Marshal()) {
			return nil, fmt.Errorf("%s has another key", c.User())
		}
		return nil, nil
	}}
	s.config.AddHostKey(host)
	s.handlers.Go(s.accept)
	return s, nil
}

// URL is the address of a repository, as a manifest writes it.
func (s *SSHServer) URL(repository string) string {
	return fmt.Sprintf("ssh://git@%s/%s.git", s.listener.Addr(), repository)
}

// KnownHosts is the server's line of a known_hosts file.
func (s *SSHServer) KnownHosts() string {
	return knownhosts.Line([]string{s.listener.Addr().String()}, s.hostKey)
}

// Fetched returns the names of the repositories that clients got something of.
func (s *SSHServer) Fetched() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.fetched)
}

// ConnectionErrors returns what went wrong in single connections so far.
func (s *SSHServer) ConnectionErrors() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.failures)
}

// Close ends the server and all its connections.
func (s *SSHServer) Close() error {
	err := s.listener.Close()
	s.cancel()
	s.handlers.Wait()
	return err
}

func (s *SSHServer) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = append(s.failures, err)
}

func (s *SSHServer) accept() {
	for {
		conn, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			s.fail(err)
			return
		}
		s.handlers.Go(func() {
			stop := context.AfterFunc(s.ctx, func() { conn.Close() })
			defer stop()
			defer conn.Close()
			if err := s.connection(conn); err != nil && s.ctx.Err() == nil {
				s.fail(err)
			}
		})
	}
}

// connection lets a client log in and serves its sessions, one after another.
func (s *SSHServer) connection(conn net.Conn) error {
	_, channels, requests, err := ssh.NewServerConn(conn, s.config)
	if err != nil {
		return err
	}
	go ssh.DiscardRequests(requests)
	for offer := range channels {
		if offer.ChannelType() != "session" {
			if err := offer.Reject(ssh.UnknownChannelType, "only sessions are served"); err != nil {
				return err
			}
			continue
		}
		channel, requests, err := offer.Accept()
		if err != nil {
			return err
		}
		if err := s.session(channel, requests); err != nil {
			return err
		}
	}
	return nil
}

// uploadPack is what git asks a server to run for a fetch.
var uploadPack = regexp.MustCompile(`^git-upload-pack '/([a-z]+)\.git'$`)

// session runs the one command of a session. It takes the variable by which
// git says which version of its protocol it speaks.
func (s *SSHServer) session(channel ssh.Channel, requests <-chan *ssh.Request) error {
	defer channel.Close()
	var variables []string
	for r := range requests {
		var pair struct{ Name, Value string }
		var command struct{ Line string }
		switch {
		case r.Type == "env" && ssh.Unmarshal(r.Payload, &pair) == nil && pair.Name == "GIT_PROTOCOL":
			variables = append(variables, pair.Name+"="+pair.Value)
			reply(r, true)
		case r.Type == "exec" && ssh.Unmarshal(r.Payload, &command) == nil:
			name := uploadPack.FindStringSubmatch(command.Line)
			reply(r, name != nil)
			if name == nil {
				return fmt.Errorf("a client asks for %q", command.Line)
			}
			err := s.uploadPack(channel, name[1], variables)
			var status struct{ Code uint32 }
			if err != nil {
				status.Code = 128
			}
			_, sendErr := channel.SendRequest("exit-status", false, ssh.Marshal(status))
			if errors.Is(sendErr, io.EOF) {
				sendErr = nil // the client has left already
			}
			return errors.Join(err, sendErr)
		default:
			reply(r, false)
		}
	}
	return nil
}

func reply(r *ssh.Request, ok bool) {
	if r.WantReply {
		// A client that left notices itself.
		_ = r.Reply(ok, nil)
	}
}

// uploadPack sends what a client wants of a repository.
func (s *SSHServer) uploadPack(channel ssh.Channel, name string, variables []string) error {
	dir := filepath.Join(s.dir, name+".git")
	cmd := exec.CommandContext(s.ctx, "git", "upload-pack", dir)
	for _, variable := range environment(dir) {
		if !strings.HasPrefix(variable, "GIT_DIR=") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	cmd.Env = append(cmd.Env, variables...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = channel, io.MultiWriter(&log, channel.Stderr())
	input, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	// Not waited for: a client may keep its side open until it has the status.
	go func() {
		_, _ = io.Copy(input, channel)
		input.Close()
	}()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("git upload-pack: %w: %s", err, strings.TrimSpace(log.String()))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetched = append(s.fetched, name)
	return nil
}
