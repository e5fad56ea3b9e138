package plan_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/plan"
)

const (
	hostKey   = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
	gitCommit = "d43a2a6a109f17c098fcd783f075075884417f39"
)

// fromGit is the small workspace with package two from a git repository.
func fromGit(url string, files map[string]string) map[string]string {
	all := map[string]string{
		"b/Cargo.toml": "[package]\nname = \"b\"\nversion = \"0.1.0\"\n[dependencies]\ntwo = { git = \"" + url + "\" }\n",
		"Cargo.lock": lock(
			local("a", "1.2.3", "lib", "one", "test-only"), local("b", "0.1.0", "two"), local("lib", "0.5.0", "three"),
			crate("one", "1.0.0", "four"), crate("three", "3.0.0", "four"), crate("four", "4.0.0"), crate("test-only", "1.0.0"),
			"\n[[package]]\nname = \"two\"\nversion = \"2.0.0\"\nsource = \"git+"+url+"#"+gitCommit+"\"\n",
		),
	}
	for name, text := range files {
		all[name] = text
	}
	return all
}

// TestKnownHosts: a repository over ssh is fetched from a server whose key is
// known by the options, by cargo's configuration or by everybody.
func TestKnownHosts(t *testing.T) {
	const config = "[net.ssh]\nknown-hosts = [\"git.example.com " + hostKey + "\", \"not a line\"]\n"
	for _, test := range []struct {
		name, url, config, option string
		// own are the lines before the published ones.
		own []string
	}{
		{"published", "ssh://git@github.com/example/two.git", "", "", nil},
		{"port of ssh", "ssh://git@gitlab.com:22/example/two", "", "", nil},
		{"option", "ssh://git@git.example.com/two.git", "", "git.example.com " + hostKey, []string{"git.example.com " + hostKey}},
		{"port", "ssh://git@git.example.com:2222/two.git", "", "# ours\n[git.example.com]:2222 " + hostKey,
			[]string{"[git.example.com]:2222 " + hostKey}},
		{"cargo's configuration", "ssh://git@git.example.com/two.git", config, "", []string{"git.example.com " + hostKey}},
		{"both", "ssh://git@git.example.com/two.git", config, "*.example.com " + hostKey,
			[]string{"*.example.com " + hostKey, "git.example.com " + hostKey}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := request{target: "b"}
			if test.option != "" {
				r.args = map[string]string{"known-hosts": test.option}
			}
			p, err := newPlan(project(fromGit(test.url, map[string]string{".cargo/config.toml": test.config})), r)
			if err != nil {
				t.Fatal(err)
			}
			got := p.Sources.KnownHosts
			if len(got) != len(test.own)+6 || !slices.Equal(got[:len(test.own)], test.own) {
				t.Errorf("the plan has the lines %q, want %q and the published ones", got, test.own)
			}
			if len(p.Sources.Git) != 1 || !strings.Contains(p.Sources.Git[0].URL, test.url) || p.Sources.Git[0].Line == 0 {
				t.Errorf("the repositories are %+v", p.Sources.Git)
			}
		})
	}
}

// TestUnknownServer: a server without a key is refused at the package's line.
func TestUnknownServer(t *testing.T) {
	for _, test := range []struct {
		name, url, option string
		want              []string
	}{
		{"no keys", "ssh://git@git.example.com/two.git", "", []string{"`two` comes from git.example.com over ssh", "`ssh-keyscan git.example.com`", "known-hosts"}},
		{"port", "ssh://git@github.com.example.com:2222/two.git", "", []string{"`ssh-keyscan -p 2222 github.com.example.com`"}},
		{"another server", "ssh://git@git.example.com/two.git", "www.example.com " + hostKey, []string{"known-hosts (--build-arg known-hosts) has none"}},
		{"revoked", "ssh://git@git.example.com/two.git", "@revoked * " + hostKey, []string{"no key of that server is known"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := request{target: "b"}
			if test.option != "" {
				r.args = map[string]string{"known-hosts": test.option}
			}
			_, err := newPlan(project(fromGit(test.url, nil)), r)
			var fault *cargo.Error
			if !errors.As(err, &fault) {
				t.Fatalf("got %v, want a fault of the lock file", err)
			}
			if fault.Span.File != "Cargo.lock" || fault.Span.Start.Line == 0 {
				t.Errorf("the fault is at %s", fault.Span)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v\nwant %q in it", err, want)
				}
			}
		})
	}
}

// TestKeysAreInNoDependency: what a dependency is compiled from says nothing
// about the keys of servers, and a plan without ssh has none.
func TestKeysAreInNoDependency(t *testing.T) {
	with := func(url, option string) *plan.Plan {
		p, err := newPlan(project(fromGit(url, nil)), request{target: "b", args: map[string]string{"known-hosts": option}})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	a := with("ssh://git@github.com/example/two.git", "")
	b := with("ssh://git@github.com/example/two.git", "github.com "+hostKey)
	a.Sources.KnownHosts = b.Sources.KnownHosts
	left, err := a.JSON()
	if err != nil {
		t.Fatal(err)
	}
	right, err := b.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if string(left) != string(right) {
		t.Error("keys of servers are elsewhere in the plan, too")
	}
	if p := with("https://github.com/example/two.git", "git.example.com "+hostKey); p.Sources.KnownHosts != nil {
		t.Errorf("a plan without ssh has the lines %q", p.Sources.KnownHosts)
	}
}

// TestLockFileKnownHosts: cargo gets the keys of servers, and with them an agent, only when a manifest is about one.
func TestLockFileKnownHosts(t *testing.T) {
	l, err := newLockFile(t, fromGit("ssh://git@github.com/example/two.git", nil), "Cargo.lock", unlocked)
	if err != nil || len(l.KnownHosts) != 6 {
		t.Errorf("got %+v, %v, want the published keys", l, err)
	}
	if l, err = newLockFile(t, fromGit("https://github.com/example/two.git", nil), "Cargo.lock", unlocked); err != nil || l.KnownHosts != nil {
		t.Errorf("got %+v, %v, want no keys", l, err)
	}
	_, err = newLockFile(t, fromGit("ssh://git@git.example.com/two.git", nil), "Cargo.lock", unlocked)
	if err == nil || !strings.HasPrefix(err.Error(), "b/Cargo.toml:5:") || !strings.Contains(err.Error(), "no key of that server is known") {
		t.Errorf("got %v, want a fault of b/Cargo.toml", err)
	}
}

func TestSSHAddress(t *testing.T) {
	for url, want := range map[string]string{
		"ssh://git@github.com/a/b.git":      "ssh://git@github.com/a/b.git",
		"ssh://github.com/a/b.git":          "ssh://git@github.com/a/b.git",
		"ssh://me@git.example.com:2222/~/b": "ssh://me@git.example.com:2222/~/b",
		"https://github.com/a/b.git":        "",
		"git://github.com/a/b.git":          "",
	} {
		got := ""
		if u, ok := (plan.GitSource{URL: url}).SSH(); ok {
			got = u.String()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", url, got, want)
		}
	}
}
