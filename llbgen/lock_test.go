package llbgen_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/rustfile/rustfile/internal/hermetic"
	"github.com/rustfile/rustfile/internal/llbtext"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/llbgen"
)

func lockDefinition(t *testing.T, l *plan.LockFile, ignore func(string) bool) *llb.Definition {
	t.Helper()
	st, err := llbgen.Lock(l, llbgen.Inputs{
		Toolchain: llbgen.Base{State: llb.Image("rust")}, Runtime: llbgen.Base{State: llb.Scratch()}, Context: llb.Scratch(), IgnoreCache: ignore,
	})
	if err != nil {
		t.Fatal(err)
	}
	def, err := st.Marshal(t.Context(), llb.LinuxAmd64)
	if err != nil {
		t.Fatal(err)
	}
	return def
}

// TestLockVertex: it has a network that only its name allows, a token that no
// build must have, and a key of the manifests and the toolchain.
func TestLockVertex(t *testing.T) {
	l := &plan.LockFile{
		Platform: "linux/amd64", Workdir: ".", Args: []string{"generate-lockfile"},
		Files:  []plan.File{{Path: "Cargo.toml", Content: "[package]\n"}, {Path: "src/main.rs"}},
		Tokens: []plan.RegistryToken{{Host: "crates.example", Variable: "CARGO_REGISTRIES_OWN_TOKEN"}},
	}
	def := lockDefinition(t, l, nil)
	allow := func(name string) bool { return strings.HasPrefix(name, llbgen.NameLock) }
	if err := hermetic.Check(def, allow); err != nil {
		t.Error(err)
	}
	if hermetic.Check(def, nil) == nil {
		t.Error("the vertex has no network")
	}
	key := vertex(t, def, llbgen.NameLock)
	if again := vertex(t, lockDefinition(t, l, func(string) bool { return false }), llbgen.NameLock); again != key {
		t.Error("the same manifests have another key")
	}
	edited := *l
	edited.Files = []plan.File{{Path: "Cargo.toml", Content: "[package]\nname = \"a\"\n"}, {Path: "src/main.rs"}}
	if vertex(t, lockDefinition(t, &edited, nil), llbgen.NameLock) == key {
		t.Error("other manifests have the same key")
	}
	ignored := lockDefinition(t, l, func(name string) bool { return name == "lock" })
	vertices, err := llbtext.Vertices(ignored)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vertices {
		exec := v.Op.GetExec()
		if exec == nil {
			continue
		}
		if !ignored.Metadata[v.Digest].IgnoreCache {
			t.Error("--no-cache-filter lock does not run the vertex again")
		}
		if len(exec.Secretenv) != 1 || !exec.Secretenv[0].Optional || exec.Secretenv[0].ID != "HTTP_AUTH_HEADER_crates.example" {
			t.Errorf("the secrets are %v", exec.Secretenv)
		}
		if !slices.Contains(exec.Meta.Env, "CARGO_REGISTRIES_OWN_CREDENTIAL_PROVIDER=cargo:token") {
			t.Errorf("cargo may look for the token elsewhere: %q", exec.Meta.Env)
		}
		if exec.Network != pb.NetMode_UNSET {
			t.Errorf("the network is %v", exec.Network)
		}
	}
}

// TestLockOverSSH: cargo gets an agent with the keys of servers, and neither alone.
func TestLockOverSSH(t *testing.T) {
	for _, lines := range [][]string{nil, {"git.example.com ssh-ed25519 AAAA"}} {
		def := lockDefinition(t, &plan.LockFile{Platform: "linux/amd64", Workdir: ".", Args: []string{"generate-lockfile"}, KnownHosts: lines,
			Files: []plan.File{{Path: "Cargo.toml", Content: "[package]\n"}}}, nil)
		vertices, err := llbtext.Vertices(def)
		if err != nil {
			t.Fatal(err)
		}
		agents, config := 0, ""
		for _, v := range vertices {
			for _, m := range v.Op.GetExec().GetMounts() {
				if m.SSHOpt.GetID() == llbgen.SSHID {
					agents++
				}
			}
			for _, a := range v.Op.GetFile().GetActions() {
				if a.GetMkfile().GetPath() == "/ssh.toml" {
					config = string(a.GetMkfile().GetData())
				}
			}
		}
		if agents != len(lines) || strings.Contains(config, "git.example.com ssh-ed25519 AAAA") != (lines != nil) {
			t.Errorf("with %q the vertex has %d agents and the configuration %q", lines, agents, config)
		}
	}
}

// TestLockWithTokens: cargo may ask for a token where a manifest names a repository over HTTP, and no token has to be there.
func TestLockWithTokens(t *testing.T) {
	for _, hosts := range [][]string{nil, {"git.example.com"}} {
		def := lockDefinition(t, &plan.LockFile{Platform: "linux/amd64", Workdir: ".", Args: []string{"generate-lockfile"}, GitHosts: hosts,
			Files: []plan.File{{Path: "Cargo.toml", Content: "[package]\n"}}}, nil)
		vertices, err := llbtext.Vertices(def)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range vertices {
			for _, m := range v.Op.GetExec().GetMounts() {
				if m.MountType == pb.MountType_SECRET && m.SecretOpt.Optional {
					got = append(got, m.SecretOpt.ID)
				}
			}
		}
		if want := map[bool]string{true: "GIT_AUTH_TOKEN GIT_AUTH_TOKEN.git.example.com"}[hosts != nil]; strings.Join(got, " ") != want {
			t.Errorf("for %v there are the secrets %q, want %q", hosts, got, want)
		}
	}
}
