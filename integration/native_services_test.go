package integration

import (
	"context"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rustfile/rustfile/integration/debian"
	"github.com/rustfile/rustfile/integration/examples"
	"github.com/rustfile/rustfile/integration/testenv"
)

// service is a program of testdata/services, and the real thing that it talks to.
type service struct {
	project string
	// start starts what the program talks to and returns the program's environment.
	start  func(t *testing.T) []string
	prints string
	// installs are packages that the build installs, and does not; those that the builder image has are not among them.
	installs, not string
}

var services = []service{
	{project: "database", start: startPostgres, prints: "2 Venus\n3 Earth\n", installs: "libpq-dev"},
	{project: "tls", start: startTLS, prints: "hello over TLSv1.3\n", not: "libssl-dev"},
	{project: "queue", start: alone, prints: "Mercury\nVenus\n", installs: "libcurl4-openssl-dev"},
	// Its build script watches the headers of the system and of the compiler.
	{project: "bindings", start: alone, installs: "libacl1-dev, libclang-dev",
		prints: "allow::user::read,write,execute\nallow::group::read,execute\nallow::other::read,execute\n"},
}

// alone is for a program that talks to nobody.
func alone(*testing.T) []string { return nil }

// TestServices builds programs that use libraries of the system, runs their images, and has each talk to its service.
func TestServices(t *testing.T) {
	onlyWithReal(t)
	root, err := examples.RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	for _, s := range services {
		t.Run(s.project, func(t *testing.T) {
			p := &project{t: t, Dir: filepath.Join(t.TempDir(), "context")}
			p.must(os.CopyFS(p.Dir, os.DirFS(filepath.Join(root, "integration", "testdata", "services", s.project))))
			p.write("Rustfile", "# syntax="+testenv.FrontendRef+"\n")
			p.verbose()
			r := buildUnits(t, b, testenv.BuildOptions{Context: p.Dir, Attrs: everyUnitAgain})
			t.Logf("built in %s; installed: %q", r.Took.Round(100*time.Millisecond), installations(r))
			checkFresh(t, r)
			installed := strings.Join(installations(r), " ")
			if !strings.Contains(installed, s.installs) || s.not != "" && strings.Contains(installed, s.not) {
				t.Errorf("the build installs %q", installed)
			}
			if got := r.RunWith(t, testenv.RunOptions{Env: s.start(t), HostNetwork: true}); got != s.prints {
				t.Errorf("the program prints %q, want %q", got, s.prints)
			}
		})
	}
}

// startTLS serves "hello" over TLS.
func startTLS(t *testing.T) []string {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }))
	t.Cleanup(server.Close)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return []string{"CERTIFICATE=" + string(certificate), "ADDRESS=" + server.Listener.Addr().String()}
}

// startPostgres starts a PostgreSQL of this machine with an empty database.
func startPostgres(t *testing.T) []string {
	if _, err := debian.Need(t.Context(), os.Stderr, "pg_ctlcluster", "postgresql"); err != nil {
		t.Skip(err)
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		t.Fatalf("no initdb: %v", err)
	}
	bin, data := filepath.Dir(found[len(found)-1]), filepath.Join(t.TempDir(), "data")
	// PostgreSQL does not run as root.
	as, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(as.Uid)
	gid, _ := strconv.Atoi(as.Gid)
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(data, uid, gid); err != nil {
		t.Fatal(err)
	}
	for dir := filepath.Dir(data); dir != os.TempDir() && len(dir) > 1; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	command := func(ctx context.Context, name string, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, filepath.Join(bin, name), args...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		cmd.Dir = data
		return cmd
	}
	if out, err := command(t.Context(), "initdb", "--auth=trust", "--pgdata="+data).CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	port := freePort(t)
	server := command(context.Background(), "postgres", "-D", data, "-p", port, "-h", "127.0.0.1", "-k", data)
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Signal(os.Interrupt)
		server.Wait()
		log.Close()
	})
	for range 100 {
		if command(t.Context(), "pg_isready", "-h", "127.0.0.1", "-p", port).Run() == nil {
			return []string{"DATABASE_URL=postgres://postgres@127.0.0.1:" + port + "/postgres"}
		}
		time.Sleep(100 * time.Millisecond)
	}
	said, _ := os.ReadFile(log.Name())
	t.Fatalf("PostgreSQL does not answer:\n%s", said)
	return nil
}

func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}
