package integration

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/rustfile/rustfile/integration/debian"
	"github.com/rustfile/rustfile/integration/gitserver"
	"github.com/rustfile/rustfile/integration/testenv"
)

// privateCrates is a git server with the repository of a crate whose text lies in a submodule, in a repository of its
// own. Both can be fetched over ssh with one key alone.
type privateCrates struct {
	*gitserver.SSHServer
	// agent is the socket of an ssh agent with the key.
	agent string
	// commits are those of the repository greeting.
	commits []string
}

// newPrivateCrates needs the program ssh where buildkitd runs, which is here. The texts name the test, so that no
// earlier test's commits are cached.
func newPrivateCrates(t *testing.T) *privateCrates {
	t.Helper()
	if _, err := debian.Need(t.Context(), os.Stderr, "ssh", "openssh-client"); err != nil {
		t.Skip(err)
	}
	key, client, err := gitserver.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := &privateCrates{agent: serveAgent(t, key)}
	if s.SSHServer, err = gitserver.ServeSSH(dir, client.PublicKey()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("ssh server: it sent %v; errors: %v", s.Fetched(), s.ConnectionErrors())
		}
		// A test may have closed it already.
		if err := s.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	files := &project{t: t, Dir: t.TempDir()}
	files.write("words/hello.txt", "hello from "+t.Name())
	words, err := gitserver.Repository{Name: "words", Commits: []gitserver.Commit{{Dir: files.path("words"), Message: "Say hello"}}}.Create(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	files.write("greeting/.gitmodules", "[submodule \"words\"]\n\tpath = words\n\turl = "+s.URL("words")+"\n")
	files.write("greeting/Cargo.toml", "[package]\nname = \"greeting\"\nversion = \"1.0.0\"\nedition = \"2021\"\n")
	files.write("greeting/src/lib.rs", "pub fn hello() -> &'static str { include_str!(\"../words/hello.txt\") }\n")
	files.write("more/src/lib.rs", "pub fn hello() -> &'static str { concat!(\"once more, \", include_str!(\"../words/hello.txt\")) }\n")
	modules := map[string]string{"words": words[0]}
	s.commits, err = gitserver.Repository{Name: "greeting", Commits: []gitserver.Commit{
		{Dir: files.path("greeting"), Submodules: modules, Message: "Greet"}, {Dir: files.path("more"), Submodules: modules, Message: "Greet again"},
	}}.Create(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// serveAgent answers as an ssh agent with one key and returns its socket.
func serveAgent(t *testing.T, key agent.AddedKey) string {
	t.Helper()
	keys := agent.NewKeyring()
	if err := keys.Add(key); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "agent-") // short: socket paths are limited to 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "agent")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		closeIn(t, listener)
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // the test is over
			}
			go func() {
				defer conn.Close()
				// It ends with an error whenever a client leaves.
				_ = agent.ServeAgent(keys, conn)
			}()
		}
	}()
	return socket
}

// project is a program that prints what the crate of a commit says.
func (s *privateCrates) project(t *testing.T, commit string) *project {
	t.Helper()
	p := &project{t: t, Dir: t.TempDir()}
	url := s.URL("greeting")
	p.write("Rustfile", "# syntax=rustfile/rustfile:1\n")
	p.write("Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\ngreeting = { git = \""+url+"\" }\n")
	p.write("Cargo.lock", "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"greeting\",\n]\n\n"+
		fmt.Sprintf("[[package]]\nname = \"greeting\"\nversion = \"1.0.0\"\nsource = \"git+%s#%s\"\n", url, commit))
	p.write("src/main.rs", "fn main() {\n    println!(\"{}\", greeting::hello());\n}\n")
	return p
}

// knownHosts gives the project's Rustfile the key of a server.
func (p *project) knownHosts(line string) {
	p.t.Helper()
	p.write("Rustfile", "# syntax=rustfile/rustfile:1\nknown-hosts = \"\"\"\n# of the test\n"+line+"\n\"\"\"\n")
}

