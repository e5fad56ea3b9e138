package builder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/docker/cli/cli/config"
	"github.com/moby/buildkit/client"
)

// defaultContext is docker's name for "no context": the local engine, or the
// one in DOCKER_HOST. buildx has a builder of the same name for it.
const defaultContext = "default"

// buildxCurrent is the file "current" of buildx's store.
type buildxCurrent struct {
	Key    string
	Name   string
	Global bool
}

// buildxGroup is a file of buildx's "instances": one builder with its nodes.
type buildxGroup struct {
	Name   string
	Driver string
	Nodes  []buildxNode
}

type buildxNode struct {
	Name       string
	Endpoint   string
	DriverOpts map[string]string
}

// buildxStore reads buildx's files. It never writes them: buildx may be at
// work at the same time, and replaces each file in one step.
type buildxStore struct {
	dir string
}

func openBuildxStore(getenv func(string) string) buildxStore {
	if dir := getenv("BUILDX_CONFIG"); dir != "" {
		return buildxStore{dir: dir}
	}
	return buildxStore{dir: filepath.Join(dockerConfigDir(getenv), "buildx")}
}

func dockerConfigDir(getenv func(string) string) string {
	if dir := getenv("DOCKER_CONFIG"); dir != "" {
		return dir
	}
	return config.Dir()
}

// errInvalidName is returned for what buildx itself would refuse; it also
// keeps a name from leaving the directory.
var errInvalidName = errors.New("name has to start with a letter and may hold letters, digits and ._- only")

func validName(s string) (string, error) {
	if ok, _ := regexp.MatchString(`^[a-zA-Z][a-zA-Z0-9._-]*$`, s); !ok {
		return "", fmt.Errorf("builder %q: %w", s, errInvalidName)
	}
	return strings.ToLower(s), nil
}

// group reads one builder; nil when buildx does not know it.
func (s buildxStore) group(name string) (*buildxGroup, error) {
	name, err := validName(name)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(s.dir, "instances", name)
	dt, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read buildx builder %q: %w", name, err)
	}
	var g buildxGroup
	if err := json.Unmarshal(dt, &g); err != nil {
		return nil, fmt.Errorf("%s: %w (remove the builder with \"docker buildx rm %s\", or choose another with --builder)", file, err, name)
	}
	return &g, nil
}

// names lists the builders, for error messages.
func (s buildxStore) names() []string {
	entries, err := os.ReadDir(filepath.Join(s.dir, "instances"))
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// currentName returns the builder that "docker buildx build" would use for the
// docker endpoint key; empty when none was chosen. The rules are those of
// buildx's store: a global choice wins, then a choice made for this endpoint,
// then the endpoint's default.
func (s buildxStore) currentName(key string) (string, error) {
	file := filepath.Join(s.dir, "current")
	dt, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the current buildx builder: %w", err)
	}
	if err == nil {
		var c buildxCurrent
		if err := json.Unmarshal(dt, &c); err != nil {
			return "", fmt.Errorf("%s: %w (choose a builder with \"docker buildx use NAME\" or --builder)", file, err)
		}
		if c.Name != "" && (c.Global || c.Key == key) {
			if g, err := s.group(c.Name); err != nil || g != nil {
				return c.Name, err
			}
			if c.Key == key {
				return "", nil
			}
		}
	}
	hash := sha256.Sum256([]byte(key))
	dt, err = os.ReadFile(filepath.Join(s.dir, "defaults", hex.EncodeToString(hash[:])[:20]))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the default buildx builder: %w", err)
	}
	return strings.TrimSpace(string(dt)), nil
}

// currentBuildx returns the builder of BUILDX_BUILDER, the current buildx
// builder, or the docker engine's; nil when there is none of them.
func currentBuildx(ctx context.Context, o Options) (*Builder, error) {
	if name := o.Getenv("BUILDX_BUILDER"); name != "" {
		return namedBuildx(o, name, "BUILDX_BUILDER")
	}
	engine, err := currentEngine(o.Getenv)
	if err != nil {
		return nil, err
	}
	name, err := openBuildxStore(o.Getenv).currentName(engine.key())
	if err != nil {
		return nil, err
	}
	if name != "" {
		return namedBuildx(o, name, "the current buildx builder")
	}
	if engine.reachable(ctx) {
		if dial, err := dialStdio(o, engine.context); err == nil {
			dial.why = "the docker engine's, no other builder is chosen"
			return dial, nil
		}
	}
	return nil, nil
}

// namedBuildx returns the builder of that name: of buildx's store, or a docker
// context.
func namedBuildx(o Options, name, why string) (*Builder, error) {
	store := openBuildxStore(o.Getenv)
	g, err := store.group(name)
	if err != nil {
		return nil, err
	}
	if g == nil {
		if name != defaultContext && !contextExists(dockerConfigDir(o.Getenv), name) {
			return nil, unknownBuilder(name, why, store.names())
		}
		b, err := dialStdio(o, name)
		if err != nil {
			return nil, err
		}
		b.why = why
		return b, nil
	}
	if g.Driver == "remote" && len(g.Nodes) == 1 {
		return remoteNode(g, why), nil
	}
	b, err := dialStdio(o, g.Name)
	if err != nil {
		return nil, err
	}
	b.why = why
	if g.Driver != "docker" {
		b.driver = DriverRemote
	}
	b.what = fmt.Sprintf("buildx builder %q, driver %s", g.Name, g.Driver)
	return b, nil
}

func unknownBuilder(name, why string, known []string) error {
	list := "buildx has none"
	if len(known) > 0 {
		list = "buildx has " + strings.Join(known, ", ")
	}
	return fmt.Errorf("no builder %q found (%s): %s; give one of these, an address such as unix:///run/buildkit/buildkitd.sock, or %q for the embedded builder", name, why, list, embeddedName)
}

// remoteNode dials the endpoint of buildx's remote driver without buildx, with
// the TLS files that were given to "buildx create --driver-opt".
func remoteNode(g *buildxGroup, why string) *Builder {
	node := g.Nodes[0]
	b := &Builder{
		driver:  DriverRemote,
		what:    fmt.Sprintf("buildx builder %q at %s", g.Name, node.Endpoint),
		why:     why,
		address: node.Endpoint,
	}
	if ca := node.DriverOpts["cacert"]; ca != "" {
		b.opts = append(b.opts, client.WithServerConfig(node.DriverOpts["servername"], ca))
	}
	if cert := node.DriverOpts["cert"]; cert != "" {
		b.opts = append(b.opts, client.WithCredentials(cert, node.DriverOpts["key"]))
	}
	return b
}
