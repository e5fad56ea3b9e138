package knownhosts

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	reference "golang.org/x/crypto/ssh/knownhosts"
)

const (
	key   = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
	other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAfuCHKVTjquxvt6CM6tdG4SLp1Btn/nOeHHE5UOzRdf"
)

// TestPublished compares the keys with the fingerprints that the operators
// publish beside them.
func TestPublished(t *testing.T) {
	want := []string{
		"github.com SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
		"github.com SHA256:p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM",
		"gitlab.com SHA256:eUXGGm1YGsMAS7vkcx6JOJdOGHPem5gQp4taiCfCLB8",
		"gitlab.com SHA256:HbW3g8zUjNSksFbqTiUWPWg2Bq1x8xdGUrliXFzSnUw",
		"bitbucket.org SHA256:ybgmFkzwOSotHTHLJgHO0QN8L0xErw6vd0VhFA9m3SM",
		"bitbucket.org SHA256:FC73VB6C4OQLSCrjEayhMp9UMxS97caD/Yyi2bhW/J0",
	}
	var got []string
	for _, line := range published {
		if err := Check(line); err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		fields := strings.Fields(line)
		data, err := base64.StdEncoding.DecodeString(fields[2])
		if err != nil {
			t.Fatal(err)
		}
		public, err := ssh.ParsePublicKey(data)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fields[0]+" "+ssh.FingerprintSHA256(public))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestParse(t *testing.T) {
	text := "# a comment\n\n  git.example.com " + key + " of us, with words \r\n@cert-authority *.example.com " + key + "\n@revoked * " + other
	got, err := Parse(text)
	want := []string{"git.example.com " + key + " of us, with words", "@cert-authority *.example.com " + key, "@revoked * " + other}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v\nwant %q", got, err, want)
	}
	for text, want := range map[string]string{
		"git.example.com":                   "line 1: expected the names",
		"\ngit.example.com ssh-ed25519":     "line 2: expected the names",
		key:                                 "line 1: expected the names",
		"@sometimes git.example.com " + key: "@sometimes is no marker",
		"h ssh-ed25519 ???":                 "not base64",
		"h ssh-ed25519 AAAA":                "not valid",
		"h ssh-rsa " + strings.TrimPrefix(key, "ssh-ed25519 "): "is of kind ssh-ed25519, and the line says ssh-rsa",
		"h " + key[:40]: "not",
	} {
		if lines, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %q, %v, want an error with %q", text, lines, err, want)
		}
	}
	if err := Check("h " + key + "\nh " + other); err == nil {
		t.Error("two lines are taken for one")
	}
}

func TestKnows(t *testing.T) {
	hashed := reference.HashHostname("git.example.com")
	hashedPort := reference.HashHostname("[git.example.com]:2222")
	for _, test := range []struct {
		names, host, port string
		want              bool
	}{
		{"git.example.com", "git.example.com", "", true},
		{"Git.example.com", "GIT.EXAMPLE.COM", "22", true},
		{"git.example.com", "git.example.com", "2222", true}, // as ssh falls back
		{"[git.example.com]:2222", "git.example.com", "2222", true},
		{"[git.example.com]:2222", "git.example.com", "", false},
		{"[git.example.com]:2222", "git.example.com", "2223", false},
		{"a.example.com,git.example.com", "git.example.com", "", true},
		{"*.example.com", "git.example.com", "", true},
		{"*.example.com", "example.com", "", false},
		{"g?t.*", "git.example.com", "", true},
		{"*i*ex*e.com", "git.example.com", "", true},
		{"*i*ex*e.co", "git.example.com", "", false},
		{strings.Repeat("*a", 30) + "b", strings.Repeat("a", 250), "", false}, // and not after hours
		{"g??t.*", "git.example.com", "", false},
		{"*.example.com,!git.example.com", "git.example.com", "", false},
		{"*.example.com,!git.example.com", "www.example.com", "", true},
		{"!git.example.com", "www.example.com", "", false},
		{"192.0.2.1", "192.0.2.1", "", true},
		{"[2001:db8::1]:2222", "2001:db8::1", "2222", true},
		{hashed, "git.example.com", "", true},
		{hashed, "www.example.com", "", false},
		{hashedPort, "git.example.com", "2222", true},
		{hashedPort, "git.example.com", "", false},
		{"|1|broken", "git.example.com", "", false},
		{"@cert-authority *.example.com", "git.example.com", "", true},
		{"@revoked git.example.com", "git.example.com", "", false},
	} {
		lines := []string{"unrelated.example.org " + other, test.names + " " + key}
		if got := Knows(lines, test.host, test.port); got != test.want {
			t.Errorf("%s knows %s port %q: got %t", test.names, test.host, test.port, got)
		}
	}
	if Knows(nil, "github.com", "") {
		t.Error("no lines know a host")
	}
}

// TestWithPublished: own lines replace what is published for their host, and
// a revoked key does not.
func TestWithPublished(t *testing.T) {
	if got := WithPublished(nil); !slices.Equal(got, published) {
		t.Errorf("got %q", got)
	}
	own := []string{"github.com " + other, "@revoked gitlab.com " + other}
	want := append(slices.Clone(own), published[2:]...)
	if got := WithPublished(own); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if !Knows(WithPublished(nil), "bitbucket.org", "22") {
		t.Error("bitbucket.org is not known")
	}
}