// TestPrivateGit builds with a crate from a git repository that is served over ssh only, and so is its submodule.
func TestPrivateGit(t *testing.T) {
	s := newPrivateCrates(t)
	d := testenv.SharedDaemon(t, testenv.OCI)
	b := inProcess(d)
	p := s.project(t, s.commits[0])
	o := testenv.BuildOptions{Context: p.Dir}
	checkPrivateFaults(t, b, s, p)

	p.knownHosts(s.KnownHosts())
	o.SSH = []string{"default=" + s.agent}
	out := filepath.Join(t.TempDir(), "image")
	newCommandLine(t).run(t, "build", "--builder", d.Address, "--ssh", o.SSH[0], "--output", "type=oci,tar=false,dest="+out, p.Dir)
	if got := openImage(t, out).Run(t); got != "hello from TestPrivateGit\n" {
		t.Errorf("the program prints %q", got)
	}
	if got := s.Fetched(); !slices.Contains(got, "greeting") || !slices.Contains(got, "words") {
		t.Errorf("the server sent %v, want both repositories", got)
	}

	// What is in the cache needs neither server nor agent, and the server's keys are not in its key.
	q := s.project(t, s.commits[0])
	q.knownHosts("*.example.com " + strings.SplitN(s.KnownHosts(), " ", 2)[1] + "\n" + s.KnownHosts())
	q.replace("src/main.rs", "{}", "say {}")
	before := len(s.Fetched())
	res := b.MustBuild(t, testenv.BuildOptions{Context: q.Dir})
	if got := res.Run(t); got != "say hello from TestPrivateGit\n" {
		t.Errorf("the program prints %q", got)
	}
	checkOnlyMembersCompiled(t, res)
	if got := s.Fetched()[before:]; len(got) > 0 {
		t.Errorf("the server sent %v again", got)
	}

	// With buildx, the frontend is an image and has no network; the next commit is in no cache.
	q = s.project(t, s.commits[1])
	q.knownHosts(s.KnownHosts())
	o.Context = q.Dir
	if got := buildx(d).MustBuild(t, o).Run(t); got != "once more, hello from TestPrivateGit\n" {
		t.Errorf("the program prints %q", got)
	}
	checkPrivateLock(t, b, s)
}

// checkPrivateLock lets cargo write the lock file. The crate's newest commit is in no manifest, so cargo has to ask.
func checkPrivateLock(t *testing.T, b *testenv.Builder, s *privateCrates) {
	t.Helper()
	p := s.project(t, s.commits[1])
	want := p.read("Cargo.lock")
	p.must(os.Remove(p.path("Cargo.lock")))
	o := testenv.BuildOptions{Context: p.Dir, Target: "Cargo.lock", Output: testenv.OutputDir, SSH: []string{"default=" + s.agent}}
	_, err := b.Build(t.Context(), o)
	checkFailure(t, err, "Cargo.toml:7", "no key of that server is known", "ssh-keyscan -p")
	p.knownHosts(s.KnownHosts())
	o.SSH = nil
	_, err = b.Build(t.Context(), o)
	checkFailure(t, err, "Cargo.toml:2: cargo cannot write the lock file", "the build has no ssh agent", "--ssh default")
	o.SSH = []string{"default=" + s.agent}
	res := b.MustBuild(t, o)
	got, err := os.ReadFile(filepath.Join(res.Dir, "Cargo.lock"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(strings.TrimSpace(string(got)), strings.TrimSpace(want[strings.Index(want, "[[package]]"):])) {
		t.Errorf("the lock file is\n%s\nwant\n%s", got, want)
	}
}

// checkPrivateFaults leaves out, one by one, what a private repository needs. Nothing is compiled then.
func checkPrivateFaults(t *testing.T, b *testenv.Builder, s *privateCrates, p *project) {
	t.Helper()
	stranger, signer, err := gitserver.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	address := strings.SplitN(s.KnownHosts(), " ", 2)[0]
	otherKey := address + " " + strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	const at = "Cargo.lock:10"
	for _, fault := range []struct {
		name, known string
		ssh         []string
		want        []string
	}{
		{"unknown server", "", []string{"default=" + s.agent}, []string{at, "no key of that server is known", "ssh-keyscan -p", "known-hosts"}},
		{"no agent", s.KnownHosts(), nil, []string{at + ": cannot get ssh://git@127.0.0.1:", "the build has no ssh agent", "--ssh default"}},
		{"agent of another name", s.KnownHosts(), []string{"mine=" + s.agent}, []string{at, "the build has no ssh agent", "--ssh default"}},
		{"another server", otherKey, []string{"default=" + s.agent}, []string{at, "a server shows a key that is not known for it", "ssh-keyscan -p", "known-hosts"}},
		{"another key", s.KnownHosts(), []string{"default=" + serveAgent(t, stranger)}, []string{at, "127.0.0.1 accepts no key of the ssh agent", "ssh-add -l"}},
	} {
		t.Run(fault.name, func(t *testing.T) {
			if fault.known != "" {
				p.knownHosts(fault.known)
			}
			res, err := b.Build(t.Context(), testenv.BuildOptions{Context: p.Dir, SSH: fault.ssh})
			checkFailure(t, err, fault.want...)
			t.Logf("%v", err)
			for _, v := range res.Vertices {
				if strings.Contains(v.Log, "Compiling ") {
					t.Errorf("%q compiles:\n%s", v.Name, v.Log)
				}
			}
		})
	}
	if got := s.Fetched(); len(got) > 0 {
		t.Errorf("the server sent %v", got)
	}
}
