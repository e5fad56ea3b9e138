package builder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// defaultDockerHost is where the docker CLI looks for an engine by default.
const defaultDockerHost = "unix:///var/run/docker.sock"

// engine is the docker engine that the docker CLI would talk to.
type engine struct {
	context string
	host    string
}

// currentEngine follows the docker CLI: DOCKER_HOST, DOCKER_CONTEXT, then
// "currentContext" of config.json.
func currentEngine(getenv func(string) string) (engine, error) {
	if host := getenv("DOCKER_HOST"); host != "" {
		return engine{context: defaultContext, host: host}, nil
	}
	dir := dockerConfigDir(getenv)
	name := getenv("DOCKER_CONTEXT")
	if name == "" {
		var err error
		if name, err = configuredContext(dir); err != nil {
			return engine{}, err
		}
	}
	if name == "" || name == defaultContext {
		return engine{context: defaultContext, host: defaultDockerHost}, nil
	}
	host, err := contextHost(dir, name)
	return engine{context: name, host: host}, err
}

// key is what buildx files its choice of a builder under.
func (e engine) key() string {
	if e.context != defaultContext {
		return e.context
	}
	return e.host
}

// reachable tells whether something listens at the engine's address. Where
// that cannot be tried cheaply (ssh), a configured engine counts.
func (e engine) reachable(ctx context.Context) bool {
	u, err := url.Parse(e.host)
	if err != nil {
		return false
	}
	network, address := "", ""
	switch u.Scheme {
	case "unix":
		network, address = "unix", u.Path
	case "tcp":
		network, address = "tcp", u.Host
	default:
		return e.host != ""
	}
	d := net.Dialer{Timeout: time.Second}
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

func configuredContext(dir string) (string, error) {
	file := filepath.Join(dir, "config.json")
	dt, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read docker's configuration: %w", err)
	}
	var cfg struct {
		CurrentContext string `json:"currentContext"`
	}
	if err := json.Unmarshal(dt, &cfg); err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	return cfg.CurrentContext, nil
}

// contextMeta is where the docker CLI keeps a context: a directory named by
// the digest of its name.
func contextMeta(dir, name string) string {
	hash := sha256.Sum256([]byte(name))
	return filepath.Join(dir, "contexts", "meta", hex.EncodeToString(hash[:]), "meta.json")
}

func contextExists(dir, name string) bool {
	_, err := os.Stat(contextMeta(dir, name))
	return err == nil
}

func contextHost(dir, name string) (string, error) {
	file := contextMeta(dir, name)
	dt, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("docker context %q: %w (choose one with \"docker context use\")", name, err)
	}
	var meta struct {
		Endpoints map[string]struct{ Host string }
	}
	if err := json.Unmarshal(dt, &meta); err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	return meta.Endpoints["docker"].Host, nil
}
