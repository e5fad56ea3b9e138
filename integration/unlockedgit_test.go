package integration

import (
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/gitserver"
	"github.com/rustfile/rustfile/integration/testenv"
)

// TestUnlockedGit lets cargo look for a commit in a private repository over HTTP.
func TestUnlockedGit(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	const token = "letmein"
	url := serveWithToken(t, token)
	p := &project{t: t, Dir: t.TempDir()}
	p.write("Rustfile", "# syntax="+testenv.FrontendRef+"\n")
	p.write("Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\nword = { git = \""+url+"\" }\n")
	p.write("src/main.rs", "fn main() {\n    println!(\"{}\", word::WORD);\n}\n")
	o := testenv.BuildOptions{Context: p.Dir, BuildArgs: map[string]string{"locked": "false"}}
	_, err := b.Build(t.Context(), o)
	checkFailure(t, err, "cargo cannot write the lock file")
	o.Secrets = map[string][]byte{"GIT_AUTH_TOKEN": []byte(token)}
	r := b.MustBuild(t, o)
	if got := r.Run(t); got != "hello from TestUnlockedGit\n" {
		t.Errorf("the program prints %q", got)
	}
	if strings.Contains(r.Logs(), token) {
		t.Error("the log shows the token")
	}
}

// serveWithToken serves a repository with a crate over HTTP to those who have a token, and returns its URL.
func serveWithToken(t *testing.T, token string) string {
	t.Helper()
	files := &project{t: t, Dir: t.TempDir()}
	files.write("Cargo.toml", "[package]\nname = \"word\"\nversion = \"1.0.0\"\nedition = \"2021\"\n")
	files.write("src/lib.rs", "pub const WORD: &str = \"hello from "+t.Name()+"\";\n")
	dir := t.TempDir()
	if _, err := (gitserver.Repository{Name: "word", Commits: []gitserver.Commit{{Dir: files.Dir, Message: "A word"}}}).Create(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	programs, err := exec.CommandContext(t.Context(), "git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	backend := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(programs)), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + dir, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, ok := r.BasicAuth(); !ok || password != token {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/word.git"
}
