package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/docker/cli/cli/config"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/auth/authprovider"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/moby/buildkit/session/sshforward/sshprovider"
	"github.com/moby/buildkit/util/gitutil"
)

// sessionProviders returns what the daemon may ask this process for during
// the build: registry credentials, secrets and SSH agents.
func sessionProviders(f *buildFlags, path string, stderr io.Writer) ([]session.Attachable, error) {
	providers := []session.Attachable{
		authprovider.NewDockerAuthProvider(authprovider.DockerAuthProviderConfig{
			AuthConfigProvider: authprovider.LoadAuthConfig(config.LoadDefaultConfigFile(stderr)),
		}),
	}
	sources, err := parseSecrets(f.secrets)
	if err != nil {
		return nil, err
	}
	store, err := secretsprovider.NewStore(sources)
	if err != nil {
		return nil, fmt.Errorf("--secret: %w", err)
	}
	providers = append(providers, secretsprovider.NewSecretProvider(store))
	specs := f.ssh
	if len(specs) == 0 && isSSHGit(path) {
		specs = []string{"default"}
	}
	if len(specs) > 0 {
		agents, err := sshprovider.NewSSHAgentProvider(parseSSH(specs))
		if err != nil {
			return nil, fmt.Errorf("--ssh: %w", err)
		}
		providers = append(providers, agents)
	}
	return providers, nil
}

// parseSecrets parses --secret. Without a source the secret is the environment
// variable, or else the file, of its name.
func parseSecrets(values []string) ([]secretsprovider.Source, error) {
	var sources []secretsprovider.Source
	for _, value := range values {
		m, err := csvMap("secret", value)
		if err != nil {
			return nil, err
		}
		s := secretsprovider.Source{}
		for k, v := range m {
			switch k {
			case "id":
				s.ID = v
			case "src", "source":
				s.FilePath = v
			case "env":
				s.Env = v
			case "type":
				if v != "file" && v != "env" {
					return nil, fmt.Errorf("--secret %q: type %q is not file or env", value, v)
				}
			default:
				return nil, fmt.Errorf("--secret %q: unknown key %q, want id, src, env or type", value, k)
			}
		}
		if s.ID == "" {
			return nil, fmt.Errorf("--secret %q: no id, want id=NAME,src=FILE or id=NAME,env=VARIABLE", value)
		}
		if m["type"] == "env" && s.Env == "" {
			s.Env, s.FilePath = s.FilePath, ""
		}
		if s.Env != "" {
			if _, ok := os.LookupEnv(s.Env); !ok {
				return nil, fmt.Errorf("--secret %q: the environment variable %s is not set", value, s.Env)
			}
		}
		sources = append(sources, s)
	}
	return sources, nil
}

// parseSSH parses --ssh: "default" or "id=socket-or-key,...".
func parseSSH(values []string) []sshprovider.AgentConfig {
	var configs []sshprovider.AgentConfig
	for _, value := range values {
		id, paths, ok := strings.Cut(value, "=")
		c := sshprovider.AgentConfig{ID: id}
		if ok {
			c.Paths = strings.Split(paths, ",")
		}
		configs = append(configs, c)
	}
	return configs
}

// isSSHGit tells whether the build context is a git repository over SSH.
func isSSHGit(path string) bool {
	u, err := gitutil.ParseURL(path)
	return err == nil && u.Scheme == gitutil.SSHProtocol
}
