package integration

import (
	"net/http"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/testenv"
)

// TestPrivateRegistry builds with a registry that wants a token, for its
// configuration and for its crates.
func TestPrivateRegistry(t *testing.T) {
	const header = "Bearer letmein"
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	f := newFakeRegistry(t)
	p := f.projectOf(t, crate{name: "one"})
	unknown := authenticated(header)
	f.setFault(unknown)
	o := testenv.BuildOptions{Context: p.Dir}
	_, err := b.Build(t.Context(), o)
	checkFailure(t, err, "cannot read the registry http://"+f.address, "401", "--secret id=HTTP_AUTH_HEADER_HOST")
	f.setFault(func(w http.ResponseWriter, r *http.Request) bool {
		return strings.HasPrefix(r.URL.Path, "/crates/") && unknown(w, r)
	})
	_, err = b.Build(t.Context(), o)
	checkFailure(t, err, "Cargo.lock:10: cannot get crate one 1.0.0: ", "401", "--secret id=HTTP_AUTH_HEADER_HOST")
	f.setFault(unknown)
	o.Secrets = map[string][]byte{"HTTP_AUTH_HEADER_127.0.0.1": []byte(header)}
	res := b.MustBuild(t, o)
	if got := res.Run(t); got != "one\n" {
		t.Errorf("the program prints %q", got)
	}
	if strings.Contains(res.Logs(), "letmein") {
		t.Error("the log shows the token")
	}
}

// authenticated is the fault of a registry that answers nobody but who says the right Authorization.
func authenticated(header string) func(w http.ResponseWriter, r *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") == header {
			return false
		}
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return true
	}
}
