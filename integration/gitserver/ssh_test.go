package gitserver

import (
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// TestServeSSH fetches a repository and its submodule with git and ssh as they are; without the key, nothing.
func TestServeSSH(t *testing.T) {
	if _, err := exec.LookPath("ssh"); err != nil {
		t.Skip("there is no ssh here")
	}
	dir, files := t.TempDir(), t.TempDir()
	private, client, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	server, err := ServeSSH(dir, client.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(files, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	create := func(r Repository) string {
		t.Helper()
		ids, err := r.Create(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		return ids[0]
	}
	write("inner/text", "inside")
	inner := create(Repository{Name: "inner", Commits: []Commit{{Dir: filepath.Join(files, "inner"), Message: "One"}}})
	write("outer/.gitmodules", "[submodule \"inner\"]\n\tpath = sub\n\turl = "+server.URL("inner")+"\n")
	create(Repository{Name: "outer", Commits: []Commit{
		{Dir: filepath.Join(files, "outer"), Submodules: map[string]string{"sub": inner}, Message: "Two"},
	}})
	keyFile := func(name string, key any) string {
		t.Helper()
		block, err := ssh.MarshalPrivateKey(key, "")
		if err != nil {
			t.Fatal(err)
		}
		return write(name, string(pem.EncodeToMemory(block)))
	}
	stranger, _, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	known := write("known_hosts", server.KnownHosts()+"\n")
	clone := func(key, into string) error {
		cmd := exec.CommandContext(t.Context(), "git", "clone", "--quiet", "--recurse-submodules", server.URL("outer"), into)
		cmd.Env = append(slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "SSH_") }),
			"GIT_SSH_COMMAND=ssh -F /dev/null -o BatchMode=yes -o IdentitiesOnly=yes -o UserKnownHostsFile="+known+" -i "+key)
		out, err := cmd.CombinedOutput()
		t.Logf("%s", out)
		return err
	}
	if err := clone(keyFile("wrong", stranger.PrivateKey), filepath.Join(t.TempDir(), "clone")); err == nil || len(server.Fetched()) > 0 {
		t.Errorf("a stranger gets %v (%v)", server.Fetched(), err)
	}
	into := filepath.Join(t.TempDir(), "clone")
	if err := clone(keyFile("right", private.PrivateKey), into); err != nil {
		t.Fatalf("%v; errors of the server: %v", err, server.ConnectionErrors())
	}
	if got, err := os.ReadFile(filepath.Join(into, "sub", "text")); string(got) != "inside" {
		t.Errorf("the submodule has %q (%v)", got, err)
	}
}
